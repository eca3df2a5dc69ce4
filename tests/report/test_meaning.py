from fairaudit.report.meaning import advice, meaning, told
from fairaudit.report.rows import judged, ungated
from fairaudit.tables.metrics import METRICS
from fairaudit.tables.terms import TERMS


def test_a_number_is_told_in_the_words_of_the_registry(report):
    row = judged(report)[0]
    entry = METRICS["equalized_odds_difference"]
    assert told(row) == f"{row.why} {entry.sentence} {entry.advice}"


def test_what_passed_needs_no_advice(report):
    passed = [row for row in judged(report) if row.state == "pass"]
    assert passed
    assert all(advice(row) == "" and meaning(row) for row in passed)


def test_a_verdict_is_told_in_the_words_of_the_registry(report):
    row = ungated(report)[0]
    assert TERMS[report.verdicts[0].verdict].sentence in told(row)
    assert advice(row) == TERMS[report.verdicts[0].verdict].advice


def test_a_rule_about_no_number_has_its_reason_alone(report):
    row = next(row for row in judged(report) if row.measurement is None)
    assert told(row) == row.why
