"""A folder that held the report of a single model: what was ours goes, everything else stays."""

import shutil
from pathlib import Path

import pytest

from fairaudit.audits.core.report.write import write_report_folder
from fairaudit.audits.zoo.earlier import forget_report
from fairaudit.errors import OutputError
from fairaudit.results.report import Figure
from fairaudit.results.store import read_report

EXAMPLE = Path(__file__).parents[2] / "report" / "example.json"


@pytest.fixture
def folder(tmp_path):
    """A report folder with a figure, and files of somebody else beside."""
    report = read_report(EXAMPLE)
    figures = [Figure(file=name, caption="f") for name in ("figures/gaps.png", "figures/../notes.png", "/etc/x.png")]
    report = report.model_copy(update={"figures": figures})
    out = tmp_path / "out"
    (out / "figures").mkdir(parents=True)
    (out / "figures" / "gaps.png").write_bytes(b"ours")
    (out / "notes.png").write_bytes(b"theirs")
    write_report_folder(report, out, ("md", "csv"))
    return out


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_ours_goes_and_theirs_stays(folder):
    (folder / "m1").mkdir()
    shutil.copy(folder / "report.json", folder / "m1" / "report.json")
    forget_report(folder)
    assert names(folder) == ["m1", "m1/report.json", "notes.png"]
    forget_report(folder)  # nothing is left to forget
    assert names(folder) == ["m1", "m1/report.json", "notes.png"]


def test_figures_of_others_keep_their_folder(folder):
    (folder / "figures" / "mine.png").write_bytes(b"theirs")
    forget_report(folder)
    assert names(folder) == ["figures", "figures/mine.png", "notes.png"]


@pytest.mark.parametrize("content", ["{}", "no json", '{"schema_version": 99}'])
def test_a_report_that_is_not_ours_is_refused_and_left(tmp_path, content):
    (tmp_path / "report.json").write_text(content, encoding="utf-8")
    (tmp_path / "report.html").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="did not write"):
        forget_report(tmp_path)
    assert names(tmp_path) == ["report.html", "report.json"]


def test_renderings_of_other_numbers_do_not_stay_beside_a_new_report(folder):
    report = read_report(folder)
    write_report_folder(report, folder, ("junit",))  # the same numbers: what was rendered of them is still true
    assert {"report.md", "report.csv", "report.xml"} <= set(names(folder))
    write_report_folder(report.model_copy(update={"notes": ["another"]}), folder, ("junit",))
    assert {"report.md", "report.csv"}.isdisjoint(names(folder))
    assert {"report.json", "report.xml", "notes.png"} <= set(names(folder))
