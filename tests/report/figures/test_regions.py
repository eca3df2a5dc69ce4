"""Region figures: PNGs that are the same every time, and refusals."""

import io

import numpy as np
import pytest
from PIL import Image

from fairaudit.report.figures.regions import (
    _readable,
    compared_maps,
    mean_maps,
    region_overlay,
    reliance,
)


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), float)


def scene(n: int = 3, channels: int = 3):
    generator = np.random.default_rng(0)
    images = generator.random((n, 10, 14, channels))
    maps = generator.normal(size=(n, 10, 14))
    masks = np.zeros((n, 10, 14), bool)
    masks[:, 6:10, 4:9] = True
    return images, maps, masks


IMAGES, MAPS, MASKS = scene()
DRAWN = {
    "overlay": lambda: region_overlay(IMAGES, MASKS, names=["a", "b", "c"], heading="h"),
    "reliance": lambda: reliance(IMAGES, MAPS, MASKS, names=["a", "b", "c"], heading="h", values=[0.1, 0.2, np.nan]),
    "means": lambda: mean_maps(
        MAPS[None, :2], rows=["a"], columns=["x", "y"], heading="h", region=MASKS[0], images=IMAGES[:1]
    ),
    "rows": lambda: reliance(IMAGES[:2], MAPS[:2], MASKS[:2], names=["a", "b"], heading="h", rows=["most", "least"]),
}


@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_is_the_same_twice_and_not_blank(name):
    first = DRAWN[name]()
    assert first == DRAWN[name]()
    assert pixels(first).std() > 10


def test_evidence_for_is_red_and_against_is_blue_on_one_scale():
    strong = np.zeros((1, 2, 8, 8))
    strong[0, 0], strong[0, 1] = 1.0, -1.0
    found = pixels(mean_maps(strong, rows=["r"], columns=["for", "against"], heading="h"))
    red = (found[..., 0] > 80) & (found[..., 2] < 60)
    blue = (found[..., 2] > 80) & (found[..., 0] < 60)
    assert red.sum() > 10_000
    assert blue.sum() > 10_000
    assert np.nonzero(red)[1].mean() < np.nonzero(blue)[1].mean()
    weak = strong.copy()
    weak[0, 1] *= 0.2  # the scale is shared, so a weak map stays pale
    pale = pixels(mean_maps(weak, rows=["r"], columns=["for", "against"], heading="h"))
    assert ((pale[..., 2] > 80) & (pale[..., 0] < 60)).sum() < 0.2 * blue.sum()


def test_speckle_is_blurred_and_a_smooth_map_is_left_alone():
    smooth = np.zeros((1, 1, 32, 32))
    smooth[..., 8:24, 8:24] = 1.0
    shown, blurred = _readable(smooth)
    assert not blurred
    np.testing.assert_array_equal(shown, smooth)
    speckle = np.where(np.indices((32, 32)).sum(axis=0) % 2, 1.0, -1.0)[None, None] + 0.1 * smooth
    shown, blurred = _readable(speckle)
    assert blurred
    assert shown[0, 0, 12:20, 12:20].mean() == pytest.approx(0.1, abs=0.03)
    assert np.abs(shown[0, 0, :4, :4]).max() < 0.05


def test_rows_are_drawn_from_the_top_and_the_region_stands_where_it_is():
    images = np.ones((1, 16, 16, 3))
    masks = np.zeros((1, 16, 16), bool)
    masks[0, 12:16, 0:4] = True  # lower left
    dark = pixels(region_overlay(images, masks, names=["a"], heading=" ")).sum(axis=2) < 100
    rows, columns = np.nonzero(dark[60:])
    assert np.median(rows) > 0.6 * dark[60:].shape[0]
    assert np.median(columns) < 0.5 * dark.shape[1]


def test_cells_without_images_are_said_and_drawn_empty():
    maps = np.full((2, 1, 6, 6), np.nan)
    maps[0] = 1.0
    assert pixels(mean_maps(maps, rows=["a", "b"], columns=["m"], heading="h")).std() > 1


def test_grey_images_and_names_with_markup_are_drawn():
    images, maps, masks = scene(7, channels=1)
    names = ["$x_1$", "a" * 60, "", "b", "c", "d", "e"]
    assert pixels(reliance(images, maps, masks, names=names, heading="$h$")).shape[0] > 300


def test_disagreeing_arguments_are_refused():
    images, maps, masks = scene()
    with pytest.raises(ValueError, match="disagree"):
        region_overlay(images, masks[:2], names=["a", "b", "c"], heading="h")
    with pytest.raises(ValueError, match="disagree"):
        region_overlay(images, masks, names=["a"], heading="h")
    with pytest.raises(ValueError, match="disagree"):
        reliance(images, maps[:, :5], masks, names=["a", "b", "c"], heading="h")
    with pytest.raises(ValueError, match="do not fit"):
        mean_maps(np.zeros((1, 1, 4, 4)), rows=["a"], columns=["b", "c"], heading="h")


def test_compared_maps_have_a_row_of_images_and_one_per_model():
    images, maps, masks = scene()
    two = np.stack([maps, np.zeros_like(maps)])
    labels = {"names": ["smiling=1\ntie=0"] * 3, "heading": "Before and after"}
    first = compared_maps(images, two, masks, rows=["vanilla", "pruned"], **labels)
    assert compared_maps(images, two, masks, rows=["vanilla", "pruned"], **labels) == first
    one = compared_maps(images, two[:1], masks, rows=["vanilla"], **labels)
    assert pixels(first).shape[0] > 1.3 * pixels(one).shape[0]
    values = np.full((2, 3), 0.25)
    assert compared_maps(images, two, masks, rows=["vanilla", "pruned"], values=values, **labels) != first
    assert compared_maps(images, two, ~masks & False, rows=["vanilla", "pruned"], **labels) != first  # no outline
    with pytest.raises(ValueError, match="do not fit 1 models"):
        compared_maps(images, two, masks, rows=["vanilla"], **labels)
