"""Use of an attribute: a witness of what the model looks at and one of what moves it."""

import pytest

from fairaudit.verdict.attribute import AttributeEvidence, one_side
from fairaudit.verdict.leg import Leg

ENDS = {"above": (0.3, 0.4), "below": (0.0, 0.01), "open": (0.0, 0.2)}


def leg(side, name="witness"):
    low, high = ENDS[side]
    return Leg(name=name, low=low, high=high, limit=0.05)


@pytest.mark.parametrize("looks", ENDS)
@pytest.mark.parametrize("moves", ENDS)
def test_use_needs_both_kinds_on_one_side(looks, moves):
    found = AttributeEvidence(name="tie", cue=[leg(looks)], swap=leg(moves))
    if "open" in (looks, moves):
        assert found.use == "open"
    elif looks == moves:
        assert found.use == {"above": "yes", "below": "no"}[looks]
    else:
        assert found.use == "disagree"


def test_flips_outrank_the_swap():
    found = AttributeEvidence(name="tie", cue=[leg("above")], swap=leg("below"), flips=[leg("above")])
    assert found.moving == list(found.flips)
    assert found.use == "yes"


def test_exact_twins_alone_decide_and_other_flips_do_not():
    assert AttributeEvidence(name="tie", flips=[leg("above")], exact=True).use == "yes"
    assert AttributeEvidence(name="tie", flips=[leg("below")], exact=True).use == "no"
    assert AttributeEvidence(name="tie", flips=[leg("above")]).use == "open"


def test_a_swap_that_whole_images_do_not_show_stays_open():
    found = AttributeEvidence(name="tie", cue=[leg("above")], swap=leg("above"), gap=leg("below"))
    assert found.mismatch
    assert found.use == "open"
    assert "whole images of these groups do not differ" in found.explained()[0]
    assert not AttributeEvidence(name="tie", cue=[leg("above")], swap=leg("above"), gap=leg("above")).mismatch


@pytest.mark.parametrize("looks", ENDS)
def test_a_swap_that_moves_images_in_both_directions_clears_nothing(looks):
    """Content of other groups that turns many decisions, half of them each way, has no effect in one direction."""
    found = AttributeEvidence(
        name="tie", cue=[leg(looks)], swap=leg("below"), spread=[leg("open", "scores"), leg("above", "decisions")]
    )
    assert found.both_ways
    assert found.use == "open"
    assert "no score in one direction by more than its limit, but decisions 0.3 to 0.4 is above" in found.explained()[0]
    flips = [leg("below", "flips")]
    twins = AttributeEvidence(name="tie", cue=found.cue, swap=found.swap, spread=found.spread, flips=flips)
    assert not twins.both_ways  # they flip the attribute and nothing else
    assert not AttributeEvidence(name="tie", cue=[leg(looks)], swap=leg("above"), spread=[leg("above")]).both_ways


@pytest.mark.parametrize("side", ENDS)
def test_where_methods_part_a_swap_clears_only_if_it_moves_images_in_no_direction(side):
    cue = [leg("above", "lrp"), leg("below", "gradcam")]
    found = AttributeEvidence(name="tie", cue=cue, swap=leg("below"), spread=[leg(side)])
    assert found.use == {"below": "no", "open": "disagree", "above": "open"}[side]
    if side == "open":
        why, needed = found.explained()
        assert "lrp speaks for its use" in why
        assert needed == "witness: more images are needed"  # of the spread; the swap itself is decided
    both = AttributeEvidence(name="tie", cue=cue, swap=leg("above"), gap=leg("above"), spread=[leg(side)])
    assert both.use == "yes"


def test_nothing_measured_is_unknown_and_methods_that_part_disagree():
    assert AttributeEvidence(name="tie").use == "unknown"
    cue = [leg("above", "lrp"), leg("below", "gradcam")]
    found = AttributeEvidence(name="tie", cue=cue, swap=leg("above"), gap=leg("above"))
    assert one_side(found.cue) == "split"
    assert (found.use, AttributeEvidence(name="tie", cue=cue, swap=leg("below")).use) == ("yes", "no")
    assert "disagree (lrp speaks for its use, but gradcam speaks against it)" in (found.parted or "")
    found = AttributeEvidence(name="tie", cue=cue, swap=leg("open"))
    assert found.use == "disagree"
    assert "lrp speaks for its use, but gradcam speaks against it" in found.explained()[0]


def test_a_missing_witness_is_asked_for():
    assert "exact twins" in AttributeEvidence(name="tie", cue=[leg("above")]).explained()[1]
    assert AttributeEvidence(name="tie", swap=leg("above")).explained()[1] == "relevance maps from a usable method"
