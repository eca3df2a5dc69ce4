"""Every combination of the legs, and what is said where they do not decide."""

import itertools

import pytest

from fairaudit.measures.joint import Leg, joint_verdict, lift_limit

SIDES = {"above": (2.0, 3.0), "below": (0.0, 0.5), "open": (0.5, 2.0), "absent": (None, None)}


def leg(name: str, side: str) -> Leg:
    low, high = SIDES[side]
    return Leg(name=name, low=low, high=high, limit=1.0, reason="too few images" if low is None else None, n=100)


def test_the_sides_of_a_leg():
    for side in SIDES:
        assert leg("x", side).side == side


# outcome, relevance, causal → verdict; every pair of relevance and causal that is not (above, above) or (below, below)
# leaves reliance open, whatever the outcome.
DECIDED = {
    ("above", "above", "above"): "unequal and for the wrong reason",
    ("above", "below", "below"): "unequal, not by this cue",
    ("below", "above", "above"): "spurious but equal",
    ("below", "below", "below"): "no evidence",
}


@pytest.mark.parametrize("sides", list(itertools.product(SIDES, SIDES, SIDES)), ids="-".join)
def test_all_combinations_of_three_legs(sides):
    outcome, relevance, causal = sides
    found = joint_verdict(leg("gap", outcome), [leg("lift", relevance)], leg("effect", causal))
    assert found.verdict == DECIDED.get(sides, "undecided")
    assert (found.needed is None) is (found.verdict != "undecided")
    for name in ("gap", "lift", "effect"):
        assert name in found.why


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [("above", "unequal outcome"), ("below", "no evidence"), ("open", "undecided"), ("absent", "undecided")],
)
def test_without_a_region_only_the_outcome_is_judged(outcome, verdict):
    found = joint_verdict(leg("gap", outcome))
    assert found.verdict == verdict
    assert (found.needed is None) is (verdict != "undecided")


@pytest.mark.parametrize("outcome", SIDES)
@pytest.mark.parametrize(("relevance", "causal"), [("above", "below"), ("below", "above")])
def test_disagreement_of_relevance_and_intervention_is_said(outcome, relevance, causal):
    found = joint_verdict(leg("gap", outcome), [leg("lift", relevance)], leg("effect", causal))
    assert found.verdict == "undecided"
    assert "yet" in found.why
    assert found.needed.startswith("look at the maps")


def test_disagreement_of_methods_is_said_and_agreement_decides():
    gap, effect = leg("gap", "above"), leg("effect", "above")
    split = joint_verdict(gap, [leg("lrp", "above"), leg("ig", "below")], effect)
    assert split.verdict == "undecided"
    assert "methods disagree" in split.why
    both = joint_verdict(gap, [leg("lrp", "above"), leg("ig", "above")], effect)
    assert both.verdict == "unequal and for the wrong reason"
    half = joint_verdict(gap, [leg("lrp", "above"), leg("ig", "open")], effect)
    assert half.verdict == "undecided"
    assert half.needed.startswith("ig")


@pytest.mark.parametrize("outcome", ["above", "below"])
@pytest.mark.parametrize("side", SIDES)
def test_one_of_relevance_and_intervention_alone_never_decides(outcome, side):
    assert joint_verdict(leg("gap", outcome), [leg("lift", side)], None).verdict == "undecided"
    assert joint_verdict(leg("gap", outcome), [], leg("effect", side)).verdict == "undecided"
    missing = joint_verdict(leg("gap", outcome), [leg("lift", "above")], None)
    assert missing.needed == "an intervention on the region"


def test_what_is_needed_says_how_many_images():
    # half-width 0.75 around 1.25, 0.25 from the limit: 9 times the images bring the half-width to 0.25.
    found = joint_verdict(leg("gap", "open"), [leg("lift", "above")], leg("effect", "above"))
    assert found.needed == "gap: about 900 images instead of 100"
    on_limit = Leg(name="gap", low=0.5, high=1.5, limit=1.0, n=100)
    assert joint_verdict(on_limit).needed == "gap: more images"


def test_what_is_needed_names_the_missing_leg_and_its_reason():
    found = joint_verdict(leg("gap", "above"), [leg("lift", "absent")], leg("effect", "above"))
    assert found.needed == "lift: too few images"


def test_the_limit_itself_is_allowed():
    on = Leg(name="gap", low=0.5, high=1.0, limit=1.0)
    assert joint_verdict(on).verdict == "no evidence"
    touching = Leg(name="gap", low=1.0, high=1.5, limit=1.0)
    assert joint_verdict(touching).verdict == "undecided"


@pytest.mark.parametrize("area", [0.05, 0.3, 0.5, 0.6, 0.8, 0.95])
def test_lift_limit_can_be_reached_by_any_region(area):
    assert lift_limit(1.5, area) < 1 / area
    assert lift_limit(1.5, area) > 1
    if area > 0.5:  # mean inside over mean outside is 1.5 at this lift
        share = lift_limit(1.5, area) * area
        assert (share / area) / ((1 - share) / (1 - area)) == pytest.approx(1.5)
