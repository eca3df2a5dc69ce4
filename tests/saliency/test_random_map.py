import torch

from fairaudit.saliency.random_map import RandomMap


def test_maps_are_standard_normal_and_know_nothing_of_the_model(small):
    images, classes = small.images(40), small.classes(40)
    maps = RandomMap().attribute(small.model(), images, classes, seed=1).maps
    other = RandomMap().attribute(small.model("residual"), images, classes, seed=1).maps
    torch.testing.assert_close(maps, other, rtol=0, atol=0)
    # 40 · 192 draws: the mean is within 4 standard errors of 0 and the variance of 1.
    assert abs(maps.mean().item()) < 4 / (40 * 192) ** 0.5
    assert abs(maps.var().item() - 1) < 4 * (2 / (40 * 192)) ** 0.5
