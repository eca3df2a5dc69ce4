"""Undersampling: the table that is reached, against every possible table, and the rows that are drawn."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.config.schema import Config, Resample
from fairaudit.data.categorical import Categorical
from fairaudit.data.manifest import Manifest
from fairaudit.data.open import open_manifest
from fairaudit.data.resample import (
    balanced_counts,
    cell_counts,
    phi_counts,
    phi_samples,
    resample,
    write_manifest,
    yule_phi,
)
from fairaudit.data.source import ArraySource
from fairaudit.errors import DataError, OutputError

COUNTS = st.lists(st.integers(0, 12), min_size=4, max_size=4).map(lambda cells: np.array(cells).reshape(2, 2))


def made(cells: list[list[int]], unknown: int = 0) -> Manifest:
    """A manifest with so many rows per [target, attribute], and some rows of unknown attribute."""
    pairs = [(t, a) for t, row in enumerate(cells) for a, count in enumerate(row) for _ in range(count)]
    pairs += [(0, -1)] * unknown
    order = np.random.default_rng(0).permutation(len(pairs))
    codes = np.asarray(pairs, np.int32)[order]
    names = tuple(f"{row}.png" for row in range(len(pairs)))

    def column(name: str, index: int, count: int) -> Categorical:
        return Categorical(name=name, values=tuple(str(code) for code in range(count)), codes=codes[:, index])

    return Manifest(
        name="t",
        ids=names,
        source=ArraySource(images=np.zeros((len(pairs), 1, 1), np.uint8), names=names),
        target=column("y", 0, len(cells)),
        attributes={"a": column("a", 1, len(cells[0]))},
        folder=Path(),
    )


def cells(manifest: Manifest) -> dict[tuple[int, int], int]:
    return Counter(zip(manifest.target.codes.tolist(), manifest.attributes["a"].codes.tolist(), strict=True))


@given(COUNTS, st.integers(-100, 100))
def test_no_larger_or_closer_table_with_both_margins_one_half_exists(counts, hundredths):
    """The oracle tries every table of n00 = n11 = d and n01 = n10 = o that uses one diagonal up."""
    asked = Fraction(hundredths, 100)
    d_most, o_most = int(min(counts[0, 0], counts[1, 1])), int(min(counts[0, 1], counts[1, 0]))
    result = phi_counts(counts, hundredths / 100)
    (d, o), (o2, d2) = result.tolist()
    assert (d, o) == (d2, o2)
    assert (result <= counts).all()
    tables = [(x, y) for x in range(d_most + 1) for y in range(o_most + 1) if x + y]
    if abs(asked) == 1:
        assert (d, o) == ((d_most, 0) if asked == 1 else (0, o_most))
        return
    if d_most == 0 or o_most == 0:
        return  # one diagonal is empty: only φ = ±1 can be reached
    largest = [(x, y) for x, y in tables if x == d_most or y == o_most]
    ideal = min(d_most / (1 + asked), o_most / (1 - asked)) * 2  # the size at which φ would be exact
    near = [(x, y) for x, y in largest if abs(x + y - ideal) < 1]
    best = min(abs(Fraction(x - y, x + y) - asked) for x, y in near)
    assert abs(Fraction(d - o, d + o) - asked) == best
    assert abs(Fraction(d - o, d + o) - asked) <= Fraction(1, d + o)


@pytest.mark.parametrize(
    ("counts", "phi", "expected"),
    [
        ([[90, 10], [10, 40]], 0.5, [[30, 10], [10, 30]]),
        ([[90, 10], [10, 40]], 0.0, [[10, 10], [10, 10]]),
        ([[90, 10], [10, 40]], 1.0, [[40, 0], [0, 40]]),
        ([[90, 10], [12, 40]], -1.0, [[0, 10], [10, 0]]),
        ([[50, 50], [50, 50]], 0.2, [[50, 33], [33, 50]]),  # (50 - 33) / 83 = 0.2048, (50 - 34) / 84 = 0.1905
        ([[50, 50], [50, 50]], -0.6, [[13, 50], [50, 13]]),  # (13 - 50) / 63 = -0.5873, (12 - 50) / 62 = -0.6129
    ],
)
def test_tables_by_hand(counts, phi, expected):
    assert phi_counts(np.array(counts), phi).tolist() == expected


def test_phi_is_the_correlation_of_the_rows_that_are_drawn():
    manifest = made([[900, 100], [100, 400]])
    for asked in (0.0, 0.2, 0.4, 0.6, 0.8):
        part = resample(manifest, Resample(attribute="a", to="phi", phi=asked), seed=0)
        found = np.corrcoef(part.target.codes, part.attributes["a"].codes)[0, 1]
        assert abs(found - asked) < 1 / (len(part) / 2)
        assert part.target.codes.mean() == part.attributes["a"].codes.mean() == 0.5


def test_balanced_cells_of_any_number():
    manifest = made([[5, 9, 3], [4, 3, 8]], unknown=4)
    part = resample(manifest, Resample(attribute="a"), seed=0)
    assert cells(part) == {(t, a): 3 for t in range(2) for a in range(3)}
    assert "resampled to 18 of 36 rows" in part.notes[0]
    assert balanced_counts(np.array([[5, 9], [4, 3]])).tolist() == [[3, 3], [3, 3]]


def test_rows_are_in_order_seeded_and_whole():
    manifest = made([[20, 5], [5, 20]])
    asked = Resample(attribute="a")
    parts = [resample(manifest, asked, seed=seed) for seed in (0, 0, 1)]
    assert parts[0].ids == parts[1].ids != parts[2].ids
    numbers = [int(name.split(".")[0]) for name in parts[0].ids]
    assert numbers == sorted(set(numbers))
    assert [parts[0].source.name(row) for row in range(len(numbers))] == list(parts[0].ids)


def test_every_row_of_a_cell_is_as_likely():
    manifest = made([[8, 4], [4, 4]])
    drawn = Counter(name for seed in range(400) for name in resample(manifest, Resample(attribute="a"), seed=seed).ids)
    large = [
        drawn[name]
        for name, y, a in zip(manifest.ids, manifest.target.codes, manifest.attributes["a"].codes, strict=True)
        if (y, a) == (0, 0)
    ]
    assert sum(large) == 1600
    # 400 draws at 1/2 have a standard deviation of 10
    assert all(abs(count - 200) < 5 * math.sqrt(400 / 4) for count in large)


@pytest.mark.parametrize(
    ("counts", "options", "words"),
    [
        ([[3, 0], [3, 3]], {}, ["leaves no rows", "y=0 a=1: 0"]),
        ([[3, 2], [3, 3]], {"to": "phi"}, ["needs a value of φ"]),
        ([[3, 2, 1], [3, 3, 1]], {"to": "phi", "phi": 0.5}, ["two attribute values", "3 of a", "balanced"]),
        ([[3, 2], [3, 3]], {"attribute": "b"}, ['no attribute called "b"']),
        ([[0, 2], [3, 0]], {"to": "phi", "phi": 1}, ["leaves no rows"]),
    ],
)
def test_what_cannot_be_resampled(counts, options, words):
    with pytest.raises(DataError) as caught:
        resample(made(counts), Resample(**{"attribute": "a", **options}), seed=0)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


def test_a_written_manifest_is_read_back(faces, tmp_path):
    lines = (faces / "faces.csv").read_text().replace("images/3.png,1,1", "images/3.png,1,")
    (faces / "faces.csv").write_text(lines)
    data = {"manifest": "faces.csv", "target": "smile", "attributes": ["tie", "age"], "cluster": "person"}
    regions = {"r": {"columns": ["x0", "y0", "x1", "y1"]}, "m": {"mask": "{stem}.png"}}
    config = Config.model_validate({"data": data, "regions": regions})
    manifest = open_manifest(config, base=faces).take([1, 2, 3, 4, 6])
    write_manifest(manifest.take([2, 0, 4, 3, 1]), faces / "part.csv")
    again = config.model_copy(update={"data": config.data.model_copy(update={"manifest": "part.csv", "id": "id"})})
    read = open_manifest(again, base=faces)
    assert (read.ids, read.attributes["tie"].codes.tolist()) == (manifest.ids, [0, 1, -1, 0, 1])
    assert [read.attributes["age"].label(row) for row in range(5)] == [
        manifest.attributes["age"].label(row) for row in range(5)
    ]
    assert np.array_equal(read.region_columns["x1"], manifest.region_columns["x1"])
    assert read.text_columns == manifest.text_columns
    assert [read.source.fingerprint(row) for row in range(5)] == [manifest.source.fingerprint(row) for row in range(5)]
    with pytest.raises(OutputError, match="cannot be written"):
        write_manifest(manifest, tmp_path / "none" / "part.csv")


def test_images_that_are_no_files_cannot_be_written(tmp_path):
    with pytest.raises(DataError, match=r"only images that are files.*data\.resample"):
        write_manifest(made([[2, 2], [2, 2]]), tmp_path / "part.csv")


def test_samples_at_several_phi_have_one_size_and_even_margins():
    manifest = made([[90, 30], [20, 60]])
    found = phi_samples(manifest, "a", [0.0, 0.3, 0.6], seed=3)
    assert len({len(each) for each in found.values()}) == 1
    for asked, each in found.items():
        counts = cell_counts(each.target, each.attributes["a"])
        assert counts[0, 0] == counts[1, 1]
        assert counts[0, 1] == counts[1, 0]
        assert yule_phi(counts) == pytest.approx(asked, abs=0.05)
    again = phi_samples(manifest, "a", [0.0, 0.3, 0.6], seed=3)
    assert all(again[phi].ids == each.ids for phi, each in found.items())
