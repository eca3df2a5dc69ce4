"""Expressions against hand arithmetic and, for random ones, against Python's own arithmetic on the same tree."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from fairaudit.config.schema import ModelConfig
from fairaudit.errors import ModelError
from fairaudit.models.classifier import Classifier
from fairaudit.models.expression import compose, is_expression, parse_expression
from fairaudit.models.outputs.head import make_head


def classifier(weights, names, **settings):
    module = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, len(weights)))
    with torch.no_grad():
        module[2].weight.copy_(torch.tensor(weights))
        module[2].bias.zero_()
    config = ModelConfig(output="multilabel", classes=list(names), pick=0)
    known = {
        "name": "model.pt",
        "path": Path("model.pt"),
        "sha256": "0" * 64,
        "format": "torchscript",
        "head": make_head(len(weights), config=config),
        "module": module.eval(),
        "input_size": None,
        "parameters": 3 * len(weights),
        "device": torch.device("cpu"),
    }
    return Classifier(**(known | settings))


def values(text):
    expression = parse_expression(text)
    return {(term.file, term.output): term.factor for term in expression.terms}, expression.constant


@pytest.mark.parametrize(
    ("text", "terms", "constant"),
    [
        ("smiling + 0.3*arched_eyebrows", {(None, "smiling"): 1.0, (None, "arched_eyebrows"): 0.3}, 0.0),
        ("a - b", {(None, "a"): 1.0, (None, "b"): -1.0}, 0.0),
        ("-a*2 + 1", {(None, "a"): -2.0}, 1.0),
        ("0.5*(a + b) + 0.5*a", {(None, "a"): 1.0, (None, "b"): 0.5}, 0.0),
        ("2*(a - (b - 1))", {(None, "a"): 2.0, (None, "b"): -2.0}, 2.0),
        ("other.pt#smiling", {("other.pt", "smiling"): 1.0}, 0.0),
        ("../zoo/m-1.pt#hat - .5*hat", {("../zoo/m-1.pt", "hat"): 1.0, (None, "hat"): -0.5}, 0.0),
        ('"Wavy Hair" + 1e-1*x', {(None, "Wavy Hair"): 1.0, (None, "x"): 0.1}, 0.0),
        ("3.pt#0", {("3.pt", "0"): 1.0}, 0.0),
    ],
)
def test_texts_become_factors(text, terms, constant):
    assert values(text) == (terms, constant)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a * b", "not linear"),
        ("a +", "a name, a number or a parenthesis"),
        ("(a", '")"'),
        ("a b", "the end, or + - *"),
        ("a / 2", "character 3"),
        ("__import__('os')", "a name, a number"),
        ("", "a name, a number"),
        ("1 + 2", "names no output"),
    ],
)
def test_what_cannot_be_read_names_the_place(text, wanted):
    with pytest.raises(ModelError) as caught:
        parse_expression(text)
    assert wanted in str(caught.value)


trees = st.recursive(
    st.sampled_from(["a", "b", "c"]) | st.integers(0, 9).map(str),
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-"), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
        | st.tuples(st.integers(0, 9), inner).map(lambda p: f"{p[0]}*({p[1]})")
    ),
)


@given(trees, st.tuples(*[st.integers(-5, 5)] * 3))
def test_random_expressions_equal_pythons_arithmetic(text, numbers):
    names = dict(zip("abc", numbers, strict=True))
    wanted = eval(text, {}, names)  # noqa: S307 - the oracle; the text was made above
    if not set(text) & set("abc"):
        return
    terms, constant = values(text)
    assert constant + sum(factor * names[name] for (_, name), factor in terms.items()) == wanted


def test_a_composed_classifier_is_the_sum_of_probabilities():
    base = classifier([[1.0, 0, 0], [0, 2.0, 0]], ["smiling", "eyebrows"])
    other = classifier([[0, 0, 3.0]], ["hat"])
    images = torch.rand(4, 3, 5, 5)
    opened = []

    def open_file(path):
        opened.append(path)
        return other

    expression = parse_expression("smiling + 0.3*eyebrows - 0.1*o.pt#hat + 0.2*o.pt#hat + 0.05")
    found = compose(expression, base=base, open_file=open_file, folder=Path("zoo"))
    mean = images.double().mean(dim=(2, 3))
    s = torch.sigmoid(mean * torch.tensor([1.0, 2.0, 3.0]))
    wanted = s[:, 0] + 0.3 * s[:, 1] + 0.1 * s[:, 2] + 0.05
    scores = found.scores(found.logits(images))
    torch.testing.assert_close(scores, torch.stack([1 - wanted, wanted], 1), atol=1e-6, rtol=0)
    assert opened == [Path("zoo/o.pt")]
    assert found.decide(scores).tolist() == (wanted >= 0.5).long().tolist()
    assert found.parameters == base.parameters + other.parameters


def test_a_composed_classifier_has_gradients_for_counterfactuals():
    base = classifier([[1.0, 0, 0]], ["a"])
    found = compose(parse_expression("0.5*a"), base=base, open_file=lambda path: base, folder=Path())
    images = torch.rand(1, 3, 2, 2, requires_grad=True)
    found.logits(images).sum().backward()
    # d(0.5 s(m))/dx = 0.5 s (1 - s) / 4 for each of the 4 pixels of the first channel
    s = torch.sigmoid(images[0, 0].mean())
    torch.testing.assert_close(images.grad[0, 0], (0.5 * s * (1 - s) / 4).detach().expand(2, 2))


def test_the_digest_depends_on_factors_and_files():
    base = classifier([[1.0, 0, 0]], ["a"])
    texts = ["a", "0.5*a", "0.5*a + 0.1"]
    digests = {
        compose(parse_expression(text), base=base, open_file=lambda path: base, folder=Path()).sha256 for text in texts
    }
    assert len(digests) == 3


def test_unknown_outputs_and_other_preprocessing_are_told():
    base = classifier([[1.0, 0, 0]], ["smiling"])
    with pytest.raises(ModelError, match='Did you mean "smiling"'):
        compose(parse_expression("smilin"), base=base, open_file=lambda path: base, folder=Path())
    with pytest.raises(ModelError, match="which model"):
        compose(parse_expression("smiling"), base=None, open_file=lambda path: base, folder=Path())
    other = classifier([[1.0, 0, 0]], ["smiling"], mean=(0.5,))
    with pytest.raises(ModelError, match="prepare their input differently"):
        compose(parse_expression("smiling + o.pt#smiling"), base=base, open_file=lambda path: other, folder=Path())


def test_a_path_is_no_expression():
    assert not is_expression("models/resnet-18.pt")
    assert is_expression("a.pt#smiling")
    assert is_expression("smiling + 0.3*arched_eyebrows")
