import pytest
import torch
from captum.attr import Occlusion as CaptumOcclusion

from fairaudit.saliency.occlusion import Occlusion, windows


def test_it_is_captums_where_windows_fit(small):
    # 12 × 16 pixels, windows of 4 every 2: both axes come out even, so that captum's windows are the same.
    classifier, images, classes = small.model(), small.images(), small.classes()
    found = Occlusion(window=4, stride=2, baseline="black").attribute(classifier, images, classes)
    wanted = CaptumOcclusion(classifier.module).attribute(
        classifier.normalise(images),
        sliding_window_shapes=(3, 4, 4),
        strides=(3, 2, 2),
        baselines=classifier.normalise(torch.zeros_like(images)),
        target=classes,
    )
    torch.testing.assert_close(found.maps, wanted[:, 0].double(), rtol=1e-5, atol=1e-6)
    assert found.evaluations == 3 * (1 + 5 * 7)


def test_a_linear_model_has_a_closed_form(small):
    # Windows of one pixel: w · (x − mean colour) at that pixel.
    classifier, images = small.linear(), small.images(2, height=5, width=7)
    weights = classifier.module[1].weight.view(4, 3, 5, 7)[[2, 0]]
    found = Occlusion(window=1, stride=1).attribute(classifier, images, torch.tensor([2, 0]))
    away = (images - images.mean((2, 3), keepdim=True)) / classifier.std
    torch.testing.assert_close(found.maps, (weights * away).sum(1))


@pytest.mark.parametrize(("height", "width", "side", "step"), [(12, 16, 4, 2), (13, 7, 5, 3), (3, 9, 4, 4)])
def test_windows_cover_every_pixel_and_stay_inside(height, width, side, step):
    masks = windows(height, width, side=side, step=step)
    assert masks.any(0).all()
    assert set(masks.sum((1, 2)).tolist()) == {min(side, height) * min(side, width)}
