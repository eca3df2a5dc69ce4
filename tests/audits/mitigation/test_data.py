"""Parts that are decoded by the batch: a row drawn twice is decoded once, and twins that cannot be read are NaN."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from fairaudit.audits.mitigation import data
from fairaudit.audits.mitigation.data import StreamedPart, _any_twin, _readable, _region
from fairaudit.config.schema import Config

CODES = np.array([0, 1, -1, 1, 0], np.int64)


class Loader:
    def __init__(self, unreadable=(), factor=1):
        self.manifest, self.unreadable, self.factor, self.loads = range(5), unreadable, factor, []

    def load(self, rows):
        self.loads.append(list(rows))
        read = [row for row in rows if row not in self.unreadable]
        images = torch.tensor([float(row * self.factor) for row in read]).view(-1, 1, 1, 1)
        masks = {"tie": torch.tensor([row % 2 == 0 for row in read]).view(-1, 1, 1)}
        return Batch(rows=np.array(read, np.int64), images=images, regions=masks)


class Batch(SimpleNamespace):
    def __len__(self):
        return len(self.rows)


MODEL = SimpleNamespace(device=torch.device("cpu"), normalise=lambda images: images + 100)


def part(loader, twins=None, region="tie"):
    rows = torch.tensor([0, 1, 3, 4])
    target = torch.tensor([1, 0, 1, 0])
    return StreamedPart(loader=loader, twins=twins, region=region, model=MODEL, rows=rows, target=target,
                        attribute=torch.from_numpy(CODES[rows]), classes=2, groups=2, codes=CODES)  # fmt: skip


def test_rows_come_in_the_order_asked_for_and_are_decoded_once():
    loader = Loader()
    found = part(loader, Loader(unreadable=(3,), factor=10)).take(torch.tensor([3, 2, 3, 0]))
    assert loader.loads == [[0, 3, 4]]
    assert found.images.flatten().tolist() == [104, 103, 104, 100]
    assert (found.target.tolist(), found.attribute.tolist()) == ([0, 1, 0, 1], [0, 1, 0, 0])
    assert found.masks.flatten().tolist() == [True, False, True, True]
    np.testing.assert_array_equal(found.frames.flatten(), [140, np.nan, 140, 100])


def test_without_region_and_twins_there_are_none():
    made = part(Loader(), region=None)
    assert (made.has_masks, made.has_frames, len(made)) == (False, False, 4)
    found = made.take(torch.tensor([1]))
    assert found.masks is found.frames is None


def test_rows_that_can_be_read(monkeypatch):
    monkeypatch.setattr(data, "BLOCK", 2)
    loader = Loader(unreadable=(1, 4))
    assert _readable(loader).tolist() == [0, 2, 3]
    assert [list(rows) for rows in loader.loads] == [[0, 1], [2, 3], [4]]
    assert _any_twin(Loader(unreadable=(0, 1, 2, 3)))
    assert not _any_twin(Loader(unreadable=range(5)))
    assert not _any_twin(None)


@pytest.mark.parametrize(
    ("regions", "asked", "wanted"),
    [
        (("tie", "eye"), None, "tie"),  # the region of the attribute's name
        (("eye",), None, "eye"),  # the only one
        (("eye", "hat"), None, None),
        (("tie", "eye"), ["eye"], "eye"),
    ],
)
def test_the_region_that_shows_the_attribute(regions, asked, wanted):
    boxes = {name: {"box": [0, 0, 1, 1]} for name in regions}
    config = Config.model_validate({"data": {"manifest": "t"}, "regions": boxes, "audit": {"region": asked}})
    material = SimpleNamespace(loader=SimpleNamespace(regions=boxes))
    assert _region(config, ["tie"], material) == wanted
