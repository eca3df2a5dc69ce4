"""Measurements of per-image columns: the right rows, numbers, intervals, chance, p values and reasons."""

import numpy as np
import pytest
from scipy import stats

from fairaudit.measures.images.contrast_ends import contrast_ends
from fairaudit.measures.images.means import Labels, table
from fairaudit.measures.intervals.proportion import wilson
from fairaudit.tables.reasons.regions import region_measurements
from fairaudit.tables.specs import ImageSpec
from fairaudit.tables.statistics import Statistics


def scene(seed: int = 0, n: int = 200, gap: float = 0.0):
    generator = np.random.default_rng(seed)
    group = Labels(name="necktie", values=("0", "1"), codes=generator.integers(0, 2, n))
    target = Labels(name="smiling", values=("0", "1"), codes=generator.integers(0, 2, n))
    values = generator.normal(1.0, 0.2, n) + gap * group.codes
    return values, group, target


def by_id(measurements):
    table = {measurement.id: measurement for measurement in measurements}
    assert len(table) == len(measurements)
    return table


QUESTION = ImageSpec(
    region="tie", method="lrp", statistics=Statistics(replicates=1000, seed=3), extra={"convention": "positive"}
)
ROW = "roi-metrics/rrf_lift"
END = "region=tie/method=lrp"


def test_rows_without_a_group_are_overall_and_per_class():
    values, _, target = scene()
    found = by_id(region_measurements({"rrf_lift": values}, QUESTION, target=target))
    assert set(found) == {f"{ROW}/{END}", f"{ROW}/class=0/{END}", f"{ROW}/class=1/{END}"}
    overall = found[f"{ROW}/{END}"]
    assert overall.value == pytest.approx(values.mean())
    assert overall.n == 200
    assert (overall.interval, overall.unit, overall.level) == ("bootstrap", "image", 0.95)
    error = values.std(ddof=1) / np.sqrt(200)
    assert overall.low == pytest.approx(values.mean() - 1.97 * error, abs=0.3 * error)
    assert overall.high == pytest.approx(values.mean() + 1.97 * error, abs=0.3 * error)
    assert overall.better == "lower"
    assert overall.extra == {"convention": "positive"}


def test_rows_with_a_group_are_groups_cells_and_contrasts():
    values, group, target = scene(gap=0.5)
    found = by_id(region_measurements({"rrf_lift": values}, QUESTION, group=group, target=target))
    assert len(found) == 2 + 4 + 2 + 4
    cell = (group.codes == 1) & (target.codes == 0)
    assert found[f"{ROW}/attribute=necktie/group=1/class=0/{END}"].value == pytest.approx(values[cell].mean())
    assert found[f"{ROW}/attribute=necktie/group=1/class=0/{END}"].n == cell.sum()
    contrast = found[f"{ROW}_contrast/attribute=necktie/group=1/class=0/{END}"]
    other = (group.codes == 0) & (target.codes == 0)
    assert contrast.value == pytest.approx(values[cell].mean() - values[other].mean())
    assert contrast.n == min(cell.sum(), other.sum())
    welch = stats.ttest_ind(values[cell], values[other], equal_var=False).confidence_interval()
    assert (contrast.low, contrast.high) == (pytest.approx(welch.low, abs=0.02), pytest.approx(welch.high, abs=0.02))
    assert contrast.p_value == pytest.approx(1 / 1001)
    back = found[f"{ROW}_contrast/attribute=necktie/group=0/class=0/{END}"]
    assert back.value == pytest.approx(-contrast.value)


def test_p_value_of_a_contrast_is_even_when_groups_do_not_matter():
    small = []
    for seed in range(60):
        values, group, target = scene(seed, n=40)
        question = ImageSpec(region="tie", statistics=Statistics(replicates=200, seed=seed))
        found = by_id(region_measurements({"rrf": values}, question, group=group, target=target))
        small.append(found["roi-metrics/rrf_contrast/attribute=necktie/group=1/region=tie"].p_value <= 0.2)
    assert 3 <= sum(small) <= 22  # binomial(60, 0.2): outside with probability 0.002


def test_chance_and_p_value_come_from_paired_controls():
    values, _, target = scene()
    controls = values - 0.3
    controls[:20] = np.nan
    row = by_id(region_measurements({"rrf": values}, QUESTION, target=target, controls={"rrf": controls}))[
        f"roi-metrics/rrf/{END}"
    ]
    assert row.chance == pytest.approx(controls[20:].mean())
    assert row.p_value == pytest.approx(1 / 1001)
    turned = by_id(region_measurements({"rrf": values}, QUESTION, target=target, controls={"rrf": values + 0.3}))
    assert turned[f"roi-metrics/rrf/{END}"].p_value == 1.0
    without = by_id(region_measurements({"rrf": values}, QUESTION, target=target))[f"roi-metrics/rrf/{END}"]
    assert (without.chance, without.p_value) == (None, None)


