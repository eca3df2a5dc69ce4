"""The first page: what to do in words, who is worse off, and what it rests on."""

import pytest

from fairaudit.report.page import GroupRow, GroupTable, decision, group_table, page
from fairaudit.results.measurement import Measurement
from fairaudit.results.preconditions import LABELS, SCALE, VARY
from fairaudit.results.report import Excluded, RuleResult, Verdict


def rate(metric, group, value, name="1", attribute="necktie", **more):
    return Measurement(
        audit="fairness", metric=metric, attribute=attribute, group=group, class_=name, value=value,
        low=max(0, value - 0.1), high=min(1, value + 0.1), level=0.95, n=50, **more,
    )  # fmt: skip


RATES = [
    rate("accuracy", "0", 0.75, None), rate("accuracy", "1", 0.75, None),
    rate("selection_rate", "0", 0.25), rate("selection_rate", "1", 0.75),
    rate("tpr", "0", 0.5), rate("tpr", "1", 1.0),
    rate("fpr", "0", 0.0), rate("fpr", "1", 0.25),
]  # fmt: skip


@pytest.fixture
def made(report):
    """A report with these rates, verdicts and gate."""

    def make(*verdicts, state="none", measurements=RATES, classes=("0", "1")):
        data = report.data.model_copy(
            update={"target": "smiling", "classes": list(classes), "attributes": {"necktie": ["0", "1"]}}
        )
        gate = report.gate.model_copy(update={"state": state, "rules": []})
        update = {"verdicts": list(verdicts), "gate": gate, "measurements": list(measurements), "data": data}
        return report.model_copy(update=update)

    return make


def verdict(text, region="necktie", evidence=(), needed=None):
    return Verdict(attribute="necktie", region=region, verdict=text, why="", evidence=list(evidence), needed=needed)


def test_the_largest_gap_is_told_in_words(made):
    found = page(made(verdict("unequal and for the wrong reason"), state="fail"))
    assert found.decision == "Do not release"
    assert found.sentences == (
        "100 % of images that are smiling are called smiling with necktie, 50 % without necktie: 50 points apart.",
        "The model uses the necktie.",
    )


def test_a_gap_whose_reason_is_not_known_says_so_in_its_first_sentence(made):
    first, second = page(made(verdict("unequal, not by this cue"))).sentences
    assert first == (
        "100 % of images that are smiling are called smiling with necktie, 50 % without necktie: 50 points apart, but "
        "no use of the necktie was found."
    )
    assert second == "What makes the difference is not known yet: look at other regions."
    (first, _) = page(made(verdict("unequal, not by this cue", region="mouth"), measurements=[])).sentences
    assert first == ("Groups of necktie are treated unequally, but no use of the necktie that mouth shows was found.")


def test_a_gap_that_is_shown_is_told_where_its_reason_is_not_decided(made):
    """A gap of 50 points is no lack of evidence: what is open is where it comes from."""
    gap = Measurement(audit="fairness", metric="equalized_odds_difference", attribute="necktie", value=0.5)
    for low, told in ((0.4, True), (0.0, False)):
        rows = [*RATES, gap.model_copy(update={"low": low, "high": 0.6, "level": 0.95})]
        sentences = page(made(verdict("undecided"), measurements=rows)).sentences
        assert ("50 points apart" in sentences[0]) == told
        assert sentences[-1] == (
            "Whether that comes from necktie itself is not decided."
            if told
            else "The evidence about necktie does not decide."
        )


def test_a_short_list_of_groups_keeps_the_worst():
    rows = [GroupRow(group=name, images="9", rates=("x",), worst=(name == "e",)) for name in "abcdef"]
    table = GroupTable(attribute="age", columns=("accuracy",), rows=tuple(rows))
    assert [row.group for row in table.kept(3)] == ["a", "b", "e"]
    assert [row.group for row in table.kept(9)] == list("abcdef")


def test_false_alarms_are_told_of_images_that_are_not_of_the_class(made):
    rates = [rate("fpr", "dark", 0.5, attribute="necktie"), rate("fpr", "light", 0.1)]
    (first, *_) = page(made(verdict("unequal outcome"), measurements=rates)).sentences
    assert first.startswith("50 % of images that are not smiling are called smiling where necktie is dark, 10 %")


