from fairaudit.report.rows import candidate, gate_line, judged, limits, name_of, unjudged


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
