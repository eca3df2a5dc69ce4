"""Where the rows of a proposal come from: a table, a folder with one, or a known layout; and what is not clear."""

from types import SimpleNamespace

import numpy as np
import pytest

from fairaudit.audits.init.columns import Columns
from fairaudit.audits.init.run import _data_config, _of_rows
from fairaudit.config.schema import DataConfig, Split
from fairaudit.data.categorical import Categorical
from fairaudit.errors import DataError, UsageError


def test_a_table_by_itself_or_alone_in_its_folder(tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text("a\n1\n")
    (tmp_path / "notes.txt").write_text("")
    for data in (table, tmp_path):
        config, layout = _data_config(data)
        assert (config.manifest, layout) == (str(table), None)


def test_a_folder_of_images_by_class_is_a_layout_unless_a_table_describes_them(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0.png").write_bytes(b"")
    config, layout = _data_config(tmp_path)
    assert layout == config.manifest.layout == "imagefolder"
    (tmp_path / "rows.csv").write_text("a\n1\n")
    assert _data_config(tmp_path)[1] is None


def test_what_is_not_clear_is_told(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        _data_config(tmp_path / "gone")
    with pytest.raises(UsageError, match=r"no table of a known kind.*Found: none"):
        _data_config(tmp_path)
    for name in ("b.csv", "a.parquet"):
        (tmp_path / name).write_text("")
    with pytest.raises(UsageError, match=r"not clear which table.*a\.parquet, b\.csv"):
        _data_config(tmp_path)


def test_categories_are_those_of_the_audited_rows():
    table = SimpleNamespace(columns={"part": ["train", "test", "test", "train", "test"]})
    dataset = SimpleNamespace(table=table)

    def column(name, codes):
        return Categorical(name=name, values=("a", "b"), codes=np.array(codes, np.int32))

    categories = {"hat": column("hat", [0, 1, 0, 1, 1]), "tie": column("tie", [1, 0, 0, 1, 0])}
    columns = Columns(image="file", id=None, split="part", use="test", cluster=None, boxes={}, categories=categories)
    split = DataConfig(manifest="t.csv", split=Split(column="part", use="test"))
    found = _of_rows(columns, dataset, split).categories
    assert {name: each.codes.tolist() for name, each in found.items()} == {"hat": [1, 0, 1]}  # the tie does not vary
    assert _of_rows(columns, dataset, DataConfig(manifest="t.csv")) is columns
