"""Several models as a terminal table, as Markdown and as CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from fairaudit.report.zoo.row import broken_row, row_of
from fairaudit.report.zoo.table import as_csv, as_markdown, terminal


@pytest.fixture
def rows(report):
    row = row_of(report, name="m", folder="m")
    named = [replace(row, model=f"m{number}", report=f"m{number}/report.json") for number in range(60)]
    return [*named, broken_row("=evil|\x1b[31m", "It is no model. " * 20)]


def test_the_table_fits_and_ends_with_what_is_left_out(rows):
    lines = terminal(rows).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("61 models, worst first: ")
    assert "21 more" in lines[-1]
    assert len(terminal(rows, most=None).splitlines()) == 63
    assert "\x1b" not in terminal(rows, most=None)


def test_the_number_and_its_limit_are_seen_before_the_line_is_cut(rows):
    row = replace(rows[0], value=0.25, limits="≤ 0.1", rule="a_long_name " * 9)
    assert "0.250 (≤ 0.1) a_long_name" in terminal([row])


def test_without_a_number_the_sentence_says_why(rows):
    row = replace(rows[0], value=None, rule="decisions vary", worst_rule="Every one of the 60 images got the same one.")
    line = terminal([row])
    assert line.startswith("1 model, worst first: ")
    assert "Every one of the 60 images" in line
    assert "decisions vary" not in line


def test_csv_has_every_model_with_full_digits_and_no_formula(rows):
    found = list(csv.DictReader(io.StringIO(as_csv([replace(rows[0], value=1 / 3), *rows[1:]]))))
    assert {line["model"] for line in found} == {f"m{n}" for n in range(60)} | {"'=evil|\\x1b[31m"}
    assert str(1 / 3) in {line["value"] for line in found}


def test_markdown_has_a_line_per_model(rows):
    assert sum(line.startswith("| m") for line in as_markdown(rows).splitlines()) == 61  # with the head
    assert "=evil\\|" in as_markdown(rows)
