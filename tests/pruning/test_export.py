"""What goes in comes out: the same format, equal to the masked model, with the weights really at 0."""

import copy
import sys
import types
from dataclasses import replace
from functools import partial

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from fairaudit.config.schema import ModelConfig, PreprocessConfig
from fairaudit.errors import ModelError
from fairaudit.models.open import open_model
from fairaudit.pruning.encoder import split
from fairaudit.pruning.export import TOLERANCE, export, masked_parameters, save_masks

PREPROCESS = PreprocessConfig(size=(6, 6), channels=1, mean=(0.3,), std=(0.5,))
FORMATS = ("torchscript", "frozen", "state-dict", "safetensors", "pickle", "exported-program")


@pytest.fixture
def architecture(cnn, monkeypatch):
    """A module that --arch can name, with a factory that makes the fixture's architecture."""
    module = types.ModuleType("pruning_test_arch")
    module.network = lambda: nn.Sequential(*[type(layer)(**arguments(layer)) for layer in cnn])
    monkeypatch.setitem(sys.modules, "pruning_test_arch", module)
    return "pruning_test_arch:network"


def arguments(layer):
    if isinstance(layer, nn.Conv2d):
        return {"in_channels": layer.in_channels, "out_channels": layer.out_channels, "kernel_size": 3, "padding": 1,
                "bias": layer.bias is not None}  # fmt: skip
    if isinstance(layer, nn.BatchNorm2d):
        return {"num_features": layer.num_features}
    if isinstance(layer, nn.Linear):
        return {"in_features": layer.in_features, "out_features": layer.out_features}
    return {"output_size": 1} if isinstance(layer, nn.AdaptiveAvgPool2d) else {}


def write(network, path, kind):
    if kind in ("torchscript", "frozen"):
        script = torch.jit.script(network)
        torch.jit.save(torch.jit.freeze(script) if kind == "frozen" else script, str(path))
    elif kind == "state-dict":
        torch.save({"state_dict": {f"module.{name}": value for name, value in network.state_dict().items()}}, path)
    elif kind == "safetensors":
        save_file({name: value.contiguous() for name, value in network.state_dict().items()}, path)
    elif kind == "pickle":
        torch.save(network, path)
    else:
        batch = torch.export.Dim("batch", min=1, max=64)
        program = torch.export.export(network, (torch.rand(2, 1, 6, 6),), dynamic_shapes=({0: batch},))
        torch.export.save(program, str(path))


def random_masks(cut, mode):
    draw = torch.Generator().manual_seed(4)
    shapes = {name: cut.weight(name).shape for name in cut.layers}
    return {
        name: torch.rand(shape if mode == "unstructured" else shape[:1], generator=draw) < 0.6
        for name, shape in shapes.items()
    }


@pytest.mark.parametrize("mode", ["unstructured", "structured"])
@pytest.mark.parametrize("kind", FORMATS)
def test_the_format_is_kept_and_the_logits_are_the_masked_models(tmp_path, cnn, images, architecture, kind, mode):
    write(cnn, tmp_path / "model", kind)
    reopen = partial(open_model, config=ModelConfig(arch=architecture), preprocess=PREPROCESS, trust=True)
    model = reopen(tmp_path / "model")
    cut = split(model.lifted(images).module)
    masks = random_masks(cut, mode)
    before = (tmp_path / "model").read_bytes()
    written = export(model, cut, masks, tmp_path / "pruned", images=images, reopen=reopen)
    again = reopen(tmp_path / "pruned")
    assert again.format == model.format
    assert bool(written.notes) == (kind == "frozen")
    assert (tmp_path / "model").read_bytes() == before
    assert not torch.allclose(again.logits(images), model.logits(images), atol=1e-3)
    hand = slow_masked(cnn, masks)(model.normalise(images))
    torch.testing.assert_close(again.logits(images), hand, rtol=1e-4, atol=1e-5)
    lifted = again.lifted(images).module
    if kind != "frozen":
        for name, mask in masks.items():
            weight = lifted.get_parameter(f"{name}.weight")
            assert (weight[~mask] == 0).all()


@pytest.mark.parametrize(("error", "refused"), [(0.5, False), (2.0, True)])
def test_a_file_that_is_wrong_about_one_output_of_one_image_is_refused(tmp_path, cnn, images, error, refused):
    """The error is in units of what is allowed, which is a share of the largest logit."""
    write(cnn, tmp_path / "model", "torchscript")
    model = open_model(tmp_path / "model", config=ModelConfig(), preprocess=PREPROCESS)
    cut = split(model.lifted(images).module)
    masks = random_masks(cut, "unstructured")
    wanted = slow_masked(cnn, masks)(model.normalise(images))
    off = torch.zeros_like(wanted)
    off[-1, 0] = error * TOLERANCE * wanted.abs().max()

    def reopen(path):
        right = open_model(path, config=ModelConfig(), preprocess=PREPROCESS)
        return replace(right, module=Off(right.module, off))

    if refused:
        with pytest.raises(ModelError, match="not the edited one"):
            export(model, cut, masks, tmp_path / "pruned", images=images, reopen=reopen)
    else:
        written = export(model, cut, masks, tmp_path / "pruned", images=images, reopen=reopen)
        assert written.deviation == pytest.approx(error * TOLERANCE, rel=0.02)


class Off(nn.Module):
    """A model whose answers are off by so much."""

    def __init__(self, module, off):
        super().__init__()
        self.module, self.off = module, off

    def forward(self, images):
        return self.module(images) + self.off


def slow_masked(network, masks):
    """The pruned network from the definition: weights times mask, or the outputs of units times mask."""
    pruned = copy.deepcopy(network)
    layers = list(pruned)
    for place, mask in zip((0, 3, 8), masks.values(), strict=True):  # a frozen archive has lost the layers' names
        if mask.shape == layers[place].weight.shape:
            layers[place].weight.data *= mask
        else:
            after = place + 1 if isinstance(layers[place + 1], nn.BatchNorm2d) else place
            layers[after].register_forward_hook(
                lambda _m, _i, out, mask=mask: out * (mask.view(1, -1, 1, 1) if out.dim() == 4 else mask)
            )
    return pruned


def test_other_parameters_stay_as_they_are(cut):
    masks = {name: torch.ones(cut.weight(name).shape[0], dtype=torch.bool) for name in cut.layers}
    own = dict(cut.module.named_parameters())
    assert all(torch.equal(value, own[name]) for name, value in masked_parameters(cut, masks).items())


def test_a_weight_that_is_used_twice_is_refused(tmp_path, images):
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.head = nn.Linear(36, 36), nn.Linear(36, 2)

        def forward(self, images):
            hidden = self.layer(images.flatten(1)).relu()
            return self.head(self.layer(hidden).relu())

    torch.jit.save(torch.jit.script(Twice().eval()), str(tmp_path / "model.pt"))
    reopen = partial(open_model, config=ModelConfig(), preprocess=PREPROCESS)
    model = reopen(tmp_path / "model.pt")
    cut = split(model.lifted(images).module)
    assert len(cut.layers) == 2  # two gates for one weight: only a trace can hold both
    written = export(model, cut, random_masks(cut, "unstructured"), tmp_path / "p.pt", images=images, reopen=reopen)
    assert written.notes


def test_masks_survive_the_file(tmp_path, cut):
    masks = random_masks(cut, "unstructured")
    save_masks(tmp_path / "mask.safetensors", masks, {"mode": "unstructured"})
    read = load_file(tmp_path / "mask.safetensors")
    assert set(read) == set(masks)
    assert all(torch.equal(read[name], mask) for name, mask in masks.items())
