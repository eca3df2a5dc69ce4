"""Which measurements the legs of a verdict rest on, and the order of verdicts."""

from types import SimpleNamespace

import pytest

from fairaudit.audits.joint import verdict as joint
from fairaudit.audits.joint.counterfactual_legs import NO_LEGS
from fairaudit.audits.joint.verdict import EFFECT, LIFT, LOOKS, MOVES, OUTCOME, legs_of, verdicts_for
from fairaudit.config.schema import AuditConfig
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import VERDICTS_WORST_FIRST


def m(metric, value, half=0.01, audit="fairness", **fields):
    ends = {} if value is None else {"low": value - half, "high": value + half, "level": 0.95, "interval": "bootstrap"}
    return Measurement(audit=audit, metric=metric, value=value, **ends, **fields)


def study(forbidden=False, regions=("tie",), attributes=("hat",)):
    config = SimpleNamespace(
        audit=AuditConfig(), regions={name: SimpleNamespace(forbidden=forbidden) for name in regions}
    )
    return SimpleNamespace(config=config, regions=list(regions), attributes=list(attributes))


GAP = m(OUTCOME, 0.4, attribute="hat")
USE = [
    m(LOOKS, 0.5, attribute="hat", region="tie", method="lrp"),
    m(MOVES, 0.3, attribute="hat", region="tie", method="swap"),
    m("score_gap", 0.3, attribute="hat"),
    m(LIFT, 4.0, region="tie", method="lrp"),
    m(EFFECT, 0.2, region="tie", method="inpaint"),
    m("area_share", 0.1, region="tie"),
]


@pytest.fixture(autouse=True)
def _no_counterfactuals(monkeypatch):
    monkeypatch.setattr(joint, "counterfactual_legs", lambda *_: NO_LEGS)
    monkeypatch.setattr(joint, "shown_in", lambda config, attribute: None)


def test_legs_are_of_all_images_and_of_the_candidate():
    others = [
        m(OUTCOME, 0.9, attribute="age"),
        m(LIFT, 9.0, region="tie", method="lrp", group="1", attribute="hat"),
        m(LIFT, 9.0, region="eye", method="lrp"),
        m(LOOKS, 9.0, attribute="hat", region="tie", method="lrp", baseline="old"),
    ]
    legs = legs_of(study(), [*others, GAP, *USE], "hat", "tie")
    assert legs.outcome.side == "above"
    assert [found.id for found in legs.measurements] == [found.id for found in (GAP, *USE[:5])]
    assert len(legs.attribute.cue) == len(legs.region.lift) == 1


def test_without_a_region_there_is_the_outcome_alone():
    legs = legs_of(study(), [GAP, *USE], "hat", None)
    assert legs.region is None
    assert [found.id for found in legs.measurements] == [GAP.id]


def test_methods_that_failed_their_trial_are_no_evidence():
    poor = [one.model_copy(update={"status": "unusable", "reason": "trial"}) for one in USE]
    legs = legs_of(study(), [GAP, *poor], "hat", "tie")
    assert list(legs.attribute.cue) == list(legs.region.lift) == []


@pytest.mark.parametrize("forbidden", [False, True])
def test_without_a_control_the_plain_effect_describes_unless_the_region_is_forbidden(forbidden):
    undefined = m(EFFECT, None, region="tie", method="inpaint", status="undefined", reason="no room")
    plain = m("causal_shift", 0.3, region="tie", method="inpaint")
    rows = [GAP, *USE[:4], undefined, plain, m("causal_shift", 0.9, region="tie", method="blur")]
    legs = legs_of(study(forbidden), rows, "hat", "tie")
    assert (plain in legs.measurements) == (not forbidden)
    assert ("no control" in legs.region.effect.name) == (not forbidden)


def test_verdicts_come_worst_first_and_name_what_they_rest_on():
    rows = [GAP, *USE, m(OUTCOME, 0.0, attribute="age")]
    found = verdicts_for(study(attributes=("age", "hat")), rows_of(rows))
    places = [VERDICTS_WORST_FIRST.index(each.verdict) for each in found]
    assert places == sorted(places)
    assert (found[0].attribute, found[0].verdict) == ("hat", "unequal and for the wrong reason")
    assert GAP.id in found[0].evidence


@pytest.mark.parametrize("metric", ["swap_excess", "swap_flip"])
def test_swaps_that_turn_decisions_in_both_directions_clear_nothing(metric):
    """A necktie that speaks for a smile on dark faces and against one on others: no direction, no gap, many flips."""
    low = [m(name, 0.0, attribute="hat", region="tie", method="swap") for name in ("swap_effect", LOOKS)]
    rows = [m(OUTCOME, 0.02, attribute="hat"), *low, m(LIFT, 0.5, region="tie", method="lrp"), USE[-1]]
    rows.append(m(EFFECT, 0.01, region="tie", method="inpaint"))
    (clear,) = verdicts_for(study(), rows_of(rows))
    assert clear.verdict == "no evidence"
    moved = m(metric, 0.3, attribute="hat", region="tie", method="swap")
    (found,) = verdicts_for(study(), rows_of([*rows, moved]))
    assert found.verdict == "undecided"
    assert "counts for some images and against others" in found.why
    assert moved.id in found.evidence
    assert "twins" in (found.needed or "")


def test_without_regions_there_is_a_verdict_per_attribute():
    found = verdicts_for(study(regions=()), rows_of([GAP]))
    assert [(each.attribute, each.region) for each in found] == [("hat", None)]
    assert verdicts_for(study(regions=()), rows_of([]))[0].verdict == "undecided"


def rows_of(measurements):
    return SimpleNamespace(measurements=measurements)
