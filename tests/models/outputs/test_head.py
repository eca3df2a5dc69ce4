"""The head against hand arithmetic and NumPy."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.config.schema import ModelConfig
from fairaudit.errors import ModelError
from fairaudit.models.outputs.head import Head, make_head


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-np.asarray(x, np.float64)))


def test_one_logit_is_a_sigmoid_with_the_second_value_positive():
    head = make_head(1, config=ModelConfig(), classes=["no", "yes"])
    scores = head.scores(torch.tensor([[2.0], [-1.0]]))
    assert head.link == "sigmoid"
    np.testing.assert_allclose(scores.numpy(), [[1 - sigmoid(2), sigmoid(2)], [1 - sigmoid(-1), sigmoid(-1)]])
    assert scores.dtype == torch.float64
    assert head.decide(scores).tolist() == [1, 0]


def test_softmax_is_exp_over_sum():
    logits = np.array([[0.0, 1.0, -2.0], [3.0, 3.0, 1.0]])
    head = make_head(3, config=ModelConfig(), classes=["a", "b", "c"])
    scores = head.scores(torch.tensor(logits))
    np.testing.assert_allclose(scores.numpy(), np.exp(logits) / np.exp(logits).sum(1, keepdims=True))
    assert head.decide(scores).tolist() == [1, 0]  # a tie goes to the first value


def test_multilabel_uses_the_picked_output_alone():
    config = ModelConfig(output="multilabel", classes=["hat", "smiling"], pick="smiling")
    head = make_head(2, config=config, classes=["0", "1"])
    scores = head.scores(torch.tensor([[100.0, 0.5]]))
    np.testing.assert_allclose(scores.numpy(), [[1 - sigmoid(0.5), sigmoid(0.5)]])
    np.testing.assert_allclose(head.probabilities(torch.tensor([[1.0, 0.5]])).numpy(), [[sigmoid(1), sigmoid(0.5)]])
    assert head.names == ("hat", "smiling")


def test_a_pick_alone_makes_it_multilabel_and_an_index_picks_too():
    assert make_head(3, config=ModelConfig(pick=2)).index == 2
    assert make_head(3, config=ModelConfig(pick="1")).link == "multilabel"


@pytest.mark.parametrize(("threshold", "decision"), [(0.5, 1), (0.500001, 0)])
def test_the_threshold_itself_is_positive(threshold, decision):
    head = make_head(1, config=ModelConfig(threshold=threshold))
    assert head.decide(head.scores(torch.zeros(1, 1))).tolist() == [decision]


def test_seeds_pick_the_evidence():
    softmax = make_head(3, config=ModelConfig())
    assert softmax.seed(torch.tensor([2, 0])).tolist() == [[0, 0, 1], [1, 0, 0]]
    picked = make_head(3, config=ModelConfig(pick=1))
    assert picked.seed(torch.tensor([0, 1])).tolist() == [[0, -1, 0], [0, 1, 0]]


@pytest.mark.parametrize("code", [-1, 2])
def test_a_seed_for_no_class_is_refused(code):
    with pytest.raises(ValueError, match="class codes"):
        make_head(1, config=ModelConfig()).seed(torch.tensor([code]))


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=6))
def test_scores_are_a_distribution_for_every_link(values):
    logits = torch.tensor([values])
    for config in (ModelConfig(), ModelConfig(pick=0)):
        scores = make_head(len(values), config=config).scores(logits)
        assert float(scores.sum()) == pytest.approx(1.0, abs=1e-12)
        assert bool((scores >= 0).all())


def test_scores_let_gradients_through():
    logits = torch.zeros(1, 1, requires_grad=True)
    head = make_head(1, config=ModelConfig())
    head.scores(logits)[0, 1].backward()
    assert float(logits.grad) == pytest.approx(0.25)  # s(1 - s) at 0


def test_probability_link_takes_values_as_they_are():
    head = Head(link="probability", outputs=1, classes=("0", "1"), names=("v",))
    assert head.scores(torch.tensor([[1.25]])).tolist() == [[-0.25, 1.25]]
    assert head.probabilities(torch.tensor([[0.3]], dtype=torch.float64)).tolist() == [[0.3]]


@pytest.mark.parametrize(
    ("outputs", "config", "classes", "text"),
    [
        (10, ModelConfig(), ["a", "b"], "2 outputs for the values a, b. Found: 10 outputs"),
        (1, ModelConfig(), ["a", "b", "c"], "a target with two values"),
        (2, ModelConfig(output="sigmoid"), None, "Wanted: one logit. Found: 2 logits"),
        (1, ModelConfig(output="softmax"), None, "two logits or more"),
        (3, ModelConfig(output="multilabel"), None, "not known which output"),
        (3, ModelConfig(classes=["a", "b"]), None, "3 names, one per output. Found: 2"),
        (2, ModelConfig(pick="smilng", classes=["smiling", "hat"]), None, 'Did you mean "smiling"'),
        (2, ModelConfig(pick=5), None, "an index from 0 to 1. Found: 5"),
        (0, ModelConfig(), None, "no outputs"),
    ],
)
def test_what_does_not_fit_is_told(outputs, config, classes, text):
    with pytest.raises(ModelError) as caught:
        make_head(outputs, config=config, classes=classes)
    assert text in str(caught.value)


def test_names_of_values_without_a_manifest():
    assert make_head(1, config=ModelConfig()).classes == ("0", "1")
    assert make_head(1, config=ModelConfig(classes=["cat", "dog"])).classes == ("cat", "dog")
    assert make_head(2, config=ModelConfig(classes=["cat", "dog"])).classes == ("cat", "dog")
    assert make_head(1, config=ModelConfig(classes=["smiling"])).names == ("smiling",)
