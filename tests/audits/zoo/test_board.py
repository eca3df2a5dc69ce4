"""The page over all models is there after every model, and costs little however many there are."""

from __future__ import annotations

import pytest

from fairaudit.audits.zoo import board
from fairaudit.audits.zoo.board import Board, read_summary, write_summary
from fairaudit.errors import DataError
from fairaudit.report.zoo.row import broken_row


def test_the_page_is_there_after_every_model(tmp_path):
    page = Board(tmp_path, title="faces.csv", clock=lambda: 0.0)
    for count, name in enumerate("cab", start=1):
        page.add(broken_row(name, "gone"))
        rows, whole = read_summary(tmp_path)
        assert len(rows) == count
        assert whole["data"] == "faces.csv"
    assert [row.model for row in rows] == ["a", "b", "c"]
    assert {path.name for path in tmp_path.iterdir()} == {"summary.json", "summary.md", "summary.csv", "index.html"}


def test_writing_takes_a_twentieth_of_the_time(tmp_path, monkeypatch):
    now, written = [0.0], []

    def slow(rows, *_, **__):
        written.append(len(rows))
        now[0] += 0.01 * len(rows)  # the page grows with the models

    monkeypatch.setattr(board, "write_summary", slow)
    page, models = Board(tmp_path, title="t", clock=lambda: now[0]), 2000
    for number in range(models):
        now[0] += 0.1
        page.add(broken_row(f"m{number}", "gone"))
    page.write()
    spent = sum(0.01 * count for count in written[:-1])
    assert written[-1] == models
    assert spent <= 0.06 * now[0]


def test_the_order_of_rows_does_not_change_a_byte(tmp_path):
    rows = [broken_row(name, "gone") for name in "abc"]
    for folder, order in (("one", rows), ("two", rows[::-1])):
        write_summary(order, tmp_path / folder, title="t")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


@pytest.mark.parametrize("text", ["", "[]", '{"schema_version": 1}', '{"schema_version": 1, "models": [{}]}'])
def test_a_summary_that_is_none_is_told(tmp_path, text):
    (tmp_path / "summary.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError):
        read_summary(tmp_path)
