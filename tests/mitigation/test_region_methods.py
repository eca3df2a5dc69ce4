"""What methods of regions do to an image: only the region changes, and only as often as asked for."""

import pytest
import torch

from fairaudit.errors import MethodError
from fairaudit.mitigation.methods.cia import augmented, twins_of
from fairaudit.mitigation.methods.flac import pair_loss, similarity
from fairaudit.mitigation.methods.lff import Averages
from fairaudit.mitigation.methods.region_gradient import region_gradient
from fairaudit.mitigation.methods.replace_region import replaced
from fairaudit.mitigation.methods.savani_aft import soft_gap
from fairaudit.mitigation.samples import Samples


def test_only_the_region_is_replaced_and_about_as_often_as_asked(task):
    batch = task.debias.take(torch.arange(300))
    found = replaced(batch, 0.5, torch.Generator().manual_seed(0))
    outside = ~batch.masks[:, None]
    assert torch.equal(found * outside, batch.images * outside)
    share = float((found != batch.images).flatten(1).any(1).double().mean())
    assert 0.35 < share < 0.65
    assert torch.equal(replaced(batch, 0.0, torch.Generator().manual_seed(0)), batch.images)


def test_the_penalty_sees_the_region_alone(task):
    batch = task.debias.take(torch.arange(5))
    _, penalty = region_gradient(task.split.module, task.head, batch)
    images = batch.images.clone().requires_grad_(True)
    evidence = task.head.scores(task.split.module(images)[1]).log().sum()
    (gradient,) = torch.autograd.grad(evidence, images)
    wanted = torch.stack([gradient[i, 0][batch.masks[i]].square().mean() for i in range(5)]).mean()
    assert float(penalty.detach()) == pytest.approx(float(wanted), rel=1e-4)


def test_frames_that_are_not_there_are_left_out():
    frames = torch.zeros(2, 2, 1, 2, 2)
    frames[0, 1] = torch.nan
    batch = Samples(images=torch.ones(2, 1, 2, 2), target=torch.tensor([0, 1]), attribute=torch.tensor([0, 1]),
                    frames=frames)  # fmt: skip
    images, target = augmented(batch, twins_of(batch))
    assert len(images) == 5
    assert target.tolist() == [0, 1, 0, 1, 1]
    with pytest.raises(MethodError):
        twins_of(Samples(images=batch.images, target=batch.target, attribute=batch.attribute))


def test_the_soft_gap_by_hand():
    table = torch.tensor([[[8.0, 2.0], [1.0, 9.0]], [[6.0, 4.0], [4.0, 6.0]]])
    assert float(soft_gap(table)) == pytest.approx((0.2 + 0.3) / 2)
    assert float(soft_gap(table[:1])) == 0.0


def test_pairs_of_flac_by_hand():
    features, readings = torch.tensor([[0.0], [0.0], [3.0]]), torch.tensor([[0.0], [1.0], [0.0]])
    target, attribute = torch.tensor([0, 0, 1]), torch.tensor([0, 1, 0])
    # (0, 1): same target, other attribute; (0, 2): other target, same attribute; (1, 2): neither.
    assert float(similarity(features)[0, 2]) == pytest.approx(0.25, abs=1e-4)
    own = pair_loss(features, readings, target, attribute)
    swapped = pair_loss(torch.tensor([[0.0], [3.0], [0.0]]), readings, target, attribute)
    assert float(own) < float(swapped)  # alike where only the attribute differs is what is wanted
    assert float(pair_loss(features, readings, target, torch.full((3,), -1))) == 0.0


def test_the_averages_of_lff_by_hand():
    averages = Averages(3)
    rows, target = torch.tensor([0, 1, 2]), torch.tensor([0, 0, 1])
    assert averages.updated(rows, torch.tensor([1.0, 2.0, 3.0]), target).tolist() == [0.5, 1.0, 1.0]
    averages.updated(rows[:1], torch.tensor([2.0]), target[:1])
    assert float(averages.values[0]) == pytest.approx(0.7 * 1.0 + 0.3 * 2.0)
