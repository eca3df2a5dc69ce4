"""Which attribution methods are used, what they are given, and which class is explained."""

from types import SimpleNamespace

import pytest
import torch

from fairaudit.audits.core.study.methods import REFERENCES, channels_note, completed, methods_of, named_class
from fairaudit.errors import UsageError
from fairaudit.saliency.gradients.counterfactual_gradients import CounterfactualGradients
from fairaudit.saliency.gradients.expected_gradients import ExpectedGradients


class Rows(tuple):
    attributes = ()


def study(saliency=("gradient", "gradcam"), explain="target", channels="abs_sum", seed=0, rows=50):
    loaded = []

    def load(numbers):
        loaded.append(numbers)
        return SimpleNamespace(images=torch.tensor(numbers, dtype=torch.float32).view(-1, 1, 1, 1))

    audit = SimpleNamespace(saliency=list(saliency), explain=explain, channels=channels, cvae=None, attribute=None)
    return SimpleNamespace(
        config=SimpleNamespace(audit=audit, data=SimpleNamespace(attributes={})), options=SimpleNamespace(seed=seed),
        loaded=loaded,
        candidate=SimpleNamespace(head=SimpleNamespace(classes=("no", "yes"))), attributes=(),
        manifest=Rows(range(rows)), material=SimpleNamespace(loader=SimpleNamespace(load=load)),
    )  # fmt: skip


def test_methods_in_their_order_with_the_reduction_where_there_is_one():
    found = methods_of(study())
    assert [method.name for method in found] == ["gradient", "gradcam"]
    assert found[0].reduction == "abs_sum"
    assert not hasattr(found[1], "reduction")


@pytest.mark.parametrize(
    ("names", "words"), [((), "No attribution method"), (("gradient", "lrp", "gradient"), "named twice: gradient")]
)
def test_none_or_one_twice_is_refused(names, words):
    with pytest.raises(UsageError, match=words):
        methods_of(study(names))


def test_references_are_the_same_rows_whatever_the_batch():
    first, again, other = study(), study(), study(seed=1)
    found = [completed(each, ExpectedGradients()) for each in (first, again, other)]
    assert first.loaded == again.loaded != other.loaded
    (rows,) = first.loaded
    assert rows == sorted(set(rows))
    assert len(rows) == REFERENCES
    assert found[0].digest == found[1].digest != found[2].digest
    assert found[0].references.flatten().tolist() == rows
    few = study(rows=5)
    completed(few, ExpectedGradients())
    assert few.loaded == [[0, 1, 2, 3, 4]]


def test_gradients_of_a_way_need_one_generator():
    with pytest.raises(UsageError, match=r"one conditional VAE.*Found: none"):
        completed(study(), CounterfactualGradients())


def test_the_named_class():
    assert named_class(study(explain="target")) is named_class(study(explain="prediction")) is None
    assert named_class(study(explain="yes")) == 1
    with pytest.raises(UsageError, match=r'names no class.*"yess".*prediction, no, yes'):
        named_class(study(explain="yess"))


@pytest.mark.parametrize(("channels", "words"), [("sum", "signed sum"), ("l2", "root of the sum of squares")])
def test_the_note_about_channels(channels, words):
    assert words in channels_note(study(channels=channels))
