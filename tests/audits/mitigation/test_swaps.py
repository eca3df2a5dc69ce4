"""Swapped content of a variant, against a model whose scores can be written down."""

import numpy as np
import pytest
import torch
from torch import nn

from fairaudit.audits.mitigation.swaps import swap_columns, swap_evidence, swap_plan
from fairaudit.mitigation.samples import InMemory, Samples
from fairaudit.models.outputs.head import Head
from fairaudit.tables.specs import ImageSpec
from fairaudit.tables.statistics import Statistics

COUNT = 80
HEAD = Head(link="sigmoid", outputs=1, classes=("0", "1"), names=("1",))
SPEC = ImageSpec(attribute="tie", region="tie", method="swap", statistics=Statistics(replicates=200))


class Reads(nn.Module):
    """Logit a · mean of the lower half + mean of the upper half."""

    def __init__(self, weight):
        super().__init__()
        self.weight = weight

    def forward(self, images):
        return images, (self.weight * images[:, :, 2:].mean((1, 2, 3)) + images[:, :, :2].mean((1, 2, 3)))[:, None]


@pytest.fixture(scope="module")
def part():
    """Images of 4 x 4: the upper half is the target's, the lower half, the region, the attribute's; noise on both."""
    draw = np.random.default_rng(0)
    target, attribute = np.arange(COUNT) % 2, (np.arange(COUNT) // 2) % 2
    pixels = draw.normal(0, 0.3, (COUNT, 1, 4, 4))
    pixels[:, :, :2] += target[:, None, None, None]
    pixels[:, :, 2:] += attribute[:, None, None, None]
    masks = np.zeros((COUNT, 4, 4), bool)
    masks[:, 2:] = True
    masks[7] = False  # an image without the region
    samples = Samples(
        images=torch.from_numpy(pixels).float(), target=torch.from_numpy(target),
        attribute=torch.from_numpy(np.where(np.arange(COUNT) == 5, -1, attribute)), masks=torch.from_numpy(masks),
    )  # fmt: skip
    return InMemory(samples=samples, classes=2, groups=2)


def plan_of(part, clusters=None):
    return swap_plan(part, attribute="tie", ids=[f"i{row}" for row in range(COUNT)], clusters=clusters, seed=0)


def evidence(part, weight, *, rows=None, clusters=None):
    plan, module = plan_of(part, clusters), Reads(weight)
    rows = torch.arange(COUNT) if rows is None else rows
    columns = swap_columns(module, HEAD, part, plan, rows)
    columns["scores"] = HEAD.scores(module(part.samples.images)[1])
    arrays = {name: column.numpy() for name, column in columns.items()}
    names = {"groups": ("no", "yes"), "classes": ("0", "1"), "clustered": clusters is not None}
    return arrays, plan, swap_evidence(arrays, plan, SPEC, **names)


def by_hand(part, plan, weight):
    """The effect from loops over images and donors of the arm: ½ (D(no → yes) − D(yes → no)), means over classes."""
    images, target, group = (each.numpy() for each in (part.samples.images, part.target, part.attribute))

    def score(image, region):
        return 1 / (1 + np.exp(-(weight * region.mean() + image[0, :2].mean())))

    found = {}
    for own, other in ((0, 1), (1, 0)):
        per_class = []
        for y in (0, 1):
            changes = [
                np.mean([score(images[x], images[d][0, 2:]) for d in plan.other[x]])
                - np.mean([score(images[x], images[d][0, 2:]) for d in plan.same[x]])
                for x in range(COUNT)
                if (group[x], target[x]) == (own, y) and x != 7
            ]
            per_class.append(np.mean(changes))
        found[own, other] = np.mean(per_class)
    return abs(found[0, 1] - found[1, 0]) / 2


@pytest.mark.parametrize("weight", [0.0, 1.0, 4.0])
def test_the_effect_equals_loops_over_images_and_donors(part, weight):
    _, plan, (effect, *_) = evidence(part, weight)
    # Image 7 shows its place as it is where it gives, as a donor without the region does: its own lower half.
    assert effect.value == pytest.approx(by_hand(part, plan, weight), abs=1e-6)
    assert effect.low <= effect.value <= effect.high


def test_a_model_that_reads_the_region_is_told_from_one_that_does_not(part):
    reads, ignores = (evidence(part, weight)[2][0] for weight in (4.0, 0.0))
    assert ignores.high < 0.05 < 0.3 < reads.low


def test_the_gap_of_the_score_is_that_of_whole_images(part):
    columns, plan, (_, gap, _) = evidence(part, 4.0)
    scores, arms = columns["scores"][:, 1], plan.arms
    cells = [[scores[(arms.group == g) & (arms.target == y)].mean() for y in (0, 1)] for g in (0, 1)]
    assert gap.value == pytest.approx(abs(np.mean(np.subtract(cells[1], cells[0]))))


def test_what_gets_no_content_has_no_number(part):
    columns, plan, _ = evidence(part, 1.0, rows=torch.tensor([3, 5, 7, 8]))
    there = ~np.isnan(columns["swap_shift"]).all(1)
    assert np.flatnonzero(there).tolist() == [3, 8]  # 5 is of no known group, 7 has no region
    assert columns["swap_shift"].shape == (COUNT, 2 * plan.same.shape[1])


def test_nobody_gives_to_the_own_cluster(part):
    clusters = np.arange(COUNT) // 8
    plan = plan_of(part, clusters)
    for donors in (plan.other, plan.same):
        rows, columns = np.nonzero(donors >= 0)
        assert (clusters[rows] != clusters[donors[rows, columns]]).all()
    assert evidence(part, 4.0, clusters=clusters)[2][0].unit == "cluster"


def test_size_and_flips_of_two_classes_follow_from_the_score(part):
    """Half the sum of both scores' changes is the change of one; a decision flips where that crosses one half."""
    columns, _, _ = evidence(part, 4.0)
    own, new = columns["scores"][:, 1, None], columns["swap_score_1"]
    there = ~np.isnan(new)
    np.testing.assert_allclose(columns["swap_shift"][there], np.abs(new - own)[there], atol=1e-6)
    np.testing.assert_array_equal(columns["swap_flip"][there], ((new >= 0.5) != (own >= 0.5))[there])
    assert 0 < columns["swap_flip"][there].mean() < 1
