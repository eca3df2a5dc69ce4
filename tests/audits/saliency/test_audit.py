import numpy as np

from fairaudit.audits.saliency.audit import MOST_PIXELS, pooled


def test_large_maps_are_averaged_and_keep_their_mean():
    maps = np.random.default_rng(0).normal(size=(3, 2 * MOST_PIXELS, 4 * MOST_PIXELS))
    small = pooled(maps)
    assert small.shape == (3, MOST_PIXELS, MOST_PIXELS)
    np.testing.assert_allclose(small[1, 2, 3], maps[1, 4:6, 12:16].mean(), rtol=1e-12)
    np.testing.assert_allclose(small.mean(axis=(1, 2)), maps.mean(axis=(1, 2)), rtol=1e-9, atol=1e-12)


def test_one_long_side_is_shortened_alone():
    assert pooled(np.ones((2, 8, 3 * MOST_PIXELS))).shape == (2, 8, MOST_PIXELS)
