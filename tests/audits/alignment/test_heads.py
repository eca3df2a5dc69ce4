"""Which outputs are read, under which names, and what a sum of them is."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from fairaudit.audits.alignment.heads import (
    Readers,
    _Collected,
    _joined,
    _named,
    _own_bases,
    classifier_heads,
    numbered,
    output_names,
)
from fairaudit.counterfactuals.heads import ModelHeads
from fairaudit.errors import UsageError
from fairaudit.models.outputs.head import Head


def classifier(link="softmax", names=("no", "perhaps", "yes"), index=0):
    head = Head(
        link=link, outputs=len(names), classes=("0", "1") if link != "softmax" else names, names=names, index=index
    )
    logits = torch.tensor([[0.0, 1.0, 2.0][: len(names)]])
    return SimpleNamespace(
        head=head, name="m", sha256="s", module=nn.Identity(), logits=lambda x: logits.repeat(len(x), 1)
    )


def collected(opened, names):
    found = _Collected()
    found.classifier(opened, names)
    return found


def test_the_own_base_of_two_classes_is_the_second():
    assert _own_bases(classifier(names=("no", "yes"))) == [1]
    assert _own_bases(classifier()) == [0, 1, 2]
    assert _own_bases(classifier("multilabel", index=2)) == [2]


def test_a_lone_output_is_called_as_the_target():
    assert output_names(classifier("sigmoid", ("1",)), "smiling") == ("smiling",)
    assert output_names(classifier("sigmoid", ("smile",)), "smiling") == ("smile",)


def test_heads_of_a_model_are_probabilities():
    heads = classifier_heads(classifier(), ("a", "b", "c"))
    values = heads.values(heads.outputs(torch.zeros(2, 1)))
    torch.testing.assert_close(values, torch.tensor([[0.0, 1.0, 2.0]]).softmax(1).repeat(2, 1))
    single = classifier_heads(classifier("sigmoid", ("smile",)), ("a",))
    assert single.values(single.outputs(torch.zeros(1, 1))).tolist() == [[0.5]]


def test_texts_name_outputs_all_of_them_files_or_sums():
    opened, names = classifier(), ("no", "perhaps", "yes")
    study = SimpleNamespace(candidate=opened, target=SimpleNamespace(name="t"))
    found = collected(opened, names)
    assert _named("yes", study, None, found, names) == [0]
    assert _named("late=no", study, None, found, names) == [1]
    assert _named("all", study, None, found, names) == [1, 2, 0]  # every output once, whatever it was called
    assert [name for _, name, _ in found.columns] == ["yes", "late", "perhaps"]
    found.probes["hat=red"] = (7, 1)
    assert found.columns[_named("hat=red", study, None, found, names)[0]][0] == {(7, 1): 1.0}
    with pytest.raises(UsageError, match=r'no output and no file called "yse".*"yes"'):
        _named("yse", study, None, found, names)


def readers(*wanted):
    """Two models: the three classes of a softmax, and a value of its own; the wanted sums of (model, column)."""
    found = _Collected()
    first = classifier()
    found.classifier(first, ("no", "perhaps", "yes"))
    second = ModelHeads(lambda x: torch.full((len(x), 2), 3.0), ("no", "w"), link="value")
    found.model(second, "d", nn.Identity())
    for number, terms in enumerate(wanted):
        found.want_sum(terms, f"c{number}", 0.25 * number)
    return first, _joined(found, [1, 0, 1], ())


def test_sums_are_weights_on_every_models_own_heads():
    first, found = readers({(0, 1): 1.0}, {(0, 2): 1.0, (1, 1): -2.0}, {(1, 0): 1.0}, {(0, 2): 1.0})
    values = found.heads.values(found.heads.outputs(torch.zeros(1, 1)))[0]
    p = torch.tensor([0.0, 1.0, 2.0]).softmax(0)
    torch.testing.assert_close(values, torch.stack([p[1], p[2] - 6, torch.tensor(3.0), p[2]]))
    assert found.bases == (1, 0)
    assert found.thresholds == (0.0, 0.25, 0.5, 0.75)
    assert found.sources == ((first, 1), None, None, (first, 2))
    assert found.softmax == (0, None, None, 0)
    assert found.bound(0) == {"c0", "c3"}  # outputs of one softmax move together whatever the images show
    assert found.bound(1) == {"c1"}


def test_one_classifier_alone_has_nothing_to_be_compared_with():
    with pytest.raises(UsageError, match="nothing to compare"):
        readers({(0, 1): 1.0})


def test_without_a_softmax_known_a_head_is_bound_to_itself():
    heads = ModelHeads(lambda x: x, ("a", "b"), link="sigmoid")
    found = Readers(heads=heads, bases=(0,), thresholds=(0.5, 0.5), digest="", modules=())
    assert found.bound(0) == {"a"}


def test_numbered_heads_are_the_same_under_other_names():
    heads = ModelHeads(lambda x: x, ("a", "b"), link="sigmoid")
    other = numbered(heads, 3)
    assert other.names == ("3/a", "3/b")
    assert torch.equal(other.values(torch.zeros(1, 2)), heads.values(torch.zeros(1, 2)))
    assert other.is_probability(0)


def test_a_file_that_is_none_is_no_classifier(tmp_path):
    opened = classifier()
    study = SimpleNamespace(candidate=opened, target=SimpleNamespace(name="t"))
    with pytest.raises(UsageError, match="no output and no file"):
        _named(str(Path(tmp_path) / "gone.pt"), study, None, collected(opened, ("a", "b", "c")), ("a", "b", "c"))
