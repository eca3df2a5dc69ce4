"""Outputs of a model explained one by one, and scores that are functions: the gradients are those of autograd."""

import pytest
import torch

from fairaudit.errors import LiftError
from fairaudit.saliency.outputs import ModelOutputs, ScoreFunction
from fairaudit.saliency.registry import method


def function(images):
    return torch.stack([images.square().sum((1, 2, 3)), images[:, 0].sum((1, 2))], dim=1)


def test_a_function_is_explained_by_its_own_gradient():
    images = torch.rand(3, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    scores = ScoreFunction(function=function, width=2, device=images.device)
    squares = method("gradient").attribute(scores, images, torch.tensor([0, 0, 1])).maps
    torch.testing.assert_close(squares[:2], 2 * images[:2].sum(1))
    torch.testing.assert_close(squares[2], torch.ones(5, 5))
    torch.testing.assert_close(scores.scores(function(images)), function(images))
    with pytest.raises(LiftError, match="cannot be turned into modules"):
        scores.lifted(images)


def test_every_output_of_a_model_has_maps_of_its_own(opened):
    """A model of three outputs, the second of which predicts the target: all are explained, by the output's number."""
    classifier, network = opened
    outputs = ModelOutputs(whole=classifier)
    images = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    classes = torch.tensor([0, 1, 2, 0])
    found = method("gradient").attribute(outputs, images, classes).maps
    inputs = images.clone().requires_grad_()
    network(inputs)[torch.arange(4), classes].sum().backward()
    torch.testing.assert_close(found, inputs.grad.sum(1), rtol=1e-4, atol=1e-5)
    guided = method("guided_backpropagation").attribute(outputs, images, classes).maps
    assert guided.shape == found.shape
    assert (guided - found).abs().max() > 0
    assert outputs.scores(network(images)).shape == (4, 2)


@pytest.fixture
def opened(tmp_path):
    from fairaudit.config.model import ModelConfig
    from fairaudit.config.preprocess import PreprocessConfig
    from fairaudit.models.open import open_model

    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(4 * 36, 3)
    ).eval()
    torch.jit.script(network).save(str(tmp_path / "m.pt"))
    config = ModelConfig.model_validate({"output": "multilabel", "classes": ["a", "b", "c"], "pick": "b"})
    opened = open_model(tmp_path / "m.pt", config=config, preprocess=PreprocessConfig(size=(8, 8)))
    return opened, network
