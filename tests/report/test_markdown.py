import html
import re

import pytest
from markdown_it import MarkdownIt

from fairaudit.report import markdown

RENDERER = MarkdownIt("gfm-like", {"linkify": False})
EXPECTED_TAGS = {"h1", "h2", "p", "strong", "em", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "img", "s"}


def tags(text):
    return set(re.findall(r"</?([a-z0-9]+)", RENDERER.render(text)))


def test_golden(report, golden):
    golden(markdown.render(report), "report.md")


def test_every_table_row_has_as_many_cells_as_its_head(report):
    tables = re.findall(r"(?:^\|.*\n)+", markdown.render(report), re.M)
    assert len(tables) >= 7
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_text_from_data_makes_no_markup(poisoned):
    assert tags(markdown.render(poisoned)) <= EXPECTED_TAGS


def test_text_from_data_is_shown_as_it_is(report):
    awkward = "a|b`c`*d*_e_ ~~s~~ <b> $x$"
    changed = report.model_copy(update={"notes": [awkward]})
    assert f"<li>{html.escape(awkward, quote=False)}</li>" in RENDERER.render(markdown.render(changed))


@pytest.mark.parametrize("budget", [200_000, 30_000, 3_000, 500])
def test_a_large_report_fits_and_says_what_is_left_out(report, budget):
    many = [m.model_copy(update={"id": f"{m.id}#{i}"}) for i in range(100) for m in report.measurements]
    rows = [row.model_copy(update={"row": i}) for i in range(1000) for row in report.excluded]
    text = markdown.render(report.model_copy(update={"measurements": many, "excluded": rows}), budget=budget)
    assert len(text.encode()) <= budget
    assert re.search(r"\d of [\d,]+ \w+ shown; report.json has all|Cut here; report.json has all", text)


@pytest.mark.parametrize("copies", [1, 40])
def test_a_person_can_read_it(report, copies):
    many = [m.model_copy(update={"id": f"{m.id}#{i}"}) for i in range(copies) for m in report.measurements]
    figures = [f.model_copy(update={"file": f"figures/{i}.png"}) for i in range(copies) for f in report.figures]
    text = markdown.render(report.model_copy(update={"measurements": many, "figures": figures}))
    assert text.count("\n") <= markdown.LINES


def test_the_answer_comes_first_and_names_are_explained_last(report):
    text = markdown.render(report)
    assert text.index("Do not release") < text.index("Who is worse off") < text.index("## Verdicts")
    assert text.index("## Names") > text.index("## Notes")


def test_the_default_budget_is_below_the_limit_of_a_job_summary():
    assert markdown.BUDGET < 2**20


def test_a_small_report_is_whole(report):
    assert "report.json has all" not in markdown.render(report)


def test_undefined_is_no_number(report):
    line = next(line for line in markdown.render(report).splitlines() if "predictive_parity_difference" in line)
    assert "| undefined |" in line
    assert "no predicted positives" in line


def test_figures_are_linked_beside_the_report(report):
    figure = report.figures[0].model_copy(update={"file": "figures/a b(1).png"})
    text = markdown.render(report.model_copy(update={"figures": [figure]}))
    assert "](figures/a%20b%281%29.png)" in text


def test_the_digest_of_the_data_is_text_from_elsewhere_too(report):
    data = report.data.model_copy(update={"digest": "<img src=x>|`a`"})
    assert "<img" not in markdown.render(report.model_copy(update={"data": data})).replace("\\<", "")


def test_every_rule_that_did_not_pass_is_shown_however_short_the_lists_are(report):
    """Of three inconclusive rules the one that said why was left out, beside two that repeated a verdict."""
    rule = next(rule for rule in report.gate.rules if rule.measurement is None or rule.state != "pass")
    rules = [rule.model_copy(update={"rule": f"rule {i}", "measurement": None, "state": "fail"}) for i in range(3)]
    changed = report.model_copy(update={"gate": report.gate.model_copy(update={"rules": rules})})
    text = markdown.render(changed, lines=1)
    assert all(f"rule {i}" in text for i in range(3))


@pytest.mark.parametrize("copies", [1, 40])
def test_sections_that_nobody_decides_by_are_left_out_rather_than_shown_by_an_entry_or_two(report, copies):
    """A long list of rows that were not scored pushes numbers and figures out; whole tables of cells stay."""
    rows = [row.model_copy(update={"row": i}) for i in range(1000) for row in report.excluded]
    many = [m.model_copy(update={"id": f"{m.id}#{i}"}) for i in range(copies) for m in report.measurements]
    changed = report.model_copy(update={"measurements": many, "excluded": rows})
    text = markdown.render(changed, lines=105)
    assert text.count("\n") <= 105
    kept = [int(count) for count in re.findall(r"(\d+) of [\d,]+ \w+ shown", text)]
    assert min(kept) >= markdown.FEWEST
    told = re.search(r"Not shown here: (.*); report.json has all", text)[1]
    assert re.fullmatch(r"[\d,]+ numbers?, \d+ figures?, \d+ tables? of groups", told)
    assert not re.search("^## (Other numbers|Figures|Groups)", text, re.M)
    assert "Not shown here" not in markdown.render(report)
