"""What replaces a region: what the configuration says, or what suits its size."""

from types import SimpleNamespace

import pytest
import torch

from fairaudit.audits.causal.audit import AREA_SAMPLE, region_fills


def study(masks, fills=None, rows=100):
    asked = []

    def load(numbers):
        asked.append(numbers)
        return SimpleNamespace(regions={"tie": masks})

    found = SimpleNamespace(
        config=SimpleNamespace(audit=SimpleNamespace(fills=fills)), manifest=range(rows),
        material=SimpleNamespace(loader=SimpleNamespace(load=load)),
    )  # fmt: skip
    return found, asked


@pytest.mark.parametrize(("share", "fill"), [(0.1, "inpaint"), (0.5, "inpaint"), (0.75, "swap")])
def test_a_region_of_more_than_half_is_swapped(share, fill):
    mask = torch.zeros(4, 4, dtype=torch.bool)
    mask.view(-1)[: int(16 * share)] = True
    made, asked = study(torch.stack([mask, torch.zeros_like(mask)]))  # an image without the region does not count
    assert region_fills(made, "tie") == [fill]
    (rows,) = asked
    assert (len(rows), rows[0], rows[-1]) == (AREA_SAMPLE, 0, 99)


def test_what_is_asked_for_is_taken_without_a_look():
    made, asked = study(None, fills=["blur", "grey"])
    assert region_fills(made, "tie") == ["blur", "grey"]
    assert asked == []
    none, _ = study(torch.zeros(2, 4, 4, dtype=torch.bool), rows=2)
    assert region_fills(none, "tie") == ["inpaint"]  # nowhere
