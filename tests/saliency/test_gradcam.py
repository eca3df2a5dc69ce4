import pytest
import torch
from captum.attr import LayerGradCam
from torch import nn
from torch.nn import functional as F

from fairaudit.errors import MethodError
from fairaudit.models.features import features_of
from fairaudit.saliency.gradcam import GradCam
from fairaudit.saliency.prepare import prepared


@pytest.mark.parametrize(("kind", "layer"), [("plain", "relu_2"), ("residual", "relu_2")])
def test_the_last_map_is_found_and_the_map_is_captums(small, kind, layer):
    classifier, images, classes = small.model(kind), small.images(), small.classes()
    module = prepared(classifier, images)
    assert features_of(module)[0] == layer
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


def patches(x, side=4, width=8):
    """Tokens [image, token, channel] of patches, with a class token before them."""
    kernel = torch.linspace(-1, 1, width * 3 * side * side, dtype=x.dtype).view(width, 3, side, side).sin()
    tokens = F.conv2d(x, kernel, stride=side).flatten(2).transpose(1, 2)
    return torch.cat([torch.ones_like(tokens[:, :1]), tokens], 1)


class Block(nn.Module):
    """Attention over patches; read is the class token, or the mean of all."""

    def __init__(self, read):
        super().__init__()
        self.read, self.norm, self.packed, self.head = read, nn.LayerNorm(8), nn.Linear(8, 24), nn.Linear(8, 4)

    def forward(self, x):
        tokens = patches(x)
        query, key, values = self.packed(self.norm(tokens)).chunk(3, -1)
        tokens = tokens + F.scaled_dot_product_attention(query, key, values)
        return self.head(tokens[:, 0] if self.read == "class" else tokens[:, 1:].mean(1))


def tokens_of(module, x, read):
    """The tokens that count, and the logits from them."""
    tokens = patches(x)
    normed = module.norm(tokens)

    def rest(given):
        query, key, values = module.packed(given).chunk(3, -1)
        return module.head((tokens + F.scaled_dot_product_attention(query, key, values))[:, 0])

    if read == "class":
        return normed, rest
    query, key, values = module.packed(normed).chunk(3, -1)
    mixed = tokens + F.scaled_dot_product_attention(query, key, values)
    return mixed, lambda given: module.head(given[:, 1:].mean(1))


@pytest.mark.parametrize("read", ["class", "mean"])
def test_tokens_are_laid_out_as_the_grid_of_patches(small, read):
    module = small.seeded(Block(read))
    classifier, images, classes = small.Double(module=module, outputs=4), small.images(), small.classes()
    tokens, rest = tokens_of(module, classifier.normalise(images), read)
    leaf = tokens.detach().requires_grad_()
    (gradient,) = torch.autograd.grad((rest(leaf) * classifier.seed(classes)).sum(), leaf)
    weights = gradient[:, 1:].mean(1, keepdim=True)
    cam = (weights * tokens[:, 1:]).sum(2).reshape(3, 1, 3, 4)  # 12 × 16 pixels in patches of 4 × 4
    wanted = F.interpolate(cam, size=(12, 16), mode="bilinear", align_corners=False)[:, 0]
    assert wanted.abs().max() > 0
    torch.testing.assert_close(GradCam().attribute(classifier, images, classes).maps, wanted)


def test_rows_of_vectors_are_a_map(small):
    class Rows(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4, 4)

        def forward(self, x):
            return self.head(self.conv(x).permute(0, 2, 3, 1).sin().mean((1, 2)))

    module = small.seeded(Rows())
    classifier, images, classes = small.Double(module=module, outputs=4), small.images(), small.classes()
    rows = module.conv(classifier.normalise(images)).permute(0, 2, 3, 1).sin()
    leaf = rows.detach().requires_grad_()
    (gradient,) = torch.autograd.grad((module.head(leaf.mean((1, 2))) * classifier.seed(classes)).sum(), leaf)
    cam = (gradient.mean((1, 2), keepdim=True) * rows).sum(3)[:, None]
    wanted = F.interpolate(cam, size=(12, 16), mode="bilinear", align_corners=False)[:, 0]
    torch.testing.assert_close(GradCam().attribute(classifier, images, classes).maps, wanted)


def test_a_mixer_is_refused(small):
    class Mixer(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.mix, self.head = nn.Conv2d(3, 4, 4, stride=4), nn.Linear(12, 12), nn.Linear(4, 4)

        def forward(self, x):
            return self.head(self.mix(self.conv(x).flatten(2)).mean(2))

    classifier = small.Double(module=small.seeded(Mixer()), outputs=4)
    with pytest.raises(MethodError, match="mix all positions"):
        GradCam().attribute(classifier, small.images(), small.classes())


def test_tokens_that_are_no_grid_are_refused(small):
    class Pooled(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.head = nn.Conv2d(3, 4, 4, stride=4), nn.Linear(4, 4)

        def forward(self, x):
            tokens = F.avg_pool1d(self.conv(x).flatten(2), 2).transpose(1, 2)
            return self.head(F.scaled_dot_product_attention(tokens, tokens, tokens)[:, 0])

    classifier = small.Double(module=small.seeded(Pooled()), outputs=4)
    with pytest.raises(MethodError, match="no grid of patches"):
        GradCam().attribute(classifier, small.images(), small.classes())


def test_a_softmax_at_the_end_is_no_attention(small):
    module = small.seeded(nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Softmax(1)))
    classifier = small.Double(module=module, outputs=4)
    assert GradCam().attribute(classifier, small.images(), small.classes()).maps.abs().max() > 0


def test_no_hook_stays(small):
    classifier, images, classes = small.model("residual"), small.images(), small.classes()
    GradCam().attribute(classifier, images, classes)
    module = prepared(classifier, images)
    assert not any(part._forward_hooks for part in module.modules())
