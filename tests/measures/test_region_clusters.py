"""Several images of one person: coverage and false alarms of region numbers, and clusters of one image are images."""

import numpy as np
import pytest
from scipy import stats

from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.change import rddt
from fairaudit.tables.reasons.rddt import rddt_measurements
from fairaudit.tables.reasons.regions import region_measurements
from fairaudit.tables.specs import ImageSpec
from fairaudit.tables.statistics import Statistics


def persons(seed: int, clusters: int, each: int, *, varies: bool = False, target: bool = False, rare: float = 0.2):
    """No effect, correlation within a person 0.5; half of the persons are of each group."""
    draw = np.random.default_rng([seed, clusters, each])
    units = np.repeat(np.arange(clusters), each)
    codes = np.repeat(draw.permutation(np.arange(clusters) % 2), each)
    classes = (draw.random(len(units)) < np.where(codes == 1, 1 - rare, rare)).astype(int)  # goes with the group
    if varies:
        codes = draw.integers(0, 2, len(units))
    values = draw.normal(size=clusters)[units] + draw.normal(size=len(units))
    label = Labels(name="t", values=("0", "1"), codes=classes) if target else None
    return values, units, Labels(name="g", values=("0", "1"), codes=codes), label


def overall_contrast(values, units, group, target, question):
    rows = region_measurements({"rrf": values}, question, group=group, target=target, clusters=units)
    return next(row for row in rows if row.metric == "rrf_contrast" and row.group == "1" and row.class_ is None)


@pytest.mark.parametrize(("clusters", "each"), [(6, 20), (12, 20), (40, 10)])
def test_coverage_and_false_alarms_of_persons_without_any_effect(clusters, each):
    covered = contrast_covered = above = differ = decreased = 0
    for seed in range(100):
        values, units, group, _ = persons(seed, clusters, each)
        question = ImageSpec(region="r", statistics=Statistics(replicates=400, seed=seed))
        mean = region_measurements({"rrf": values}, question, clusters=units, controls={"rrf": np.zeros(len(values))})[
            0
        ]
        contrast = overall_contrast(values, units, group, None, question)
        covered += mean.low <= 0 <= mean.high
        contrast_covered += contrast.low <= 0 <= contrast.high
        above += mean.p_value < 0.05
        differ += contrast.p_value < 0.05
        decreased += rddt_measurements(values, question, clusters=units)[0].value == 1
    assert min(covered, contrast_covered) >= 88  # binomial(100, 0.95): fewer with probability 0.0015
    assert max(above, differ) <= 12  # binomial(100, 0.05): more with probability 0.0015
    assert decreased <= 5  # binomial(100, 0.01): more with probability 0.0005


@pytest.mark.parametrize(("varies", "target"), [(True, False), (False, True), (True, True)])
def test_contrasts_of_groups_or_targets_that_vary_within_persons(varies, target):
    found = [
        overall_contrast(
            *persons(seed, 12, 10, varies=varies, target=target),
            ImageSpec(statistics=Statistics(replicates=200, seed=seed)),
        )
        for seed in range(100)
    ]
    assert sum(row.p_value < 0.05 for row in found) <= 12
    assert sum(row.low <= 0 <= row.high for row in found) >= 88


def test_exchanged_labels_alone_would_be_too_sure_where_a_target_is_rare_in_persons():
    small = []
    for seed in range(100):
        found = overall_contrast(
            *persons(seed, 40, 5, target=True, rare=0.05), ImageSpec(statistics=Statistics(replicates=200, seed=seed))
        )
        small.append(found.p_value is not None and found.p_value < 0.05)
    assert sum(small) <= 11  # binomial(100, 0.05): more with probability 0.004; exchange alone exceeds it


@pytest.mark.parametrize("alone", [np.arange(60)[::-1], np.full(60, -1)])
def test_clusters_of_one_image_are_images(alone):
    draw = np.random.default_rng(0)
    group = Labels(name="g", values=("0", "1", "2"), codes=draw.integers(-1, 3, 60))
    target = Labels(name="t", values=("0", "1"), codes=draw.integers(0, 2, 60))
    columns = {"rrf": draw.normal(size=60), "pointing_game": draw.integers(0, 2, 60).astype(float)}
    columns["rrf"][:3] = np.nan
    options = {"group": group, "target": target}
    controls = {"rrf": np.zeros(60)}
    question = ImageSpec(region="r", statistics=Statistics(replicates=200))
    images = region_measurements(columns, question, controls=controls, **options)
    assert region_measurements(columns, question, controls=controls, clusters=alone, **options) == images
    assert rddt_measurements(columns["rrf"], question, clusters=alone, **options) == rddt_measurements(
        columns["rrf"], question, **options
    )


def test_label_exchange_has_scipys_permutation_distribution_of_person_means():
    values, units, group, _ = persons(1, 10, 4)
    row = overall_contrast(values, units, group, None, ImageSpec(statistics=Statistics(replicates=2000)))
    means, codes = values.reshape(10, 4).mean(axis=1), group.codes.reshape(10, 4)[:, 0]
    wanted = stats.permutation_test(
        (means[codes == 1], means[codes == 0]), lambda x, y: x.mean() - y.mean(), n_resamples=np.inf
    ).pvalue
    assert row.p_value == pytest.approx(wanted, abs=0.04)


def test_sign_flips_are_of_whole_persons():
    values = np.repeat([0.5, 0.25, -0.125, 0.4], 5)
    row = region_measurements(
        {"rrf": values},
        ImageSpec(statistics=Statistics(replicates=1900)),
        clusters=np.repeat(np.arange(4), 5),
        controls={"rrf": 0 * values},
    )[0]
    assert row.p_value == pytest.approx(2 / 16, abs=0.03)  # only all plus, or all but the smallest, reach the sum


def test_rddt_of_equal_clusters_is_the_t_test_of_their_means():
    values = np.random.default_rng(2).normal(0.3, 1, 40)
    found = rddt(values, tolerance=0.0, clusters=np.repeat(np.arange(8), 5))
    wanted = stats.ttest_1samp(values.reshape(8, 5).mean(axis=1), 0.0, alternative="greater")
    assert (found.p, found.t) == (pytest.approx(wanted.pvalue), pytest.approx(wanted.statistic))
    two_sided = stats.ttest_1samp(values.reshape(8, 5).mean(axis=1), 0.0).confidence_interval()
    assert (found.low, found.high) == (pytest.approx(two_sided.low), pytest.approx(two_sided.high))
    assert (found.n, found.units, found.mean) == (40, 8, pytest.approx(values.mean()))


def test_one_person_has_means_and_reasons_only():
    question = ImageSpec(region="r", statistics=Statistics(replicates=100))
    values, units = np.arange(6.0), np.zeros(6, int)
    row = region_measurements({"rrf": values, "pointing_game": np.ones(6)}, question, clusters=units)
    assert [(one.status, one.low, one.interval) for one in row] == [("ok", None, None)] * 2
    decision = rddt_measurements(values, question, clusters=units)[0]
    assert (decision.value, decision.status) == (None, "undefined")
    assert "two clusters" in decision.reason


def test_shares_of_persons_that_always_hit_have_a_width():
    row = region_measurements(
        {"pointing_game": np.ones(30)},
        ImageSpec(statistics=Statistics(replicates=100)),
        clusters=np.repeat(np.arange(3), 10),
    )[0]
    assert (row.interval, row.unit, row.high) == ("wilson", "cluster", 1.0)
    assert row.low == pytest.approx(3 / (3 + 1.959964**2))  # Wilson's lower end at 3 of 3 is n / (n + z²)
