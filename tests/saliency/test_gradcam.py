import pytest
import torch
from captum.attr import LayerGradCam
from torch import nn
from torch.nn import functional as F

from fairaudit.errors import MethodError
from fairaudit.saliency.gradcam import GradCam, last_map
from fairaudit.saliency.prepare import prepared


@pytest.mark.parametrize(("kind", "layer"), [("plain", "relu_2"), ("residual", "relu_2")])
def test_the_last_map_is_found_and_the_map_is_captums(small, kind, layer):
    classifier, images, classes = small.model(kind), small.images(), small.classes()
    module = prepared(classifier, images)
    assert last_map(module, classifier.normalise(images)) == layer
    cam = LayerGradCam(module, module.get_submodule(layer)).attribute(classifier.normalise(images), target=classes)
    wanted = F.interpolate(cam, size=images.shape[2:], mode="bilinear", align_corners=False)[:, 0]
    torch.testing.assert_close(GradCam().attribute(classifier, images, classes).maps, wanted)
    positive = F.interpolate(cam.relu(), size=images.shape[2:], mode="bilinear", align_corners=False)[:, 0]
    torch.testing.assert_close(GradCam(rectify=True).attribute(classifier, images, classes).maps, positive)


def test_a_named_layer_is_taken(small):
    classifier, images, classes = small.model("residual"), small.images(), small.classes()
    module = prepared(classifier, images)
    cam = LayerGradCam(module, module.conv).attribute(classifier.normalise(images), target=classes)
    wanted = F.interpolate(cam, size=images.shape[2:], mode="bilinear", align_corners=False)[:, 0]
    torch.testing.assert_close(GradCam(layer="conv").attribute(classifier, images, classes).maps, wanted)


def test_a_network_without_maps_is_refused(small):
    with pytest.raises(MethodError, match="gradcam is not valid"):
        GradCam().attribute(small.linear(12, 16), small.images(), small.classes())


def test_attention_after_the_last_map_is_refused(small):
    class Mixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.head = nn.Conv2d(3, 4, 4, stride=4), nn.Linear(4, 4)

        def forward(self, x):
            tokens = self.conv(x).flatten(2).transpose(1, 2)
            mixed = F.scaled_dot_product_attention(tokens, tokens, tokens)
            return self.head(mixed.mean(1))

    classifier = small.Double(module=small.seeded(Mixed()), outputs=4)
    with pytest.raises(MethodError, match="attention mixes"):
        GradCam().attribute(classifier, small.images(), small.classes())


def test_no_hook_stays(small):
    classifier, images, classes = small.model("residual"), small.images(), small.classes()
    GradCam().attribute(classifier, images, classes)
    module = prepared(classifier, images)
    assert not any(part._forward_hooks for part in module.modules())
