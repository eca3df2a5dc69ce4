"""What audits share of a batch: one map per method and model, with labels where the method needs them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from fairaudit.audits.core.stream.audit import Context, Predictions, bound, slug
from fairaudit.data.batch import Batch


def predictions():
    return Predictions(
        model=object(), logits=torch.zeros(2, 1), scores=np.zeros((2, 2)), decisions=np.zeros(2, np.int32)
    )


def batch():
    images, target = torch.zeros(2, 3, 4, 4), np.array([1, 0], np.int32)
    return Batch(rows=np.array([4, 7]), ids=("a", "b"), images=images, target=target,
                 attributes={"hat": np.array([0, -1], np.int32)}, regions={}, excluded=())  # fmt: skip


class Counted:
    name = "counted"

    def __init__(self):
        self.calls = []

    def attribute(self, model, images, classes):
        self.calls.append((model, classes.tolist()))
        return f"map {len(self.calls)}"


def test_a_map_is_made_once_per_method_and_model():
    candidate, baseline, method = predictions(), predictions(), Counted()
    context = Context(batch=batch(), images=torch.zeros(2, 3, 4, 4), candidate=candidate, baseline=baseline,
                      explained=np.array([1, 0]))  # fmt: skip
    found = [context.attribution(method, each) for each in (candidate, baseline, candidate, baseline)]
    assert found == ["map 1", "map 2", "map 1", "map 2"]
    assert method.calls == [(candidate.model, [1, 0]), (baseline.model, [1, 0])]


def test_a_method_without_labels_stays_as_it_is():
    method = Counted()
    assert bound(method, SimpleNamespace(target=np.array([1]), attributes={}), 1) is method


@pytest.mark.parametrize(("text", "found"), [("Age < 40", "age---40"), ("  Tie!", "tie"), ("ÄÖ_1", "äö-1"), ("//", "")])
def test_slugs(text, found):
    assert slug(text) == found
