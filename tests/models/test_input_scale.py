"""The scale of an input by a batch norm's own statistics: closed forms, and the right scale among wrong ones."""

import math

import pytest
import torch
from torch import nn

from fairaudit.models.classifier import Classifier
from fairaudit.models.input_scale import SCALES, scale_gap
from fairaudit.models.outputs.head import Head


def classifier(module, scale="pixels in [0, 1]"):
    mean, std = SCALES[scale]
    head = Head(link="sigmoid", outputs=1, classes=("0", "1"), names=("y",))
    return Classifier(
        name="m.pt", path=None, sha256="", format="torchscript", head=head, module=module.eval(), mean=mean, std=std,
        input_size=(8, 8), parameters=0, device=torch.device("cpu"),
    )  # fmt: skip


def network(norm=True):
    torch.manual_seed(0)
    first = nn.Conv2d(3, 4, 3, bias=False)
    layers = [first, nn.BatchNorm2d(4)] if norm else [first]
    return nn.Sequential(*layers, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 1))


def images(seed=0):
    return torch.rand(32, 3, 8, 8, generator=torch.Generator().manual_seed(seed))


def settled(module, given):
    """Running statistics that are exactly those of the images."""
    module.train()
    module[1].momentum = None  # the mean over all calls: of one
    with torch.no_grad():
        module(given)
    return module


def test_the_training_images_themselves_are_at_0():
    gap = scale_gap(classifier(settled(network(), images())), images())
    assert gap == pytest.approx(0.0, abs=1e-5)  # torch keeps the unbiased variance


def test_the_closed_form():
    module = network()
    module[1].running_mean.fill_(0.0)
    module[1].running_var.fill_(4.0)
    with torch.no_grad():
        values = module[0](images()).double()
    wanted = sum(
        values[:, c].mean().item() ** 2 / 4 + math.log(values[:, c].var(unbiased=False).item() / 4) ** 2
        for c in range(4)
    )
    assert scale_gap(classifier(module), images()) == pytest.approx(wanted / 4, rel=1e-5)


@pytest.mark.parametrize("trained", list(SCALES))
def test_the_scale_of_training_is_the_nearest(trained):
    mean, std = (torch.tensor(values).view(1, -1, 1, 1) for values in SCALES[trained])
    module = settled(network(), (images() - mean) / std)
    gaps = {name: scale_gap(classifier(module, name), images(1)) for name in SCALES}
    assert min(gaps, key=gaps.get) == trained
    assert sorted(gaps.values())[1] > 10 * gaps[trained]


def test_without_a_batch_norm_nothing_is_told():
    assert scale_gap(classifier(network(norm=False)), images()) is None
