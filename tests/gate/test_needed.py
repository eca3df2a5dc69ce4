import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.gate.evidence import Limits
from fairaudit.gate.needed import by_cells, growth, needed, scarce_cell
from fairaudit.measures.intervals.simultaneous import difference_interval
from fairaudit.results.measurement import Measurement

LIMIT = Limits(minimum=None, maximum=0.1)


def measurement(value=0.08, n=400, **extra):
    return Measurement(audit="fairness", metric="m", value=value, n=n, extra=extra)


@pytest.mark.parametrize(
    ("value", "low", "high", "limits", "expected"),
    [
        (0.08, 0.04, 0.12, LIMIT, 7.761),  # one error away: it must become 0.36 of itself
        (0.12, 0.08, 0.16, LIMIT, 7.761),  # the other side of the limit
        (0.85, 0.75, 0.95, Limits(minimum=0.8, maximum=None), 7.761),
        (0.75, 0.65, 0.85, Limits(minimum=0.8, maximum=None), 7.761),
        (0.5, 0.1, 0.9, Limits(minimum=0.3, maximum=0.9), 7.761),  # the nearer limit costs more
        (0.1, 0.05, 0.15, LIMIT, math.inf),
        (0.05, 0.04, 0.06, LIMIT, 1.0),
    ],
)
def test_growth_by_hand(value, low, high, limits, expected):
    assert growth(value, low, high, limits) == pytest.approx(expected, rel=1e-3)


@given(value=st.floats(0.0, 0.3), error=st.floats(0.01, 0.1))
def test_with_that_many_images_the_interval_is_on_one_side(value, error):
    half = 1.96 * error
    factor = growth(value, value - half, value + half, LIMIT)
    if math.isfinite(factor):
        shrunk = half / np.sqrt(factor * (1 + 1e-9))
        assert value + shrunk <= 0.1 + 1e-12 or value - shrunk >= 0.1 - 1e-12


def test_the_sentence_names_the_images_and_the_cell():
    assert needed(measurement(), 0.04, 0.12, LIMIT) == (
        "About 2,705 more images (400 now) would decide it in about four of five cases."
    )
    assert "images (400 now), above all of the cell necktie=1 & smiling=0, would decide it" in needed(
        measurement(smallest_cell="necktie=1 & smiling=0"), 0.04, 0.12, LIMIT
    )
    assert needed(measurement(n=None), 0.04, 0.12, LIMIT).startswith("About 7.8 times as many images")


def test_weighted_images_are_counted_and_their_weights_are_not():
    told = needed(measurement(smallest_cell="necktie=1", weighted=True), 0.04, 0.12, LIMIT)
    assert (
        told == "About 2,705 more images (400 now), weighted as these are, would decide it in about four of five cases."
    )


def test_an_estimate_at_the_limit_needs_more_than_anyone_has():
    assert "no number of images" in needed(measurement(0.1), 0.05, 0.15, LIMIT)
    assert "no number of images" in needed(measurement(0.0999), 0.05, 0.15, LIMIT)


PAIRS = {
    "rate": "tpr", "highest": "a", "highest_n": 90.0, "lowest": "b", "lowest_n": 1200.0,
    "limiting_rate": "fpr", "limiting_highest": "c", "limiting_highest_n": 700.0, "limiting_lowest": "d",
    "limiting_lowest_n": 60.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "inside", "expected"),
    [
        (PAIRS, False, "group a whose label is the class (90 now)"),
        (PAIRS, True, "group d whose label is not the class (60 now)"),
        ({**PAIRS, "smallest_cell": "x & y"}, True, "the cell x & y"),
        ({k: v for k, v in PAIRS.items() if k != "limiting_lowest_n"}, True, None),  # too small to print
        ({k: v for k, v in PAIRS.items() if k != "rate"}, False, "group a (90 now)"),
        ({}, True, None),
    ],
)
def test_the_scarce_cell_is_the_smaller_one_of_the_pair_that_counts(facts, inside, expected):
    assert scarce_cell(measurement(**facts), inside=inside) == expected


def gap(value, low, high, **facts):
    return Measurement(
        audit="fairness", metric="equalized_odds_difference", value=value, low=low, high=high, level=0.95, n=600,
        interval="max-t", extra=facts,
    )  # fmt: skip


def pair(prefix, high_rate, high_n, low_rate, low_n):
    values = {"highest": "a", "highest_value": high_rate, "highest_n": high_n, "rate": "tpr", "class": "1"}
    values |= {"lowest": "b", "lowest_value": low_rate, "lowest_n": low_n}
    return {f"{prefix}{name}": value for name, value in values.items()}


