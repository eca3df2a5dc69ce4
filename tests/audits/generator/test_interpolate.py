"""Images between values of one attribute or of several, against a decoder that is fed its conditions by hand."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fairaudit.audits.core.stream.progress import Silent
from fairaudit.audits.generator.fitting import fitting_cvae
from fairaudit.audits.generator.interpolate import InterpolateRequest, write_interpolations
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.data.loader import Loader
from fairaudit.data.open import open_manifest
from fairaudit.errors import ModelError, UsageError
from fairaudit.generators.checkpoint import load_generator, save_generator
from fairaudit.generators.cvae import ConditionalVae, CvaeSettings

ROWS = (  # smiling, tie, hat
    ("0", "0", "red"),
    ("1", "1", "grey"),
    ("1", "0", "blue"),
    ("0", "", "red"),
    ("", "1", "red"),
)
CONFIG = Config.model_validate(
    {
        "data": {"manifest": "rows.csv", "id": "id", "target": "smiling", "attributes": ["tie", "hat"]},
        "preprocess": {"size": [28, 28]},
    }
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five noisy images, and an untrained generator that is conditioned on the smile, the tie and the hat."""
    draws = np.random.default_rng(0)
    with (tmp_path / "rows.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "file", "smiling", "tie", "hat"])
        for number, row in enumerate(ROWS):
            Image.fromarray(draws.integers(0, 256, (28, 28, 3), np.uint8)).save(tmp_path / f"{number}.png")
            writer.writerow([f"r{number}", f"{number}.png", *row])
    both(tmp_path / "both.safetensors")
    return tmp_path


def both(path: Path, **other: object) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        known = {"size": (28, 28), "target_name": "smiling", "attribute_name": "tie"}
        known |= {"more": (("hat", ("blue", "grey", "red")),), **other}
        shape = CvaeSettings(latent=4, width=8, **known)  # type: ignore[arg-type]
        save_generator(path, ConditionalVae(shape))


def run(folder: Path, **asked: object) -> list[dict[str, str]]:
    request = InterpolateRequest(generator=folder / "both.safetensors", frames=3, **asked)  # type: ignore[arg-type]
    options = RunOptions(output=folder / "out", workers=1)
    found = write_interpolations(CONFIG, request, base=folder, options=options, progress=Silent())
    with found.table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert found.pairs == len(rows) // 3
    assert found.left_out == len(ROWS) - found.pairs
    return rows


def drawn(folder: Path, row: int, own: list[float], shares: list[float]) -> np.ndarray:
    """The image at a vector of shares, as bytes; the latent is that of the image under its own condition."""
    model = load_generator(folder / "both.safetensors")
    pixels = np.asarray(Image.open(folder / f"{row}.png"), np.float32) / 255
    with torch.no_grad():
        latent = model.posterior(torch.from_numpy(pixels).permute(2, 0, 1)[None], torch.tensor([own])).mean
        image = model.decode(latent, torch.tensor([shares]))[0].clamp(0, 1).permute(1, 2, 0)
    return np.rint(image.double().numpy() * 255)


def test_several_attributes_move_together_along_equation_5(folder: Path) -> None:
    """s̃ = (1 − δ) s + δ s′ for the vector of tie and hat: columns no smile, smile, no tie, tie, blue, grey, red."""
    rows = run(folder, attributes=("tie", "hat"), to=("hat=grey",))
    assert [row["pair"] for row in rows[::3]] == ["r0", "r1", "r2"]
    assert [(row["delta"], row["smiling"], row["tie"], row["hat"]) for row in rows[:3]] == [
        ("0", "0", "0", "red"),
        ("0.5", "0", "", ""),
        ("1", "0", "1", "grey"),
    ]
    own = [1.0, 0, 1, 0, 0, 0, 1]
    for line, shares in zip(rows[:3], (own, [1.0, 0, 0.5, 0.5, 0, 0.5, 0.5], [1.0, 0, 0, 1, 0, 1, 0]), strict=True):
        written = np.asarray(Image.open(folder / "out" / line["file"]), np.float64)
        assert np.abs(written - drawn(folder, 0, own, shares)).max() <= 1
    # The second image has a grey hat already: its tie alone moves, and the value that does not move stays known.
    assert [(row["tie"], row["hat"]) for row in rows[3:6]] == [("1", "grey"), ("", "grey"), ("0", "grey")]


def test_an_attribute_that_is_not_named_is_held(folder: Path) -> None:
    rows = run(folder, attributes=("tie",))
    assert [row["pair"] for row in rows[::3]] == ["r0", "r1", "r2"]
    assert {(row["pair"], row["hat"]) for row in rows} == {("r0", "red"), ("r1", "grey"), ("r2", "blue")}
    own = [0.0, 1, 1, 0, 1, 0, 0]
    written = np.asarray(Image.open(folder / "out" / rows[8]["file"]), np.float64)
    assert np.abs(written - drawn(folder, 2, own, [0.0, 1, 0, 1, 1, 0, 0])).max() <= 1


def test_goals_that_cannot_be_read_are_refused(folder: Path) -> None:
    for asked, words in (
        ({"attributes": ("tie", "hat")}, r"hat has 3 values.*--to hat=VALUE"),
        ({"attributes": ("tie", "hat"), "to": ("grey",)}, r"ATTRIBUTE=VALUE with one of tie, hat"),
        ({"attributes": ("tie", "hat"), "to": ("hat=red", "hat=blue")}, r"two values.*red, blue"),
        ({"attributes": ("hat",), "to": ("hat=green",)}, r'hat is never "green"'),
        ({"attributes": ("hat",), "to": ("green",)}, r'hat is never "green"'),
        ({"attributes": ("tie", "tie")}, r"every attribute once.*tie, tie"),
        ({"attributes": ("tei",)}, r'no attribute "tei".*tie'),
    ):
        with pytest.raises(UsageError, match=words):
            run(folder, **asked)


def test_a_generator_of_other_labels_is_refused(folder: Path) -> None:
    manifest = open_manifest(CONFIG, base=folder)
    loader = Loader(manifest, CONFIG.preprocess, {}, 1)
    other = folder / "other.safetensors"
    for changed, moved, words in (
        ({"more": ()}, ("hat",), r"another attribute.*Wanted: hat.*Found: tie"),
        ({"target_name": "young"}, ("tie",), r"another target.*Wanted: smiling.*Found: young"),
        ({"target": ("no", "yes")}, ("tie",), r"another target.*Wanted: 0, 1.*Found: no, yes"),
        ({"more": (("hat", ("red", "green")),)}, ("tie",), r"another attribute.*blue, grey, red.*red, green"),
        ({"size": (32, 32)}, ("tie",), r"another size.*\[3, 28, 28\].*\[3, 32, 32\]"),
    ):
        both(other, **changed)
        with pytest.raises(ModelError, match=words):
            fitting_cvae(other, moved, manifest, loader)
    both(other, more=(("beard", ("0", "1")),))
    with pytest.raises(UsageError, match="conditioned on beard, which the manifest lacks"):
        fitting_cvae(other, ("tie",), manifest, loader)
    both(other, more=(), attribute_name="")  # of before names were kept
    assert fitting_cvae(other, ("tie",), manifest, loader).settings.attribute == ("0", "1")
