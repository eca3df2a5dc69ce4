import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fairaudit.gate.evidence import Limits, evidence, wilson, z
from fairaudit.results.measurement import Measurement

finite = st.floats(-5, 5, allow_nan=False)


def measure(value=0.5, low=0.4, high=0.7, level=0.95, **fields):
    return Measurement(audit="fairness", metric="m", value=value, low=low, high=high, level=level, **fields)


def rate(k, n, level=0.95):
    low, high = wilson(k, n, z((1 - level) / 2))
    return measure(value=k / n, low=low, high=high, level=level, interval="wilson", numerator=k, denominator=n)


@given(k=st.integers(0, 300), more=st.integers(0, 300), tail=st.floats(1e-6, 0.2))
def test_wilson_is_scipys(k, more, tail):
    n = k + more + 1
    reference = stats.binomtest(k, n).proportion_ci(confidence_level=1 - 2 * tail, method="wilson")
    assert wilson(k, n, z(tail)) == pytest.approx((reference.low, reference.high), abs=1e-9)


def test_the_stored_interval_comes_back_at_its_own_level():
    found = evidence(measure())
    assert (found.lower(found.tail), found.upper(found.tail)) == pytest.approx((0.4, 0.7))


@given(tail=st.floats(1e-5, 0.3), side=st.floats(0.01, 2), value=finite)
def test_a_normal_interval_at_another_level_is_exact(tail, side, value):
    found = evidence(measure(value=value, low=value - side, high=value + side))
    error = side / stats.norm.isf(0.025)
    assert found.lower(tail) == pytest.approx(stats.norm.isf(1 - tail, value, error), abs=1e-6)
    assert found.upper(tail) == pytest.approx(stats.norm.isf(tail, value, error), abs=1e-6)


@given(k=st.integers(1, 99), maximum=st.floats(0.02, 0.98))
def test_a_rates_p_value_is_that_of_the_binomial_test(k, maximum):
    found, limits = evidence(rate(k, 100)), Limits(minimum=None, maximum=maximum)
    assert found.p_inside(limits) == pytest.approx(stats.binom.cdf(k, 100, maximum), abs=1e-9)
    assert found.p_outside(limits) == pytest.approx(stats.binom.sf(k - 1, 100, maximum), abs=1e-9)


@given(
    value=finite,
    below=st.floats(0.01, 3),
    above=st.floats(0.01, 3),
    ends=st.tuples(finite, finite).map(sorted),
    tail=st.floats(1e-4, 0.2),
    sides=st.sampled_from(["max", "min", "both"]),
)
def test_p_values_and_intervals_agree_at_every_level(value, below, above, ends, tail, sides):
    minimum = ends[0] if sides != "max" else None
    maximum = ends[1] if sides != "min" else None
    found, limits = evidence(measure(value, value - below, value + above)), Limits(minimum=minimum, maximum=maximum)
    low, high = found.lower(tail), found.upper(tail)
    inside = (maximum is None or high <= maximum) and (minimum is None or low >= minimum)
    outside = (maximum is not None and low > maximum) or (minimum is not None and high < minimum)
    assert not (inside and outside)
    close = 1e-9
    assert inside == (found.p_inside(limits) <= tail) or abs(found.p_inside(limits) - tail) < close
    assert outside == (found.p_outside(limits) < tail) or abs(found.p_outside(limits) - tail) < close


@given(k=st.integers(0, 100), tail=st.floats(1e-5, 0.3))
def test_a_rate_at_another_level_has_the_ends_of_clopper_and_pearson(k, tail):
    found = evidence(rate(k, 100))
    exact = stats.binomtest(k, 100).proportion_ci(confidence_level=1 - 2 * tail, method="exact")
    assert (found.lower(tail), found.upper(tail)) == pytest.approx((exact.low, exact.high), abs=1e-8)


@given(size=st.floats(2, 400), share=st.floats(0.01, 0.99))
def test_what_weighted_images_are_worth_comes_back_from_their_interval(size, share):
    low, high = wilson(share * size, size, z(0.025))
    found = evidence(measure(value=share, low=low, high=high, interval="wilson"))
    assert found.counts == pytest.approx((share * size, size), rel=1e-4)


@given(tails=st.tuples(st.floats(1e-6, 0.3), st.floats(1e-6, 0.3)).map(sorted), k=st.integers(0, 50))
def test_surer_intervals_are_wider(tails, k):
    for found in (evidence(rate(k, 50)), evidence(measure())):
        assert found.lower(tails[0]) <= found.lower(tails[1]) + 1e-12
        assert found.upper(tails[0]) >= found.upper(tails[1]) - 1e-12


