import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from fairaudit.saliency.gradients.blur import blurred


def test_it_is_the_gaussian_filter_with_mirrored_edges(small):
    images = small.images(2, height=17, width=24)
    sigma = torch.tensor([1.0, 2.5], dtype=torch.float64)
    mine = blurred(images, sigma).numpy()
    for i in range(2):
        for channel in range(3):
            wanted = gaussian_filter(images[i, channel].numpy(), float(sigma[i]), mode="reflect", truncate=8)
            np.testing.assert_allclose(mine[i, channel], wanted, atol=2e-3)


def test_no_blur_is_the_image_and_means_are_kept(small):
    images = small.images(3)
    sigma = torch.tensor([0.0, 1.0, 50.0], dtype=torch.float64)
    result = blurred(images, sigma)
    torch.testing.assert_close(result[0], images[0])
    torch.testing.assert_close(result.mean((2, 3)), images.mean((2, 3)))
    # After a very strong blur only the mean is left.
    torch.testing.assert_close(result[2], images[2].mean((1, 2), keepdim=True).expand_as(images[2]), atol=1e-6, rtol=0)


@pytest.mark.parametrize(("first", "second"), [(0.3, 0.4), (1.0, 2.0), (3.0, 0.1)])
def test_two_blurs_are_one_of_the_summed_variance(small, first, second):
    images = small.images(1)
    both = blurred(blurred(images, torch.tensor([first])), torch.tensor([second]))
    once = blurred(images, torch.tensor([(first**2 + second**2) ** 0.5], dtype=torch.float64))
    torch.testing.assert_close(both, once, atol=1e-6, rtol=0)
