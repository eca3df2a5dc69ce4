"""The second witness of discovery: does the model's score follow the group's content of a window?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from fairaudit.audits.core.stream.audit import Total
from fairaudit.audits.core.study.rows import Rows
from fairaudit.engine.memory import Halving
from fairaudit.interventions.content import ContentChange, content_change
from fairaudit.measures.regions.window_effect import Pairs, WindowEffect, draw_pairs, window_effect

SAMPLE = 256
"""Images per attribute whose windows are given other content; each costs two forward passes per window."""
SLICE = 64
"""Images that are decoded and changed at once, with two donors each."""

Box = tuple[float, float, float, float]
Effects = dict[tuple[int, Box], WindowEffect]


def check_windows(total: Total, rows: Rows, wanted: Mapping[int, Sequence[Box]]) -> Effects:
    """The effect of every window on the candidate, by number of the attribute and by box.

    Args:
        total: the rows that were scored, the model and the data.
        rows: groups and targets of those rows.
        wanted: number of the attribute in `rows.groups` → windows as x0, y0, x1, y1 in shares of width and height.
    """
    found: Effects = {}
    for number, boxes in wanted.items():
        pairs = draw_pairs(
            rows.groups[number], rows.target, clusters=rows.clusters, most=SAMPLE, seed=total.study.options.seed
        )
        change = _changes(total, pairs, boxes)
        level = total.study.config.audit.level
        for place, box in enumerate(boxes):
            found[number, box] = window_effect(change.other[place], change.same[place], level=level)
    return found


def _changes(total: Total, pairs: Pairs, boxes: Sequence[Box]) -> ContentChange:
    def some(start: int, stop: int) -> ContentChange:
        images, others, sames = (_images(total, part[start:stop]) for part in (pairs.rows, pairs.other, pairs.same))
        masks = torch.stack([window_mask(box, images.shape[2], images.shape[3]) for box in boxes])
        return content_change(total.study.candidate, images, others, sames, masks)

    parts = Halving[ContentChange](min(total.study.options.batch_size or SLICE, SLICE)).run(some, len(pairs.rows))
    none = np.zeros((len(boxes), 0))
    return ContentChange(
        other=np.concatenate([none, *(part.other for part in parts)], axis=1),
        same=np.concatenate([none, *(part.same for part in parts)], axis=1),
    )


def _images(total: Total, places: NDArray[np.int64]) -> torch.Tensor:
    """The images at places among the scored rows, on the model's device."""
    batch = total.study.material.loader.load(total.rows[places].tolist())
    return batch.images.to(total.study.candidate.device)


def window_mask(box: Box, height: int, width: int) -> torch.Tensor:
    """The window's pixels, `[row, column]`: edges go to the nearest pixel border, and one pixel is the least.

    >>> window_mask((0.0, 0.5, 0.25, 1.0), 4, 4).int().tolist()
    [[0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]
    """
    mask = torch.zeros(height, width, dtype=torch.bool)
    (left, right), (top, bottom) = (
        _pixels(start, stop, size) for start, stop, size in ((box[0], box[2], width), (box[1], box[3], height))
    )
    mask[top:bottom, left:right] = True
    return mask


def _pixels(start: float, stop: float, size: int) -> tuple[int, int]:
    first = min(round(start * size), size - 1)
    return first, max(first + 1, round(stop * size))
