import re
import unicodedata

import pytest
from rich.cells import cell_len

from fairaudit.report import terminal


@pytest.mark.parametrize("width", [80, 100])
def test_golden(report, golden, width):
    golden(terminal.render(report, width=width), f"terminal_{width}.txt")


@pytest.mark.parametrize("width", [60, 80, 100, 132])
def test_no_line_is_wider_than_asked_and_nothing_is_cut(report, width):
    text = terminal.render(report, width=width)
    assert max(cell_len(line) for line in text.split("\n")) <= width
    assert "…" not in text
    squeezed = re.sub(r"\s+", "", text)
    for result in report.gate.rules:
        if result.state != "pass":
            assert re.sub(r"\s+", "", result.why) in squeezed


def test_piped_text_has_no_escape_sequence_whatever_the_environment_says(report, monkeypatch):
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "COLORTERM"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("COLUMNS", "72")
    text = terminal.render(report)
    assert "\x1b" not in text
    assert max(map(cell_len, text.split("\n"))) == 72


def test_colour_is_only_added_never_needed(report):
    colored = terminal.render(report, width=90, color=True)
    assert "\x1b[1;31mFAIL" in colored
    stripped = re.sub(r"\x1b\[[0-9;]*m", "", colored)
    assert [line.rstrip() for line in stripped.split("\n")] == terminal.render(report, width=90).split("\n")


def test_the_last_line_is_the_gates(report):
    assert terminal.render(report).endswith(
        "\nGate: FAIL (2 fail, 1 incomplete, 3 inconclusive, 2 pass); exit code 3.\n"
    )


def test_the_worst_comes_first(report):
    text = terminal.render(report)
    states = re.findall(r"^(FAIL|INCOMPLETE|INCONCLUSIVE|PASS) ", text[: text.index("The whole interval")], re.M)
    order = ["FAIL", "INCOMPLETE", "INCONCLUSIVE", "PASS"]
    assert len(states) >= 8
    assert states[:8] == sorted(states[:8], key=order.index)


def test_text_from_data_cannot_steer_the_terminal(poisoned):
    text = terminal.render(poisoned, width=80)
    assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c != "\n"]
    assert "\u202e" not in text
    assert max(map(cell_len, text.split("\n"))) <= 80 or "x" * 81 in text


def test_every_subject_has_its_share_of_a_long_list(report):
    base = report.measurements[0]
    many = [
        base.model_copy(update={"id": f"{attribute}{i}", "attribute": attribute, "metric": f"metric_{i:02}"})
        for attribute in ("sex", "age")
        for i in range(30)
    ]
    empty = report.gate.model_copy(update={"state": "none", "rules": []})
    text = terminal.render(report.model_copy(update={"measurements": many, "gate": empty}))
    assert "20 of 60 other numbers shown; report.json has all." in text
    assert re.findall(r"^  (metric_\d\d)", text, re.M) == [f"metric_{i:02}" for i in range(10)] * 2


def test_single_groups_are_shown_only_where_there_is_nothing_else(report):
    assert "group 0" not in terminal.render(report)
    groups = [m for m in report.measurements if m.group is not None]
    empty = report.gate.model_copy(update={"state": "none", "rules": []})
    assert "group 0" in terminal.render(report.model_copy(update={"measurements": groups, "gate": empty}))


def test_nothing_gated_is_said(report):
    empty = report.gate.model_copy(update={"state": "none", "exit_code": 0, "rules": []})
    text = terminal.render(report.model_copy(update={"gate": empty, "verdicts": [], "notes": []}))
    assert text.endswith("Gate: there is no rule; exit code 0.\n")


@pytest.mark.parametrize("width", [60, 80, 100])
def test_long_names_break_between_words(report, width):
    name = "equalized_odds_difference_to_overall_change"
    base = report.measurements[0].model_copy(update={"metric": name})
    empty = report.gate.model_copy(update={"state": "none", "rules": []})
    shown = report.model_copy(update={"measurements": [base], "gate": empty, "verdicts": [], "notes": []})
    text = terminal.render(shown, width=width)
    pieces = re.findall(r"^ {2,}([a-z_]+)", text, re.M)
    assert "".join(pieces) == name
    assert all(piece.endswith("_") for piece in pieces[:-1])