def test_flipped_decisions_are_told_where_they_were_measured(made):
    flips = Measurement(audit="counterfactual", metric="attribute_flip_rate", attribute="necktie", value=0.46, n=10)
    found = page(made(verdict("spurious but equal"), measurements=[*RATES, flips]))
    assert found.sentences == ("The model uses the necktie: changing it changes 46 % of the decisions.",)


def test_the_worst_of_each_column_is_marked_and_equal_ones_are_not(made):
    table = group_table(made(), "necktie")
    assert table.columns == ("accuracy", "selection_rate", "tpr", "fpr")
    assert [row.worst for row in table.rows] == [(False, False, True, False), (False, False, False, True)]
    assert table.rows[0].rates[2] == "50% [40–60]"
    assert table.rows[0].images == "50"


def test_a_difference_within_the_intervals_marks_nobody(made):
    near = [
        m.model_copy(update={"value": 0.95, "low": 0.9, "high": 0.99}) if m.metric == "tpr" and m.group == "0" else m
        for m in RATES
    ]
    assert not any(row.worst[2] for row in group_table(made(measurements=near), "necktie").rows)


def test_with_more_classes_accuracy_alone_is_shown(made):
    assert group_table(made(classes=("a", "b", "c")), "necktie").columns == ("accuracy",)


def test_no_numbers_no_table(made):
    assert group_table(made(measurements=[]), "necktie") is None
    assert page(made(measurements=[])).groups == ()


def test_a_group_without_the_rate_has_a_dash(made):
    missing = Measurement(
        audit="fairness", metric="tpr", attribute="necktie", group="0", class_="1", value=None, status="undefined",
        reason="no image",
    )  # fmt: skip
    rates = [missing if (m.metric, m.group) == ("tpr", "0") else m for m in RATES]
    assert group_table(made(measurements=rates), "necktie").rows[0].rates[2] == "–"


@pytest.mark.parametrize(
    ("state", "verdicts", "words"),
    [
        ("fail", [], "Do not release"),
        ("incomplete", ["no evidence"], "Not everything was audited"),
        ("inconclusive", ["no evidence"], "Not decided: there is too little evidence"),
        ("none", ["spurious but equal"], "Do not release"),
        ("none", ["unequal, not by this cue", "undecided"], "Do not release"),
        ("none", ["no evidence", "undecided"], "Not decided: there is too little evidence"),
        ("none", ["no evidence"], "Nothing found against a release"),
        ("pass", ["no evidence"], "Nothing found against a release"),
        ("none", [], "Measured, without a rule or a verdict"),
    ],
)
def test_the_decision(made, state, verdicts, words):
    assert decision(made(*map(verdict, verdicts), state=state)) == words


def troubled(report, state, *names):
    """The report with a gate in which these preconditions do not hold."""
    blank = {"measurement": None, "value": None, "low": None, "high": None, "minimum": None, "maximum": None}
    rules = [RuleResult(rule="verdict no evidence", state=state, **blank, why="It is open.", needed="372 more images")]
    rules += [RuleResult(rule=name, state="inconclusive", **blank, why=f"Not so: {name}.") for name in names]
    return report.model_copy(update={"gate": report.gate.model_copy(update={"state": state, "rules": rules})})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (LABELS, "the decisions do not go with the labels"),
        (SCALE, "the images were probably not scaled as in training"),
        (VARY, "all images got the same decision"),
    ],
)
def test_what_makes_every_number_meaningless_comes_first(made, name, words):
    """With classes in the wrong order "too little evidence" stood there, and how many images more to collect."""
    told = page(troubled(made(verdict("undecided", needed="372 more images")), "inconclusive", name))
    assert told.decision == f"Not decided: {words}"
    assert told.sentences[0] == f"Not so: {name}."
    (step,) = told.steps
    assert step.endswith("audit again.")


def test_labels_that_decisions_go_against_are_the_first_trouble_and_stand_beside_an_accusation(made):
    found = made(verdict("spurious but equal"))
    assert page(troubled(found, "inconclusive", VARY, LABELS)).sentences[:2] == (
        f"Not so: {LABELS}.",
        f"Not so: {VARY}.",
    )
    accused = page(troubled(found, "fail", LABELS))
    assert accused.decision == "Do not release"
    assert accused.sentences[0] == f"Not so: {LABELS}."
    assert len(accused.steps) > 1


