"""What an edited model shows for every image: scores, decisions, flips, relevance in the region, swapped content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, fx

from fairaudit.audits.mitigation.relevance import cell_means, maps_of, masks_of, named, relevance_columns, scaled
from fairaudit.audits.mitigation.swaps import SwapPlan, swap_columns
from fairaudit.mitigation.edits import Edit, GroupThresholds, edited
from fairaudit.mitigation.method import Task
from fairaudit.mitigation.methods.thr_opt import decided
from fairaudit.mitigation.samples import DataPart
from fairaudit.models.classifier import Classifier
from fairaudit.pruning.probe import KINDS, probe
from fairaudit.saliency.method import Method
from fairaudit.seeds import generator

BATCH = 256
COLUMNS = 4
"""Version of the columns: fits that were stored with others are made again."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judge:
    """The reporting part, the attribution methods, and the unchanged model's maps."""

    model: Classifier
    task: Task
    report: DataPart
    methods: tuple[Method, ...] = ()
    """Attribution methods, two at most; none where relevance is not measured."""
    images: int = 0
    """Images whose relevance is measured and whose content is swapped: the first so many of a seeded order."""
    swaps: SwapPlan | None = None
    """Whose content they get; None without a region."""
    vanilla: Mapping[str, Tensor] = field(default_factory=dict)
    """Suffix of an attribution method → the unchanged model's maps of those images."""

    @property
    def mapped(self) -> Tensor:
        """Rows of the reporting part whose relevance is measured and whose content is swapped, in order."""
        count = len(self.report)
        draws = generator(self.task.train.seed, "mitigation maps")
        return torch.from_numpy(np.sort(draws.choice(count, size=min(self.images, count), replace=False)))

    def maps(self, edit: Edit) -> dict[str, Tensor]:
        """Suffix of every attribution method → signed maps of the mapped images; empty without a region."""
        if not self.report.has_masks:
            return {}
        return {
            suffix: maps_of(self.model, self.task, edit, self.report, self.mapped, method)
            for suffix, method in named(self.methods).items()
        }


def choosing(judge: Judge, edit: Edit) -> dict[str, Tensor]:
    """Scores and decisions on the choosing part, per image."""
    return _outputs(judge, edit, edited(judge.task.split, edit), judge.task.choose, flips=False)[0]


def columns(judge: Judge, edit: Edit) -> dict[str, Tensor]:
    """Everything that the comparison is made from, per image of the reporting part, NaN where there is no such number.

    And `cell_maps`, the mean map of every cell by the first attribution method, [cell, row, column].
    """
    module = edited(judge.task.split, edit)
    found, features = _outputs(judge, edit, module, judge.report, flips=True)
    maps, rows = judge.maps(edit), judge.mapped
    for suffix, own in maps.items():
        found |= relevance_columns(
            own, masks_of(judge.report, rows), rows, images=len(judge.report), vanilla=judge.vanilla.get(suffix),
            suffix=suffix,
        )  # fmt: skip
    if "" in maps:
        found["cell_maps"] = cell_means(scaled(maps[""]), judge.report, rows)
    if not isinstance(edit, GroupThresholds):
        found |= _probes(judge, module, features)
        if judge.swaps is not None and len(rows):
            found |= swap_columns(module, judge.task.head, judge.report, judge.swaps, rows)
    return found


@torch.no_grad()
def _outputs(
    judge: Judge, edit: Edit, module: fx.GraphModule, part: DataPart, *, flips: bool
) -> tuple[dict[str, Tensor], Tensor]:
    """Scores, decisions and flips of a part, and the features of its images, [image, feature]."""
    head = judge.task.head
    features, scores, rates, effects = [], [], [], []
    for rows in torch.split(torch.arange(len(part)), BATCH):
        batch = part.take(rows)
        read, logits = module(batch.images)
        own = head.scores(logits)
        features.append(read.flatten(1).cpu())
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
    return found, torch.cat(features)


@torch.no_grad()
def _features(module: fx.GraphModule, part: DataPart) -> Tensor:
    rows = torch.split(torch.arange(len(part)), BATCH)
    return torch.cat([module(part.take(each).images)[0].flatten(1).cpu() for each in rows])


def _probes(judge: Judge, module: fx.GraphModule, test: Tensor) -> dict[str, Tensor]:
    """Whether fresh readers, linear and with a hidden layer, predict each image's attribute; NaN if unknown."""
    part = judge.task.balanced
    if part is None:
        return {}
    learn = _features(module, part)
    attribute = judge.report.attribute
    made = {}
    for kind in KINDS:
        with torch.enable_grad():
            read = probe(kind, (learn, part.attribute), (test, attribute), values=part.groups, seed=0, epochs=15)
        found = torch.full((len(attribute),), torch.nan, dtype=torch.float64)
        found[attribute >= 0] = torch.tensor(read.hits, dtype=torch.float64)
        made["attribute_probe" if kind == "linear" else f"attribute_probe_{kind}"] = found
    return made
