"""What is written into a report's folder, and what goes when a report of other numbers comes."""

from pathlib import Path

import pytest

from fairaudit.audits.core.report.write import RENDERERS, ready_folder, write_report_folder
from fairaudit.errors import OutputError
from fairaudit.results.store import read_report

EXAMPLE = Path(__file__).parents[3] / "report" / "example.json"


@pytest.fixture
def report():
    return read_report(EXAMPLE)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_files_asked_for_and_the_report_first(report, tmp_path):
    written = write_report_folder(report, tmp_path, ["csv", "junit"])
    assert [path.name for path in written] == ["report.json", "report.csv", "report.xml"]
    assert read_report(tmp_path) == report


def test_renderings_of_other_numbers_go_and_those_of_the_same_stay(report, tmp_path):
    write_report_folder(report, tmp_path, list(RENDERERS))
    again = report.model_copy(update={"run": report.run.model_copy(update={"seconds": 99.0})})
    write_report_folder(again, tmp_path, ["csv"])
    assert len(names(tmp_path)) == 1 + len(RENDERERS)  # another run of the same numbers
    write_report_folder(report.model_copy(update={"notes": ["other"]}), tmp_path, ["csv"])
    assert names(tmp_path) == ["report.csv", "report.json"]


def test_a_folder_that_cannot_be_is_told_before(tmp_path):
    ready_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        ready_folder(tmp_path / "file")


def test_a_folder_without_permission_is_told_before(tmp_path, read_only):
    ready_folder(tmp_path)
    with read_only() as folder, pytest.raises(OutputError, match="no permission"):
        ready_folder(folder)
