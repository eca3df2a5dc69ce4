from fairaudit.report.rows import candidate, gate_line, judged, limits, measured_row, name_of, unjudged
from fairaudit.results.measurement import Measurement


def test_every_number_has_exactly_one_place(report):
    rows = [*judged(report), *unjudged(report)]
    ids = [row.measurement.id for row in rows if row.measurement]
    assert sorted(ids) == sorted(m.id for m in report.measurements)


def test_judged_rows_show_the_interval_that_decided(report):
    row, result = judged(report)[0], report.gate.rules[0]
    assert (row.low, row.high) == (result.low, result.high)
    assert row.high > row.measurement.high  # corrected for several rules, so wider


def test_a_rule_without_a_number_shows_its_count(report):
    row = next(row for row in judged(report) if row.measurement is None)
    assert (row.metric, row.estimate, row.limits) == ("excluded rows at most 0", "3", "≤ 0")


def test_figures_over_all_groups_come_before_those_of_groups(report):
    groups = [row.measurement.group is not None for row in unjudged(report)]
    assert groups == sorted(groups)
    assert any(groups)


def test_what_decides_is_beside_why(report):
    row = next(row for row in judged(report) if row.metric == "demographic_parity_ratio")
    assert "Only a part" in row.why
    assert "more images" in row.why


def test_limits_in_signs():
    assert [limits(None, 0.1), limits(0.8, None), limits(0.8, 1.25), limits(None, None)] == [
        "≤ 0.1",
        "≥ 0.8",
        "0.8 … 1.25",
        "",
    ]


def test_the_name_is_the_models_or_the_datas(report):
    assert (candidate(report).file, name_of(report)) == ("biased.pt", "biased")
    assert name_of(report.model_copy(update={"models": []})) == "faces.csv"


def test_the_gate_in_one_line(report):
    assert gate_line(report.gate) == "Gate: FAIL (2 fail, 1 incomplete, 3 inconclusive, 2 pass); exit code 3."


def test_a_number_that_must_not_be_relied_on_says_so(report):
    texts = {row.measurement.status: row.estimate for row in judged(report) if row.measurement}
    assert texts["unusable"] == "1.934 (unusable)"
    assert texts["undefined"] == "undefined"
    assert "(" not in texts["ok"]


def test_a_refused_number_is_struck_out_wherever_it_stands(report, tmp_path):
    from fairaudit.report import html, markdown, terminal

    reason = "reconstruction alone moves necktie by 0.31"
    doubted = change("necktie", 0.54, status="unusable", reason=reason, **{"class": None})
    report = report.model_copy(update={"measurements": [doubted]})
    assert measured_row(doubted).refused
    assert not measured_row(change("hat", 0.1)).refused
    report = report.model_copy(update={"gate": report.gate.model_copy(update={"rules": []})})
    assert "~~0.540~~ (unusable)" in markdown.render(report)
    assert 'class="number refused">0.540 (unusable)' in html.render(report, tmp_path)
    assert "0.540 (unusable)" in terminal.render(report)


def test_pairs_that_move_together_by_construction_are_left_to_the_json(report):
    own = change("smiling", 1.0, extra={"trivial": True})
    report = report.model_copy(update={"measurements": [own, change("hat", 0.1)]})
    report = report.model_copy(update={"gate": report.gate.model_copy(update={"rules": []})})
    assert [row.value for row in unjudged(report)] == [0.1]


def change(attribute, value, **more):
    return Measurement.model_validate(
        {"audit": "cf-align", "metric": "relative_change", "attribute": attribute, "class": "smiling", "value": value}
        | more
    )
