"""Figures of the region audit: what was measured, and the images that rely on a region most and least."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from fairaudit.audits.core.stream.audit import Drawing, Total, bound, slug
from fairaudit.audits.core.stream.columns import column
from fairaudit.audits.core.stream.stream import explained_classes, predict, sliced
from fairaudit.audits.core.study.study import Study
from fairaudit.data.batch import Batch
from fairaudit.engine.memory import Halving
from fairaudit.saliency.method import Method

EACH = 6
"""Images in a row of a figure."""

Floats = NDArray[np.float64]


def region_drawings(total: Total, methods: Sequence[Method]) -> Iterator[Drawing]:
    """An overlay per region, and per region and method the most and the least reliant images."""
    study = total.study
    for region in study.regions:
        yield Drawing(
            name=f"region-{slug(region)}.png",
            caption=f'The region "{region}" on the images as the model sees them.',
            draw=partial(_overlay, total, region),
            photographs=True,
            overlay=True,
        )
        for place, method in enumerate(methods):
            if np.isnan(_shares(total, region, method)).all():
                continue  # every map is blank: no image relies on anything
            yield Drawing(
                name=f"reliance-{slug(region)}-{slug(method.name)}.png",
                caption=(
                    f"Images with the largest (first row) and the smallest share of {method.name} relevance in "
                    f"{region}, written below each; red is evidence for the explained class, blue against it, "
                    "and both count."
                ),
                draw=partial(_reliance, total, region, method),
                photographs=True,
                worst=place == 0,
            )


def _overlay(total: Total, region: str) -> bytes:
    from fairaudit.report.figures.regions import region_overlay

    there = np.asarray(total.part.columns[column("area", region)], np.float64) > 0
    batch = total.study.material.loader.load(_spread(total.rows[there]))
    return region_overlay(
        _pictures(batch), batch.regions[region].numpy(), names=_names(total, batch), heading=f"Region {region}"
    )


def _reliance(total: Total, region: str, method: Method) -> bytes:
    from fairaudit.report.figures.regions import reliance

    shares = _shares(total, region, method)
    order = np.argsort(np.nan_to_num(shares, nan=-1.0), kind="stable")
    order = order[~np.isnan(shares[order])]
    each = max(1, min(EACH, len(order) // 2))
    chosen = [*order[::-1][:each].tolist(), *order[:each].tolist()]
    batch = total.study.material.loader.load(total.rows[chosen].tolist())
    return reliance(
        _pictures(batch),
        _maps(total.study, batch, method),
        batch.regions[region].numpy(),
        names=_names(total, batch),
        heading=f"Most and least relevance in {region} by {method.name}",
        values=shares[chosen].tolist(),
        rows=("most", "least"),
    )


def _maps(study: Study, batch: Batch, method: Method) -> Floats:
    """The method's maps of a few images, in smaller parts where memory runs out."""

    def some(start: int, stop: int) -> Floats:
        part = sliced(batch, start, stop)
        images = part.images.to(study.candidate.device)
        explained = explained_classes(study, part, predict(study.candidate, images))
        classes = torch.from_numpy(explained).to(images.device)
        maps = bound(method, part).attribute(study.candidate, images, classes).maps
        return maps.detach().double().cpu().numpy()

    return np.concatenate(Halving[Floats](study.options.batch_size or len(batch)).run(some, len(batch)))


def _shares(total: Total, region: str, method: Method) -> Floats:
    """Share of |relevance| in the region: a model that holds a region against the class relies on it as well."""
    lift = total.part.columns[column("candidate", method.name, region, "rrf_lift_absolute")]
    area = total.part.columns[column("area", region)]
    return np.asarray(lift, np.float64) * np.asarray(area, np.float64)


def _spread(rows: NDArray[np.int64]) -> list[int]:
    """Up to `EACH` rows, evenly spread over the manifest."""
    places = np.unique(np.linspace(0, len(rows) - 1, EACH).round().astype(np.int64))
    return [int(row) for row in rows[places]]


def _pictures(batch: Batch) -> Floats:
    return np.moveaxis(batch.images.double().numpy(), 1, -1)


def _names(total: Total, batch: Batch) -> list[str]:
    study = total.study
    columns = [study.target, *(study.manifest.attributes[name] for name in study.attributes[:1])]
    return [", ".join(f"{c.name}={c.label(int(row)) or '?'}" for c in columns) for row in batch.rows]
