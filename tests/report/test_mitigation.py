"""The page of a comparison: what is escaped, what is embedded, and what a failed method looks like."""

import pytest

from fairaudit.report.mitigation import (
    STAR,
    MitigationPage,
    VariantNumber,
    VariantRow,
    VariantTable,
    html,
    markdown,
    terminal,
)


@pytest.fixture
def page():
    before, after = VariantNumber(value="0.40", interval="[0.30, 0.50]"), VariantNumber(value="0.70", star=True)
    lines = (
        VariantRow(name="vanilla", given="", cells=(before,), verdict="undecided"),
        VariantRow(name="a|<b>", given="x", cells=(after,), verdict="undecided", flags=("odd",)),
        VariantRow(name="cia", given="twins", failed="no <twins>"),
    )  # fmt: skip
    grid = VariantTable(headings=(("worst_cell_accuracy", "worst cell"),), lines=lines)
    return MitigationPage(
        title="Mitigation of <tie>", answer=["best: a|<b>"], state="fail", remarks=["read so"], grids={"": grid},
        figures=[("figures/a.png", "one"), ("figures/gone.png", "two")], notes=["a note"], report="report.html",
    )  # fmt: skip


def test_html_is_escaped_and_holds_its_figures(page, tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "a.png").write_bytes(b"x" * 9000)
    text = html(page, tmp_path)
    assert "<b>" not in text
    assert "no &lt;twins&gt;" in text
    assert text.count("data:image/png") == 1
    assert "eHh4" * 2900 in text  # whole, not cut like a text from data
    assert 'class="first fail"' in text
    assert 'href="report.html"' in text
    assert "0.70*" in text


def test_markdown_has_a_line_per_variant(page):
    text = markdown(page)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 5
    assert "a\\|\\<b\\>" in rows[3]
    assert "failed: no" in rows[4]
    assert all(row.replace("\\|", "").count("|") == rows[0].count("|") for row in rows)


def test_a_star_is_explained_where_there_is_one(page):
    assert ("*" in terminal(page)) == (STAR in terminal(page))


def test_the_terminal_shows_the_legs_and_the_answer(page):
    lines = terminal(page).splitlines()
    assert lines[0].split() == ["method", "worst", "cell", "verdict"]
    assert lines[3].split() == ["cia", "–", "failed"]
    assert lines[-1] == "best: a|<b>"
