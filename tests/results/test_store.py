import json
import os
from pathlib import Path

import pytest

from fairaudit.errors import DataError, OutputError
from fairaudit.results.store import read_report, report_text, write_report

EXAMPLE = Path(__file__).parents[1] / "report" / "example.json"


@pytest.fixture(scope="module")
def report():
    return read_report(EXAMPLE)


def write(path, change):
    content = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_a_report_comes_back_as_it_was(tmp_path, report):
    write_report(report, tmp_path / "new" / "report.json")
    assert read_report(tmp_path / "new" / "report.json") == report
    assert read_report(tmp_path / "new") == report


def test_the_text_is_the_same_every_time(report):
    assert report_text(report) == report_text(read_report(EXAMPLE)) == EXAMPLE.read_text(encoding="utf-8")


def test_another_run_changes_the_run_block_alone(report):
    other = report.model_copy(update={"run": report.run.model_copy(update={"seconds": 1.0, "resumed_chunks": 9})})
    left, right = json.loads(report_text(report)), json.loads(report_text(other))
    assert {key for key in left if left[key] != right[key]} == {"run"}


def test_undefined_is_null_and_never_nan(report):
    text = report_text(report)
    assert "NaN" not in text
    assert '"value": null' in text


def test_a_missing_report_is_told(tmp_path):
    with pytest.raises(DataError, match=r"cannot be read.*report\.json"):
        read_report(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not strict JSON"),
        ("{", "not strict JSON"),
        ('{"schema_version": NaN}', "NaN is not a JSON number"),
        ("[1]", "not a report of fairaudit"),
        ("{}", "not a report of fairaudit"),
        ('{"schema_version": 99}', "another version.*schema version 1.*version 99"),
        ('{"schema_version": 1}', r"does not follow its schema.*\(and \d+ more\)"),
    ],
)
def test_what_is_no_report_is_told(tmp_path, text, message):
    path = tmp_path / "report.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_report(path)


def test_bytes_that_are_no_text_are_told(tmp_path):
    (tmp_path / "report.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not strict JSON"):
        read_report(tmp_path)


def test_the_place_of_a_mistake_is_named(tmp_path):
    path = write(tmp_path / "r.json", lambda content: content["measurements"][2].update(better="up"))
    with pytest.raises(DataError, match=r"measurements\.2\.better"):
        read_report(path)


def test_a_null_without_a_reason_is_refused(tmp_path):
    path = write(tmp_path / "r.json", lambda content: content["measurements"][0].update(value=None))
    with pytest.raises(DataError, match="needs a status and a reason"):
        read_report(path)


def test_a_place_that_cannot_be_written_is_told(tmp_path, report):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="could not be written"):
        write_report(report, tmp_path / "file" / "report.json")


@pytest.mark.parametrize("version", [True, 1.0, "1", [1], {"a": 1}])
def test_a_version_that_merely_equals_one_is_refused(tmp_path, version):
    path = write(tmp_path / "report.json", lambda content: content.update(schema_version=version))
    with pytest.raises(DataError, match="another version"):
        read_report(path)


def test_a_key_that_is_there_twice_is_refused(tmp_path):
    text = EXAMPLE.read_text(encoding="utf-8").replace('"seed": 0', '"seed": 0, "seed": 1', 1)
    (tmp_path / "report.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r'"seed" occurs twice'):
        read_report(tmp_path)


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a": ' * 50_000, b"\xff\xfe", b"", b"1" * 10_000])
def test_deep_broken_and_endless_json_is_told_in_one_paragraph(tmp_path, content):
    (tmp_path / "report.json").write_bytes(content)
    with pytest.raises(DataError, match=r"not strict JSON|not a report"):
        read_report(tmp_path)


def test_a_pipe_is_never_waited_for_and_a_giant_is_not_read(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "report.json")
    with pytest.raises(DataError, match="a pipe"):
        read_report(tmp_path)
    monkeypatch.setenv("FAIRAUDIT_MAX_TEXT", "1K")
    with pytest.raises(DataError, match=r"too large.*FAIRAUDIT_MAX_TEXT"):
        read_report(EXAMPLE)
