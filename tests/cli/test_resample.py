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


@pytest.mark.parametrize("output", ["faces.csv", "./faces.csv", "link.csv"])
def test_the_manifest_that_is_read_is_never_written_over(lab, output):
    before = (lab.folder / "faces.csv").read_bytes()
    (lab.folder / "link.csv").symlink_to("faces.csv")
    done = lab.run("resample", "--attribute", "group", "-o", output, quiet=False)
    done.refused("would overwrite the one it is drawn from")
    assert (lab.folder / "faces.csv").read_bytes() == before


def test_every_column_is_kept_so_that_the_result_fits_its_configuration(lab):
    rows = [{**row, "twin": f"{row['id']}.png"} for row in lab.rows()]
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    (lab.folder / "faces.csv").write_text("\n".join(lines) + "\n")
    found, _ = resampled(lab)
    assert list(found[0]) == list(rows[0])
    originals = {row["id"]: row for row in rows}
    assert all(originals[row["id"]] == row for row in found)
    lab.configure(data={"manifest": "half.csv"})
    assert lab.run("fairness", "model.pt", "--dry-run").code == 0


@pytest.mark.parametrize("command", ["resample", "split"])
def test_an_architecture_of_ones_own_is_no_matter_where_no_model_is_opened(lab, command):
    lab.configure(model={"arch": "nowhere.nets:Small"})
    lab.run("fairness", "model.pt", "--dry-run").refused("--arch", "--trust-model")
    ran = lab.run(command, "--attribute", "group", "-o", "out.csv", quiet=False)
    assert "nets" not in ran.err
    assert ran.code == 0 or command == "split", ran.err  # too few rows for four parts
