"""Parts of a batch, and the class that is explained."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from fairaudit.audits.core.stream import stream
from fairaudit.data.batch import Batch


@pytest.fixture
def batch():
    return Batch(
        rows=np.array([3, 5, 7, 9]),
        ids=("c", "e", "g", "i"),
        images=torch.arange(4.0).view(4, 1, 1, 1),
        target=np.array([0, 1, 1, 0], np.int32),
        attributes={"hat": np.array([1, 0, -1, 1], np.int32)},
        regions={"tie": torch.tensor([True, False, True, False]).view(4, 1, 1)},
        excluded=((4, "broken"),),
        notes=((5, "first frame"),),
    )


def told(part):
    regions = part.regions["tie"].flatten().tolist()
    return part.rows.tolist(), part.ids, part.images.flatten().tolist(), part.target.tolist(), regions


def test_a_slice_has_its_rows_and_nothing_that_was_excluded(batch):
    part = stream.sliced(batch, 1, 3)
    assert told(part) == ([5, 7], ("e", "g"), [1.0, 2.0], [1, 1], [False, True])
    assert part.attributes["hat"].tolist() == [0, -1]
    assert part.excluded == ()  # each is told once, with the whole batch


def test_rows_are_picked_by_place(batch):
    part = stream.picked(batch, [3, 0])
    assert told(part) == ([9, 3], ("i", "c"), [3.0, 0.0], [0, 0], [False, True])
    assert part.excluded == batch.excluded


def asked(explain):
    return SimpleNamespace(config=SimpleNamespace(audit=SimpleNamespace(explain=explain)))


@pytest.mark.parametrize(
    ("explain", "named", "classes"), [("target", None, [0, 1, 1, 0]), ("prediction", None, [1, 1, 0, 0])]
)
def test_the_class_that_is_explained(batch, monkeypatch, explain, named, classes):
    monkeypatch.setattr(stream, "named_class", lambda _study: named)
    predictions = SimpleNamespace(decisions=np.array([1, 1, 0, 0], np.int32))
    assert stream.explained_classes(asked(explain), batch, predictions).tolist() == classes


def test_a_named_class_is_explained_for_every_image(batch, monkeypatch):
    monkeypatch.setattr(stream, "named_class", lambda _study: 2)
    assert stream.explained_classes(asked("two"), batch, None).tolist() == [2, 2, 2, 2]