def test_rows_that_were_left_out_are_counted_with_their_reason(made):
    """ "Not everything was audited" stood there with how many images more to collect, and not with what was missing."""
    reasons = ["The image file is missing. Where: a.png.", "The image file is missing. Where: b.png.", "It is broken."]
    rows = [Excluded(row=i, id=str(i), reason=reason) for i, reason in enumerate(reasons)]
    found = made(verdict("undecided", needed="372 more images"), state="incomplete")
    told = page(found.model_copy(update={"excluded": rows}))
    assert told.decision == "Not everything was audited"
    assert (
        told.sentences[0]
        == f"3 of {found.data.rows:,} rows were not scored, most of them (2) because: The image file is missing."
    )
    assert told.steps[0].startswith("Mend or remove the rows that were not scored")
    alike = page(found.model_copy(update={"excluded": rows[:2]}))
    assert alike.sentences[0] == f"2 of {found.data.rows:,} rows were not scored: The image file is missing."
    none = page(found.model_copy(update={"excluded": []}))
    assert not any("rows were not" in sentence for sentence in none.sentences)


def failing(report, *names):
    """The report with a gate in which these rules failed."""
    blank = {"measurement": None, "value": None, "low": None, "high": None, "minimum": None, "maximum": 0.1, "why": ""}
    rules = [RuleResult(rule=name, state="fail", **blank) for name in names]
    return report.model_copy(update={"gate": report.gate.model_copy(update={"state": "fail", "rules": rules})})


@pytest.mark.parametrize("found", [["no evidence"], ["undecided"], []])
def test_a_rule_that_failed_is_named_where_no_verdict_says_why(made, found):
    told = page(failing(made(*map(verdict, found)), "tpr at most 0.1", "fpr at most 0.1"))
    assert told.decision == "Do not release"
    assert told.sentences[0] == "The gate's rule tpr at most 0.1 and 1 other rule failed."
    assert page(failing(made(*map(verdict, found)), "tpr at most 0.1")).sentences[0].endswith("0.1 failed.")


def test_a_verdict_that_accuses_speaks_for_itself(made):
    told = page(failing(made(verdict("spurious but equal")), "tpr at most 0.1"))
    assert not any("rule" in sentence for sentence in told.sentences)


def test_evidence_has_the_words_of_the_registry(made):
    flips = Measurement(
        id="x", audit="counterfactual", metric="attribute_flip_rate", attribute="necktie", value=0.46, low=0.4,
        high=0.5, level=0.95, n=10,
    )  # fmt: skip
    (row,) = page(made(verdict("spurious but equal", evidence=["x", "gone"]), measurements=[flips])).evidence
    assert (row.value, row.interval) == ("0.460", "[0.400, 0.500]")
    assert row.sentence


def test_what_is_needed_comes_first(made):
    """And is not said twice: neither by the verdict's general advice nor by a rule about the same gap."""
    asked = made(verdict("undecided", needed="gap of necktie: about 200 more images"))
    assert list(page(asked).steps) == ["gap of necktie: about 200 more images"]
    assert len(page(made(verdict("undecided"))).steps) == 1
    accused = page(made(verdict("spurious but equal", needed="200 more images"))).steps
    assert len(accused) == 2

    def steps(rule):
        found = failing(asked, "tpr at most 0.1")
        rules = [found.gate.rules[0].model_copy(update={"needed": rule})]
        return list(page(found.model_copy(update={"gate": found.gate.model_copy(update={"rules": rules})})).steps)

    assert len(steps("About 200 more images.")) == 1
    assert steps("About 900 more images.")[1:] == ["tpr at most 0.1: about 900 more images."]


@pytest.mark.parametrize(
    ("used", "forbidden", "told"), [("yes", False, True), ("no", False, False), ("yes", True, False)]
)
def test_that_the_region_is_used_is_told_and_is_no_accusation(made, used, forbidden, told):
    found = verdict("no evidence").model_copy(update={"region_used": used, "forbidden": forbidden})
    report = page(made(found))
    assert ("The model does look at necktie" in " ".join(report.sentences)) == told
    assert report.decision == "Nothing found against a release"
