"""Undersampled manifests: φ by its formula, every column kept, and never over the file that is read."""

import csv
import shutil

import pytest
from sklearn.metrics import matthews_corrcoef

from fairaudit.audits.resample.resample import not_onto_itself, phi_of, resample_manifest, rows_of
from fairaudit.config.schema import Config
from fairaudit.data.open import open_manifest
from fairaudit.errors import UsageError

CONFIG = Config.model_validate({"data": {"manifest": "t.csv", "id": "id", "target": "y", "attributes": ["hat"]}})
# Cells of y and hat: 6, 2, 3 and 5 rows.
ROWS = [(y, hat) for y, hat, count in ((0, 0, 6), (0, 1, 2), (1, 0, 3), (1, 1, 5)) for _ in range(count)]


@pytest.fixture
def folder(tmp_path):
    from PIL import Image

    Image.new("L", (4, 4)).save(tmp_path / "i.png")
    with (tmp_path / "t.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "file", "y", "hat", "note"])
        for number, (y, hat) in enumerate(ROWS):
            shutil.copy(tmp_path / "i.png", tmp_path / f"{number}.png")
            writer.writerow([f"r{number}", f"{number}.png", y, hat, f"n{number}"])
    return tmp_path


def made(folder, phi=None, output="new.csv"):
    return resample_manifest(CONFIG, base=folder, attribute="hat", phi=phi, output=folder / output, seed=0)


def test_balanced_cells_have_no_association_left(folder):
    found = made(folder)
    assert (found.before, found.rows, found.phi) == (16, 8, 0.0)
    assert found.phi_before == pytest.approx(matthews_corrcoef(*zip(*ROWS, strict=True)))
    with (folder / "new.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(row["note"] == "n" + row["id"][1:] for row in rows)  # every column goes along
    assert sorted((row["y"], row["hat"]) for row in rows) == sorted(
        [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")] * 2
    )


def test_a_chosen_association(folder):
    assert made(folder, phi=0.5).phi == pytest.approx(0.5, abs=0.1)


def test_the_file_that_is_read_is_never_written_over(folder):
    with pytest.raises(UsageError, match="would overwrite"):
        made(folder, output="t.csv")
    (folder / "link.csv").symlink_to(folder / "t.csv")
    with pytest.raises(UsageError, match="would overwrite"):
        not_onto_itself(CONFIG, folder, folder / "link.csv")
    with pytest.raises(UsageError, match=r"ends in \.csv"):
        made(folder, output="new.parquet")


def test_phi_needs_two_values_of_both(folder):
    manifest = open_manifest(CONFIG, base=folder)
    assert phi_of(manifest, "hat") == pytest.approx(matthews_corrcoef(*zip(*ROWS, strict=True)))
    three = CONFIG.model_copy(update={"data": CONFIG.data.model_copy(update={"attributes": ["note"]})})
    assert phi_of(open_manifest(three, base=folder), "note") is None


def test_rows_by_their_id_are_of_a_table_alone(folder):
    assert rows_of(CONFIG, folder)["r3"]["note"] == "n3"
    other = CONFIG.model_copy(update={"data": CONFIG.data.model_copy(update={"id": "gone"})})
    assert rows_of(other, folder) == {}
