"""What a method changed comes back from the file, for every kind of file and of edit, with the same logits."""

import copy
import sys
import types
from dataclasses import replace
from functools import partial

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from fairaudit.config.schema import ModelConfig, PreprocessConfig
from fairaudit.errors import ModelError
from fairaudit.mitigation.edits import GroupThresholds, HeadEdit, Inserted, Noted, edited, head_layer
from fairaudit.mitigation.method import Task
from fairaudit.mitigation.registry import EVERY, METHODS
from fairaudit.mitigation.write import as_edited, write_edit
from fairaudit.models.open import open_model
from fairaudit.pruning.encoder import split

PREPROCESS = PreprocessConfig(size=(6, 6), channels=1, mean=(0.0,), std=(1.0,))
KINDS = ("torchscript", "state-dict", "safetensors", "pickle", "exported-program")
WRITTEN = [name for name in EVERY if name not in ("thropt-group", "p-clarc-conv")]
EXPORTED = ("fine-tune", "dfr", "ffw")
"""Methods whose edits are written into an exported program, which takes long: one per kind of edit that there is."""


@pytest.fixture(scope="module")
def architecture(network):
    """A module that --arch can name, with a factory that makes the fixture's architecture."""
    module = types.ModuleType("mitigation_test_arch")
    module.network = lambda: nn.Sequential(*[remade(layer) for layer in network])
    sys.modules["mitigation_test_arch"] = module
    yield "mitigation_test_arch:network"
    del sys.modules["mitigation_test_arch"]


def remade(layer):
    """A layer of the same kind and size with weights of its own."""
    other = copy.deepcopy(layer)
    if hasattr(other, "reset_parameters"):
        other.reset_parameters()
    return other


def saved(network, path, kind):
    if kind == "torchscript":
        torch.jit.save(torch.jit.script(network), str(path))
    elif kind == "state-dict":
        torch.save(network.state_dict(), path)
    elif kind == "safetensors":
        save_file({name: value.contiguous() for name, value in network.state_dict().items()}, path)
    elif kind == "pickle":
        torch.save(network, path)
    else:
        batch = torch.export.Dim("batch", min=1, max=64)
        program = torch.export.export(network, (torch.rand(2, 1, 6, 6),), dynamic_shapes=({0: batch},))
        torch.export.save(program, str(path))


@pytest.fixture(scope="module", params=KINDS)
def opened(request, network, task, architecture, tmp_path_factory):
    """A classifier of every kind of file, cut, with the task on it, and how to open others."""
    place = tmp_path_factory.mktemp(request.param) / "model.bin"
    saved(network, place, request.param)
    reopen = partial(open_model, config=ModelConfig(arch=architecture), preprocess=PREPROCESS, trust=True)
    model = reopen(place)
    images = task.choose.samples.images[:4].clamp(0, 1)
    cut = split(model.lifted(images).module)
    own = Task(split=cut, head=task.head, debias=task.debias, choose=task.choose, balanced=task.balanced,
               train=replace(task.train, epochs=1, batch_size=200))  # fmt: skip
    return model, own, images, reopen


@pytest.fixture(scope="module")
def fits(task):
    """Method → edit; a fit does not depend on the kind of file that the weights came from."""
    short = replace(task, train=replace(task.train, epochs=1, batch_size=200))
    made = {}
    for name in EVERY:
        found = METHODS[name].fit(replace(short, strength=METHODS[name].strength))
        made[name] = found.edit if isinstance(found, Noted) else found
    return made


def test_the_edits_of_a_few_methods_are_of_every_kind(fits):
    """Of the same type and, where weights change, of the same ones."""

    def kind(edit):
        return type(edit), frozenset(getattr(edit, "values", ()))

    assert {kind(fits[name]) for name in EXPORTED} == {kind(fits[name]) for name in WRITTEN}


@pytest.mark.parametrize(
    ("opened", "name"),
    [(kind, name) for kind in KINDS for name in (EXPORTED if kind == "exported-program" else WRITTEN)],
    indirect=["opened"],
)
def test_every_method_comes_back_from_every_kind_of_file(opened, fits, tmp_path, name):
    model, own, images, reopen = opened
    edit = fits[name]
    written = write_edit(model, own.split, edit, tmp_path / "edited.bin", images=images, reopen=reopen)
    again = reopen(written.path)
    assert again.format == model.format
    with torch.no_grad():
        wanted = edited(own.split, edit)(again.normalise(images))[1]
        found = again.logits(images)
    torch.testing.assert_close(found, wanted.to(found), rtol=1e-4, atol=1e-5)


def test_an_inserted_layer_becomes_torchscript_with_the_same_logits(opened, tmp_path):
    model, own, images, reopen = opened
    layer = own.split.layers[1]
    channels = own.split.weight(layer).shape[0]
    matrix = 0.5 * torch.eye(channels) + 0.1
    edit = Inserted(layer=layer, weight=matrix, bias=torch.linspace(-1, 1, channels), head_bias=torch.tensor([0.3]))
    written = write_edit(model, own.split, edit, tmp_path / "edited.bin", images=images, reopen=reopen)
    assert written.path.suffix == ".pt"
    assert written.notes
    in_memory = as_edited(model, own.split, edit, "edited")
    torch.testing.assert_close(reopen(written.path).logits(images), in_memory.logits(images), rtol=1e-4, atol=1e-5)
    assert in_memory.lifted(images).deviation < 1e-4  # it can still be hooked, so every audit looks at it


def test_a_rule_is_no_model(opened, fits, tmp_path):
    model, own, images, reopen = opened
    assert isinstance(fits["thropt-group"], GroupThresholds)
    written = write_edit(model, own.split, fits["thropt-group"], tmp_path / "edited.bin", images=images, reopen=reopen)
    assert written.path.suffix == ".json"


def test_a_file_that_computes_something_else_is_refused(opened, tmp_path):
    model, own, images, _ = opened
    layer = head_layer(own.split)
    edit = HeadEdit(weight=layer.weight.double() * 2, bias=layer.bias.double() + 1)
    with pytest.raises(ModelError, match="not the edited one"):
        write_edit(model, own.split, edit, tmp_path / "x.bin", images=images, reopen=lambda _path: model)
