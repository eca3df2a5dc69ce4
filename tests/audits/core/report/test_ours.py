"""What fairaudit writes it knows again, in every form; what others wrote is left alone."""

from pathlib import Path

import pytest

from fairaudit.audits.core.report.ours import MARKS, refuse_foreign
from fairaudit.audits.core.report.write import RENDERERS, ready_folder, write_report_folder
from fairaudit.audits.zoo.board import FILES, write_summary
from fairaudit.errors import OutputError
from fairaudit.report.zoo.row import broken_row
from fairaudit.results.store import read_report

EXAMPLE = Path(__file__).parents[3] / "report" / "example.json"


@pytest.fixture
def folder(tmp_path):
    """Everything that can be written, in one folder."""
    write_report_folder(read_report(EXAMPLE), tmp_path, list(RENDERERS))
    write_summary([broken_row("m", "gone")], tmp_path, title="t")
    return tmp_path


def test_everything_that_is_written_is_known_again(folder):
    assert {path.name for path in folder.iterdir()} == set(MARKS)
    refuse_foreign(folder, MARKS)
    ready_folder(folder)
    write_report_folder(read_report(EXAMPLE), folder, list(RENDERERS))


@pytest.mark.parametrize("name", sorted(MARKS))
@pytest.mark.parametrize("content", [b"", b"<h1>fairaudit and we</h1>", b"# Summary\n\nmine", b"{}", b"a,b\n1,2\n"])
def test_a_file_of_somebody_else_is_named_and_left(folder, name, content):
    (folder / name).write_bytes(content)
    with pytest.raises(OutputError, match="did not write") as told:
        refuse_foreign(folder, MARKS)
    assert told.value.where == str(folder / name)
    if name not in FILES:
        report = read_report(EXAMPLE).model_copy(update={"notes": ["another"]})
        for write in (lambda: ready_folder(folder), lambda: write_report_folder(report, folder, ("csv",))):
            with pytest.raises(OutputError, match="did not write"):
                write()
    assert (folder / name).read_bytes() == content
    assert {path.name for path in folder.iterdir()} == set(MARKS)


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path):
    (tmp_path / "report.html").mkdir()
    with pytest.raises(OutputError, match="did not write"):
        ready_folder(tmp_path)
