"""Parts that share no row, each at its association, in one manifest."""

import csv

import numpy as np
import pytest
from PIL import Image

from fairaudit.audits.resample.split import ASSOCIATED, COLUMN, SHARES, split_manifest
from fairaudit.config.schema import Config
from fairaudit.errors import UsageError

CONFIG = Config.model_validate({"data": {"manifest": "t.csv", "id": "id", "target": "y", "attributes": ["hat"]}})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder, draw = tmp_path_factory.mktemp("split"), np.random.default_rng(0)
    with (folder / "t.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "file", "y", "hat"])
        for number in range(240):
            pixels = draw.integers(0, 256, (4, 4), np.uint8)  # no two alike, which would belong to one part
            Image.fromarray(pixels).save(folder / f"{number}.png")
            y = number % 2
            writer.writerow([f"r{number}", f"{number}.png", y, y if draw.random() < 0.75 else 1 - y])
    return folder


def made(folder, phi, name="parts.csv"):
    return split_manifest(CONFIG, base=folder, attribute="hat", phi=phi, output=folder / name, seed=0)


def test_every_part_has_its_association(folder):
    found = {part.name: part for part in made(folder, 0.8).parts}
    assert set(found) == set(SHARES)
    for name, part in found.items():
        assert part.phi == pytest.approx(0.8 if name in ASSOCIATED else 0.0, abs=0.05)
    with (folder / "parts.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["id"] for row in rows}) == len(rows) == sum(part.rows for part in found.values())
    assert {row[COLUMN] for row in rows} == set(SHARES)


def test_without_a_wish_the_first_parts_keep_what_they_have(folder):
    found = {part.name: part for part in made(folder, None, "as_is.csv").parts}
    assert found["train"].phi == pytest.approx(0.5, abs=0.2)
    assert found["report"].phi == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("name", "words"), [("parts.json", r"ends in \.csv"), ("t.csv", "would overwrite")])
def test_files_that_it_cannot_be_written_to(folder, name, words):
    with pytest.raises(UsageError, match=words):
        made(folder, None, name)
