"""Shapes to pixels, against a point-by-point oracle and against each other."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import ConvexHull, QhullError

from fairaudit.data.shapes import box_mask, polygon_mask

COORDINATE = st.floats(-5, 25, allow_nan=False).map(lambda value: round(value, 3))
POINTS = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=3, max_size=7)


def test_a_box_of_whole_pixels():
    mask = box_mask(np.array([1, 2, 3, 5]), (6, 4))
    expected = np.zeros((6, 4), bool)
    expected[2:5, 1:3] = True
    assert np.array_equal(mask, expected)


@given(COORDINATE, COORDINATE, COORDINATE, COORDINATE)
def test_a_box_is_the_polygon_of_its_corners(x0, y0, x1, y1):
    (x0, x1), (y0, y1) = sorted((x0, x1)), sorted((y0, y1))
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    assert np.array_equal(box_mask(np.array([x0, y0, x1, y1]), (20, 18)), polygon_mask(corners, (20, 18)))


@given(COORDINATE, COORDINATE, st.floats(0.01, 0.99))
def test_boxes_that_share_an_edge_partition_their_union(x0, y0, share):
    x1, y1 = x0 + 7.25, y0 + 4.5
    cut = x0 + share * (x1 - x0)
    parts = [box_mask(np.array(box), (20, 20)) for box in ((x0, y0, cut, y1), (cut, y0, x1, y1))]
    assert not (parts[0] & parts[1]).any()
    assert np.array_equal(parts[0] | parts[1], box_mask(np.array([x0, y0, x1, y1]), (20, 20)))


@given(POINTS)
def test_a_convex_polygon_holds_the_centres_left_of_all_its_edges(points):
    try:
        hull = ConvexHull(np.array(points))
    except QhullError:
        return  # all on one line
    corners = np.array(points)[hull.vertices]  # counterclockwise
    columns, rows = np.meshgrid(np.arange(18) + 0.5, np.arange(20) + 0.5)
    distances = []
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        cross = (x1 - x0) * (rows - y0) - (y1 - y0) * (columns - x0)
        distances.append(cross / np.hypot(x1 - x0, y1 - y0))
    nearest = np.min(distances, axis=0)
    mask = polygon_mask(corners, (20, 18))
    assert mask[nearest > 1e-6].all()
    assert not mask[nearest < -1e-6].any()


@given(POINTS, st.integers(0, 6))
def test_the_first_corner_and_the_sense_of_rotation_do_not_matter(points, first):
    corners = np.array(points)
    mask = polygon_mask(corners, (20, 18))
    assert np.array_equal(polygon_mask(np.roll(corners, first, axis=0), (20, 18)), mask)
    assert np.array_equal(polygon_mask(corners[::-1], (20, 18)), mask)


def test_a_ring_has_a_hole_by_the_even_odd_rule():
    outer, inner = [(0, 0), (9, 0), (9, 9), (0, 9), (0, 0)], [(3, 3), (6, 3), (6, 6), (3, 6), (3, 3)]
    mask = polygon_mask(np.array(outer + inner), (9, 9))
    expected = np.ones((9, 9), bool)
    expected[3:6, 3:6] = False
    assert np.array_equal(mask, expected)


def test_the_area_of_a_fine_circle():
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    circle = np.column_stack([100 + 80 * np.cos(angle), 100 + 80 * np.sin(angle)])
    assert abs(polygon_mask(circle, (200, 200)).sum() / (np.pi * 80**2) - 1) < 0.002
