"""Use of a region: both kinds of evidence, on the same side."""

import pytest

from fairaudit.verdict.leg import Leg
from fairaudit.verdict.region import RegionEvidence

LIFT = {"name": "lift", "limit": 1.5}
EFFECT = {"name": "effect", "limit": 0.05}
LIFTS = {"above": Leg(**LIFT, low=2.0, high=3.0), "below": Leg(**LIFT, low=0.5, high=1.0),
         "open": Leg(**LIFT, low=1.0, high=2.0)}  # fmt: skip
EFFECTS = {"above": Leg(**EFFECT, low=0.1, high=0.2), "below": Leg(**EFFECT, low=-0.01, high=0.01),
           "open": Leg(**EFFECT, low=0.0, high=0.1)}  # fmt: skip


@pytest.mark.parametrize(
    ("lift", "effect", "use"),
    [
        ("above", "above", "yes"),
        ("below", "below", "no"),
        ("above", "below", "disagree"),
        ("below", "above", "disagree"),
        ("open", "above", "open"),
        ("below", "open", "open"),
        ("above", None, "open"),
        (None, "below", "open"),
        (None, None, "unknown"),
    ],
)
def test_use_needs_relevance_and_intervention(lift, effect, use):
    evidence = RegionEvidence(
        name="tie", lift=[LIFTS[lift]] if lift else [], effect=EFFECTS[effect] if effect else None
    )
    assert evidence.use == use


def test_methods_that_disagree_are_told():
    evidence = RegionEvidence(name="tie", lift=[LIFTS["above"], LIFTS["below"]], effect=EFFECTS["above"])
    assert evidence.use == "disagree"
    assert "relevance and intervention disagree" in evidence.sentence()


def test_a_region_is_forbidden_only_where_the_user_says_so():
    assert not RegionEvidence(name="tie").forbidden


def test_the_sentence_names_the_region_and_its_evidence():
    evidence = RegionEvidence(name="tie", lift=[LIFTS["below"]], effect=EFFECTS["below"])
    assert evidence.sentence().startswith("The region tie is not used: ")
    assert all(leg.sentence() in evidence.sentence() for leg in evidence.legs)
    assert RegionEvidence(name="tie").sentence() == "Whether the region tie is used was not measured."
