"""The table of verdicts, and what is said where the evidence does not decide."""

import itertools

import pytest

from fairaudit.verdict.attribute import AttributeEvidence, one_side
from fairaudit.verdict.joint import joint_verdict, lift_limit
from fairaudit.verdict.leg import Leg
from fairaudit.verdict.region import RegionEvidence

SIDES = {"above": (2.0, 3.0), "below": (0.0, 0.5), "open": (0.5, 2.0), "absent": (None, None)}


def leg(name: str, side: str) -> Leg:
    low, high = SIDES[side]
    return Leg(name=name, low=low, high=high, limit=1.0, reason="too few images" if low is None else None, n=100)


def about(cue="above", swap="above", **more) -> AttributeEvidence:
    return AttributeEvidence(name="tie", cue=[leg("cue", cue)], swap=leg("swap", swap), **more)


def box(lift="above", effect="above", *, forbidden=False) -> RegionEvidence:
    return RegionEvidence(name="front", lift=[leg("lift", lift)], effect=leg("effect", effect), forbidden=forbidden)


DECIDED = {
    ("above", "above", "above"): "unequal and for the wrong reason",
    ("above", "below", "below"): "unequal, not by this cue",
    ("below", "above", "above"): "spurious but equal",
    ("below", "below", "below"): "no evidence",
}


@pytest.mark.parametrize("sides", list(itertools.product(SIDES, SIDES, SIDES)), ids="-".join)
def test_outcome_and_both_witnesses_of_the_attribute(sides):
    outcome, cue, swap = sides
    found = joint_verdict(leg("gap", outcome), about(cue, swap), box())
    assert found.verdict == DECIDED.get(sides, "undecided")
    assert (found.needed is None) is (found.verdict != "undecided")
    for name in ("gap", "cue", "swap", "lift", "effect"):
        assert name in found.why
    assert found.region_used == "yes"


@pytest.mark.parametrize("outcome", ["above", "below"])
@pytest.mark.parametrize("use", list(itertools.product(SIDES, SIDES)), ids="-".join)
def test_use_of_the_region_alone_never_accuses(outcome, use):
    found = joint_verdict(leg("gap", outcome), about("below", "below"), box(*use))
    assert found.verdict == {"above": "unequal, not by this cue", "below": "no evidence"}[outcome]


@pytest.mark.parametrize("outcome", ["above", "below"])
@pytest.mark.parametrize("use", list(itertools.product(SIDES, SIDES)), ids="-".join)
def test_a_forbidden_region_accuses_by_its_use(outcome, use):
    found = joint_verdict(leg("gap", outcome), about("below", "below"), box(*use, forbidden=True))
    accused = {"above": "unequal and for the wrong reason", "below": "spurious but equal"}[outcome]
    cleared = {"above": "unequal, not by this cue", "below": "no evidence"}[outcome]
    expected = {("above", "above"): accused, ("below", "below"): cleared}
    assert found.verdict == expected.get(use, "undecided")
    if use == ("above", "above"):
        assert "You declared that nothing in front may matter" in found.why
    assert (found.needed is None) is (found.verdict != "undecided")


@pytest.mark.parametrize("sides", list(itertools.product(("open", "below", "absent"), repeat=2)), ids="-".join)
def test_a_region_that_is_not_used_clears(sides):
    found = joint_verdict(leg("gap", "below"), about(*sides), box("below", "below"))
    assert (found.verdict, found.region_used) == ("no evidence", "no")
    assert "cannot use tie there" in found.why


@pytest.mark.parametrize("sides", [("above", "open"), ("open", "above"), ("above", "below"), ("below", "above")])
def test_a_region_that_is_not_used_does_not_clear_against_a_witness(sides):
    found = joint_verdict(leg("gap", "below"), about(*sides), box("below", "below"))
    assert found.verdict == "undecided"
    assert found.needed


def test_without_witnesses_only_the_outcome_is_judged():
    nothing = AttributeEvidence(name="tie")
    verdicts = {side: joint_verdict(leg("gap", side), nothing).verdict for side in SIDES}
    assert verdicts == {
        "above": "unequal outcome",
        "below": "no evidence",
        "open": "undecided",
        "absent": "undecided",
    }


@pytest.mark.parametrize(("flip", "used"), [("above", "yes"), ("below", "disagree"), ("open", "open")])
def test_flips_outrank_the_swap(flip, used):
    found = joint_verdict(leg("gap", "above"), about("above", "below", flips=[leg("flip", flip)], exact=True))
    assert found.attribute_used == used


def test_flips_that_were_not_measured_leave_it_to_the_swap():
    found = joint_verdict(leg("gap", "above"), about(flips=[leg("flip", "absent")]))
    assert found.verdict == "unequal and for the wrong reason"
    assert "flip is unknown (too few images)" in found.why


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
    evidence = AttributeEvidence(
        name="tie",
        alignment=[leg("alignment", alignment)] if alignment else [],
        flips=[leg("flip", flip)] if flip else [],
        exact=exact,
    )
    found = joint_verdict(leg("gap", "above"), evidence)
    assert found.verdict == verdict
    assert (found.needed is None) is (verdict != "undecided")


