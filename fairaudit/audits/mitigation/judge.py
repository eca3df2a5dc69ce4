"""What an edited model does with every image: scores, decisions, flips with twins, relevance in the region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fairaudit.measures.regions.metrics import rrf_lift
from fairaudit.mitigation.edits import Edit, GroupThresholds, edited
from fairaudit.mitigation.method import Task
from fairaudit.mitigation.methods.thr_opt import decided
from fairaudit.mitigation.samples import DataPart
from fairaudit.mitigation.write import as_edited
from fairaudit.models.classifier import Classifier
from fairaudit.pruning.probe import probe
from fairaudit.saliency.method import Method
from fairaudit.seeds import generator

BATCH = 256
TOLERANCE = 1e-4
"""Falls of relevance up to this share of the largest are float noise."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judge:
    """The reporting part, the attribution method, and the unchanged model's maps."""

    model: Classifier
    task: Task
    report: DataPart
    method: Method | None
    """None where relevance is not measured."""
    images: int
    """Images whose relevance is measured: the first so many of a seeded order."""
    vanilla: Tensor | None = None
    """The unchanged model's scaled absolute maps of those images."""

    @property
    def mapped(self) -> Tensor:
        """Rows of the reporting part whose relevance is measured, in order."""
        count = len(self.report)
        draws = generator(self.task.train.seed, "mitigation maps")
        return torch.from_numpy(np.sort(draws.choice(count, size=min(self.images, count), replace=False)))


def columns(judge: Judge, edit: Edit, name: str) -> dict[str, Tensor]:
    """Everything that the comparison is made from, per image, NaN where there is no such number."""
    found = {f"choose.{key}": value for key, value in _outputs(judge, edit, judge.task.choose, flips=False).items()}
    found |= _outputs(judge, edit, judge.report, flips=True)
    if judge.method is not None and judge.report.has_masks:
        maps = scaled_maps(judge, edit, name)
        found |= _relevance(judge, maps)
    if not isinstance(edit, GroupThresholds):
        found |= _probe(judge, edit)
    return found


@torch.no_grad()
def _outputs(judge: Judge, edit: Edit, part: DataPart, *, flips: bool) -> dict[str, Tensor]:
    module, head = edited(judge.task.split, edit), judge.task.head
    scores, rates, effects = [], [], []
    for rows in torch.split(torch.arange(len(part)), BATCH):
        batch = part.take(rows)
        own = head.scores(module(batch.images)[1])
        scores.append(own.cpu())
        if flips and batch.frames is not None:
            other = head.scores(module(torch.nan_to_num(batch.frames[:, 0]))[1])
            lost = torch.isnan(batch.frames[:, 0].flatten(1)).any(1)
            changed = (head.decide(own) != head.decide(other)).double().masked_fill(lost, torch.nan)
            moved = ((own - other).abs().sum(1) / 2).masked_fill(lost, torch.nan)
            rates.append(changed.cpu())
            effects.append(moved.cpu())
    table = torch.cat(scores)
    found = {"scores": table, "decisions": head.decide(table)}
    if isinstance(edit, GroupThresholds):
        draws = generator(judge.task.train.seed, "group rule")
        ruled = decided(edit, table[:, 1].numpy(), part.attribute.numpy(), draws)
        found["decisions"] = torch.where(torch.from_numpy(ruled) >= 0, torch.from_numpy(ruled), found["decisions"])
    if rates and not isinstance(edit, GroupThresholds):
        found |= {"flip_rate": torch.cat(rates), "flip_effect": torch.cat(effects)}
    return found


def scaled_maps(judge: Judge, edit: Edit, name: str) -> Tensor:
    """|R| / 2 max|R| of the mapped images, [image, row, column], NaN for a map without relevance."""
    if judge.method is None:
        raise ValueError("no attribution method")
    classifier = as_edited(judge.model, judge.task.split, edit, name)
    mean = torch.tensor(classifier.mean).view(1, -1, 1, 1)
    std = torch.tensor(classifier.std).view(1, -1, 1, 1)
    found = []
    for rows in torch.split(judge.mapped, BATCH):
        batch = judge.report.take(rows)
        images = batch.images * std.to(batch.images) + mean.to(batch.images)
        found.append(judge.method.attribute(classifier, images, batch.target).maps.detach().double().cpu())
    maps = torch.cat(found).abs()
    largest = maps.flatten(1).amax(1)
    scale = torch.where(largest > 0, 2 * largest, torch.full_like(largest, torch.nan))
    return maps / scale[:, None, None]


def _relevance(judge: Judge, maps: Tensor) -> dict[str, Tensor]:
    """Lift of every mapped image, and where the unchanged model's maps are there, what fell in the region."""
    masks = _masks(judge)
    values = torch.nan_to_num(maps)
    whole = torch.full((len(judge.report),), torch.nan, dtype=torch.float64)
    found = {"relevance_lift": whole.clone()}
    lift = rrf_lift(values.numpy(), masks.numpy(), convention="absolute")
    found["relevance_lift"][judge.mapped] = torch.from_numpy(lift)
    if judge.vanilla is None:
        return found
    fall = judge.vanilla - maps
    area = masks.sum((1, 2)).double()
    area = torch.where(area > 0, area, torch.full_like(area, torch.nan))
    inside = torch.where(masks, fall, torch.zeros_like(fall))
    fallen = (inside > TOLERANCE).sum((1, 2))
    parts = {
        "relevance_fall": inside.sum((1, 2)) / area,
        "relevance_fall_share": fallen / area,
    }
    for key, each in parts.items():
        found[key] = whole.clone()
        found[key][judge.mapped] = each
    return found


def _masks(judge: Judge) -> Tensor:
    found = []
    for rows in torch.split(judge.mapped, BATCH):
        masks = judge.report.take(rows).masks
        if masks is None:
            raise ValueError("the reporting part has no region")
        found.append(masks.cpu())
    return torch.cat(found)


@torch.no_grad()
def _features(judge: Judge, edit: Edit, part: DataPart) -> Tensor:
    module = edited(judge.task.split, edit)
    rows = torch.split(torch.arange(len(part)), BATCH)
    return torch.cat([module(part.take(each).images)[0].flatten(1).cpu() for each in rows])


def _probe(judge: Judge, edit: Edit) -> Mapping[str, Tensor]:
    """Whether a fresh linear reader tells each image's attribute, NaN where it is unknown."""
    part = judge.task.balanced
    if part is None:
        return {}
    learn, test = _features(judge, edit, part), _features(judge, edit, judge.report)
    attribute = judge.report.attribute
    with torch.enable_grad():
        read = probe("linear", (learn, part.attribute), (test, attribute), values=part.groups, seed=0, epochs=15)
    found = torch.full((len(attribute),), torch.nan, dtype=torch.float64)
    found[attribute >= 0] = torch.tensor(read.hits, dtype=torch.float64)
    return {"attribute_probe": found}
