"""Parts that do not belong together, and reports that are not what their summary says."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from fairaudit.audits.zoo.merge import _check_models, _check_parts, _check_row, _copied, merge
from fairaudit.errors import DataError, OutputError, UsageError


def part(index=1, of=2, models=("a", "b"), settings="s"):
    return {"index": index, "of": of, "models": list(models), "settings": settings}


def check(*parts):
    _check_parts({Path(f"p{number}"): each for number, each in enumerate(parts)})


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((part(1), part(2, of=3)), "other number of parts"),
        ((part(1), part(2, models=("a", "c"))), "other models"),
        ((part(1), part(2, settings="t")), "other data, settings or versions"),
        ((part(1), part(1)), r"given twice.*p0 and p1"),
        ((part(3, of=4), part(1, of=4)), r"no part 2, 4 of 4"),
    ],
)
def test_parts_that_do_not_belong_together(parts, words):
    with pytest.raises(DataError, match=words):
        check(*parts)


def test_parts_in_any_order_are_a_whole():
    check(part(2), part(1))
    check(part(1, of=1))


def test_models_that_are_missing_or_there_twice():
    rows = [SimpleNamespace(model=name) for name in ("a", "b")]
    _check_models(rows, ["b", "a"])
    with pytest.raises(DataError, match=r"twice.*Found: a"):
        _check_models([*rows, rows[0]], ["a", "b"])
    with pytest.raises(DataError, match="1 of 3 models are missing"):
        _check_models(rows, ["a", "b", "c"])
    with pytest.raises(DataError):
        _check_models(rows, ["a"])


@pytest.mark.parametrize(("model", "report"), [("../a", None), ("a", "../a/report.json"), ("a", "b/report.json")])
def test_a_row_cannot_lead_out_of_its_folder(model, report, tmp_path):
    with pytest.raises(DataError, match="outside of its own"):
        _check_row(SimpleNamespace(model=model, report=report), tmp_path)


def test_a_folder_without_a_report_is_left_as_it_is(tmp_path):
    source, target = tmp_path / "s", tmp_path / "t"
    for folder in (source, target):
        folder.mkdir()
    (source / "report.json").write_text("{}")
    (target / "mine").write_text("")
    with pytest.raises(OutputError, match="left as it is"):
        _copied(source, target)
    assert (target / "mine").exists()
    _copied(source, tmp_path / "new")
    assert (tmp_path / "new" / "report.json").is_file()


def test_a_part_is_no_place_for_the_whole(tmp_path):
    with pytest.raises(UsageError, match="into one of them"):
        merge([tmp_path, tmp_path / "b"], tmp_path)
    with pytest.raises(UsageError, match="more than once"):
        merge([tmp_path / "a", tmp_path / "x" / ".." / "a"], tmp_path / "new")