def test_with_as_many_images_as_a_gap_is_said_to_need_it_passes():
    """Groups of 400 and 90 with rates .93 and .88: the interval of the enlarged table is computed once more."""
    facts = pair("limiting_", 0.93, 400.0, 0.88, 90.0) | {"groups_compared": 2, "rates_compared": 1}
    low, high = ends(400, 90)
    text = needed(gap(0.05, low, high, **facts), low, high, LIMIT)
    more = int(text.split("About ")[1].split(" ")[0].replace(",", ""))
    assert f"more images of group b whose label is 1 (90 now, {90 + more} then) would decide it" in text
    assert ends(400, 90)[1] > 0.1
    assert ends(400, 90 + more)[1] < 0.1
    assert ends(400, 90 + more // 4)[1] > 0.1


def test_only_the_upper_limit_of_a_gap_with_simultaneous_ends_is_decided_by_its_cells():
    facts = pair("limiting_", 0.93, 400.0, 0.88, 90.0) | {"groups_compared": 2, "rates_compared": 1}
    low, high = ends(400, 90)
    one = gap(0.05, low, high, **facts)
    assert by_cells(one, high, LIMIT, ()) is not None
    for limits in (Limits(minimum=0.02, maximum=None), Limits(minimum=0.02, maximum=0.1)):
        assert by_cells(one, high, limits, ()) is None
    for change in ({"interval": "bootstrap"}, {"metric": "equalized_odds_ratio"}, {"extra": {}}):
        assert by_cells(one.model_copy(update=change), high, LIMIT, ()) is None
    unknown = one.model_copy(update={"value": None, "status": "undefined"})
    assert by_cells(unknown, high, LIMIT, ()) is None


def ends(first, second):
    found = difference_interval([[0.93 * first, 0.88 * second]], [[first, second]], level=0.95)
    return found.low, found.high


def test_a_gap_among_many_needs_more_than_that_of_two_groups():
    facts = pair("", 0.93, 60.0, 0.63, 60.0) | {"groups_compared": 2, "rates_compared": 1}
    two = needed(gap(0.3, 0.0, 0.6, **facts), 0.0, 0.6, LIMIT)
    text = needed(gap(0.3, 0.0, 0.6, **facts | {"groups_compared": 8, "rates_compared": 2}), 0.0, 0.6, LIMIT)
    fewer, more = (int(said.split("About ")[1].split(" ")[0].replace(",", "")) for said in (two, text))
    assert more > fewer
    assert f"(60 now, {60 + more:,} then) would decide it in about four of five cases, provided that each" in text
    assert text.endswith(f"each group then has at least {60 + more:,} images of each label.")


def test_several_rules_share_the_level_and_need_more():
    facts = pair("limiting_", 0.93, 400.0, 0.88, 90.0) | {"groups_compared": 2, "rates_compared": 1}
    one = gap(0.05, 0.0, 0.14, **facts)
    alone, shared = (needed(one, 0.0, high, LIMIT) for high in (0.14, 0.16))
    counts = [int(text.split("About ")[1].split(" ")[0].replace(",", "")) for text in (alone, shared)]
    assert counts[1] > counts[0]


def rates(*hits, metric="tpr", class_="1", size=100.0):
    """Rows of the groups of an attribute."""
    return [
        Measurement(
            audit="fairness", metric=metric, attribute="kind", group=str(place), value=x / size, **{"class": class_},
            numerator=x, denominator=size,
        )
        for place, x in enumerate(hits)
    ]  # fmt: skip


def several(value, high_rate, low_rate, groups, **facts):
    """A gap of one rate between groups, found farthest apart and leaving most room in the same pair."""
    facts = facts | {"groups_compared": groups, "rates_compared": 1}
    for prefix in ("", "limiting_"):
        facts |= pair(prefix, high_rate, 100.0, low_rate, 100.0)
        facts |= {f"{prefix}highest": "0", f"{prefix}lowest": "1", f"{prefix}class": "1"}
    return Measurement(
        audit="fairness", metric="equal_opportunity_difference", attribute="kind", value=value, low=0.0, high=0.2,
        level=0.95, n=800, interval="max-t", extra=facts,
    )  # fmt: skip


def test_groups_that_are_all_alike_need_fewer_than_the_two_farthest_apart_say():
    """Of eight groups of .9 the farthest two are .07 apart by chance."""
    found = several(0.07, 0.93, 0.86, 8)
    rows = rates(93, 86, 90, 91, 89, 90, 88, 91)
    alone, all_ = (needed(found, 0.0, 0.2, LIMIT, rows=given) for given in ((), rows))
    more = [int(text.split("About ")[1].split(" ")[0].replace(",", "")) for text in (alone, all_)]
    assert more[1] < more[0]
    assert "provided that every other group compared then has at least" in all_


@pytest.mark.parametrize("rows", [
    rates(93, 86, 90)[:2],  # a row was left out
    [*rates(93, 86), *rates(90, 91, 92, class_="2")],  # of another class too
    rates(93, 86, 90, metric="fpr"),
])  # fmt: skip
def test_rows_that_do_not_show_all_groups_are_not_used(rows):
    found = several(0.07, 0.93, 0.86, 3)
    assert needed(found, 0.0, 0.2, LIMIT, rows=rows) == needed(found, 0.0, 0.2, LIMIT)


def test_a_gap_that_is_as_large_as_gaps_get_is_told_too():
    """Three right of three and none of three: no interval reaches beyond 1, so that its end tells no level."""
    facts = pair("", 1.0, 3.0, 0.0, 3.0) | {"groups_compared": 2, "rates_compared": 1}
    text = needed(gap(1.0, 0.0, 1.0, **facts), 0.0, 1.0, LIMIT)
    assert re.search(r"more images of group [ab] whose label is 1 \(3 now", text)


def test_a_pair_that_is_not_told_leaves_the_rule_of_the_root():
    text = needed(gap(0.08, 0.04, 0.12), 0.04, 0.12, LIMIT)
    assert text.startswith("About 4,057 more images (600 now)")


def test_images_that_are_worth_less_are_needed_in_larger_numbers():
    """Ten images of a person that are worth two: five times as many as of independent ones."""
    facts = {"rate": "tpr", "highest": "a", "lowest": "b", "limiting_rate": "tpr"}
    facts |= {"limiting_highest": "a", "limiting_lowest": "b"}
    facts |= {"limiting_highest_value": 0.93, "limiting_lowest_value": 0.88}
    told = []
    for scale, worth in ((1, {}), (5, {"limiting_highest_worth": 400.0, "limiting_lowest_worth": 90.0})):
        sizes = {"limiting_highest_n": 400 * scale, "limiting_lowest_n": 90 * scale}
        found = Measurement(
            audit="fairness", metric="equal_opportunity_difference", value=0.05, low=0.0, high=0.14, level=0.95,
            interval="max-t", extra={**facts, **sizes, **worth},
        )  # fmt: skip
        told.append(needed(found, 0.0, 0.14, LIMIT))
    found = [re.match(r"About ([\d,]+) more images of group b .*\(([\d,]+) now, ([\d,]+) then", text) for text in told]
    (more, now, then), (five, now_five, then_five) = ([int(n.replace(",", "")) for n in one.groups()] for one in found)
    assert (now, then) == (90, 90 + more)
    assert (now_five, then_five) == (450, 450 + five)
    assert five == pytest.approx(5 * more, abs=5)


@pytest.mark.parametrize("kind", ["wilson", "max-t", "bootstrap"])
@pytest.mark.parametrize(
    ("value", "low", "high", "limits", "advice"),
    [
        (0.0, 0.0, 0.278, Limits(minimum=None, maximum=0.0), "exactly 0, because the next one may differ: .* above 0"),
        (1.0, 0.374, 1.0, Limits(minimum=1.0, maximum=None), "exactly 1, because the next one may differ: .* below 1"),
    ],
)
def test_a_limit_that_no_number_of_images_can_show_is_named(kind, value, low, high, limits, advice):
    found = measurement(value).model_copy(update={"low": low, "high": high, "level": 0.95, "interval": kind})
    assert re.search(advice, needed(found, low, high, limits))
    assert "more images" in needed(found, low, high, Limits(minimum=limits.minimum and 0.9, maximum=0.1))


def test_an_interval_of_no_width_asks_for_images_that_differ():
    found = measurement(0.0).model_copy(update={"low": 0.0, "high": 0.0})
    assert "All images that it rests on give the same result" in needed(found, 0.0, 0.0, LIMIT)


def test_where_no_number_can_be_named_the_smallest_cell_is():
    """Two groups of two: the value is far from the limit, and its uncertainty is larger still."""
    facts = pair("", 1.0, 2.0, 0.0, 2.0) | {"groups_compared": 2, "rates_compared": 1}
    text = needed(gap(1.0, 0.0, 1.0, **facts), 0.0, 1.0, LIMIT)
    assert text.startswith("At its distance from the limit the estimate is too uncertain")
    assert text.endswith("The fewest are of group a whose label is 1 (2 now).")
