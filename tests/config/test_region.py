"""A region is given in exactly one way."""

import pytest
from pydantic import ValidationError

from fairaudit.config.region import RegionConfig

WAYS = {
    "box": (0, 0, 1, 1),
    "polygon": [(0, 0), (1, 0), (1, 1)],
    "columns": ("x0", "y0", "x1", "y1"),
    "mask": "masks/{id}.png",
    "landmarks": [("x", "y")],
    "union": ["a", "b"],
    "complement": "a",
}


@pytest.mark.parametrize("kind", WAYS)
def test_each_way_alone(kind):
    assert RegionConfig(**{kind: WAYS[kind]}).kind == kind


@pytest.mark.parametrize("kinds", [(), ("box", "mask"), ("union", "complement", "columns")])
def test_none_or_several_are_refused(kinds):
    with pytest.raises(ValidationError, match=f"exactly one of .*found: {', '.join(k for k in WAYS if k in kinds)}"):
        RegionConfig(**{kind: WAYS[kind] for kind in kinds})


@pytest.mark.parametrize("ends", [("w", "h"), ("box_w", "box_h"), ("width", "height"), ("W", "Height")])
def test_width_and_height_as_corners_are_refused_unless_so_said(ends):
    columns = ("x", "y", *ends)
    with pytest.raises(ValidationError, match="form: xywh"):
        RegionConfig(columns=columns)
    assert RegionConfig(columns=columns, form="xyxy").form == "xyxy"
