"""One screen: never wider than 80 columns nor longer than 24 lines, whatever the report."""

import pytest

from fairaudit.report import brief
from fairaudit.results.report import Verdict


def test_the_example_fits_a_screen(report):
    text = brief.render(report)
    assert text.count("\n") <= 24
    assert max(map(len, text.splitlines())) <= 80
    assert report.verdicts[0].verdict.upper() in text


@pytest.mark.parametrize("many", [1, 3, 40])
def test_many_verdicts_and_steps_fit_too(report, many):
    verdicts = [
        Verdict(attribute=f"a{i}" * 12, region="r" * 30, verdict="undecided", why="", needed="more " * 90)
        for i in range(many)
    ]
    text = brief.render(report.model_copy(update={"verdicts": verdicts}))
    assert text.count("\n") <= 24
    assert max(map(len, text.splitlines())) <= 80


def test_text_from_data_brings_no_escape_sequences(report):
    data = report.data.model_copy(update={"name": "\x1b[31mred", "target": "t\nwo"})
    text = brief.render(report.model_copy(update={"data": data}))
    assert "\x1b" not in text
    assert "t\nwo" not in text