def test_an_estimate_outside_its_interval_is_judged_from_the_middle():
    found = evidence(measure(value=0.9, low=0.2, high=0.6))
    assert (found.centre, found.below, found.above) == pytest.approx((0.4, 0.2, 0.2))
    missing = evidence(measure(value=None, low=0.2, high=0.6, status="undefined", reason="one group has no positives"))
    assert missing == found


@pytest.mark.parametrize("maximum", [0.1, 0.2, 0.3])
def test_an_interval_of_no_width_decides_nothing(maximum):
    found, limits = evidence(measure(0.2, 0.2, 0.2)), Limits(minimum=None, maximum=maximum)
    assert (found.p_inside(limits), found.p_outside(limits)) == (1, 1)


@pytest.mark.parametrize(
    ("k", "minimum", "maximum", "inside", "outside"),
    [
        (0, None, 0.0, 1, 1),  # none of ten: the interval [0, 0.278] is not at most 0
        (1, None, 0.0, 1, 0),  # one of ten: the rate cannot be 0
        (10, 1.0, None, 1, 1),
        (9, 1.0, None, 1, 0),
        (0, None, -0.1, 1, 0),
        (10, None, 1.0, 0, 1),  # limits that allow every rate
        (3, None, 1.0, 0, 1),
        (0, 0.0, None, 0, 1),
        (3, 0.0, 1.0, 0, 1),
        (0, 0.0, 0.0, 1, 1),
    ],
)
def test_limits_at_the_ends_of_a_rates_range(k, minimum, maximum, inside, outside):
    found, limits = evidence(rate(k, 10)), Limits(minimum=minimum, maximum=maximum)
    assert (found.p_inside(limits), found.p_outside(limits)) == (inside, outside)
    # The same as what the interval itself says, at any level.
    for tail in (0.025, 1e-4):
        low, high = found.lower(tail), found.upper(tail)
        kept = (maximum is None or high <= maximum) and (minimum is None or low >= minimum)
        assert kept == (inside <= tail)


@pytest.mark.parametrize(("value", "low", "high", "minimum", "maximum"), [(0, 0, 0.3, None, 0), (1, 0.7, 1, 1, None)])
def test_other_intervals_do_not_prove_an_exact_limit_either(value, low, high, minimum, maximum):
    found = evidence(measure(value, low, high, interval="max-t"))
    assert found.p_inside(Limits(minimum=minimum, maximum=maximum)) == 0.5


def test_an_effect_of_0_on_every_image_keeps_to_a_limit():
    effect = Measurement(audit="counterfactual", metric="m", value=0.0, low=0.0, high=0.0, level=0.95)
    assert evidence(effect).p_inside(Limits(minimum=None, maximum=0.1)) == 0


def test_counts_that_do_not_give_the_interval_are_not_used():
    honest = rate(30, 100)
    clustered = honest.model_copy(update={"low": honest.low - 0.05, "high": honest.high + 0.05})
    assert evidence(honest).counts == (30, 100)
    assert evidence(clustered).counts is None
    assert evidence(clustered).upper(0.025) == pytest.approx(clustered.high)


@pytest.mark.parametrize("missing", [{"low": None}, {"high": None}, {"level": None}])
def test_without_an_interval_there_is_no_evidence(missing):
    assert evidence(measure(**missing)) is None


@pytest.mark.parametrize(
    ("value", "expected"), [(0.1, True), (0.10001, False), (0.05, True), (0.0, True), (-0.0001, False)]
)
def test_the_limits_themselves_are_allowed(value, expected):
    assert Limits(minimum=0.0, maximum=0.1).allow(value) is expected


def test_an_interval_at_another_level_keeps_to_the_range_of_its_metric():
    """Scaled to the level that several rules share, a gap of up to .95 would reach 1.09."""
    gap = evidence(measure(0.0, 0.0, 0.95).model_copy(update={"metric": "equalized_odds_difference"}))
    assert gap is not None
    assert (gap.lower(0.001), gap.upper(0.001)) == (0.0, 1.0)
    assert gap.p_inside(Limits(minimum=None, maximum=1.0)) == 0.0
    assert gap.p_inside(Limits(minimum=None, maximum=0.99)) > 0.01
    change = evidence(measure(-0.5, -0.9, 0.0).model_copy(update={"metric": "accuracy_change"}))
    assert change is not None
    assert change.lower(0.001) == -1.0
    unknown = evidence(measure(0.5, 0.0, 0.95))
    assert unknown is not None
    assert unknown.upper(0.001) > 1
