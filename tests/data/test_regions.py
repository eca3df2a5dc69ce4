"""Regions: every kind drawn by hand on a small image, moved with the image, and refused where it cannot be."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torchvision import tv_tensors
from torchvision.transforms import v2

from fairaudit.config.schema import PreprocessConfig, RegionConfig
from fairaudit.data.geometry import plan
from fairaudit.data.manifest import Manifest
from fairaudit.data.regions import RegionDrawer, mask_path, read_mask
from fairaudit.data.source import ArraySource
from fairaudit.errors import ConfigError, DataError, ImageError, RegionError

WIDTH, HEIGHT = 12, 8
SAME = plan((HEIGHT, WIDTH), PreprocessConfig())


def manifest(folder, columns=None, texts=None) -> Manifest:
    return Manifest(
        name="t",
        ids=("r0", "r1"),
        source=ArraySource(images=np.zeros((2, HEIGHT, WIDTH), np.uint8), names=("r0", "r1")),
        target=None,
        attributes={},
        region_columns={name: np.asarray(values, np.float64) for name, values in (columns or {}).items()},
        text_columns=texts or {},
        folder=folder,
    )


def drawn(folder, region: dict, *, row=0, geometry=SAME, **options) -> np.ndarray:
    drawer = RegionDrawer({"r": RegionConfig(**region)}, manifest(folder, **options))
    mask = drawer.draw(row, geometry)["r"]
    assert mask.dtype == bool
    assert mask.shape == geometry.output
    return mask


def block(x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[y0:y1, x0:x1] = True
    return mask


BOX_COLUMNS = {"a": [1, np.nan], "b": [2, np.nan], "c": [5, np.nan], "d": [6, np.nan]}
EYES = {"lx": [2, np.nan], "ly": [2, np.nan], "rx": [6, 6], "ry": [4, 4]}


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ({"box": (1, 2, 5, 6), "units": "pixel"}, block(1, 2, 5, 6)),
        ({"box": (0.25, 0.5, 1, 1)}, block(3, 4, 12, 8)),
        ({"box": (0.6, 2.4, 4.4, 5.6), "units": "pixel"}, block(1, 2, 4, 6)),
        ({"polygon": [(1, 2), (5, 2), (5, 6), (1, 6)], "units": "pixel"}, block(1, 2, 5, 6)),
        ({"columns": ("a", "b", "c", "d"), "units": "pixel"}, block(1, 2, 5, 6)),
        ({"landmarks": [("lx", "ly"), ("rx", "ry")], "margin": 0, "units": "pixel"}, block(2, 2, 6, 4)),
        ({"landmarks": [("rx", "ry"), ("lx", "ly")], "margin": 0.5, "units": "pixel"}, block(0, 1, 8, 5)),
        ({"landmarks": [("rx", "ry"), ("lx", "ly")], "margin": 9, "units": "pixel"}, block(0, 0, 12, 8)),
    ],
)
def test_shapes_by_hand(tmp_path, region, expected):
    assert np.array_equal(drawn(tmp_path, region, columns={**BOX_COLUMNS, **EYES}), expected)


def test_empty_cells_mean_no_region_and_half_empty_ones_are_an_error(tmp_path):
    region = {"columns": ("a", "b", "c", "d"), "units": "pixel"}
    assert not drawn(tmp_path, region, row=1, columns=BOX_COLUMNS).any()
    with pytest.raises(ImageError, match=r'some are not.*region "r", row "r1"'):  # the row alone is left out
        drawn(tmp_path, {"landmarks": [("lx", "ly"), ("rx", "ry")], "units": "pixel"}, row=1, columns=EYES)


def test_union_and_complement_whatever_the_order_of_names(tmp_path):
    regions = {
        "rest": RegionConfig(complement="both"),
        "both": RegionConfig(union=["left", "top"]),
        "left": RegionConfig(box=(0, 0, 0.5, 1)),
        "top": RegionConfig(box=(0, 0, 1, 0.5)),
    }
    masks = RegionDrawer(regions, manifest(tmp_path)).draw(0, SAME)
    assert list(masks) == ["rest", "both", "left", "top"]
    assert np.array_equal(masks["both"], block(0, 0, 6, 8) | block(0, 0, 12, 4))
    assert np.array_equal(masks["rest"], block(6, 4, 12, 8))
    with pytest.raises(ConfigError, match="no region called"):
        RegionDrawer({"a": RegionConfig(complement="b")}, manifest(tmp_path))


@pytest.mark.parametrize(
    ("region", "words"),
    [
        ({"box": (5, 2, 5, 6), "units": "pixel"}, ["no area", "x0, y0, x1, y1 = 5, 2, 5, 6"]),
        ({"box": (0.7, 0.1, 0.3, 0.9)}, ["no area", "image of 12 x 8 pixels"]),
        ({"box": (10, 20, 50, 60)}, ["outside the image", "x, y = 120, 160, 600, 480", "units", 'row "r0"']),
        ({"box": (20, 0, 30, 5), "units": "pixel"}, ["outside the image", "x from 0 to 12, y from 0 to 8"]),
        ({"box": (-3, 0, 5, 5), "units": "pixel"}, ["outside the image"]),
        ({"box": (0, 0, 5, 9.1), "units": "pixel"}, ["outside the image"]),
        ({"box": (12, 0, 13, 5), "units": "pixel"}, ["outside the image"]),
        ({"polygon": [(0, 0), (1, 1)]}, ["three corners", "Found: 2"]),
        ({"polygon": [(0, 0), (1, 1), (0, 1.2)]}, ["outside the image"]),
        ({"landmarks": [("lx", "ly"), ("lx", "ry")], "units": "pixel"}, ["no area"]),
        ({"landmarks": [("lx", "ly")], "units": "pixel"}, ["no area"]),
        ({"landmarks": [("lx", "ly"), ("rx", "ry")], "units": "pixel", "margin": -0.5}, ["margin", "no area"]),
        ({"landmarks": [("lx", "ly"), ("rx", "ry")]}, ["outside the image"]),
    ],
)
def test_shapes_that_cannot_be_placed(tmp_path, region, words):
    shared = "box" in region or "polygon" in region  # by all images; otherwise the row alone is left out
    with pytest.raises(RegionError if shared else ImageError) as caught:
        drawn(tmp_path, region, columns=EYES)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


def test_a_mask_that_the_images_do_not_come_with_is_refused_before_any_image_is_read(tmp_path):
    with pytest.raises(RegionError, match='no mask called "@background"'):
        RegionDrawer({"r": RegionConfig(mask="@background")}, manifest(tmp_path))


def test_a_pixel_too_far_is_rounding(tmp_path):
    assert np.array_equal(drawn(tmp_path, {"box": (-1, -1, 13, 9), "units": "pixel"}), block(0, 0, 12, 8))


def test_mask_files(tmp_path):
    wanted = np.random.default_rng(0).random((HEIGHT, WIDTH)) < 0.4
    (tmp_path / "m").mkdir()
    Image.fromarray(np.where(wanted, 255, 0).astype(np.uint8)).save(tmp_path / "m" / "a_1.png")
    region = {"mask": "m/{k}_{n}.png"}
    texts = {"k": ("a", "a"), "n": ("1", "")}
    assert np.array_equal(drawn(tmp_path, region, texts=texts), wanted)
    assert not drawn(tmp_path, region, row=1, texts=texts).any()


def test_masks_of_every_kind_of_pixel():
    half = np.array([[0, 127, 128, 255]], np.uint8)
    assert read_mask(Image.fromarray(half)).tolist() == [[False, False, True, True]]
    assert read_mask(Image.fromarray(np.array([[0, 1]], np.uint8))).tolist() == [[False, True]]
    assert not read_mask(Image.fromarray(np.zeros((1, 2), np.uint8))).any()
    colours = np.array([[[0, 0, 255], [128, 0, 0], [100, 100, 100]]], np.uint8)
    assert read_mask(Image.fromarray(colours)).tolist() == [[True, True, False]]


def test_a_mask_that_is_missing_or_wrong_excludes_the_row(tmp_path):
    with pytest.raises(ImageError, match=r'mask of a region cannot be used.*missing.*x\.png.*row "r0"'):
        drawn(tmp_path, {"mask": "x.png"})
    Image.new("L", (HEIGHT, WIDTH)).save(tmp_path / "x.png")
    with pytest.raises(ImageError, match=r"another size.*Wanted: 12 x 8.*Found: 8 x 12"):
        drawn(tmp_path, {"mask": "x.png"})
    with pytest.raises(DataError, match="leads out"):
        drawn(tmp_path, {"mask": "{k}.png"}, texts={"k": ("../../x", "")})


def test_mask_paths():
    assert mask_path("{a}/{b}.png", {"a": "1", "b": "2", "c": ""}) == "1/2.png"
    assert mask_path("{a}/{b}.png", {"a": "1", "b": ""}) is None


PLANS = st.fixed_dictionaries(
    {
        "size": st.none() | st.tuples(st.integers(1, 30), st.integers(1, 30)),
        "crop": st.none() | st.tuples(st.integers(1, HEIGHT), st.integers(1, WIDTH)),
        "resize": st.sampled_from(["stretch", "shorter", "pad"]),
    }
)


@given(options=PLANS, corner=st.tuples(st.integers(0, 10), st.integers(0, 6)), seed=st.integers(0, 99))
def test_a_box_of_whole_pixels_is_its_own_mask_under_every_geometry(tmp_path_factory, options, corner, seed):
    rng = np.random.default_rng(seed)
    x0, y0 = corner
    x1, y1 = int(rng.integers(x0 + 1, WIDTH + 1)), int(rng.integers(y0 + 1, HEIGHT + 1))
    folder = tmp_path_factory.getbasetemp()
    Image.fromarray(np.where(block(x0, y0, x1, y1), 255, 0).astype(np.uint8)).save(folder / "box.png")
    geometry = plan((HEIGHT, WIDTH), PreprocessConfig(**options))
    from_box = drawn(folder, {"box": (x0, y0, x1, y1), "units": "pixel"}, geometry=geometry)
    assert np.array_equal(from_box, drawn(folder, {"mask": "box.png"}, geometry=geometry))


@pytest.mark.parametrize("wanted", [37, 11, 23])
def test_a_box_edge_that_falls_on_a_pixels_centre_is_no_rounding_matter(tmp_path, wanted):
    """6 pixels to 37: column 3 begins at 3 · 37 / 6 = 18.5, the centre of output column 18."""
    geometry = plan((HEIGHT, WIDTH), PreprocessConfig(crop=(8, 6), size=(8, wanted)))
    Image.fromarray(np.where(block(6, 0, 9, 8), 255, 0).astype(np.uint8)).save(tmp_path / "m.png")
    # output column c is inside where (c + 1/2) · 6 / wanted is at least 3
    expected = np.tile([2 * column + 1 >= wanted for column in range(wanted)], (8, 1))
    assert np.array_equal(drawn(tmp_path, {"mask": "m.png"}, geometry=geometry), expected)
    assert np.array_equal(drawn(tmp_path, {"box": (6, 0, 9, 8), "units": "pixel"}, geometry=geometry), expected)


@pytest.mark.parametrize("resize", ["stretch", "shorter"])
def test_boxes_move_as_torchvisions_bounding_boxes(tmp_path, resize):
    steps = [v2.CenterCrop((6, 10)), v2.Resize((30, 30)) if resize == "stretch" else v2.Resize(30)]
    if resize == "shorter":
        steps.append(v2.CenterCrop(30))
    box = tv_tensors.BoundingBoxes(torch.tensor([[3.0, 2.0, 8.0, 6.0]]), format="XYXY", canvas_size=(HEIGHT, WIDTH))
    x0, y0, x1, y1 = v2.Compose(steps)(box)[0].tolist()
    geometry = plan((HEIGHT, WIDTH), PreprocessConfig(crop=(6, 10), size=(30, 30), resize=resize))
    expected = np.zeros((30, 30), bool)
    expected[round(y0) : round(y1), round(x0) : round(x1)] = True
    assert np.array_equal(drawn(tmp_path, {"box": (3, 2, 8, 6), "units": "pixel"}, geometry=geometry), expected)


def test_what_the_crop_cuts_off_the_image_it_cuts_off_the_region(tmp_path):
    geometry = plan((HEIGHT, WIDTH), PreprocessConfig(crop=(4, 4)))  # rows 2 to 5, columns 4 to 7
    mask = drawn(tmp_path, {"box": (0, 0, 6, 4), "units": "pixel"}, geometry=geometry)
    expected = np.zeros((4, 4), bool)
    expected[:2, :2] = True
    assert np.array_equal(mask, expected)
    assert not drawn(tmp_path, {"box": (0, 0, 3, 8), "units": "pixel"}, geometry=geometry).any()


def test_padding_belongs_to_no_shape_but_to_the_complement(tmp_path):
    geometry = plan((HEIGHT, WIDTH), PreprocessConfig(size=(12, 12), resize="pad"))
    regions = {"all": RegionConfig(box=(0, 0, 1, 1)), "none": RegionConfig(complement="all")}
    masks = RegionDrawer(regions, manifest(tmp_path)).draw(0, geometry)
    assert masks["all"].sum() == WIDTH * HEIGHT
    assert masks["none"].sum() == WIDTH * (12 - HEIGHT)


def test_what_a_crop_has_cut_does_not_come_back_in_the_padding(tmp_path):
    geometry = plan((HEIGHT, WIDTH), PreprocessConfig(crop=(4, 8), size=(8, 8), resize="pad"))
    expected = np.zeros((8, 8), bool)
    expected[2:6] = True
    everything = [(0, 0), (1, 0), (1, 1), (0, 1)]
    points = {"x0": [0, 0], "y0": [0, 0], "x1": [12, 12], "y1": [8, 8]}
    for region in ({"box": (0, 0, 1, 1)}, {"polygon": everything}, {"landmarks": [("x0", "y0"), ("x1", "y1")]}):
        found = drawn(
            tmp_path,
            {**region, "units": "pixel" if "landmarks" in region else "fraction"},
            geometry=geometry,
            columns=points,
        )
        assert np.array_equal(found, expected)


def test_fixed_shapes_are_drawn_once_per_size(tmp_path):
    drawer = RegionDrawer({"r": RegionConfig(box=(0, 0, 0.5, 1))}, manifest(tmp_path))
    assert drawer.draw(0, SAME)["r"] is drawer.draw(1, SAME)["r"]
    other = plan((8, 8), PreprocessConfig())
    assert drawer.draw(0, other)["r"].sum() == 32
