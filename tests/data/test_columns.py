"""Columns of a table as parts of a manifest, by hand: which value is the positive one, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from fairaudit.config.schema import Config
from fairaudit.data.columns import (
    candidate_attributes,
    cluster_column,
    positive_name,
    region_columns,
    target_classes,
    target_column,
    text_columns,
    unique,
)
from fairaudit.data.dataset import Dataset
from fairaudit.data.tables import Table
from fairaudit.errors import DataError


def table(**columns):
    rows = len(next(iter(columns.values())))
    return Table(file="t.csv", columns=columns, places=[f"line {row + 2}" for row in range(rows)])


def dataset(**more):
    columns = more.pop("columns", {"y": ["cat", "dog", "cat", ""]})
    return Dataset(name="t.csv", table=table(**columns), folder=Path(), **more)


def target(model, *, found=None, **data):
    found = found or dataset()
    config = Config.model_validate({"data": {"manifest": "t.csv", "target": "y"} | data, "model": model})
    return target_column(config, found)


def test_without_a_target_there_is_no_column():
    config = Config.model_validate({"data": {"manifest": "t.csv"}})
    assert target_column(config, dataset()) == (None, ())


@pytest.mark.parametrize(
    ("classes", "values", "codes"),
    [
        (["dog", "cat"], ("dog", "cat"), [1, 0, 1, -1]),  # the order of the model's outputs, not the alphabet's
        (["dog"], ("cat", "dog"), [0, 1, 0, -1]),
        (["cat"], ("dog", "cat"), [1, 0, 1, -1]),  # a sigmoid's one class is the positive value
    ],
)
def test_the_models_classes_say_which_value_is_positive(classes, values, codes):
    column, notes = target({"classes": classes})
    assert (column.values, column.codes.tolist(), notes) == (values, codes, ())


def test_a_value_taken_for_positive_is_told():
    column, (note,) = target({})
    assert column.values == ("cat", "dog")
    assert '"dog" is taken for the positive value of "y"' in note


def test_zero_and_one_need_no_note():
    assert target({}, found=dataset(columns={"y": ["0", "1", "1.0", "-"]}), unknown=["-"])[1] == ()


def test_a_class_that_is_no_value_of_the_target_is_refused():
    with pytest.raises(DataError, match="not clear which value") as refusal:
        target({"classes": ["bird"]})
    assert '"bird"' in str(refusal.value)


def test_a_label_that_is_no_class_is_refused_with_its_line():
    with pytest.raises(DataError, match="not among the 2 classes") as refusal:
        target({"classes": ["cat", "cow"]})
    assert "line 3" in str(refusal.value)


def test_an_order_that_is_assumed_is_told_for_three_classes_and_not_for_numbers():
    texts = ["a", "b", "c"]
    assert "order a, b, c" in target({}, found=dataset(columns={"y": texts}))[1][0]
    assert target({}, found=dataset(columns={"y": ["0", "1", "2"]}))[1] == ()


def test_a_layouts_order_is_kept():
    column, _ = target({}, found=dataset(columns={"y": ["a", "b", "c"]}, target="y", classes=("c", "a", "b")))
    assert (column.values, column.codes.tolist()) == (("c", "a", "b"), [1, 2, 0])


@pytest.mark.parametrize(
    ("model", "classes", "positive"),
    [
        ({"classes": ["a", "b"]}, ("a", "b"), None),
        ({"classes": ["a"]}, (), "a"),
        ({"output": "multilabel", "classes": ["a", "b", "c"], "pick": "b"}, (), "b"),
        ({"output": "multilabel", "classes": ["a", "b", "c"], "pick": 2}, (), "c"),
        ({"classes": ["a", "b", "c"], "pick": "1:3"}, ("b", "c"), None),
        ({"classes": ["a", "b", "c"], "pick": [2, 0]}, ("c", "a"), None),
        ({"pick": ["x", "y"]}, ("x", "y"), None),
        ({"classes": ["x", "y"], "pick": "7:9"}, ("x", "y"), None),  # the names of the outputs that are picked
        ({"classes": ["x", "y", "z"], "pick": "7:9"}, (), None),
    ],
)
def test_names_of_the_targets_values_and_of_the_positive_one(model, classes, positive):
    config = Config.model_validate({"data": {"manifest": "t.csv"}, "model": model}).model
    assert (target_classes(config), positive_name(config)) == (classes, positive)


def test_attributes_to_choose_from_repeat_and_are_few():
    rows = {
        "id": [f"r{i}" for i in range(8)], "sex": list("fmfmfmfm"), "split": list("aabbaabb"),
        "same": ["x"] * 8, "y": list("01010101"),
    }  # fmt: skip
    assert candidate_attributes(table(**rows), but=["y", None]) == ("sex",)


def test_clusters_may_be_many_and_unknown_rows_stand_alone():
    found = dataset(columns={"y": list("0101"), "person": ["b", "a", "NA", "b"]})
    data = Config.model_validate({"data": {"manifest": "t.csv", "cluster": "person", "unknown": ["na", ""]}}).data
    column = cluster_column(data, found)
    assert (column.values, column.codes.tolist()) == (("a", "b"), [1, 0, -1, 1])


def regions(**each):
    return Config.model_validate({"data": {"manifest": "t.csv"}, "regions": each}).regions


def test_boxes_of_a_row_are_numbers_and_empty_cells_are_nan():
    found = region_columns(
        regions(tie={"columns": ["a", "b", "c", "d"], "units": "pixel"}),
        table(a=["1", ""], b=["2.5", "nan"], c=["3", "NA"], d=["4e1", "none"]),
    )
    assert {name: values[0] for name, values in found.items()} == {"a": 1.0, "b": 2.5, "c": 3.0, "d": 40.0}
    assert all(np.isnan(values[1]) for values in found.values())


@pytest.mark.parametrize("text", ["x", "inf", "-inf", "1e999", "1,5"])
def test_a_coordinate_that_is_no_number_is_refused_with_its_place(text):
    each = {"columns": ["a", "b", "c", "d"], "units": "pixel"}
    with pytest.raises(DataError, match="coordinate is not a number") as refusal:
        region_columns(regions(tie=each), table(a=["1"], b=["1"], c=[text], d=["1"]))
    assert all(part in str(refusal.value) for part in ('column "c"', "line 2", text))


def test_patterns_of_masks_find_columns_ids_and_stems():
    found = text_columns(
        regions(hair={"mask": "{id}/{kind}_{stem}.png"}),
        table(kind=["k"]), ids=["7"], names=["photos\\a.b.jpg"],
    )  # fmt: skip
    assert found == {"id": ("7",), "kind": ("k",), "stem": ("a.b",)}
    with pytest.raises(DataError, match='"kinds" is missing'):
        text_columns(regions(hair={"mask": "{kinds}.png"}), table(kind=["k"]), ids=["7"], names=["a"])


def test_what_must_be_there_once():
    rows = table(id=["a", "b", "a", "b", "c"])
    with pytest.raises(DataError, match="Each id must occur once") as refusal:
        unique(rows.columns["id"], rows, "id")
    assert '"a" in line 2 and line 4; "b" in line 3 and line 5' in str(refusal.value)
    with pytest.raises(DataError, match="is empty"):
        unique(["a", ""], rows, "id")
    unique(["", "a", ""], rows, "id", empty=True)
