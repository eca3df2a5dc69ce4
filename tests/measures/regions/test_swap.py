"""Content swap against sums written out by hand, and against models whose answers are known."""

import numpy as np
import pytest

from fairaudit.measures.images.means import Labels
from fairaudit.measures.intervals.largest import largest
from fairaudit.measures.regions.donor_plan import plan_donors
from fairaudit.measures.regions.swap import Arms, SwapPair, both_ways, cells_of, main_effects, swap_contrasts

DONORS = 4


def world(n=240, groups=2, classes=2, seed=0):
    draws = np.random.default_rng(seed)
    group, target = draws.integers(0, groups, n), draws.integers(0, classes, n)
    plan = plan_donors(
        Labels(name="g", values=tuple(map(str, range(groups))), codes=group),
        Labels(name="y", values=tuple(map(str, range(classes))), codes=target),
        ids=[f"i{row}" for row in range(n)],
        donors=DONORS,
        seed=seed,
    )
    arms = Arms(
        group=group,
        target=target,
        unit=np.arange(n),
        to=np.where(plan.other >= 0, group[plan.other], -1),
        other_unit=plan.other,
        same_unit=plan.same,
        units=n,
    )
    return arms, plan


def scored(arms, plan, model):
    """Values of both arms of a model of image and content, `model(image rows, donor rows)`."""
    rows = np.arange(len(arms.group))[:, None]
    return model(rows, plan.other), model(rows, plan.same)


def test_contrasts_are_the_means_written_out():
    arms, _ = world(n=120, groups=3, classes=3, seed=1)
    draws = np.random.default_rng(2)
    other, same = draws.normal(size=(2, 120, DONORS))
    other[draws.random(other.shape) < 0.1] = np.nan
    cells = cells_of(arms, other, same)
    found = swap_contrasts(arms, cells, other, same, level=0.95)
    assert len(cells) == 6
    for number, pair in enumerate(cells):
        classes = []
        for y in range(3):
            each = []
            for i in range(120):
                if arms.group[i] == pair.own and arms.target[i] == y:
                    one = [other[i, k] for k in range(DONORS) if arms.to[i, k] == pair.to and not np.isnan(other[i, k])]
                    if one:
                        each.append(np.mean(one) - np.mean(same[i]))
            classes.append(np.mean(each))
        assert found.value[number] == pytest.approx(np.mean(classes), abs=1e-12)
    assert found.parts.sum(axis=0) == pytest.approx(0, abs=0.05)


def test_main_effects_leave_out_what_is_the_same_both_ways():
    arms, plan = world()
    content = 0.3 * arms.group

    def reads(rows, donors):
        return content[donors] + 0.1 * (arms.target[rows] == 1)

    def mismatch(rows, donors):
        return 0.2 * (arms.group[rows] != arms.group[donors])

    for model, effect in ((reads, 0.3), (mismatch, 0.0)):
        other, same = scored(arms, plan, model)
        cells = cells_of(arms, other, same)
        ordered = swap_contrasts(arms, cells, other, same, level=0.95)
        found = main_effects(ordered, list(cells), level=0.95)
        assert both_ways(list(cells)) == [SwapPair(0, 1)]
        assert found.value == pytest.approx([effect], abs=1e-12)
    assert np.abs(ordered.value) == pytest.approx([0.2, 0.2])  # which the ordered differences do not


def test_covered_evidence_of_either_class_cancels_over_classes():
    """A necktie that covers the chin takes evidence for whatever class there is."""
    arms, plan = world(n=400)
    sign = np.where(arms.target == 1, 1.0, -1.0)

    def chin(rows, donors):
        return 0.5 + 0.3 * sign[rows] * (arms.group[donors] == 0)

    other, same = scored(arms, plan, chin)
    cells = cells_of(arms, other, same)
    ordered = swap_contrasts(arms, cells, other, same, level=0.95)
    assert main_effects(ordered, list(cells), level=0.95).value == pytest.approx([0.0], abs=1e-12)


def test_what_no_image_showed_is_bounded_by_their_number():
    arms, plan = world(n=24)
    other, same = scored(arms, plan, lambda rows, donors: 0.0 * (rows + donors))
    cells = cells_of(arms, other, same)
    found = main_effects(swap_contrasts(arms, cells, other, same, level=0.95), list(cells), level=0.95)
    ends = largest(found, level=0.95, generator=np.random.default_rng(0))
    assert (ends.value, ends.low) == (0.0, 0.0)
    assert 0.1 < ends.high < 0.3


@pytest.mark.parametrize("groups", [2, 4])
def test_intervals_hold_the_truth_of_models_that_read_donors_and_images(groups):
    """Donors and images both matter: intervals of images alone would be too narrow."""
    inside, runs = 0, 60
    for seed in range(runs):
        arms, plan = world(n=100 * groups, groups=groups, seed=seed)
        draws = np.random.default_rng(1000 + seed)
        own, given = draws.normal(0, 0.1, len(arms.group)), draws.normal(0, 0.2, len(arms.group))
        noise = draws.normal(0, 0.05, (len(arms.group), DONORS))
        other, same = scored(arms, plan, lambda rows, donors, own=own, given=given: own[rows] + given[donors])
        cells = cells_of(arms, other + noise, same)
        found = main_effects(swap_contrasts(arms, cells, other + noise, same, level=0.95), list(cells), level=0.95)
        inside += largest(found, level=0.95, generator=draws).low == 0
    assert inside >= 0.9 * runs


def test_images_and_donors_each_add_the_variance_of_what_they_bring():
    """Every donor gives once, two to each arm: a mean of n differences of means of two has variance σ²/n."""
    n, sigma = 4000, 0.3
    number = np.arange(n)[:, None]
    none = np.full(4 * n, -1)
    arms = Arms(
        group=np.concatenate([np.zeros(n, int), none]),
        target=np.concatenate([np.zeros(n, int), none]),
        unit=np.arange(5 * n),
        to=np.concatenate([np.full((n, 2), 1), np.full((4 * n, 2), -1)]),
        other_unit=np.concatenate([n + 4 * number + [0, 1], np.full((4 * n, 2), -1)]),
        same_unit=np.concatenate([n + 4 * number + [2, 3], np.full((4 * n, 2), -1)]),
        units=5 * n,
    )
    other, same = np.random.default_rng(0).normal(0, sigma, (2, 5 * n, 2))
    found = swap_contrasts(arms, cells_of(arms, other, same), other, same, level=0.95)
    assert found.value == pytest.approx([(other[:n] - same[:n]).mean()])
    images, donors = (found.parts[:n, 0] ** 2).sum(), (found.parts[n:, 0] ** 2).sum()
    assert images == pytest.approx(
        sigma**2 / n, rel=0.1
    )  # what a donor brings is noise of the image it comes to as well
    assert donors == pytest.approx(sigma**2 / n, rel=0.1)
