"""A variant in memory computes what the cut model computes with its weights, and is told apart from the model."""

from pathlib import Path

import pytest
import torch

from fairaudit.models.classifier import Classifier
from fairaudit.models.outputs.head import Head
from fairaudit.pruning.gated import run_with
from fairaudit.pruning.standalone import as_classifier

NAMES = ("a", "b", "c")


@pytest.fixture
def model(cnn):
    return Classifier(
        name="model.pt",
        path=Path("model.pt"),
        sha256="0" * 64,
        format="torchscript",
        head=Head(link="softmax", outputs=3, classes=NAMES, names=NAMES),
        module=cnn,
        input_size=(6, 6),
        channels=1,
        parameters=1,
        device=torch.device("cpu"),
    )


def halved(cut):
    name = f"{cut.layers[0]}.weight"
    return {name: cut.module.get_parameter(name).detach() / 2}


def test_it_computes_with_the_weights_and_the_model_stays(model, cut, images):
    before = model.logits(images)
    found = as_classifier(model, cut, halved(cut), "control")
    expected = run_with(cut, model.normalise(images), halved(cut))[1]
    torch.testing.assert_close(found.logits(images), expected)
    assert not torch.allclose(found.logits(images), before)
    torch.testing.assert_close(model.logits(images), before, rtol=0, atol=0)


def test_it_can_be_lifted_on_its_own(model, cut, images):
    model.lifted(images)  # cached there
    found = as_classifier(model, cut, halved(cut), "control")
    torch.testing.assert_close(found.lifted(images).module(found.normalise(images)), found.logits(images))


def test_buffers_can_be_replaced_too(model, cut, images):
    name = next(name for name, _ in cut.module.named_buffers() if name.endswith("running_mean"))
    moved = {name: dict(cut.module.named_buffers())[name] + 1}
    assert not torch.allclose(as_classifier(model, cut, moved, "control").logits(images), model.logits(images))


def test_other_weights_are_another_digest(model, cut):
    first, same, other = (
        as_classifier(model, cut, weights, "control").sha256 for weights in (halved(cut), halved(cut), {})
    )
    assert first == same
    assert len({first, other, model.sha256}) == 3
