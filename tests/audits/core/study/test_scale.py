"""The note on a wrong scale: there where another scale fits, silent where the scale is right or nothing fits."""

import numpy as np
import pytest
import torch
from torch import nn

from fairaudit.audits.core.study import scale
from fairaudit.models.classifier import Classifier
from fairaudit.models.outputs.head import Head


class Loader:
    """Images by row."""

    def __init__(self, images):
        self.images = images

    def load(self, rows):
        return type("Batch", (), {"images": self.images[torch.as_tensor(list(rows))]})()


def study(given, trained, module=None, images=None):
    """A study whose model was trained on images scaled by `trained` and is given them scaled by `given`."""
    torch.manual_seed(0)
    images = torch.rand(100, 3, 8, 8) if images is None else images
    net = module or nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, momentum=None), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 1)
    )
    with torch.no_grad():
        net.train()((torch.rand(100, 3, 8, 8) - trained[0]) / trained[1])
    head = Head(link="sigmoid", outputs=1, classes=("0", "1"), names=("y",))
    model = Classifier(
        name="m.pt", path=None, sha256="", format="torchscript", head=head, module=net.eval(), mean=(given[0],),
        std=(given[1],), input_size=(8, 8), parameters=0, device=torch.device("cpu"),
    )  # fmt: skip
    material = type("Material", (), {"loader": Loader(images)})()
    return type("Study", (), {"candidate": model, "material": material})()


ROWS = np.arange(100)


def test_the_right_scale_is_not_spoken_of():
    assert scale.scale_notes(study((0.5, 0.5), (0.5, 0.5)), ROWS) == []


@pytest.mark.parametrize(("trained", "shown"), [((0.5, 0.5), "[0.5]"), ((0.0, 1 / 255), "[0.003922]")])
def test_a_wrong_scale_is_named_with_the_one_that_fits(trained, shown):
    (note,) = scale.scale_notes(study((0.0, 1.0), trained), ROWS)
    assert "probably misread" in note
    assert shown in note


def test_unusual_images_are_no_wrong_scale():
    """Black images are far under every scale."""
    assert scale.scale_notes(study((0.0, 1.0), (0.0, 1.0), images=torch.zeros(100, 3, 8, 8)), ROWS) == []


def test_without_a_batch_norm_nothing_is_said():
    net = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 1))
    assert scale.scale_notes(study((0.0, 1.0), (0.5, 0.5), module=net), ROWS) == []
