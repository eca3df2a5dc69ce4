"""What outputs are, by declaration, last operation and values; and every contradiction between them."""

import pytest
import torch

from fairaudit.config.schema import ModelConfig
from fairaudit.errors import ModelError
from fairaudit.models.outputs.ending import Ending
from fairaudit.models.outputs.form import Sample, find_form

LOGITS = torch.tensor([[-3.0, 2.0], [0.5, 0.1], [4.0, -1.0]])
SOFT, LOGS, CHANCES = LOGITS.softmax(1), LOGITS.log_softmax(1), LOGITS.sigmoid()
ONE = LOGITS[:, :1]


def form(kind, values, *, audited=None, whole=False, **config):
    sample = Sample(noise=values, audited=audited)
    return find_form(Ending(kind=kind), sample, config=ModelConfig(**config), whole=whole, name="m.pt")


@pytest.mark.parametrize(
    ("kind", "values", "config", "squash"),
    [
        ("layer", LOGITS, {}, None),
        ("layer", SOFT, {}, None),  # a layer's values are logits, wherever they happen to lie
        ("softmax", SOFT, {}, "softmax"),
        ("softmax", SOFT, {"output": "softmax"}, "softmax"),
        ("softmax", SOFT, {"pick": 1}, "sigmoid"),  # one against the rest: its probability as it is
        ("softmax", SOFT, {"pick": "0:2"}, "softmax"),
        ("log_softmax", LOGS, {}, "log_softmax"),
        ("log_softmax", LOGS, {"pick": 0}, "log_sigmoid"),
        ("sigmoid", ONE.sigmoid(), {}, "sigmoid"),
        ("sigmoid", ONE.sigmoid(), {"output": "sigmoid"}, "sigmoid"),
        ("sigmoid", CHANCES, {"pick": 1}, "sigmoid"),
        ("sigmoid", CHANCES, {"output": "multilabel", "pick": 1}, "sigmoid"),
        ("sigmoid", CHANCES, {"output": "softmax"}, "sigmoid"),
        ("other", ONE.sigmoid(), {}, "sigmoid"),
        ("other", SOFT, {}, "softmax"),
        ("other", SOFT, {"pick": 1}, "sigmoid"),
        ("other", LOGS, {}, "log_softmax"),
        ("other", LOGITS, {}, None),
        ("other", ONE, {}, None),
        ("other", SOFT, {"output": "logit"}, None),
        ("softmax", SOFT, {"output": "logit"}, None),
        ("other", SOFT, {"output": "probability"}, "softmax"),
        ("other", SOFT, {"output": "probability", "pick": 0}, "sigmoid"),
        ("layer", ONE.sigmoid(), {"output": "probability"}, "sigmoid"),
        ("softmax", SOFT, {"output": "probability"}, "softmax"),
        ("other", LOGS, {"output": "log_probability"}, "log_softmax"),
        ("other", ONE.sigmoid().log(), {"output": "log_probability"}, "log_sigmoid"),
        ("log_softmax", LOGS, {"output": "log_probability"}, "log_softmax"),
    ],
)
def test_what_is_taken_off(kind, values, config, squash):
    found = form(kind, values, **config)
    assert (found.squash, found.label) == (squash, False)


@pytest.mark.parametrize(
    ("kind", "whole", "config"),
    [
        ("label", True, {}),
        ("label", False, {}),
        ("other", True, {"output": "softmax"}),
        ("other", False, {"output": "label"}),
    ],
)
def test_labels_are_labels_whatever_was_declared(kind, whole, config):
    found = form(kind, torch.tensor([[0.0], [1.0]]), whole=whole, **config)
    assert found.label
    assert "returns labels" in found.notes[0]


def test_values_on_audited_images_count_as_much_as_noise():
    assert form("other", ONE.sigmoid(), audited=torch.tensor([[1.7]])).squash is None
    assert form("other", torch.tensor([[0.2], [3.0]]), audited=ONE.sigmoid()).squash is None


@pytest.mark.parametrize(
    ("kind", "values", "config", "text"),
    [
        ("sigmoid", CHANCES, {}, "Wanted: model.pick: the output that predicts the target"),
        ("softmax", torch.ones(3, 1), {}, "a softmax over one output, which is 1 for every image"),
        ("layer", LOGITS, {"output": "probability"}, "Found: values such as -3"),
        ("layer", LOGITS, {"output": "log_probability"}, "Found: values such as 2"),
        ("layer", LOGITS, {"output": "label"}, "Wanted: whole numbers. Found: values such as 0.5"),
        ("label", LOGITS, {"output": "logit"}, "declared as logits, but are labels"),
    ],
)
def test_contradictions_are_told(kind, values, config, text):
    with pytest.raises(ModelError) as caught:
        form(kind, values, **config)
    assert text in str(caught.value)


def test_what_was_guessed_or_overruled_is_noted():
    assert "they are read as probabilities" in form("other", SOFT).notes[0]
    assert "declared as logits all the same" in form("softmax", SOFT, output="logit").notes[0]
    assert "taken off" in form("sigmoid", ONE.sigmoid()).notes[0]
    assert form("layer", LOGITS).notes == ()
