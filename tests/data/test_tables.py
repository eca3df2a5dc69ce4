"""Tables: every dialect that is read gives the same cells, and every broken file says where."""

from __future__ import annotations

import json
import os
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fairaudit.data.tables import read_csv, read_table
from fairaudit.errors import DataError

CELLS = {"file": ["a.png", "b, c.png"], "y": ["1", ""]}


@pytest.mark.parametrize(
    "data",
    [
        b'file,y\na.png,1\n"b, c.png",\n',
        b'\xef\xbb\xbffile,y\r\na.png,1\r\n"b, c.png",\r\n',
        b"file ; y\na.png ;1\nb, c.png; \n\n",
        b"file\ty\na.png\t1\nb, c.png\t\n",
    ],
    ids=["plain", "bom-crlf", "semicolons", "tabs"],
)
def test_dialects_of_csv_agree(tmp_path, data):
    (tmp_path / "t.csv").write_bytes(data)
    table = read_table(tmp_path / "t.csv")
    assert {name: list(column) for name, column in table.columns.items()} == CELLS
    assert list(table.places) == ["line 2", "line 3"]


def test_a_quoted_line_break_moves_the_line_numbers(tmp_path):
    (tmp_path / "t.csv").write_bytes(b'a,b\n"x\ny",1\nz,2\n')
    table = read_table(tmp_path / "t.csv")
    assert list(table.columns["a"]) == ["x\ny", "z"]
    assert list(table.places) == ["line 3", "line 4"]


def test_json_lines_give_the_texts_of_their_values(tmp_path):
    lines = [{"file": "a", "y": 1, "z": True}, {"file": "b", "y": 2.0, "w": None}, {"file": " c ", "y": 0.5}]
    (tmp_path / "t.jsonl").write_text("\n".join(json.dumps(line) for line in lines) + "\n\n")
    table = read_table(tmp_path / "t.jsonl")
    assert {name: list(column) for name, column in table.columns.items()} == {
        "file": ["a", "b", "c"],
        "y": ["1", "2", "0.5"],
        "z": ["true", "", ""],
        "w": ["", "", ""],
    }


def test_parquet_gives_the_same_cells_as_csv(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pyarrow.table({"file": ["a", "b"], "y": [1, None], "f": [1.0, 0.5], "b": [True, False]})
    parquet.write_table(table, tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_text("file,y,f,b\na,1,1,true\nb,,0.5,false\n")
    from_parquet, from_csv = read_table(tmp_path / "t.parquet"), read_table(tmp_path / "t.csv")
    assert {n: list(c) for n, c in from_parquet.columns.items()} == {n: list(c) for n, c in from_csv.columns.items()}
    assert list(from_parquet.places) == ["row 1", "row 2"]


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataError, match=r"fairaudit\[parquet\]"):
        read_table(tmp_path / "t.parquet")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("t.csv", b"", ["empty", "no header line"]),
        ("t.csv", b"a,b\n1\n", ["another number of cells", "Wanted: 2 cells", "Found: 1", "t.csv, line 2"]),
        ("t.csv", b"a,b\n1,2,3\n", ["Found: 3", "comma"]),
        ("t.csv", b'a,b\n"x"y,2\n', ["CSV is broken", "line 2"]),
        ("t.csv", b'a,b\n"x,2\n', ["CSV is broken"]),
        ("t.csv", b"a, a\n1,2\n", ['column "a" occurs more than once']),
        ("t.csv", "a\nÉlan\n".encode("latin-1"), ["not UTF-8", "byte 0xc9", "line 2", "Save it as UTF-8"]),
        ("t.csv", b"\xff\xfea\x00\n\x00", ["not UTF-8", "line 1"]),
        ("t.jsonl", b'{"a": 1}\n{a: 2}\n', ["not JSON", "line 2"]),
        ("t.jsonl", b"[1]\n", ["not an object", "Found: list"]),
        ("t.jsonl", b'{"a": [1]}\n', ["nested", 'key "a"']),
        ("t.parquet", b"nothing", ["Parquet file cannot be read"]),
        ("t.xlsx", b"PK", ["unknown kind of file", ".parquet", '".xlsx"']),
    ],
)
def test_broken_tables_say_what_and_where(tmp_path, name, data, words):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / name)
    assert [word for word in [*words, name.split(".")[0]] if word not in str(caught.value)] == [], str(caught.value)


