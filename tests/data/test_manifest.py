"""The manifest as a value: subsets and the digest that names its content."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fairaudit.data.categorical import Categorical
from fairaudit.data.manifest import Manifest, in_spans
from fairaudit.data.source import ArraySource


def column(name: str, codes: list[int]) -> Categorical:
    return Categorical(name=name, values=("0", "1"), codes=np.asarray(codes, np.int32))


@pytest.fixture
def manifest() -> Manifest:
    return Manifest(
        name="t",
        ids=("a", "b", "c"),
        source=ArraySource(images=np.arange(12, dtype=np.uint8).reshape(3, 2, 2), names=("a", "b", "c")),
        target=column("y", [0, 1, -1]),
        attributes={"hat": column("hat", [1, 1, 0])},
        cluster=column("person", [0, 0, 1]),
        region_columns={"x": np.array([1.0, np.nan, 3.0])},
        text_columns={"stem": ("p", "q", "r")},
        folder=Path(),
    )


def test_take_takes_every_column_in_the_order_given(manifest):
    part = manifest.take([2, 0])
    assert part.ids == ("c", "a")
    assert part.target.codes.tolist() == [-1, 0]
    assert part.attributes["hat"].codes.tolist() == [0, 1]
    assert part.cluster.codes.tolist() == [1, 0]
    assert part.region_columns["x"].tolist() == [3.0, 1.0]
    assert part.text_columns["stem"] == ("r", "p")
    assert [part.source.name(row) for row in range(2)] == ["c", "a"]
    assert part.target.values == ("0", "1")
    assert len(manifest.take([])) == 0


def test_the_digest_depends_on_content_and_on_nothing_else(manifest):
    digest = manifest.digest()
    assert digest == manifest.digest() == manifest.take([0, 1, 2]).digest()
    assert digest == replace(manifest, name="other", folder=Path("/elsewhere"), notes=("x",)).digest()
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    pixels[2, 1, 1] += 1
    changed = [
        manifest.take([0, 1]),
        manifest.take([1, 0, 2]),
        replace(manifest, ids=("a", "b", "cc")),
        replace(manifest, ids=("ab", "", "c")),
        replace(manifest, source=ArraySource(images=pixels, names=("a", "b", "c"))),
        replace(manifest, target=None),
        replace(manifest, target=column("y", [0, 1, 1])),
        replace(manifest, target=column("z", [0, 1, -1])),
        replace(manifest, attributes={"cap": manifest.attributes["hat"]}),
        replace(manifest, cluster=None),
        replace(manifest, region_columns={"x": np.array([1.0, 2.0, 3.0])}),
        replace(manifest, text_columns={"stem": ("p", "qr", "")}),
    ]
    digests = [digest, *(other.digest() for other in changed)]
    assert len(set(digests)) == len(digests)


def test_copies_of_images_are_counted_unless_clusters_are_known(manifest):
    fingerprints = manifest.fingerprints()
    assert manifest.digest(fingerprints) == manifest.digest()
    bare = replace(manifest, cluster=None)
    assert bare.copies(["a", "b", "c"]) == ()
    assert bare.copies(["missing", "missing", "c"]) == ()
    (note,) = bare.copies(["a", "b", "a"])
    assert "1 of 3 images holds the same bytes as another" in note
    assert "2 of 3 images hold the same bytes as others" in bare.copies(["a", "a", "a"])[0]
    known = column("person", [0, 0, 1])
    assert replace(manifest, cluster=known).copies(["a", "a", "c"]) == ()


def test_columns_of_another_length_are_a_programming_error(manifest):
    with pytest.raises(ValueError, match="3 ids"):
        replace(manifest, target=column("y", [0]))
    with pytest.raises(ValueError, match="3 ids"):
        replace(manifest, text_columns={"s": ("a",)})


def test_a_manifest_can_be_sent_to_another_process(manifest):
    assert pickle.loads(pickle.dumps(manifest)).digest() == manifest.digest()  # noqa: S301


def test_rows_in_any_order_become_the_same_manifest(manifest):
    again = manifest.take([2, 0, 1]).ordered()
    assert again.ids == manifest.ids
    assert again.digest() == manifest.digest()
    assert manifest.ordered() is manifest


def test_numbers_in_ids_are_ordered_by_size():
    ids = ("b", "a10", "a9", "a", "a09.png", "a9.png", "10", "2", "a9x1")
    column_ = ArraySource(images=np.zeros((9, 1, 1), np.uint8), names=ids)
    found = Manifest(name="t", ids=ids, source=column_, target=None, attributes={}, folder=Path()).ordered()
    assert found.ids == ("2", "10", "a", "a9", "a09.png", "a9.png", "a9x1", "a10", "b")


@pytest.mark.parametrize("rows", [0, 1, 64, 65, 200])
def test_fingerprints_keep_the_order_of_the_rows(rows):
    assert in_spans(lambda row: f"file {row}", rows) == [f"file {row}" for row in range(rows)]
