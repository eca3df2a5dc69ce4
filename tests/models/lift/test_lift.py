"""The lift proven on architectures × formats: equal outputs, as many layers, and LRP equal to zennit's on the model."""

import warnings
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pytest
import torch
import torchvision
from torch import nn
from zennit.attribution import Gradient
from zennit.composites import EpsilonPlusFlat
from zennit.torchvision import ResNetCanonizer, VGGCanonizer

from fairaudit.errors import LiftError
from fairaudit.models.lift.fold import fold_batch_norm
from fairaudit.models.lift.lift import lift
from fairaudit.models.outputs.adapt import FixedBatch
from fairaudit.models.validity import methods_for

FORMATS = ("scripted", "traced", "frozen", "exported", "eager")
SMALL = ("mobilenet_v3_small", "resnet50", "vgg11_bn", "densenet121", "efficientnet_b0", "convnext_tiny", "vit_b_16")
DILATED = "dilated_resnet50"
DEEP = tuple(name for name in SMALL if name != "vgg11_bn")
"""Those that are deeper than their small ones."""


def small(name):
    """The architecture with its own blocks, and few and narrow ones: every operation of the large one."""
    from torchvision.models.convnext import CNBlockConfig, ConvNeXt
    from torchvision.models.efficientnet import EfficientNet, MBConvConfig
    from torchvision.models.mobilenetv3 import InvertedResidualConfig, MobileNetV3
    from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet
    from torchvision.models.vgg import VGG, cfgs, make_layers

    if name == "mobilenet_v3_small":
        steps = [(16, 3, 16, 16, True, "RE", 2, 1), (16, 3, 72, 24, False, "RE", 2, 1),
                 (24, 3, 88, 24, False, "RE", 1, 1), (24, 5, 96, 40, True, "HS", 2, 1)]  # fmt: skip
        return MobileNetV3([InvertedResidualConfig(*step, 1.0) for step in steps], 64, num_classes=5)
    if name == "resnet18":
        return ResNet(BasicBlock, [1, 1, 1, 1], num_classes=5)
    if name == "resnet50":
        return ResNet(Bottleneck, [1, 2, 1, 1], num_classes=5)
    if name == DILATED:  # as the backbones of segmentation models: the last stage looks at every other pixel
        return ResNet(Bottleneck, [1, 1, 1, 1], num_classes=5, replace_stride_with_dilation=[False, True, True])
    if name == "vgg11_bn":
        widths = [width if width == "M" else width // 8 for width in cfgs["A"]]
        features, head = make_layers(widths, batch_norm=True), [nn.Linear(64 * 49, 32), nn.ReLU(True), nn.Dropout()]
        model = VGG(nn.Sequential(), num_classes=5, init_weights=False)
        model.features, model.classifier = features, nn.Sequential(*head, nn.Linear(32, 5))
        return model
    if name == "densenet121":
        return torchvision.models.DenseNet(8, (2, 2, 2, 2), 16, num_classes=5)
    if name == "efficientnet_b0":
        steps = [(1, 3, 1, 16, 8, 1), (6, 3, 2, 8, 12, 2), (6, 5, 2, 12, 20, 1)]
        return EfficientNet([MBConvConfig(*step[:-1], step[-1]) for step in steps], 0.2, num_classes=5)
    if name == "convnext_tiny":
        steps = [CNBlockConfig(16, 32, 1), CNBlockConfig(32, 64, 2), CNBlockConfig(64, None, 1)]
        return ConvNeXt(steps, num_classes=5)
    return torchvision.models.VisionTransformer(64, 16, 2, 4, 64, 128, num_classes=5)


def large(name):
    """The architecture as torchvision has it; the transformer of as many blocks, a quarter as wide."""
    if name == "vit_b_16":
        return torchvision.models.VisionTransformer(64, 16, 12, 12, 192, 768, num_classes=5)
    return getattr(torchvision.models, name)(weights=None, num_classes=5)


@dataclass(eq=False)
class Case:
    name: str
    model: nn.Module
    images: torch.Tensor


@lru_cache(maxsize=1)
def case(name, side=64, *, whole=True):
    """The architecture with random weights, and batch-norm statistics and heads that are not the trivial ones."""
    with torch.device("meta"):  # torchvision draws every weight twice
        made = large(name) if whole else small(name)
    model = made.to_empty(device="cpu").eval()
    torch.manual_seed(11)
    for values in model.parameters():
        nn.init.normal_(values, 0, (2 / max(1, values[0].numel())) ** 0.5 if values.ndim > 1 else 0.1)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.bias, 0, 0.2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.running_mean, 0, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
        if isinstance(module, nn.LayerNorm):
            nn.init.uniform_(module.weight, 0.5, 1.5)
    return Case(name, model, torch.randn(2, 3, side, side))


@lru_cache(maxsize=1)
def scripted(model):
    return torch.jit.script(model)


@lru_cache(maxsize=5)
def as_format(known, form):
    if form == "eager":
        return known.model
    if form == "scripted":
        return scripted(known.model)
    if form == "traced":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", torch.jit.TracerWarning)  # sizes become numbers, as in every real trace
            return torch.jit.trace(known.model, known.images, check_trace=False)
    if form == "frozen":
        return torch.jit.freeze(scripted(known.model))
    dynamic = ({0: torch.export.Dim("batch", min=1)},)
    return torch.export.export(known.model, (known.images,), dynamic_shapes=dynamic).module()


def number_of(kind, model):
    return sum(isinstance(module, kind) for module in model.modules())


def check(known, form):
    lifted = lift(as_format(known, form), known.images)
    other = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted, found = known.model(other), lifted.module(other)
    assert float((wanted - found).abs().max()) <= 1e-4 * float(wanted.abs().max())
    assert float(wanted.std()) > 0
    packed = number_of(nn.MultiheadAttention, known.model)  # its first projection is a layer here, and none in torch
    assert number_of(nn.Conv2d, lifted.module) == number_of(nn.Conv2d, known.model)
    assert number_of(nn.Linear, lifted.module) == number_of(nn.Linear, known.model) + packed
    assert lifted.deviation <= 1e-4
    folded = fold_batch_norm(lifted.module)
    with torch.no_grad():
        assert float((folded(other) - wanted).abs().max()) <= 1e-4 * float(wanted.abs().max())
    valid = {family: reason is None for family, reason in methods_for(lifted, known.images).items()}
    assert valid == {"gradient": True, "lrp": True, "gradcam": True}


@pytest.mark.parametrize("form", FORMATS)
def test_lifted_models_are_equal(form):
    check(case("resnet18"), form)


@pytest.mark.parametrize("form", ["scripted", "traced"])
def test_a_caller_under_autocast_gets_the_same_graph(form):
    """Its casts were operations of the graph, for which no rule of LRP is known."""
    known = case("resnet18")
    model = as_format(known, form)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        lifted = lift(model, known.images)
    assert lifted.kinds == lift(model, known.images).kinds
    assert methods_for(lifted, known.images)["lrp"] is None
    assert lifted.deviation < 1e-4
    torch.testing.assert_close(lifted.module(known.images), known.model(known.images), rtol=1e-4, atol=1e-4)


def relevance(model, composite, images):
    with Gradient(model, composite) as attributor:
        return attributor(images.clone().requires_grad_(), torch.eye(5)[[1, 3]])[1].detach().numpy()


@pytest.mark.parametrize(
    ("name", "canonizer", "form"),
    [
        ("resnet18", ResNetCanonizer, "scripted"),
        ("resnet18", ResNetCanonizer, "frozen"),
        ("resnet18", ResNetCanonizer, "exported"),
        ("resnet50", ResNetCanonizer, "traced"),
        ("vgg11_bn", VGGCanonizer, "scripted"),
    ],
)
def test_lrp_through_the_lift_is_zennits_on_the_model_with_its_canonizer(name, canonizer, form):
    known = case(name, whole=name == "resnet18")
    folded = fold_batch_norm(lift(as_format(known, form), known.images).module)
    found = relevance(folded, EpsilonPlusFlat(), known.images)
    try:
        wanted = relevance(known.model, EpsilonPlusFlat(canonizers=[canonizer()]), known.images)
    except ValueError as error:
        if "eps must be positive" in str(error):
            pytest.skip("this torch refuses the batch norms with an eps of 0 that zennit's canonizer leaves")
        raise
    for one, two in zip(found, wanted, strict=True):
        assert np.corrcoef(one.ravel(), two.ravel())[0, 1] > 0.999


@pytest.mark.parametrize(("name", "form"), [(name, form) for name in (*SMALL, DILATED) for form in FORMATS[:4]])
def test_lifted_models_of_every_architecture_are_equal(name, form):
    check(case(name, whole=False), form)


def test_the_dilated_network_has_dilated_convolutions():
    settings = {module.dilation for module in small(DILATED).modules() if isinstance(module, nn.Conv2d)}
    assert settings == {(1, 1), (2, 2)}


@pytest.mark.slow
@pytest.mark.parametrize("name", DEEP)
def test_lifted_models_are_equal_at_full_depth(name):
    check(case(name), "traced")


@pytest.mark.slow
def test_a_lift_at_224_pixels():
    known = case("resnet18", side=224)
    assert lift(torch.jit.script(known.model), known.images).deviation <= 1e-4


@pytest.mark.parametrize("batch", [1, 2])
def test_a_program_of_one_batch_size_is_lifted_for_all(batch):
    known = case("resnet18", whole=False)
    program = torch.export.export(known.model, (known.images[:batch],)).module()
    lifted = lift(FixedBatch(program, batch), known.images)
    other = torch.randn(5, 3, 64, 64)
    torch.testing.assert_close(lifted.module(other), known.model(other), atol=1e-4, rtol=1e-4)


def test_a_program_whose_batch_cannot_be_guessed_is_refused():
    torch.manual_seed(0)
    model = torchvision.models.VisionTransformer(32, 8, 1, 4, 32, 64, num_classes=5).eval()
    nn.init.normal_(model.heads.head.weight)
    program = torch.export.export(model, (torch.randn(1, 3, 32, 32),)).module()
    with pytest.raises(LiftError, match="dynamic batch"):
        lift(FixedBatch(program, 1), torch.randn(2, 3, 32, 32))


class Decides(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(3, 2, 1)

    def forward(self, x):
        y = self.layer(x).mean(dim=(2, 3))
        if bool(x.mean() > 0):
            y = -y
        return y


class Loops(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        for _ in range(x.size(2) // 8):
            x = torch.relu(self.layer(x))
        if x.size(3) > 4:
            x = x + 1.0
        return x.mean(dim=(2, 3)).reshape(x.size(0), -1)


class InPlace(nn.Module):
    """Writes into a part of its result, which no out-of-place graph repeats."""

    def forward(self, x):
        y = x * 2.0
        y[:, :, 0].add_(5.0)
        return y.mean(dim=(2, 3))


def test_a_model_that_decides_on_values_is_refused():
    with pytest.raises(LiftError, match="reads values of its data"):
        lift(torch.jit.script(Decides().eval()), torch.randn(2, 3, 8, 8))


def test_loops_and_conditions_on_sizes_are_carried_out():
    model = Loops().eval()
    images = torch.randn(2, 3, 16, 16)
    lifted = lift(torch.jit.script(model), images)
    assert lifted.kinds["Conv2d"] == 2  # one module per call, so that each has relevance of its own
    torch.testing.assert_close(lifted.module(images), model(images))


def test_an_unequal_graph_is_refused():
    with pytest.raises(LiftError, match="a difference of"):
        lift(torch.jit.script(InPlace().eval()), torch.randn(2, 3, 8, 8))


def test_lifting_leaves_the_model_as_it_was_and_shares_nothing_with_it():
    known = case("resnet18", side=32)
    before = {key: value.clone() for key, value in known.model.state_dict().items()}
    lifted = lift(known.model, known.images)
    with torch.no_grad():
        for parameter in lifted.module.parameters():
            parameter.zero_()
    assert all(torch.equal(value, before[key]) for key, value in known.model.state_dict().items())
    assert not any(module._forward_hooks for module in known.model.modules())


def test_layers_keep_their_names():
    known = case("resnet18", side=32)
    lifted = lift(as_format(known, "scripted"), known.images)
    named = dict(known.model.named_modules())
    for name, module in lifted.module.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear | nn.BatchNorm2d):
            assert torch.equal(module.weight, named[name].weight)
    assert lifted.source == "torchscript"
    assert lift(known.model, known.images).source == "eager"


class _Counted(nn.Module):
    """Counts the images that go through it; one image alone goes another way, if so wanted."""

    def __init__(self, *, other=False):
        super().__init__()
        self.conv, self.last, self.other, self.seen = nn.Conv2d(3, 4, 3), nn.Linear(4, 2), other, []

    def forward(self, images):
        self.seen.append(len(images))
        x = self.conv(images).relu()
        x = x.amax((2, 3)) if self.other and len(images) == 1 else x.mean((2, 3))
        return self.last(x)


def test_three_images_through_the_model_are_enough():
    model = _Counted().eval()
    lifted = lift(model, torch.randn(5, 3, 8, 8))
    assert model.seen == [2, 1]
    assert lifted.deviation <= 1e-6
    images = torch.randn(7, 3, 8, 8)
    torch.testing.assert_close(lifted.module(images), model(images))


def test_what_treats_one_image_otherwise_is_compared_in_larger_batches():
    model = _Counted(other=True).eval()
    with pytest.raises(LiftError, match="a difference of"):
        lift(model, torch.randn(5, 3, 8, 8))
    assert model.seen[:4] == [2, 1, 2, 3]
