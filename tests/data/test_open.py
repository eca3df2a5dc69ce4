"""From configuration to rows, and every way in which a manifest can be wrong."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from fairaudit.config.schema import Config
from fairaudit.data.open import open_manifest
from fairaudit.errors import DataError


def config(**data) -> Config:
    model, regions = data.pop("model", {}), data.pop("regions", {})
    data = {"manifest": "faces.csv", "target": "smile", "attributes": ["tie"], **data}
    return Config.model_validate({"data": data, "model": model, "regions": regions})


def failure(folder: Path, **data) -> str:
    with pytest.raises(DataError) as caught:
        open_manifest(config(**data), base=folder)
    return str(caught.value)


def rewrite(folder: Path, change) -> None:
    path = folder / "faces.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(change(lines)) + "\n", encoding="utf-8")


def test_columns_and_rows(faces):
    manifest = open_manifest(config(cluster="person"), base=faces)
    assert manifest.ids == tuple(f"images/{row}.png" for row in range(8))
    assert manifest.target.codes.tolist() == [0, 1] * 4
    assert manifest.attributes["tie"].codes.tolist() == [0, 0, 1, 1, 0, 0, 1, 1]
    assert manifest.cluster.values == ("p0", "p1", "p2", "p3")
    assert manifest.folder == faces
    assert manifest.notes == (
        "all splits are used (test, train); name one with data.split, or with `fairaudit audit --split`",
    )


def test_a_split_takes_its_rows_and_keeps_the_values_of_the_whole(faces):
    rewrite(faces, lambda lines: [*lines[:-1], lines[-1].replace(",25,", ",99,").replace(",21,", ",99,")])
    manifest = open_manifest(config(split={"use": "test"}, attributes=["tie", "age"]), base=faces)
    assert manifest.ids == tuple(f"images/{row}.png" for row in range(6))
    assert manifest.attributes["age"].values == ("20", "21", "22", "99")
    assert manifest.attributes["age"].counts().tolist() == [2, 2, 2, 0]
    assert manifest.notes == ()


def test_ids_and_clusters_of_ones_own(faces):
    rewrite(faces, lambda lines: [f"{line},{'key' if not n else f'k{n}'}" for n, line in enumerate(lines)])
    assert open_manifest(config(id="key"), base=faces).ids[:2] == ("k1", "k2")
    rewrite(faces, lambda lines: [lines[0], lines[1].replace("p0", "unknown"), *lines[2:]])
    assert open_manifest(config(cluster="person"), base=faces).cluster.codes.tolist()[:2] == [-1, 0]


def test_the_root_is_where_paths_start(faces):
    rewrite(faces, lambda lines: [line.replace("images/", "") for line in lines])
    assert "None of the 8 image files exists" in failure(faces)
    manifest = open_manifest(config(root="images"), base=faces)
    assert manifest.source.read(0).size == (12, 8)


def test_columns_that_regions_need(faces):
    regions = {
        "a": {"columns": ["x0", "y0", "x1", "y1"], "units": "pixel"},
        "b": {"mask": "masks/{person}_{stem}_{id}.png"},
        "c": {"mask": "@background"},
    }
    rewrite(faces, lambda lines: [lines[0], lines[1].replace("1,2,5,6", "1,,nan,6"), *lines[2:]])
    manifest = open_manifest(config(regions=regions), base=faces)
    assert sorted(manifest.region_columns) == ["x0", "x1", "y0", "y1"]
    assert [manifest.region_columns[name][0] for name in ("x0", "y1")] == [1, 6]
    assert np.isnan([manifest.region_columns[name][0] for name in ("y0", "x1")]).all()
    assert manifest.text_columns["stem"][3] == "3"
    assert manifest.text_columns["person"][3] == "p1"
    assert manifest.text_columns["id"][3] == "images/3.png"


def test_missing_targets_stay_as_unknown_rows_with_a_note(faces):
    rewrite(faces, lambda lines: [lines[0], lines[1].replace("png,0", "png,"), *lines[2:]])
    manifest = open_manifest(config(), base=faces)
    assert manifest.target.codes.tolist()[0] == -1
    assert "the target of 1 row is unknown: excluded" in manifest.notes


def test_the_classes_of_the_model_order_the_target(faces):
    manifest = open_manifest(config(model={"classes": ["happy", "sad"]}), base=faces)
    assert manifest.target.values == ("happy", "sad")
    picked = open_manifest(config(model={"classes": ["hat", "smile"], "output": "multilabel", "pick": 1}), base=faces)
    assert picked.target.values == ("0", "1")
    rewrite(faces, lambda lines: [*lines[:3], lines[3].replace("png,0", "png,hapy"), *lines[4:]])
    rewrite(faces, lambda lines: [line.replace("png,0", "png,happy").replace("png,1", "png,sad") for line in lines])
    message = failure(faces, model={"classes": ["happy", "sad"]})
    assert '"hapy"' in message
    assert "line 4" in message
    assert 'Did you mean "happy"' in message


def test_a_limit_is_a_seeded_part_in_order(faces):
    parts = [open_manifest(config(), base=faces, limit=5, seed=seed).ids for seed in (0, 0, 1, 2, 3)]
    assert parts[0] == parts[1]
    assert len(set(parts)) > 1
    assert all(list(part) == sorted(part) and len(part) == 5 for part in parts)
    assert open_manifest(config(), base=faces, limit=8).ids == open_manifest(config(), base=faces).ids
    with pytest.raises(DataError, match="at least 1"):
        open_manifest(config(), base=faces, limit=0)


def test_every_row_is_as_likely_to_be_in_the_limit(faces):
    counts = Counter(row for seed in range(300) for row in open_manifest(config(), base=faces, limit=4, seed=seed).ids)
    # 300 draws at 1/2: the standard deviation is 8.7, so 5 of them are 43
    assert all(abs(count - 150) < 43 for count in counts.values())
    assert len(counts) == 8


def test_the_order_of_bias_resample_and_limit(faces):
    manifest = open_manifest(
        config(bias={"rho": 1.0}, resample={"attribute": "tie"}, attributes=["tie", "colour"]), base=faces, limit=4
    )
    assert len(manifest) == 4
    assert np.array_equal(manifest.attributes["colour"].codes, manifest.target.codes)
    assert [note.split()[0] for note in manifest.notes] == ["all", "background", "resampled", "A"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"manifest": "none.csv"}, ["does not exist", "none.csv"]),
        ({"image": "path"}, ['column "path" is missing', "data.image", "faces.csv"]),
        ({"target": "smiles"}, ['"smiles" is missing', "data.target", 'Did you mean "smile"']),
        ({"attributes": ["tye"]}, ["data.attributes", 'Did you mean "tie"']),
        ({"cluster": "persn"}, ["data.cluster", '"person"']),
        ({"id": "key"}, ["data.id"]),
        ({"id": "person"}, ["must occur once", '"p0" in line 2 and line 3', "and 1 more"]),
        ({"split": {"use": "tset"}}, ['split "tset" has no rows', '"test" 6, "train" 2', 'Did you mean "test"']),
        ({"split": {"column": "part"}}, ['"part" is missing', "data.split.column"]),
        ({"split": {"column": "person", "use": "p0"}}, ['attribute "tie" has one value only', 'Found: "0"']),
        ({"split": {"column": "smile", "use": "1"}}, ['target "smile" has one value only']),
        ({"manifest": {"layout": "celeba", "root": "none"}}, ["folder does not exist", "none"]),
        ({"bias": {"attribute": "tie"}}, ['attribute "tie" already exists', "data.bias.attribute"]),
        ({"resample": {"attribute": "hat"}}, ['no attribute called "hat"', "Known: tie"]),
        ({"resample": {"attribute": "tie", "to": "phi"}}, ["data.resample.phi"]),
        ({"bias": {}, "target": None}, ["needs a target"]),
        ({"regions": {"a": {"columns": ["x0", "y0", "x1", "y9"]}}}, ['"y9" is missing', "regions.a"]),
        ({"regions": {"a": {"columns": ["x0", "y0", "x1", "split"]}}}, ["not a number", '"test"', "line 2"]),
        ({"regions": {"a": {"mask": "{perso}.png"}}}, ['"perso" is missing', "regions.a.mask", '"person"']),
    ],
)
def test_a_wrong_configuration_says_what_and_where(faces, data, words):
    message = failure(faces, **data)
    assert [word for word in words if word not in message] == [], message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lines: lines[:1], ["no rows", "faces.csv"]),
        (lambda lines: [*lines, lines[2]], ["must occur once", '"images/1.png" in line 3 and line 10']),
        (lambda lines: [*lines, lines[2].replace("images/", "./images/")], ["must occur once"]),
        (lambda lines: [*lines, "../x.png" + lines[1][12:]], ["leads out", "line 10", '"../x.png"']),
        (lambda lines: [*lines, "/x.png" + lines[1][12:]], ["leads out", "line 10"]),
        (
            lambda lines: [re.sub(r"(png,.),-?1", r"\1,", line) for line in lines],
            ["no known value", '"tie"'],
        ),
    ],
    ids=["empty", "twice", "twice-by-spelling", "dots", "absolute", "all-unknown"],
)
def test_a_wrong_table_says_what_and_where(faces, change, words):
    rewrite(faces, change)
    message = failure(faces)
    assert [word for word in words if word not in message] == [], message


def test_two_rows_of_one_image_need_distinct_images_even_with_ids(faces):
    rewrite(faces, lambda lines: [f"{line},k{n}" if n else f"{line},key" for n, line in enumerate([*lines, lines[1]])])
    assert 'image path (column "file")' in failure(faces, id="key")


def test_json_lines_and_parquet_give_the_same_manifest(faces):
    import csv
    import json

    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    with (faces / "faces.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    (faces / "faces.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    parquet.write_table(pyarrow.Table.from_pylist(rows), faces / "faces.parquet")
    digests = {
        open_manifest(config(manifest=f"faces.{kind}"), base=faces).digest() for kind in ("csv", "jsonl", "parquet")
    }
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("model", "values"),
    [
        ({"output": "sigmoid", "classes": ["p0"]}, ("p1", "p0")),
        ({"output": "auto", "classes": ["p0"]}, ("p1", "p0")),
        ({"output": "sigmoid", "classes": ["p1"]}, ("p0", "p1")),
        ({"output": "sigmoid", "classes": ["p1", "p0"]}, ("p1", "p0")),
        ({"output": "multilabel", "classes": ["a", "p0"], "pick": "p0"}, ("p1", "p0")),
        ({"output": "multilabel", "classes": ["p0", "a"], "pick": 0}, ("p1", "p0")),
        ({"output": "softmax", "classes": ["p1", "p0"]}, ("p1", "p0")),
        ({"output": "sigmoid"}, ("p0", "p1")),
    ],
)
def test_the_value_that_an_output_is_named_after_is_the_positive_one(faces, model, values):
    rewrite(faces, lambda lines: [line.replace("p2", "p0").replace("p3", "p1") for line in lines])
    manifest = open_manifest(config(target="person", model=model), base=faces)
    assert manifest.target.values == values
    assert [manifest.target.label(row) for row in range(8)] == ["p0", "p0", "p1", "p1"] * 2
    told = [note for note in manifest.notes if "taken for the positive value" in note]
    assert bool(told) == (not model.get("classes")), "an order that nobody gave is told"


def test_a_name_that_is_no_value_cannot_be_placed(faces):
    rewrite(faces, lambda lines: [line.replace("p2", "p0").replace("p3", "p1") for line in lines])
    words = failure(faces, target="person", model={"output": "sigmoid", "classes": ["smiling"]})
    assert 'one of "p0" and "p1", the values of "person"' in words
    assert "model.classes" in words
    plain = open_manifest(config(model={"output": "sigmoid", "classes": ["smiling"]}), base=faces)
    assert plain.target.values == ("0", "1"), "of 0 and 1 the positive one is known"