def test_p_value_of_exact_sign_flips():
    differences = np.array([0.5, 0.25, -0.125, 0.4])
    question = ImageSpec(region="tie", statistics=Statistics(replicates=1900, seed=0))
    row = region_measurements({"rrf": 1 + differences}, question, controls={"rrf": np.ones(4)})[0]
    assert row.p_value == pytest.approx(2 / 16, abs=0.03)  # only all plus, or all but the smallest, reach the sum


def test_undefined_values_are_left_out_and_empty_cells_have_a_reason():
    values, group, target = scene()
    values[(group.codes == 1) & (target.codes == 1)] = np.nan
    values[0] = np.nan
    question = ImageSpec(region="tie", method="lrp", statistics=Statistics(replicates=200), reason="no relevance")
    found = by_id(region_measurements({"rrf_lift": values}, question, group=group, target=target))
    empty = found[f"{ROW}/attribute=necktie/group=1/class=1/{END}"]
    assert (empty.value, empty.status, empty.reason, empty.n) == (None, "undefined", "no relevance", 0)
    gone = found[f"{ROW}_contrast/attribute=necktie/group=1/class=1/{END}"]
    assert (gone.value, gone.status, gone.p_value) == (None, "undefined", None)
    both = found[f"{ROW}_contrast/attribute=necktie/group=1/{END}"]
    only = found[f"{ROW}_contrast/attribute=necktie/group=1/class=0/{END}"]
    assert both.value == pytest.approx(only.value)


def test_one_image_has_a_mean_but_no_interval():
    row = region_measurements({"rrf": np.array([0.25])}, QUESTION)[0]
    assert (row.value, row.n, row.low, row.interval) == (0.25, 1, None, None)


def test_no_images_at_all():
    row = region_measurements({"rrf": np.zeros(0)}, QUESTION)[0]
    assert (row.value, row.n, row.status) == (None, 0, "undefined")


def test_binary_columns_get_wilson_intervals():
    hits = np.repeat([1.0, 0.0, np.nan], [3, 37, 5])
    row = region_measurements({"pointing_game": hits}, QUESTION)[0]
    low, high = wilson(3, 40)
    assert (row.interval, row.low, row.high) == ("wilson", pytest.approx(low), pytest.approx(high))


def test_small_cells_are_suppressed():
    values, group, target = scene(n=30)
    question = ImageSpec(region="tie", method="lrp", statistics=Statistics(replicates=200, min_cell=1000))
    for row in region_measurements({"rrf_lift": values}, question, group=group, target=target):
        assert (row.value, row.low, row.p_value, row.chance or 0.0, row.status) == (None, None, None, 0.0, "suppressed")


def test_clusters_are_the_unit_and_widen_the_interval():
    generator = np.random.default_rng(4)
    clusters = np.repeat(np.arange(20), 10)
    values = generator.normal(size=20)[clusters]
    wide = region_measurements({"rrf": values}, QUESTION, clusters=clusters)[0]
    narrow = region_measurements({"rrf": values}, QUESTION)[0]
    assert (wide.interval, wide.unit) == ("cluster-bootstrap", "cluster")
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_same_seed_same_rows_and_other_columns_do_not_matter():
    values, group, target = scene(gap=0.1)
    one = region_measurements({"rrf": values}, QUESTION, group=group, target=target)
    two = region_measurements({"rrf": values, "dif": values**2}, QUESTION, group=group, target=target)
    assert one == region_measurements({"rrf": values}, QUESTION, group=group, target=target)
    assert one == [row for row in two if row.metric.startswith("rrf")]


def groups_of(*sizes: int) -> Labels:
    names = tuple(str(number) for number in range(len(sizes)))
    return Labels(name="necktie", values=names, codes=np.repeat(np.arange(len(sizes)), sizes))


def test_a_contrast_reaches_as_far_as_the_intervals_of_its_sides():
    """Four of 40 images of the small group are above 0: resampling alone would end at half of what they leave open."""
    values = np.zeros(240)
    values[:4], values[40:60] = (0.5, 1.0, 2.0, 4.0), np.linspace(0.5, 4, 20)
    labels = groups_of(40, 200)
    found = region_measurements({"rrf_lift": values}, QUESTION, group=labels, target=None)
    (contrast,) = (one for one in found if (one.metric, one.group) == ("rrf_lift_contrast", "0"))
    lows, highs = contrast_ends(table(values[:, None], group=labels, target=None), level=0.95).groups
    assert contrast.low <= lows[0, 0] < contrast.value < highs[0, 0] <= contrast.high
    assert contrast.high - contrast.value > 1.5 * (contrast.value - contrast.low)


@pytest.mark.parametrize(("images", "known"), [(39, False), (40, True)])
def test_few_images_that_are_all_alike_have_a_mean_and_no_interval(images, known):
    found = by_id(region_measurements({"rrf_lift": np.full(images, 1.25)}, QUESTION))[f"{ROW}/{END}"]
    assert found.value == pytest.approx(1.25)
    assert (found.low is not None) == known
