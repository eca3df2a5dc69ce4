"""A section of `regions`: one region of interest."""

from __future__ import annotations

import re
from typing import Final, Literal

from pydantic import model_validator

from fairaudit.config.section import Section

_SIDES: Final = (r"(?i)(^|[^a-z])w$|width$", r"(?i)(^|[^a-z])h$|height$")
"""How columns of a box's width and height are usually called."""


class RegionConfig(Section):
    """One region of interest: exactly one of box, polygon, columns, mask, landmarks, union or complement."""

    box: tuple[float, float, float, float] | None = None
    """x0, y0, x1, y1 of the original image."""
    polygon: list[tuple[float, float]] | None = None
    """Corners x, y of the original image."""
    columns: tuple[str, str, str, str] | None = None
    """Manifest columns with x0, y0, x1, y1 of every row; empty cells mean that the row has no such region."""
    mask: str | None = None
    """Path of a mask image per row, with {column} places, such as masks/{id}.png; pixels above half are inside. Also
    @NAME: a mask that the images come with, such as @background of a planted background colour."""
    landmarks: list[tuple[str, str]] | None = None
    """Manifest columns (x, y) of points; the region is their bounding box grown by `margin` of its size."""
    margin: float = 0.1
    """For landmarks: growth on each side as a share of the box's width and height."""
    union: list[str] | None = None
    """Names of other regions."""
    complement: str | None = None
    """Name of another region."""
    form: Literal["xyxy", "xywh"] = "xyxy"
    """For box and columns: two corners, or one corner with width and height."""
    units: Literal["fraction", "pixel"] = "fraction"
    """Units of box, polygon, columns and landmarks: shares of the original image's width and height, or its pixels."""
    forbidden: bool = False
    """Whether nothing in the region may matter (a watermark, a hospital tag, a border, a background): using it then
    counts against the model. Left out, it does not: most boxes also hold evidence that the model may use."""

    @model_validator(mode="after")
    def _exactly_one(self) -> RegionConfig:
        kinds = ("box", "polygon", "columns", "mask", "landmarks", "union", "complement")
        given = [kind for kind in kinds if getattr(self, kind) is not None]
        if len(given) != 1:
            found = ", ".join(given) or "none"
            raise ValueError(f"a region needs exactly one of {', '.join(kinds)}; found: {found}")
        return self

    @model_validator(mode="after")
    def _no_sides_as_corners(self) -> RegionConfig:
        """Width and height read as a corner give a box too, only elsewhere; their names are what tells."""
        if self.columns is not None and "form" not in self.model_fields_set:
            ends = self.columns[2:]
            if all(re.search(pattern, name) for pattern, name in zip(_SIDES, ends, strict=True)):
                raise ValueError(
                    f"the columns {' and '.join(ends)} look like width and height; say form: xywh, "
                    "or form: xyxy if they are a corner"
                )
        return self

    @property
    def kind(self) -> str:
        """Which of the kinds it is."""
        kinds = ("box", "polygon", "columns", "mask", "landmarks", "union", "complement")
        return next(kind for kind in kinds if getattr(self, kind) is not None)
