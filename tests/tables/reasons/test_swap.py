"""Rows of the content swap: a planted effect is found, an ignored one is not, and there is a reason for no number."""

import numpy as np
import pytest

from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.donor_plan import plan_donors
from fairaudit.measures.regions.swap import Arms
from fairaudit.tables.reasons.swap import SwapSubject, SwapValues, score_gap_measurement, swap_measurements
from fairaudit.tables.specs import ImageSpec
from fairaudit.tables.statistics import Statistics

QUESTION = ImageSpec(region="tie", method="swap", statistics=Statistics(replicates=500))
SUBJECT = SwapSubject(attribute="necktie", groups=("0", "1"), classes=("0", "1"))
N, DONORS = 240, 4


def arms(group=None, seed=0):
    draws = np.random.default_rng(seed)
    group = draws.integers(0, 2, N) if group is None else np.asarray(group)
    target = draws.integers(0, 2, N)
    plan = plan_donors(
        Labels(name="g", values=("0", "1"), codes=group), Labels(name="y", values=("0", "1"), codes=target),
        ids=[f"i{row}" for row in range(N)], donors=DONORS, seed=seed,
    )  # fmt: skip
    return plan, Arms(
        group=group, target=target, unit=np.arange(N), to=np.where(plan.other >= 0, group[plan.other], -1),
        other_unit=plan.other, same_unit=plan.same, units=N,
    )  # fmt: skip


def swapped(effect, seed=0):
    """Scores that move by the effect with the group of the donor, and by noise of the donor itself."""
    plan, who = arms(seed=seed)
    content = np.random.default_rng(seed + 1).normal(0, 0.01, N) + effect * who.group
    own = np.random.default_rng(seed + 2).random((N, 1)) * 0.2
    scores = tuple(own + content[donor] for donor in (plan.other, plan.same))
    before = own + content[:, None]
    shift = tuple(np.abs(score - before) for score in scores)
    flip = tuple((score > 0.3).astype(float) for score in scores)
    found = swap_measurements(SwapValues(shift=shift, flip=flip, scores={1: scores}), who, QUESTION, SUBJECT)
    return {row.metric: row for row in found}


def test_an_effect_of_the_groups_content_is_found():
    row = swapped(0.3)["swap_effect"]
    assert row.value == pytest.approx(0.3, abs=0.02)
    assert row.low > 0.2
    assert row.p_value < 0.05
    assert (row.attribute, row.region, row.extra["output"]) == ("necktie", "tie", "1")
    assert row.extra["pair"] in ("0 → 1", "1 → 0")


@pytest.mark.parametrize("seed", range(5))
def test_a_model_that_ignores_the_groups_content_shows_none(seed):
    row = swapped(0.0, seed=10 * seed)["swap_effect"]
    assert row.high < 0.02


def test_the_three_numbers_have_their_names_and_chance():
    rows = swapped(0.3)
    assert list(rows) == ["swap_effect", "swap_excess", "swap_flip"]
    assert {row.chance for row in rows.values()} == {0.0}


def test_the_gap_of_whole_images_is_the_mean_difference_within_classes():
    _, who = arms()
    scores = np.random.default_rng(3).normal(0.5 + 0.2 * who.group, 0.05)
    row = score_gap_measurement({1: scores}, who, QUESTION, SUBJECT)
    wanted = np.mean([
        scores[(who.group == 1) & (who.target == y)].mean() - scores[(who.group == 0) & (who.target == y)].mean()
        for y in (0, 1)
    ])  # fmt: skip
    assert row.value == pytest.approx(wanted)
    assert row.low <= wanted <= row.high


def test_one_group_alone_has_no_number():
    _, who = arms(group=np.zeros(N, int))
    row = score_gap_measurement({1: np.random.default_rng(0).random(N)}, who, QUESTION, SUBJECT)
    assert (row.value, row.status) == (None, "undefined")
    assert row.reason
