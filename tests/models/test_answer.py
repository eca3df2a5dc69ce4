"""One network written in every form that people ship: the same scores, the same decisions, the same graph."""

import pytest
import torch
from torch import nn

from fairaudit.config.schema import ModelConfig, PreprocessConfig
from fairaudit.errors import MethodError, ModelError
from fairaudit.models.open import open_model

SIZE = (12, 12)
IMAGES = torch.rand(6, 3, *SIZE, generator=torch.Generator().manual_seed(5))


class Body(nn.Sequential):
    def __init__(self, outputs):
        torch.manual_seed(7)
        super().__init__(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, outputs))
        with torch.no_grad():  # wide apart, on both sides of 0
            self[4].weight.mul_(20)
            self[4].bias.copy_(-(self(IMAGES).median(dim=0).values - self[4].bias) + 0.05)


class Shaped(nn.Module):
    def __init__(self, end, outputs):
        super().__init__()
        self.body, self.end = Body(outputs).eval(), end

    def forward(self, x):
        return self.end(self.body(x))


def opened(folder, end, outputs=1, *, classes=("no", "yes"), examples=IMAGES, **config):
    net = Shaped(end, outputs).eval()
    path = folder / "m.pt"
    torch.jit.trace(net, IMAGES[:2], check_trace=False, strict=False).save(path)
    preprocess = PreprocessConfig(size=SIZE)
    return open_model(path, config=ModelConfig(**config), preprocess=preprocess, classes=classes, examples=examples)


def both(z):
    """One logit as two that exclude one another, with the same probabilities."""
    return torch.cat([torch.zeros_like(z), z], dim=1)


ONE = {
    "logit": (lambda z: z, {}),
    "logit without an axis": (lambda z: z.squeeze(1), {}),
    "sigmoid": (torch.sigmoid, {}),
    "sigmoid, declared": (torch.sigmoid, {"output": "sigmoid"}),
    "sigmoid without an axis": (lambda z: z.sigmoid().squeeze(1), {}),
    "sigmoid by hand": (lambda z: 1 / (1 + (-z).exp()), {}),
    "probability": (torch.sigmoid, {"output": "probability"}),
    "log-probability": (nn.functional.logsigmoid, {"output": "log_probability"}),
    "two logits": (both, {}),
    "softmax": (lambda z: both(z).softmax(1), {}),
    "softmax, declared": (lambda z: both(z).softmax(1), {"output": "softmax"}),
    "softmax by hand": (lambda z: both(z).exp() / both(z).exp().sum(1, keepdim=True), {}),
    "log-softmax": (lambda z: both(z).log_softmax(1), {}),
    "complement": (lambda z: torch.cat([1 - z.sigmoid(), z.sigmoid()], dim=1), {}),
    "a dictionary": (lambda z: {"logits": z, "features": z * 3}, {}),
    "a picked sigmoid": (lambda z: torch.cat([(z - 9).sigmoid(), z.sigmoid()], 1), {"output": "multilabel", "pick": 1}),
    "a tuple's head": (lambda z: (z * 5, z.sigmoid()), {"head": 1}),
    "a slice": (lambda z: torch.cat([z * 9, z * 0, z, z - 3], dim=1), {"pick": "1:3"}),
    "a list": (lambda z: torch.cat([z, z - 3, z * 0], dim=1), {"output": "softmax", "pick": [2, 0]}),
    "a slice of one softmax": (lambda z: torch.cat([z * 9, z * 0, z], dim=1).softmax(1), {"pick": "1:3"}),
}


@pytest.mark.parametrize("form", ONE)
def test_every_form_has_the_same_scores_and_decisions(tmp_path, form):
    end, config = ONE[form]
    wanted = Body(1).eval()(IMAGES).sigmoid()[:, 0].double()
    model = opened(tmp_path, end, **config)
    scores = model.scores(model.logits(IMAGES))
    torch.testing.assert_close(scores[:, 1], wanted, atol=1e-6, rtol=1e-5)
    assert model.decide(scores).tolist() == (wanted >= 0.5).long().tolist()
    assert 0 < int(model.decide(scores).sum()) < len(IMAGES)


