"""`fairaudit resample`: a manifest with a chosen association of attribute and target."""

import csv

import numpy as np
import pytest
from sklearn.metrics import matthews_corrcoef


def resampled(lab, *arguments):
    done = lab.run("resample", "--attribute", "group", "-o", "half.csv", *arguments, quiet=False)
    assert done.code == 0, done.err
    with (lab.folder / "half.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)), done.err


def phi(rows):
    return matthews_corrcoef([row["group"] == "b" for row in rows], [row["label"] == "1" for row in rows])


@pytest.mark.parametrize("wanted", [-0.5, 0.0, 0.5])
def test_the_written_manifest_has_the_association_asked_for(large_lab, wanted):
    rows, told = resampled(large_lab, "--phi", str(wanted))
    assert phi(rows) == pytest.approx(wanted, abs=0.02)
    originals = {row["id"]: row for row in large_lab.rows()}
    assert len({row["id"] for row in rows}) == len(rows) < len(originals) or wanted == 0
    assert all(originals[row["id"]]["label"] == row["label"] for row in rows)
    assert f"is {phi(rows):.3f}" in told


def test_without_a_number_all_cells_are_of_one_size(large_lab):
    kept = [row for row in large_lab.rows() if row["group"] == "a" or int(row["id"][1:]) % 3]
    large_lab.write_rows(kept)
    rows, _ = resampled(large_lab)
    cells = [sum((row["group"], row["label"]) == (g, t) for row in rows) for g in "ab" for t in "01"]
    smallest = min(
        np.sum([(row["group"], row["label"]) == (g, t) for row in kept]) for g in "ab" for t in "01"
    )  # fmt: skip
    assert cells == [smallest] * 4


def test_the_seed_decides_which_rows(large_lab):
    draws = [[row["id"] for row in resampled(large_lab, "--phi", "0.5", "--seed", seed)[0]] for seed in ("0", "0", "1")]
    assert draws[0] == draws[1] != draws[2]


def test_an_attribute_that_does_not_exist_is_refused(lab):
    lab.folder.joinpath("half.csv").unlink(missing_ok=True)
    done = lab.run("resample", "--attribute", "grup", "-o", "half.csv", quiet=False)
    done.refused("grup", 'Did you mean "group"')
    assert not (lab.folder / "half.csv").exists()