def test_what_is_lacking_without_a_region():
    looks = AttributeEvidence(name="tie", alignment=[leg("alignment", "above")])
    assert "--twins" in (joint_verdict(leg("gap", "above"), looks).needed or "")
    moves = AttributeEvidence(name="tie", flips=[leg("flip", "above")])
    assert "--generator" in (joint_verdict(leg("gap", "above"), moves).needed or "")


def test_content_that_moves_scores_only_out_of_its_surroundings_accuses_nobody():
    found = joint_verdict(leg("gap", "below"), about(gap=leg("score gap", "below")))
    assert found.verdict == "undecided"
    assert "does not fit the rest of the image" in found.why
    assert "--twins" in found.needed
    for side in ("open", "absent"):
        found = joint_verdict(leg("gap", "below"), about(gap=leg("score gap", side)))
        assert (found.verdict, "score gap" in found.needed) == ("undecided", True)
    assert joint_verdict(leg("gap", "below"), about(gap=leg("score gap", "above"))).verdict == "spurious but equal"
    flipped = about(gap=leg("score gap", "below"), flips=[leg("flip", "above")])
    assert joint_verdict(leg("gap", "below"), flipped).verdict == "spurious but equal"


def with_methods(*sides, swap="above", region=None):
    cue = [leg(f"cue {number}", side) for number, side in enumerate(sides)]
    return joint_verdict(leg("gap", "above"), AttributeEvidence(name="tie", cue=cue, swap=leg("swap", swap)), region)


def test_where_methods_disagree_the_intervention_decides_and_an_open_one_does_not():
    for sides in (("above", "below"), ("below", "above", "open")):
        found = with_methods(*sides)
        assert found.verdict == "unequal and for the wrong reason"
        above, below = sides.index("above"), sides.index("below")
        assert f"cue {above} speaks for its use, but cue {below} speaks against it), so swap decides" in found.why
        assert with_methods(*sides, swap="below").verdict == "unequal, not by this cue"
        assert with_methods(*sides, swap="below", region=box("below", "below")).attribute_used == "no"
    for swap in ("open", "absent"):
        split = with_methods("above", "below", swap=swap)
        assert (split.verdict, split.attribute_used) == ("undecided", "disagree")
        assert "cue 0 speaks for its use, but cue 1 speaks against it" in split.why
        assert split.needed.startswith("swap: ")
    assert with_methods("above", "open").verdict == "unequal and for the wrong reason"
    assert "decides" not in with_methods("above", "open").why
    assert with_methods("open", "open").verdict == "undecided"
    assert one_side([leg("a", "open"), leg("b", "absent")]) == "open"


def test_methods_that_disagree_accuse_nobody_whose_whole_images_do_not_differ():
    cue = [leg("cue 0", "above"), leg("cue 1", "below")]
    evidence = AttributeEvidence(name="tie", cue=cue, swap=leg("swap", "above"), gap=leg("score gap", "below"))
    found = joint_verdict(leg("gap", "below"), evidence)
    assert found.verdict == "undecided"
    assert found.needed


def test_what_is_needed_says_how_many_images_and_which_witness():
    # half-width 0.75 around 1.25, 0.25 from the limit: 9 times the images bring the half-width to 0.25.
    found = joint_verdict(leg("gap", "open"), about("above", "open"))
    assert found.needed == (
        "gap: about 900 images instead of 100 are likely to decide it; "
        "swap: about 900 images instead of 100 are likely to decide it"
    )
    assert "too wide to decide: swap" in found.why
    on_limit = Leg(name="gap", low=0.5, high=1.5, limit=1.0, n=100)
    assert joint_verdict(on_limit, AttributeEvidence(name="tie")).needed == "gap: more images are needed"


def test_the_limit_itself_is_allowed():
    nothing = AttributeEvidence(name="tie")
    on = Leg(name="gap", low=0.5, high=1.0, limit=1.0)
    assert joint_verdict(on, nothing).verdict == "no evidence"
    touching = Leg(name="gap", low=1.0, high=1.5, limit=1.0)
    assert joint_verdict(touching, nothing).verdict == "undecided"


@pytest.mark.parametrize("area", [0.05, 0.3, 0.5, 0.6, 0.8, 0.95])
def test_lift_limit_can_be_reached_by_any_region(area):
    assert 1 < lift_limit(1.5, area) < 1 / area
    if area > 0.5:  # mean inside over mean outside is 1.5 at this lift
        share = lift_limit(1.5, area) * area
        assert (share / area) / ((1 - share) / (1 - area)) == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("outcome", "told"), [("absent", "The outcome is missing."), ("open", "is too wide to decide.")]
)
@pytest.mark.parametrize("sides", ["above", "below"])
def test_what_the_outcome_lacks_is_told_where_the_use_is_known(outcome, told, sides):
    found = joint_verdict(leg("gap", outcome), about(sides, sides), box(sides, sides))
    assert told in found.why
    assert found.needed == leg("gap", outcome).needed()
