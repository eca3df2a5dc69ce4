import numpy as np
import pytest
import torch

from fairaudit.saliency.draws import generators
from fairaudit.saliency.gradients.baselines import reference
from fairaudit.saliency.trust.faithfulness import curves, faithfulness, pixel_ranks


def slow(classifier, image, name, relevance, direction, substrate, steps):
    """RISE's loop for one image: all channels of the next most relevant pixels at once."""
    other = reference(image[None], substrate)[0]
    at, end = (image.clone(), other) if direction == "deletion" else (other.clone(), image)
    order = np.argsort(-relevance.numpy().ravel(), kind="stable")
    cuts = np.rint(np.linspace(0, len(order), steps + 1)).astype(int)
    scores = []
    for k in range(steps + 1):
        if k:
            for pixel in order[cuts[k - 1] : cuts[k]]:
                row, column = divmod(int(pixel), image.shape[2])
                at[:, row, column] = end[:, row, column]
        logits = classifier.module(classifier.normalise(at[None]))
        scores.append(torch.softmax(logits, 1)[0, name].item())
    return scores


@pytest.mark.parametrize("direction", ["deletion", "insertion"])
@pytest.mark.parametrize("substrate", ["black", "blur"])
def test_curves_are_the_slow_loop(small, direction, substrate):
    classifier, images, classes = small.model(), small.images(2), small.classes(2)
    maps = small.images(2, seed=3).sum(1)
    found = curves(classifier, images, classes, maps, direction=direction, substrate=substrate, steps=7)
    for i in range(2):
        wanted = slow(classifier, images[i], int(classes[i]), maps[i], direction, substrate, 7)
        np.testing.assert_allclose(found.scores[i], wanted, rtol=1e-9)


def test_deletion_ends_where_insertion_starts(small):
    classifier, images, classes = small.model(), small.images(2), small.classes(2)
    maps = small.images(2, seed=3).sum(1)
    away, back = (
        curves(classifier, images, classes, maps, direction=direction, substrate="blur", steps=4).scores
        for direction in ("deletion", "insertion")
    )
    np.testing.assert_allclose(away[:, -1], back[:, 0])
    np.testing.assert_allclose(away[:, 0], back[:, -1])


def test_the_true_order_beats_its_reverse_on_a_linear_model(small):
    classifier, images, classes = small.linear(), small.images(6, height=5, width=7), small.classes(6)
    weights = classifier.module[1].weight.view(4, 3, 5, 7)
    # The evidence of a class against the mean of all, per pixel that goes to black.
    own = ((weights[classes] - weights.mean(0)) * images).sum(1)
    areas = faithfulness(classifier, images, classes, {"own": own, "reverse": -own}, steps=5)
    assert (areas["own"]["deletion_auc"] < areas["reverse"]["deletion_auc"]).all()
    assert (areas["own"]["insertion_auc_black"] > areas["reverse"]["insertion_auc_black"]).all()


def test_ranks_count_down_from_the_most_relevant():
    maps = torch.tensor([[[0.5, -1.0, 3.0]]])
    assert pixel_ranks(maps, [torch.Generator()]).tolist() == [[[1, 2, 0]]]


def test_equal_relevance_is_put_in_random_order(small):
    images = small.images(200)
    ranks = pixel_ranks(torch.zeros(200, 12, 16), generators(images, 0, "ties"))
    assert all(sorted(rank.flatten().tolist()) == list(range(192)) for rank in ranks)
    # The first pixel's mean rank is near the middle: standard error 192 / √(12 · 200) ≈ 3.9.
    assert abs(ranks[:, 0, 0].double().mean().item() - 95.5) < 16


def test_maps_of_another_size_are_refused(small):
    with pytest.raises(ValueError, match="maps must be"):
        curves(
            small.model(), small.images(), small.classes(), torch.zeros(3, 4, 4), direction="deletion", substrate="blur"
        )
