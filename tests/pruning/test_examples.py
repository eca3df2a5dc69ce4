"""Examples keep their columns together and refuse what does not fit."""

import pytest
import torch

from fairaudit.pruning.examples import Examples


def examples(target, bias, values=(2,)):
    images = torch.arange(float(len(target))).view(-1, 1, 1, 1)
    return Examples(images=images, target=torch.tensor(target), biases=(torch.tensor(bias),), values=values)


def test_rows_are_taken_together_in_order():
    taken = examples([0, 1, 1], [1, -1, 0]).take([2, 0])
    assert taken.images.flatten().tolist() == [2, 0]
    assert taken.target.tolist() == [1, 0]
    assert taken.biases[0].tolist() == [0, 1]
    assert len(taken) == 2


@pytest.mark.parametrize(
    ("target", "bias", "values", "told"),
    [([0, -1], [0, 0], (2,), "known"), ([0, 1], [0], (2,), "lengths"), ([0, 1], [0, 1], (2, 2), "biases")],
)
def test_columns_that_do_not_fit_are_refused(target, bias, values, told):
    with pytest.raises(ValueError, match=told):
        examples(target, bias, values)
