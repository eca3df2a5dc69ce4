import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from fairaudit.report.bars import bars
from fairaudit.report.rows import measured_row
from fairaudit.results.measurement import Measurement

number = st.floats(-100, 100)


def row(value, low=None, high=None, chance=None, maximum=None, metric="m"):
    found = Measurement(audit="a", metric=metric, value=value, low=low, high=high, chance=chance)
    return dataclasses.replace(measured_row(found), maximum=maximum)


@given(st.lists(st.tuples(number, st.floats(0, 5), st.floats(0, 5), number, number), min_size=1, max_size=6))
def test_everything_is_on_the_scale_and_in_order(items):
    rows = [row(v, v - below, v + above, chance, limit) for v, below, above, chance, limit in items]
    for bar, (value, *_, chance, limit) in zip(bars(rows), items, strict=True):
        assert 0 <= bar.left <= bar.point + 0.01 <= bar.left + bar.width + 0.03
        assert bar.left + bar.width <= 100.01
        assert 0 <= bar.limits[0] <= 100
        assert (bar.limits[0] < bar.point) <= (limit < value)
        assert (bar.chance < bar.point) <= (chance < value)


def test_rows_of_one_metric_share_a_scale_and_others_do_not():
    left, right, other = bars([row(0.0), row(1.0), row(500.0, 400.0, 600.0, metric="other")])
    assert left.point < 10 < 90 < right.point
    assert other.point == 50


def test_a_single_value_is_in_the_middle():
    (bar,) = bars([row(0.3)])
    assert (bar.left, bar.width, bar.point) == (50, 0, 50)


def test_no_value_no_bar():
    undefined = Measurement(audit="a", metric="m", value=None, status="undefined", reason="empty")
    assert bars([measured_row(undefined)]) == [None]


def test_where_nothing_was_computed_for_the_images_the_registry_says_what_nothing_to_find_is():
    lift, effect, rate = bars(
        [row(2.0, metric="rrf_lift_absolute"), row(0.2, metric="causal_excess"), row(0.9, metric="tpr")]
    )
    assert lift.chance == effect.chance < 5
    assert lift.point == effect.point > 95
    assert rate.chance is None
    (computed,) = bars([row(2.0, chance=3.0, metric="rrf_lift_absolute")])
    assert computed.chance > computed.point
