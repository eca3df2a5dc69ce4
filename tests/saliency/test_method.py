import pytest
import torch

from fairaudit.saliency.method import check, reduce_channels, total


def test_reductions_of_three_channels():
    relevance = torch.tensor([2.0, -1.0, 2.0]).view(1, 3, 1, 1)
    assert reduce_channels(relevance, "sum").item() == 3
    assert reduce_channels(relevance, "abs_sum").item() == 5
    assert reduce_channels(relevance, "l2").item() == 3  # √(4 + 1 + 4)


def test_total_is_summed_in_float64():
    maps = torch.full((1, 1000, 1000), 0.1)
    assert total(maps).item() == pytest.approx(1e6 * float(torch.tensor(0.1)), rel=1e-12)


@pytest.mark.parametrize(
    ("images", "classes"),
    [
        (torch.zeros(2, 3, 4), torch.zeros(2)),
        (torch.zeros(2, 3, 4, 4, dtype=torch.uint8), torch.zeros(2)),
        (torch.zeros(2, 3, 4, 4), torch.zeros(3)),
    ],
)
def test_arguments_that_do_not_fit_are_refused(images, classes):
    with pytest.raises(ValueError, match="must be"):
        check(images, classes)
