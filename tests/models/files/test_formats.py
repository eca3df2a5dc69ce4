"""From a file of each format to a module: what a pickle may hold, and what a script or program says of itself."""

import argparse
import os
import pickle
import warnings
from pathlib import Path, PosixPath

import numpy as np
import pytest
import torch
from torch import nn

from fairaudit.config.schema import ModelConfig
from fairaudit.errors import ModelError, TrustError
from fairaudit.models.files.formats import (
    _pickled_module,
    _precision,
    _static_batch,
    count,
    load_exported,
    load_safetensors,
    load_script,
    load_state,
)

ARCH = "torchvision:resnet18"


def state(path, checkpoint, *, trust=False, **config):
    torch.save(checkpoint, path)
    return load_state(path, config=ModelConfig(**config), size=(8, 8), trust=trust)


def test_weights_without_an_architecture_say_what_is_missing(tmp_path):
    with pytest.raises(ModelError, match=r"weights only.*2 tensors, such as weight, bias"):
        state(tmp_path / "m.pt", nn.Linear(2, 1).state_dict())


def test_options_paths_and_numpy_beside_the_weights_need_no_trust(tmp_path):
    beside = {"args": argparse.Namespace(lr=0.1), "where": PosixPath("/a"), "best": np.float64(0.5), "at": np.arange(3)}
    with pytest.raises(ModelError, match="need an architecture"):  # and no TrustError before
        state(tmp_path / "m.pt", {"state_dict": nn.Linear(2, 1).state_dict(), **beside})


class Harmless:
    def __init__(self, made):
        self.made = made

    def __reduce__(self):
        return (os.mkdir, (str(self.made),))


def test_anything_else_needs_trust_and_is_named(tmp_path):
    made = tmp_path / "must not be made"
    with pytest.raises(TrustError, match=rf"{os.mkdir.__module__}\.mkdir"):
        state(tmp_path / "m.pt", {"state_dict": nn.Linear(2, 1).state_dict(), "x": Harmless(made)})
    assert not made.exists()


def test_a_whole_module_is_taken_with_trust(tmp_path):
    loaded = state(tmp_path / "m.pt", {"epoch": 3, "net": nn.Linear(2, 3)}, trust=True)
    assert (loaded.pickled, loaded.parameters, loaded.module.training) == (True, 9, False)


def test_the_named_entry_is_the_module():
    one, two = nn.Linear(1, 1), nn.Linear(1, 1)
    assert _pickled_module(one, None) is one
    assert _pickled_module({"model": one, "ema": two}, None) is one
    assert _pickled_module({"model": one, "ema": two}, "ema") is two
    assert _pickled_module({"model": one.state_dict()}, None) is None
    assert _pickled_module([one], None) is None


CPU = torch.device("cpu")


@pytest.mark.parametrize(
    "load",
    [
        lambda path: load_script(path, device=CPU, trust=True),
        lambda path: load_exported(path, device=CPU, trust=True),
        lambda path: load_safetensors(path, config=ModelConfig(), size=None),
        lambda path: load_state(path, config=ModelConfig(), size=None, trust=True),
    ],
)
def test_damaged_files_are_one_paragraph(tmp_path, load):
    path = tmp_path / "m.pt"
    path.write_bytes(pickle.dumps("x")[:3])
    with pytest.raises(ModelError, match="cut short or damaged"):
        load(path)


def test_programs_need_trust():
    with pytest.raises(TrustError, match=r"exported program.*safetensors"):
        load_exported(Path("m.pt2"), device=torch.device("cpu"), trust=False)


@pytest.mark.parametrize(("kind", "takes"), [(torch.float32, None), (torch.float64, torch.float64)])
def test_a_frozen_script_computes_in_the_type_of_its_constants(tmp_path, kind, takes):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.freeze(torch.jit.script(nn.Linear(4, 2).to(kind).eval())).save(tmp_path / "m.pt")
    loaded = load_script(tmp_path / "m.pt", device=torch.device("cpu"), trust=False)
    assert (loaded.parameters, loaded.takes) == (10, takes)
    assert bool(loaded.notes) == (takes is not None)


def test_the_type_is_that_of_the_first_weight():
    bias, weight, places = torch.zeros(2, dtype=torch.float64), torch.zeros(2, 2).half(), torch.zeros(2, 2).long()
    assert _precision([bias, places, weight]) == torch.float16  # a vector may be kept in any type
    assert _precision([bias]) is None
    assert _precision([torch.zeros(2, 2), weight]) is None


@pytest.mark.parametrize("free", [True, False])
def test_the_batch_of_a_program(free):
    shapes = ({0: torch.export.Dim("batch")},) if free else None
    program = torch.export.export(nn.Linear(2, 1), (torch.zeros(3, 2),), dynamic_shapes=shapes)
    assert _static_batch(program) == (None if free else 3)


def test_weights_are_counted():
    assert count(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))) == 3 * 4 + 4 + 4 + 4