@pytest.mark.parametrize("form", ["sigmoid", "sigmoid without an axis", "softmax", "log-softmax", "a picked sigmoid"])
def test_what_is_explained_comes_before_the_squash(tmp_path, form):
    end, config = ONE[form]
    model = opened(tmp_path, end, **config)
    lifted = model.lifted(IMAGES[:1])
    assert not {"Sigmoid", "Softmax"} & set(lifted.kinds)
    logits = lifted.module(IMAGES)
    seeds = model.seed(torch.ones(len(IMAGES), dtype=torch.long))
    torch.testing.assert_close((logits * seeds).sum(1), Body(1).eval()(IMAGES)[:, 0], atol=1e-5, rtol=1e-5)


def test_a_saturated_sigmoid_keeps_its_logits(tmp_path):
    factor = 60 / float(Body(1).eval()(IMAGES).detach().abs().max())  # 1 - p is 0 in float32 there
    model = opened(tmp_path, lambda z: (z * factor).sigmoid())
    wanted = Body(1).eval()(IMAGES) * factor
    torch.testing.assert_close(model.logits(IMAGES), wanted, atol=1e-3, rtol=1e-5)


LABELS = {
    "comparison": (lambda z: z > 0, 1),
    "int64": (lambda z: (z > 0).long(), 1),
    "float": (lambda z: (z.sigmoid() >= 0.5).float().squeeze(1), 1),
    "sign": (torch.sign, 1),
    "argmax": (lambda z: both(z).argmax(dim=1), 1),
    "one per value": (lambda z: torch.cat([z < 0, z >= 0], dim=1), 1),
}


@pytest.mark.parametrize("form", LABELS)
def test_labels_are_decisions_and_nothing_else(tmp_path, form):
    model = opened(tmp_path, *LABELS[form])
    wanted = (Body(1).eval()(IMAGES)[:, 0] > 0).long()
    assert model.decide(model.scores(model.logits(IMAGES))).tolist() == wanted.tolist()
    assert (model.head.link, model.head.scored) == ("label", False)
    for refused in (lambda: model.lifted(IMAGES), lambda: model.seed(wanted)):
        with pytest.raises(MethodError, match="a model that returns labels"):
            refused()


def test_a_label_outside_the_target_is_told(tmp_path):
    model = opened(tmp_path, lambda z: (z > 0).long() + 1)
    with pytest.raises(ModelError, match=r"Wanted: 0 to 1, for no, yes\. Found: 2"):
        model.scores(model.logits(IMAGES))


def test_one_class_of_a_softmax_is_one_against_the_rest(tmp_path):
    model = opened(tmp_path, lambda z: z.softmax(dim=1), 3, pick=2)
    wanted = Body(3).eval()(IMAGES).softmax(1)[:, 2].double()
    torch.testing.assert_close(model.scores(model.logits(IMAGES))[:, 1], wanted, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(
    ("end", "config", "text"),
    [
        (lambda z: (z, z + 1), {}, "model.head: one of 0, 1"),
        (lambda z: torch.cat([z, z, z], 1), {}, 'write model.pick: "7:9"'),
        (lambda z: torch.cat([z, z, z], 1), {"pick": "2:5"}, "FIRST:LAST from 0 to 3"),
        (lambda z: torch.cat([z, z], 1).sigmoid(), {}, "each end in a sigmoid"),
        (lambda z: torch.cat([z, z, z], 1), {"pick": 429}, "write a slice in quotes"),
        (lambda z: torch.cat([z, z, z], 1), {"pick": [1, 1]}, "each output once"),
    ],
)
def test_what_is_not_declared_is_refused(tmp_path, end, config, text):
    with pytest.raises(ModelError) as caught:
        opened(tmp_path, end, **config)
    assert text in str(caught.value)


def test_fairface_has_its_gender_in_two_of_eighteen_outputs(tmp_path):
    torch.manual_seed(2)
    model = opened(tmp_path, lambda z: z, 18, classes=("Male", "Female"), pick="7:9")
    raw = Body(18).eval()(IMAGES)
    scores = model.scores(model.logits(IMAGES))
    torch.testing.assert_close(scores, raw[:, 7:9].double().softmax(1))
    assert model.head.names == ("7", "8")


def test_an_output_that_leaves_the_range_later_is_told(tmp_path):
    model = opened(tmp_path, lambda z: z.clamp(-1, 2) * 0.0 + z.abs() * 1e-3, examples=IMAGES)
    assert model.notes  # all within 0 … 1 so far: read as probabilities, and said
    with pytest.raises(ModelError, match="read as probabilities, but some are not"):
        model.logits(IMAGES * 1e5)