def test_a_missing_file_and_a_missing_column(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        read_table(tmp_path / "none.csv")
    (tmp_path / "t.csv").write_text("smiling,hat\n1,2\n")
    with pytest.raises(DataError, match=r'"smilling" is missing.*data\.target.*t\.csv.*Did you mean "smiling"'):
        read_table(tmp_path / "t.csv").column("smilling", asked="data.target")


def test_a_header_can_be_given(tmp_path):
    (tmp_path / "t.csv").write_text("a,1\nb,2\n")
    table = read_csv(tmp_path / "t.csv", header=["name", "number"])
    assert {name: list(cells) for name, cells in table.columns.items()} == {"name": ["a", "b"], "number": ["1", "2"]}


@example([(" ", "\n")])
@given(st.lists(st.tuples(st.text("ab,\"' é;", min_size=1), st.text("xy\n,", min_size=1)), min_size=1, max_size=5))
def test_what_the_csv_module_writes_is_read_back(tmp_path_factory, rows):
    import csv

    path = tmp_path_factory.mktemp("csv") / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("first,", "second,,"), *rows])
    wanted = [(a.strip(), b.strip()) for a, b in rows]  # a record without values is one all the same
    table = read_csv(path)
    assert list(zip(table.columns["first,"], table.columns["second,,"], strict=True)) == wanted


def test_a_key_that_is_there_twice_in_a_line_is_refused(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"a": 1}\n{"a": 1, "a": 2}\n')
    with pytest.raises(DataError, match=r'"a" occurs twice.*line 2'):
        read_table(tmp_path / "t.jsonl")
    (tmp_path / "t.jsonl").write_text('{"a": 1, "a ": 2}\n')
    with pytest.raises(DataError, match="only in spaces"):
        read_table(tmp_path / "t.jsonl")


def test_a_column_that_is_there_twice_in_parquet_is_refused(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table([[1], [2]], names=["a", "a"]), tmp_path / "t.parquet")
    with pytest.raises(DataError, match='"a" occurs more than once'):
        read_table(tmp_path / "t.parquet")


def test_parquet_dates_durations_and_text_that_is_no_utf8(tmp_path):
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pa.table(
        {
            "day": pa.array([0, None], pa.int32()).cast(pa.date32()),
            "took": pa.array([1, 2], pa.duration("s")),
            "text": pa.array(["a ", None]),
        }
    )
    parquet.write_table(table, tmp_path / "t.parquet")
    found = read_table(tmp_path / "t.parquet").columns
    assert (found["day"], found["took"], found["text"]) == (["1970-01-01", ""], ["0:00:01", "0:00:02"], ["a", ""])
    broken = pa.table({"day": pa.array([2**31 - 1], pa.int32()).cast(pa.date32())})
    parquet.write_table(broken, tmp_path / "t.parquet")
    with pytest.raises(DataError, match='column "day"'):
        read_table(tmp_path / "t.parquet")
    buffers = [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")]
    parquet.write_table(pa.table({"t": pa.Array.from_buffers(pa.string(), 1, buffers)}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match='column "t"'):
        read_table(tmp_path / "t.parquet")


def test_a_small_parquet_file_of_a_giant_table_is_refused(tmp_path, monkeypatch):
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pa.table({"a": pa.array([1] * 100_000)}), tmp_path / "t.parquet")
    assert (tmp_path / "t.parquet").stat().st_size < 20_000
    monkeypatch.setenv("FAIRAUDIT_MAX_CELLS", "50000")
    with pytest.raises(DataError, match=r"too large.*50,000 cells.*100,000.*FAIRAUDIT_MAX_CELLS"):
        read_table(tmp_path / "t.parquet")
    monkeypatch.delenv("FAIRAUDIT_MAX_CELLS")
    long = pa.array(["x" * 1_000_000] * 3, pa.string())
    parquet.write_table(pa.table({"a": long}), tmp_path / "t.parquet", use_dictionary=False, compression="zstd")
    monkeypatch.setenv("FAIRAUDIT_MAX_UNPACKED", "1M")
    with pytest.raises(DataError, match="FAIRAUDIT_MAX_UNPACKED"):
        read_table(tmp_path / "t.parquet")


def test_a_text_that_many_rows_repeat_is_held_once(tmp_path):
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pa.table({"a": pa.array(["x" * 10_000] * 1000)}), tmp_path / "t.parquet")
    cells = read_table(tmp_path / "t.parquet").columns["a"]
    assert len(cells) == 1000
    assert len(set(map(id, cells))) == 1


def test_many_columns_are_refused_at_once(tmp_path):
    (tmp_path / "t.csv").write_text(",".join(f"c{number}" for number in range(40_000)) + "\n")
    with pytest.raises(DataError, match=r"4,096 columns.*40,000.*FAIRAUDIT_MAX_COLUMNS"):
        read_table(tmp_path / "t.csv")
    lines = "\n".join(f'{{"k{number}": 1}}' for number in range(5000))
    (tmp_path / "t.jsonl").write_text(lines)
    with pytest.raises(DataError, match="FAIRAUDIT_MAX_COLUMNS"):
        read_table(tmp_path / "t.jsonl")


def test_a_pipe_is_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "t.csv")
    with pytest.raises(DataError, match="a pipe"):
        read_table(tmp_path / "t.csv")
