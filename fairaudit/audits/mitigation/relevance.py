"""Where an edited model looks: its maps of some images of the reporting part, held against the unchanged model's."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from fairaudit.measures.regions.metrics import rrf_lift
from fairaudit.measures.regions.signed_share import signed_share
from fairaudit.mitigation.edits import Edit
from fairaudit.mitigation.method import Task
from fairaudit.mitigation.samples import DataPart, cells
from fairaudit.mitigation.write import as_edited
from fairaudit.models.classifier import Classifier
from fairaudit.saliency.method import Method

BATCH = 256
TOLERANCE = 1e-4
"""Falls of relevance up to this share of the largest are float noise."""
SUFFIXES = ("", "_other")
"""What the columns of the first and the second attribution method end in."""


def maps_of(model: Classifier, task: Task, edit: Edit, part: DataPart, rows: Tensor, method: Method) -> Tensor:
    """Signed maps of some rows of a part, evidence for each image's own class, [image, row, column] float64."""
    classifier = as_edited(model, task.split, edit, "variant")
    mean = torch.tensor(classifier.mean).view(1, -1, 1, 1)
    std = torch.tensor(classifier.std).view(1, -1, 1, 1)
    found = []
    for some in torch.split(rows, BATCH):
        batch = part.take(some)
        images = batch.images * std.to(batch.images) + mean.to(batch.images)
        found.append(method.attribute(classifier, images, batch.target).maps.detach().double().cpu())
    return torch.cat(found)


def scaled(maps: Tensor) -> Tensor:
    """R / 2 max|R| of every map, in [-½, ½]; NaN for a map without relevance."""
    largest = maps.abs().flatten(1).amax(1)
    scale = torch.where(largest > 0, 2 * largest, torch.full_like(largest, torch.nan))
    return maps / scale[:, None, None]


def relevance_columns(
    maps: Tensor, masks: Tensor, rows: Tensor, *, images: int, vanilla: Tensor | None, suffix: str = ""
) -> dict[str, Tensor]:
    """Lift, signed shares and, with the unchanged model's maps, what fell in the region; [image], NaN without a map.

    Args:
        maps: signed maps of some images, [map, row, column].
        masks: True inside the region, [map, row, column].
        rows: whose maps they are, [map].
        images: how many images there are.
        vanilla: the unchanged model's maps of the same images.
        suffix: what the names of the columns end in.
    """
    found: dict[str, Tensor] = {
        "relevance_lift": torch.from_numpy(rrf_lift(maps.numpy(), masks.numpy(), convention="absolute")),
        "signed_share": torch.from_numpy(signed_share(maps.numpy(), masks.numpy())),
        "signed_rest": torch.from_numpy(signed_share(maps.numpy(), ~masks.numpy())),
    }
    if vanilla is not None:
        fall = scaled(vanilla).abs() - scaled(maps).abs()
        area = masks.sum((1, 2)).double()
        area = torch.where(area > 0, area, torch.full_like(area, torch.nan))
        undefined = torch.isnan(fall).flatten(1).any(1)
        inside = torch.where(masks, torch.nan_to_num(fall), torch.zeros_like(fall))
        found["relevance_fall"] = (inside.sum((1, 2)) / area).masked_fill(undefined, torch.nan)
        shares = (inside > TOLERANCE).sum((1, 2)) / area
        found["relevance_fall_share"] = shares.masked_fill(undefined, torch.nan)
    return {f"{name}{suffix}": spread(values, rows, images) for name, values in found.items()}


def spread(values: Tensor, rows: Tensor, images: int) -> Tensor:
    """Values of some images as a column of all of them, NaN elsewhere, [image, …] float64."""
    found = torch.full((images, *values.shape[1:]), torch.nan, dtype=torch.float64)
    found[rows] = values.double()
    return found


def masks_of(part: DataPart, rows: Tensor) -> Tensor:
    """The region of some rows, [image, row, column].

    Raises:
        ValueError: the part has no region.
    """
    found = []
    for some in torch.split(rows, BATCH):
        masks = part.take(some).masks
        if masks is None:
            raise ValueError("the part has no region")
        found.append(masks.cpu())
    return torch.cat(found)


def cell_means(values: Tensor, part: DataPart, rows: Tensor) -> Tensor:
    """Mean over the images of every cell, [cell, …]; NaN where a cell has none, and images with NaN left out."""
    own = cells(part)[rows]
    known = ~torch.isnan(values).flatten(1).any(1)
    means = []
    for cell in range(part.classes * part.groups):
        inside = (own == cell) & known
        means.append(values[inside].mean(0) if bool(inside.any()) else torch.full_like(values[0], torch.nan))
    return torch.stack(means)


def named(methods: tuple[Method, ...]) -> Mapping[str, Method]:
    """Suffix → attribution method."""
    return dict(zip(SUFFIXES, methods, strict=False))
