"""Every combination of the legs, and what is said where they do not decide."""

import itertools

import pytest

from fairaudit.verdict.joint import Leg, joint_verdict, lift_limit

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


# kinds of witnesses: relevance and alignment look, causal and flip move. Every side of the two optional ones beside
# every side of the two of the region; an optional one that is absent does not count.
OPTIONAL = list(itertools.product(("above", "below"), repeat=4))


@pytest.mark.parametrize("sides", OPTIONAL, ids="-".join)
def test_four_witnesses_decide_only_together(sides):
    relevance, causal, alignment, flip = sides
    found = joint_verdict(
        leg("gap", "above"),
        [leg("lift", relevance)],
        leg("effect", causal),
        alignment=[leg("alignment", alignment)],
        flips=[leg("flip", flip)],
    )
    expected = {("above",) * 4: "unequal and for the wrong reason", ("below",) * 4: "unequal, not by this cue"}
    assert found.verdict == expected.get(sides, "undecided")
    for name, side in zip(("lift", "effect", "alignment", "flip"), sides, strict=True):
        assert f"{name} {'2 to 3 is above' if side == 'above' else '0 to 0.5 is not above'} 1" in found.why


@pytest.mark.parametrize("sides", list(itertools.product(SIDES, SIDES, SIDES)), ids="-".join)
def test_absent_optional_witnesses_change_no_verdict(sides):
    """A refused generator and missing twins are named, and the verdict is that of the other legs."""
    legs = (leg("gap", sides[0]), [leg("lift", sides[1])], leg("effect", sides[2]))
    plain = joint_verdict(*legs)
    with_absent = joint_verdict(*legs, alignment=[leg("alignment", "absent")], flips=[leg("flip", "absent")])
    assert with_absent.verdict == plain.verdict
    assert with_absent.needed == plain.needed
    assert "alignment is unknown (too few images)" in with_absent.why


@pytest.mark.parametrize("optional", ["alignment", "flips"])
def test_an_open_optional_witness_leaves_it_undecided_and_says_what_is_needed(optional):
    found = joint_verdict(
        leg("gap", "above"), [leg("lift", "above")], leg("effect", "above"), **{optional: [leg(optional, "open")]}
    )
    assert found.verdict == "undecided"
    assert found.needed.startswith(f"{optional}: about ")


def test_disagreement_with_the_counterfactuals_names_both_sides():
    found = joint_verdict(
        leg("gap", "above"), [leg("lift", "above")], leg("effect", "above"), flips=[leg("flip", "below")]
    )
    assert found.verdict == "undecided"
    assert found.why.startswith(
        "The witnesses disagree: lift and effect speak for reliance, yet flip speaks against it."
    )
    assert found.needed.startswith("look at the counterfactuals")


@pytest.mark.parametrize(
    ("alignment", "flip", "exact", "verdict"),
    [
        (None, "above", True, "unequal and for the wrong reason"),
        (None, "below", True, "unequal, not by this cue"),
        (None, "open", True, "undecided"),
        (None, "above", False, "undecided"),
        ("above", None, False, "undecided"),
        ("above", "above", False, "unequal and for the wrong reason"),
        ("below", "below", False, "unequal, not by this cue"),
        ("above", "below", True, "undecided"),
        ("absent", "above", True, "unequal and for the wrong reason"),
        ("absent", "above", False, "undecided"),
        ("absent", "absent", True, "undecided"),
    ],
)
def test_without_a_region_twins_are_enough_and_anything_else_needs_both_kinds(alignment, flip, exact, verdict):
    found = joint_verdict(
        leg("gap", "above"),
        alignment=[leg("alignment", alignment)] if alignment else [],
        flips=[leg("flip", flip)] if flip else [],
        exact=exact,
    )
    assert found.verdict == verdict
    assert (found.needed is None) is (verdict != "undecided")


def test_what_is_lacking_without_a_region():
    looks = joint_verdict(leg("gap", "above"), alignment=[leg("alignment", "above")])
    assert "--twins" in looks.needed
    assert "--cvae" in looks.needed
    moves = joint_verdict(leg("gap", "above"), flips=[leg("flip", "above")])
    assert "--generator" in moves.needed


def test_alignment_may_stand_for_relevance_maps_that_are_unusable():
    found = joint_verdict(leg("gap", "above"), [], leg("effect", "above"), alignment=[leg("alignment", "above")])
    assert found.verdict == "unequal and for the wrong reason"
