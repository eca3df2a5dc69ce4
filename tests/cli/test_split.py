"""`fairaudit split`: disjoint parts with the association that each needs."""

import csv

import pytest
from sklearn.metrics import matthews_corrcoef


def parts(lab, *arguments):
    done = lab.run("split", "--attribute", "group", "-o", "parts.csv", *arguments, quiet=False)
    assert done.code == 0, done.err
    with (lab.folder / "parts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [row for row in rows if row["part"] == name] for name in ("train", "debias", "choose", "report")}


def phi(rows):
    return matthews_corrcoef([row["group"] == "b" for row in rows], [row["label"] == "1" for row in rows])


def test_the_parts_are_disjoint_and_have_their_association(large_lab):
    found = parts(large_lab, "--phi", "0.8")
    ids = [row["id"] for rows in found.values() for row in rows]
    assert len(ids) == len(set(ids))
    for name in ("train", "debias"):
        assert phi(found[name]) == pytest.approx(0.8, abs=0.06)
    for name in ("choose", "report"):
        assert phi(found[name]) == pytest.approx(0.0, abs=1e-9)
        assert found[name]


def test_rows_keep_their_columns_and_the_seed_decides(large_lab):
    originals = {row["id"]: row for row in large_lab.rows()}
    found = parts(large_lab)
    assert all(originals[row["id"]].items() <= row.items() for rows in found.values() for row in rows)
    again, other = parts(large_lab), parts(large_lab, "--seed", "1")
    assert found == again != other


def test_it_is_never_written_over_what_it_reads(large_lab):
    name = large_lab.folder / "data.csv"
    done = large_lab.run("split", "--attribute", "grup", "-o", str(name), quiet=False)
    assert done.code == 2
