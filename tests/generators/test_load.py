from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from fairaudit.errors import ModelError
from fairaudit.generators.autoencoder import Autoencoder, AutoencoderSettings
from fairaudit.generators.checkpoint import load_generator, save_generator
from fairaudit.generators.cvae import ConditionalVae, CvaeSettings
from fairaudit.generators.load import open_generator


class Tiny(nn.Module):
    """Half the pixels and back."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 2, 2, stride=2)
        self.up = nn.ConvTranspose2d(2, 3, 2, stride=2)

    @torch.jit.export
    def encode(self, images: Tensor) -> Tensor:
        return self.down(images)

    @torch.jit.export
    def decode(self, latents: Tensor) -> Tensor:
        return torch.sigmoid(self.up(latents))

    def forward(self, images: Tensor) -> Tensor:
        return self.decode(self.encode(images))


IMAGES = torch.rand(2, 3, 28, 28, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def factory(monkeypatch: pytest.MonkeyPatch) -> str:
    module = types.ModuleType("tiny_generator")
    module.make = Tiny  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tiny_generator", module)
    return "tiny_generator:make"


def test_a_script_archive_with_both_methods(tmp_path: Path) -> None:
    path, module = tmp_path / "ae.pt", Tiny()
    torch.jit.script(module).save(str(path))
    found = open_generator(path)
    assert (found.format, found.kind, found.parameters) == ("torchscript", "Tiny", 26 + 27)
    torch.testing.assert_close(found.decode(found.encode(IMAGES)), module(IMAGES))
    assert not found.encode(IMAGES).requires_grad


def test_a_script_archive_without_them_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "classifier.pt"
    torch.jit.script(nn.Linear(2, 2)).save(str(path))
    with pytest.raises(ModelError, match="without encode and decode"):
        open_generator(path)


@pytest.mark.parametrize("safe", [True, False])
def test_weights_and_their_factory(tmp_path: Path, factory: str, safe: bool) -> None:
    path, module = tmp_path / "weights", Tiny()
    if safe:
        save_file(module.state_dict(), path)
    else:
        torch.save({"state_dict": module.state_dict()}, path)
    found = open_generator(path, arch=factory)
    torch.testing.assert_close(found.decode(found.encode(IMAGES)), module(IMAGES))
    assert found.format == ("safetensors" if safe else "state-dict")
    with pytest.raises(ModelError, match="--generator-arch"):
        open_generator(path)


def test_a_built_in_autoencoder_says_its_size(tmp_path: Path) -> None:
    path = tmp_path / "ae.safetensors"
    save_generator(path, Autoencoder(AutoencoderSettings(size=(28, 28), latent=4, width=8)))
    found = open_generator(path)
    assert (found.format, found.kind, found.image_shape) == ("fairaudit", "autoencoder", (3, 28, 28))
    assert found.decode(found.encode(IMAGES)).shape == IMAGES.shape
    with pytest.raises(ModelError, match=r"another size.*\[3, 32, 32\].*\[3, 28, 28\]"):
        found.encode(torch.rand(1, 3, 32, 32))


def test_a_conditional_vae_is_no_plain_generator(tmp_path: Path) -> None:
    path = tmp_path / "cvae.safetensors"
    save_generator(path, ConditionalVae(CvaeSettings(size=(28, 28), width=8)))
    with pytest.raises(ModelError, match="needs target and attribute"):
        open_generator(path)


def test_failures_inside_the_generator_are_told(tmp_path: Path) -> None:
    path = tmp_path / "ae.pt"
    torch.jit.script(Tiny()).save(str(path))
    with pytest.raises(ModelError, match="encode fails"):
        open_generator(path).encode(torch.rand(1, 4, 28, 28))


class _Model(nn.Module):
    """Stands for a diffusers model: [−1, 1] images, results in attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.tensor(0.25))

    @classmethod
    def from_pretrained(cls, path: str, *, use_safetensors: bool) -> _Model:
        assert use_safetensors
        return cls()

    def encode(self, images: Tensor) -> Any:
        latents = images + self.shift
        return types.SimpleNamespace(latents=latents, latent_dist=types.SimpleNamespace(mode=lambda: latents))

    def quantize(self, latents: Tensor) -> tuple[Tensor]:
        return (latents.round(decimals=1),)

    def decode(self, latents: Tensor, *, force_not_quantize: bool = False) -> Any:
        return types.SimpleNamespace(sample=latents - self.shift)


@pytest.mark.parametrize("kept", [0.5, 0.99])
def test_a_file_that_is_cut_short_is_no_question_of_an_architecture(tmp_path: Path, kept: float) -> None:
    save_generator(tmp_path / "whole.safetensors", ConditionalVae(CvaeSettings(size=(28, 28), latent=5, width=8)))
    content = (tmp_path / "whole.safetensors").read_bytes()
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(content[: int(kept * len(content))])
    for opening in (open_generator, load_generator):
        with pytest.raises(ModelError, match="cut short") as told:
            opening(cut)
        assert "--generator-arch" not in str(told.value)


@pytest.mark.parametrize("name", ["VQModel", "AutoencoderKL"])
def test_a_diffusers_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    library = types.ModuleType("diffusers")
    setattr(library, name, _Model)
    monkeypatch.setitem(sys.modules, "diffusers", library)
    (tmp_path / "config.json").write_text(json.dumps({"_class_name": name}))
    save_file({"a": torch.zeros(1)}, tmp_path / "diffusion_pytorch_model.safetensors")
    found = open_generator(tmp_path)
    error = (found.decode(found.encode(IMAGES)) - IMAGES).abs().max().item()
    # The quantised map is off by up to half of 0.1, in [−1, 1].
    assert error <= (0.026 if name == "VQModel" else 1e-6)
    assert found.kind == name


def test_folders_that_are_none_and_a_missing_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match=r"without config\.json"):
        open_generator(tmp_path)
    save_file({"a": torch.zeros(1)}, tmp_path / "diffusion_pytorch_model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"_class_name": "UNet"}))
    with pytest.raises(ModelError, match="class UNet"):
        open_generator(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"_class_name": "VQModel"}))
    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(ModelError, match=r"pip install \"fairaudit\[diffusers\]\""):
        open_generator(tmp_path)


def test_files_that_would_run_code_or_are_broken_are_refused(tmp_path: Path) -> None:
    pickled = tmp_path / "module.pt"
    torch.save(nn.Linear(2, 2), pickled)
    with pytest.raises(ModelError, match="without running code"):
        open_generator(pickled, arch="torch.nn:Identity")
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "config.json").write_text("{")
    (folder / "diffusion_pytorch_model.safetensors").write_bytes(b"x")
    with pytest.raises(ModelError, match="is not JSON"):
        open_generator(folder)


def test_an_archive_without_forward_is_a_generator_too(tmp_path):
    """Traced methods alone, as `torch.jit.trace_module` makes them."""
    import torch
    from torch import nn

    class Halved(nn.Module):
        def encode(self, images):
            return nn.functional.avg_pool2d(images, 2)

        def decode(self, latents):
            return nn.functional.interpolate(latents, scale_factor=2.0, mode="nearest")

    images = torch.rand(2, 3, 8, 8)
    traced = torch.jit.trace_module(Halved(), {"encode": images, "decode": images[:, :, :4, :4]})
    traced.save(str(tmp_path / "halved.pt"))
    opened = open_generator(tmp_path / "halved.pt")
    torch.testing.assert_close(opened.decode(opened.encode(images)), Halved().decode(Halved().encode(images)))
