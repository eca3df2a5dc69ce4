"""Pictures stand where they are put, enlarged pixel by pixel, and outlines follow pixel borders."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fairaudit.report.figures.board import SIDE, PictureBoard, height_of, margin, outline, row_name


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), float) / 255


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_outline_separates_exactly_the_pixels_that_differ(seed):
    mask = np.random.default_rng(seed).random((5, 7)) < 0.5
    edges = {tuple(map(tuple, edge)) for edge in outline(mask).astype(int)}
    wanted = set()
    inside = lambda i, j: 0 <= i < 5 and 0 <= j < 7 and bool(mask[i, j])  # noqa: E731
    for i in range(6):
        for j in range(8):
            if inside(i, j) != inside(i - 1, j):
                wanted.add(((j, i), (j + 1, i)))
            if inside(i, j) != inside(i, j - 1):
                wanted.add(((j, i), (j, i + 1)))
    assert edges == wanted


@pytest.mark.parametrize(("rows", "columns"), [(5, 7), (240, 240), (300, 500), (64, 64)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_is_every_pixel_enlarged_where_it_is_put(rows, columns, channels):
    image = np.random.default_rng(0).random((rows, columns, channels))
    board = PictureBoard(900, 700, " ")
    height = board.picture(100, 60, image)
    found = pixels(board.png())
    assert found.shape == (700, 900, 3)
    assert height == height_of(image) == round(240 * rows / columns)
    for y, x in np.random.default_rng(1).integers(0, (height, SIDE), (50, 2)):
        wanted = np.ones(3) * image[y * rows // height, x * columns // SIDE]
        np.testing.assert_allclose(found[60 + y, 100 + x], wanted, atol=1 / 255)
    found[60 : 60 + height, 100 : 100 + SIDE] = 1
    assert (found[50:] == 1).all()


def test_what_lies_over_it_counts_by_its_opacity_and_nan_is_white():
    board, over = PictureBoard(500, 400, " "), np.zeros((2, 2, 4))
    over[0, 0], over[0, 1] = (1, 0, 0, 1), (1, 0, 0, 0.5)
    image = np.full((2, 2, 1), 0.5)
    image[1, 1] = np.nan
    board.picture(0, 100, image, over=over)
    corners = pixels(board.png())[[[110], [330]], [[10, 230], [10, 230]]]
    np.testing.assert_allclose(corners[0, 0], (1, 0, 0), atol=1 / 255)
    np.testing.assert_allclose(corners[0, 1], (0.75, 0.25, 0.25), atol=1 / 255)
    np.testing.assert_allclose(corners[1], [(0.5, 0.5, 0.5), (1, 1, 1)], atol=1 / 255)


def test_an_outline_is_dark_at_the_edge_of_the_region_and_nowhere_else():
    mask = np.zeros((6, 6), bool)
    mask[3:5, 1:3] = True  # 40 pixels a square: rows 120 to 200, columns 40 to 120
    board = PictureBoard(500, 400, " ")
    board.picture(50, 100, np.full((6, 6, 1), 0.6))
    board.outline(50, 100, mask)
    dark = pixels(board.png()).max(axis=2) < 0.2
    for y, x in ((220, 130), (300, 130), (260, 90), (260, 170)):
        assert dark[y - 2 : y + 3, x - 2 : x + 3].any()
    assert not dark[225:295, 95:165].any()
    assert not dark[:215].any()
    assert not dark[:, 176:].any()


def test_long_names_of_rows_have_two_lines_and_room_for_them():
    assert row_name("necktie=0, smiling=1") == "necktie=0, smiling=1"
    assert row_name("skin=very dark, smiling=often") == "skin=very dark,\nsmiling=often"
    assert margin(["a", "skin=very dark, smiling=often"]) > margin(["a", "b"]) > 0
