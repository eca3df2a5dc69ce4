from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from fairaudit.errors import ModelError, OutputError
from fairaudit.generators.autoencoder import Autoencoder, AutoencoderSettings
from fairaudit.generators.checkpoint import built_in_metadata, load_generator, save_generator
from fairaudit.generators.cvae import ConditionalVae, CvaeSettings


@pytest.mark.parametrize(
    "model",
    [
        Autoencoder(AutoencoderSettings(size=(28, 30), latent=5, width=8)),
        ConditionalVae(CvaeSettings(channels=1, size=(28, 28), latent=5, width=8, attribute=("a", "b", "c"))),
        ConditionalVae(
            CvaeSettings(size=(28, 28), latent=5, width=8, more=(("two", ("x", "y")), ("three", ("0", "1"))))
        ),
    ],
)
def test_a_saved_generator_is_the_same_generator(model: Autoencoder | ConditionalVae, tmp_path: Path) -> None:
    path = tmp_path / "generator"
    save_generator(path, model)
    found = load_generator(path)
    assert type(found) is type(model)
    assert found.settings == model.settings
    assert all(torch.equal(a, b) for a, b in zip(found.parameters(), model.parameters(), strict=True))
    assert not found.training
    assert not any(parameter.requires_grad for parameter in found.parameters())
    assert [file.name for file in tmp_path.iterdir()] == ["generator"]


def test_other_files_are_told_apart(tmp_path: Path) -> None:
    other = tmp_path / "weights.safetensors"
    save_file({"a": torch.zeros(1)}, other)
    assert built_in_metadata(other) is None
    text = tmp_path / "text"
    text.write_text("hello")
    assert built_in_metadata(text) is None
    with pytest.raises(ModelError, match="not a generator that fairaudit trained"):
        load_generator(other)


def test_a_folder_that_is_not_there_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        save_generator(tmp_path / "no" / "generator", Autoencoder(AutoencoderSettings(size=(28, 28), width=8)))


@pytest.mark.parametrize(
    "change",
    [
        {"settings": "{"},
        {"settings": "[]"},
        {"settings": '{"size": [28]}'},
        {"settings": '{"nonsense": 1}'},
        {"settings": '{"width": 100000, "latent": 100000}'},
        {"settings": '{"width": -1}'},
        {"settings": '{"size": ["a", "b"]}'},
        {"kind": "other"},
        {"kind": None},
        {"settings": None},
    ],
)
def test_metadata_may_say_anything(tmp_path, change):
    model = Autoencoder(AutoencoderSettings(size=(28, 28), width=4, latent=4))
    save_generator(tmp_path / "g", model)
    with safe_open(tmp_path / "g", framework="pt") as file:
        metadata = {name: value for name, value in {**file.metadata(), **change}.items() if value is not None}
    save_file(dict(model.state_dict()), tmp_path / "h", metadata=metadata)
    with pytest.raises(ModelError, match="settings cannot be read"):
        load_generator(tmp_path / "h")
