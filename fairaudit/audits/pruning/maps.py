"""Grad-CAM before and after pruning, on the same images with the region drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from fairaudit.audits.core.stream.audit import Drawing
from fairaudit.audits.core.study.study import Study, target_of
from fairaudit.audits.pruning.rows import Reported
from fairaudit.data.batch import Batch
from fairaudit.errors import LiftError, MethodError
from fairaudit.measures.regions.metrics import rrf
from fairaudit.models.classifier import Classifier
from fairaudit.saliency.gradcam import GradCam

EACH = 3
"""Images on which the bias goes with the class, and as many on which it does not."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedModel:
    """A model whose maps are drawn."""

    name: str
    """What its row is called."""
    classifier: Classifier


def map_drawing(study: Study, reported: Reported, models: Sequence[MappedModel]) -> tuple[Drawing | None, str | None]:
    """The figure, or a note why there is none.

    Args:
        study: the reporting part and what is audited there.
        reported: decisions, from which the images are chosen: first those that the models decide differently.
        models: in the order of the rows, the unpruned one first.
    """
    rows = chosen(reported, [model.name for model in models])
    if not rows:
        return None, None
    batch = study.material.loader.load(rows)
    for model in models:
        try:
            _maps(model.classifier, batch)
        except (LiftError, MethodError) as error:  # a model whose units are all pruned has no gradient, for one
            return None, f"Grad-CAM before and after is not drawn, because of {model.name}: {error.problem}."
    where = (
        f"The share of the map, of either sign, in {study.regions[0]} is below each image. " if study.regions else ""
    )
    drawing = Drawing(
        name="gradcam.png",
        caption=(
            "Grad-CAM of the evidence for the true class, on the same images before and after pruning; every map has "
            f"its own scale, red is evidence for the class. {where}"
            f"The first images are those on which {reported.biases[0]} does not go with the class."
        ),
        draw=partial(_draw, study, list(models), rows),
        photographs=True,
    )
    return drawing, None


def chosen(reported: Reported, names: Sequence[str]) -> list[int]:
    """Rows to draw: up to three conflicting ones, then as many aligned ones, first where models decide differently."""
    hints = reported.hints(0)
    decisions = [found[0].evaluation.decisions for name in names if (found := reported.named(name))]
    differ = np.ptp(np.stack(decisions), axis=0) > 0
    rows: list[int] = []
    for wanted in ((hints >= 0) & (hints != reported.target), hints == reported.target):
        places = np.flatnonzero(wanted)
        ordered = [*places[differ[places]].tolist(), *places[~differ[places]].tolist()]
        rows += ordered[:EACH]
    return [int(row) for row in reported.rows[rows]]


def _draw(study: Study, models: Sequence[MappedModel], rows: Sequence[int]) -> bytes:
    from fairaudit.report.figures.regions import compared_maps

    batch = study.material.loader.load(rows)
    maps = np.stack([_maps(model.classifier, batch) for model in models])
    masks = batch.regions[study.regions[0]].numpy() if study.regions else np.zeros(maps.shape[1:], np.bool_)
    shares = np.stack([rrf(found, masks, convention="absolute") for found in maps]) if study.regions else None
    columns = [target_of(study.manifest), *(study.manifest.attributes[name] for name in study.attributes[:1])]
    names = ["\n".join(f"{c.name}={c.label(int(row)) or '?'}" for c in columns) for row in batch.rows]
    return compared_maps(
        np.moveaxis(batch.images.double().numpy(), 1, -1),
        maps,
        masks,
        rows=[model.name for model in models],
        names=names,
        heading="Grad-CAM before and after pruning",
        values=shares,
    )


def _maps(model: Classifier, batch: Batch) -> Floats:
    images = batch.images.to(model.device)
    classes = torch.from_numpy(batch.target.astype(np.int64)).to(model.device)
    return GradCam().attribute(model, images, classes).maps.detach().double().cpu().numpy()
