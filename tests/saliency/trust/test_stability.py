import numpy as np
import pytest
from scipy.stats import spearmanr

from fairaudit.saliency.gradients.gradient import Gradient
from fairaudit.saliency.gradients.smoothgrad import SmoothGrad
from fairaudit.saliency.random_map import RandomMap
from fairaudit.saliency.trust.stability import stability
from fairaudit.seeds import child_seed


def test_a_method_without_draws_is_stable(small):
    found = stability(Gradient(), small.model(), small.images(), small.classes())
    np.testing.assert_allclose(found, 1)


def test_the_random_map_is_not(small):
    found = stability(RandomMap(), small.model(), small.images(20), small.classes(20))
    # ρ of 192 independent ranks has a standard error of 1/√191, the mean over 60 pairs one of about 0.01.
    assert abs(found.mean()) < 0.05


def test_more_samples_make_smoothgrad_more_stable(small):
    few, many = (
        stability(SmoothGrad(samples=samples), small.model(), small.images(), small.classes(), runs=2).mean()
        for samples in (1, 40)
    )
    assert few < many < 1


def test_it_is_the_mean_over_all_pairs_of_runs_of_each_image(small):
    method, classifier, images, classes = SmoothGrad(samples=2), small.model(), small.images(4), small.classes(4)
    seeds = [child_seed(3, "stability", run) for run in range(3)]
    maps = [method.attribute(classifier, images, classes, seed=seed).maps.numpy() for seed in seeds]
    wanted = [
        np.mean([spearmanr(maps[i][image], maps[j][image], axis=None).statistic for i, j in ((0, 1), (0, 2), (1, 2))])
        for image in range(4)
    ]
    found = stability(method, classifier, images, classes, runs=3, seed=3)
    np.testing.assert_allclose(found, wanted)


def test_maps_at_hand_count_as_a_run(small):
    classifier, images, classes = small.model(), small.images(), small.classes()
    own = RandomMap().attribute(classifier, images, classes, seed=5).maps
    assert np.abs(stability(RandomMap(), classifier, images, classes, own=own, runs=2)).max() < 0.5


def test_one_run_compares_with_nothing(small):
    with pytest.raises(ValueError, match="at least 2"):
        stability(Gradient(), small.model(), small.images(), small.classes(), runs=1)
