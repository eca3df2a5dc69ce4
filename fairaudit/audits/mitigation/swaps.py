"""The content swap of an edited model: the region with content of other groups and of the same group, as in the audit.

Donors, fills and numbers are those of `fairaudit audit`; only which images get content is bounded, by `--maps`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fairaudit.audits.mitigation.relevance import spread
from fairaudit.audits.swap.audit import DONORS, MOST_OUTPUTS
from fairaudit.interventions.transplant import transplant
from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.donor_plan import plan_donors
from fairaudit.measures.regions.swap import Arms
from fairaudit.mitigation.samples import DataPart, Samples
from fairaudit.models.outputs.head import Head
from fairaudit.results.measurement import Measurement
from fairaudit.tables.reasons.swap import SwapSubject, SwapValues, score_gap_measurement, swap_measurements
from fairaudit.tables.specs import ImageSpec

BATCH = 256
KINDS = ("other", "same")
"""Arms, in the order of a column's halves: content of another group, and of the own."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SwapPlan:
    """Whose content every image of the reporting part gets."""

    other: NDArray[np.int64]
    """Donors of the same class and another group as rows of the part, [image, donor], -1 without one."""
    same: NDArray[np.int64]
    """Donors of the same class and group."""
    arms: Arms
    """Groups, classes and sampling units of images and donors."""
    outputs: tuple[int, ...]
    """Outputs whose scores are followed."""


def swap_plan(
    part: DataPart, *, attribute: str, ids: Sequence[str], clusters: NDArray[np.int64] | None, seed: int
) -> SwapPlan:
    """Donors from labels, ids and the seed alone.

    Args:
        part: the reporting part.
        attribute: name of the attribute.
        ids: name of every image of the part.
        clusters: sampling unit of every image; None where every image is one.
        seed: of the order of donors.
    """
    group, target = part.attribute.numpy(), part.target.numpy()
    values, classes = (tuple(str(code) for code in range(count)) for count in (part.groups, part.classes))
    plan = plan_donors(
        Labels(name=attribute, values=values, codes=group), Labels(name="target", values=classes, codes=target),
        ids=ids, donors=DONORS, seed=seed, units=clusters,
    )  # fmt: skip
    unit = np.arange(len(part)) if clusters is None else clusters.astype(np.int64)

    def at(codes: NDArray[np.int64], donors: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.where(donors >= 0, codes[donors], -1).astype(np.int64)

    arms = Arms(
        group=group, target=target, unit=unit, to=at(group, plan.other), other_unit=at(unit, plan.other),
        same_unit=at(unit, plan.same), units=int(unit.max()) + 1,
    )  # fmt: skip
    frequent = np.argsort(-np.bincount(target, minlength=part.classes), kind="stable")[:MOST_OUTPUTS]
    outputs = (1,) if part.classes == 2 else tuple(sorted(frequent.tolist()))
    return SwapPlan(other=plan.other, same=plan.same, arms=arms, outputs=outputs)


@torch.no_grad()
def swap_columns(module: nn.Module, head: Head, part: DataPart, plan: SwapPlan, rows: Tensor) -> dict[str, Tensor]:
    """Size of the change, flips and scores with every donor's content, [image, 2 · donor], NaN where not measured.

    Args:
        module: the edited model; returns (bottleneck, logits).
        head: how its outputs are read.
        part: the reporting part, with regions.
        plan: who gets whose content.
        rows: images that get some, [row].
    """
    blocks: dict[str, list[Tensor]] = {}
    for some in torch.split(rows, BATCH):
        batch = part.take(some)
        own = head.scores(module(batch.images)[1])
        found: dict[str, list[Tensor]] = {}
        for donors in (plan.other, plan.same):
            for number in range(donors.shape[1]):
                given = torch.from_numpy(donors[some.numpy(), number])
                for name, values in _filled(module, head, batch, part, given, own, plan.outputs).items():
                    found.setdefault(name, []).append(values)
        for name, parts in found.items():
            blocks.setdefault(name, []).append(torch.stack(parts, dim=1))
    return {name: spread(torch.cat(parts), rows, len(part)) for name, parts in blocks.items()}


def _filled(
    module: nn.Module, head: Head, batch: Samples, part: DataPart, donors: Tensor, own: Tensor, outputs: Sequence[int]
) -> dict[str, Tensor]:
    """What one donor per image changes, [image] float64; NaN without a donor or a region."""
    given = part.take(donors.clamp(min=0))
    masks, theirs = batch.masks, given.masks
    if masks is None or theirs is None:
        raise ValueError("the part has no region")
    scores = head.scores(module(transplant(batch.images, masks, given.images, theirs))[1])
    values = {
        "swap_shift": (scores - own).abs().sum(1) / 2,
        "swap_flip": (head.decide(scores) != head.decide(own)).double(),
        **{f"swap_score_{output}": scores[:, output] for output in outputs},
    }
    lost = (donors < 0) | ~masks.flatten(1).any(1).cpu()
    return {name: column.double().cpu().masked_fill(lost, torch.nan) for name, column in values.items()}


def swap_evidence(
    columns: Mapping[str, NDArray[np.generic]],
    plan: SwapPlan,
    spec: ImageSpec,
    *,
    groups: Sequence[str],
    classes: Sequence[str],
    clustered: bool,
) -> tuple[Measurement, Measurement, list[Measurement]]:
    """`swap_effect`, `score_gap` of images as they are, and changes in any direction, as the audit measures them.

    Args:
        columns: of `swap_columns`, and scores [image, class].
        plan: who got whose content.
        spec: attribute, region and statistics.
        groups: names of the attribute's values.
        classes: names of the target's values.
        clustered: whether clusters are resampled.
    """
    subject = SwapSubject(
        attribute=spec.attribute or "", groups=groups, classes=classes, unit="cluster" if clustered else "image"
    )

    def arms(name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        values = np.asarray(columns[name], np.float64)
        return values[:, : values.shape[1] // 2], values[:, values.shape[1] // 2 :]

    swapped = SwapValues(
        shift=arms("swap_shift"), flip=arms("swap_flip"),
        scores={output: arms(f"swap_score_{output}") for output in plan.outputs},
    )  # fmt: skip
    scores = np.asarray(columns["scores"], np.float64)
    effect, *spread = swap_measurements(swapped, plan.arms, spec, subject)
    gap = score_gap_measurement({output: scores[:, output] for output in plan.outputs}, plan.arms, spec, subject)
    return effect, gap, spread
