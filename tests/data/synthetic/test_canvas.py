"""Shapes in closed form: a circle's area, a box's pixels, a turned frame, and colours laid over one another."""

import numpy as np
import pytest

from fairaudit.data.synthetic.canvas import SIDE, Canvas, Frame, Reach, box, cover, ellipse

FULL = Reach(0, SIDE, 0, SIDE)


def one(value):
    return np.array([value], np.float32)


def frame(x=SIDE / 2, y=SIDE / 2, scale=1.0, tilt=0.0):
    return Frame(one(x), one(y), one(scale), one(tilt))


def test_a_disc_covers_its_area():
    u, v = frame(x=30.3, y=33.1).at(FULL)
    assert float(cover(ellipse(u, v, 12.0, 12.0)).sum()) == pytest.approx(np.pi * 144, rel=2e-3)


def test_a_box_on_the_pixels_covers_them_whole():
    u, v = frame().at(FULL)
    found = cover(box(u, v, 3.0, 2.0))[..., 0]
    assert found.sum() == 6 * 4
    assert set(np.unique(found)) == {0.0, 1.0}
    assert np.argwhere(found)[[0, -1]].tolist() == [[30, 29], [33, 34]]


def test_distances_are_negative_inside():
    assert box(one(0), one(0), 3.0, 2.0).tolist() == [-2.0]
    assert box(one(5), one(0), 3.0, 2.0).tolist() == [2.0]
    assert ellipse(one(0), one(4), 2.0, 3.0) == pytest.approx(2 / 3)
    assert cover(one(0.25)).tolist() == [0.25]
    assert cover(one(0.25), 2.0).tolist() == [0.0]


def test_a_quarter_turn_takes_right_to_down():
    u, v = frame(x=0.5, y=0.5, scale=2.0, tilt=np.pi / 2).at(Reach(0, 3, 0, 3))
    assert (u[2, 0, 0], v[2, 0, 0]) == pytest.approx((1.0, 0.0), abs=1e-6)
    assert (u[0, 2, 0], v[0, 2, 0]) == pytest.approx((0.0, -1.0), abs=1e-6)


def test_paint_and_masks_stay_in_their_window():
    canvas, window = Canvas(1), Reach(1, 3, 2, 4)
    share = np.array([[[1.0], [0.5]], [[0.0], [0.25]]], np.float32)
    canvas.paint(window, share, np.array([[0.8], [0.4], [0.0]], np.float32))
    canvas.paint(window, share, np.array([[0.0], [0.0], [0.0]], np.float32))
    np.testing.assert_allclose(canvas.planes[0, 1:3, 2:4, 0], [[0.0, 0.2], [0.0, 0.15]], atol=1e-7)
    assert canvas.planes.sum() == pytest.approx(0.35 * 1.5)
    canvas.touch("tie", window, share)
    assert np.argwhere(canvas.masks["tie"][..., 0]).tolist() == [[1, 2], [1, 3], [2, 3]]
