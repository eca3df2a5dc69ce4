"""The swap audit: scores of every image with a region's content from donors of its own class, of both arms."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from fairaudit.audits.core.stream.audit import Context, Findings, Total
from fairaudit.audits.core.stream.columns import column
from fairaudit.audits.core.study.rows import labels
from fairaudit.audits.core.study.study import Study
from fairaudit.audits.swap.donors import DonorImages
from fairaudit.audits.swap.read import Swaps, read_swaps
from fairaudit.engine.part import Columns, Part
from fairaudit.interventions.transplant import transplant
from fairaudit.measures.regions.donor_plan import DonorPlan, plan_donors

DONORS = 4
"""Donors of either arm; each costs a forward pass per image, region and attribute."""
MOST_OUTPUTS = 32
"""Outputs whose scores are followed, those of the most frequent classes."""


class SwapAudit:
    """Columns per image, region, attribute, arm and donor: scores, size of the change, and whether the decision flips.

    Args:
        study: model and data; every audited attribute is held against every audited region.
    """

    name = "swap"

    def __init__(self, study: Study) -> None:
        self._study = study
        self._images = DonorImages(study.material.loader)

    def settings(self) -> Mapping[str, Any]:
        """The regions, the attributes, the donors and the outputs."""
        return {
            "regions": self._study.regions,
            "attributes": self._study.attributes,
            "donors": DONORS,
            "outputs": self._outputs,
        }

    @property
    def extra_passes(self) -> int:
        """Forward passes per image."""
        return 2 * DONORS * len(self._study.regions) * len(self._study.attributes)

    @cached_property
    def plans(self) -> Mapping[str, DonorPlan]:
        """Attribute → whose content every manifest row gets."""
        study, manifest = self._study, self._study.manifest
        return {
            name: plan_donors(
                labels(manifest.attributes[name]),
                labels(study.target),
                ids=manifest.ids,
                donors=DONORS,
                seed=study.options.seed,
                units=study.clusters(np.arange(len(manifest))),
            )
            for name in study.attributes
        }

    @cached_property
    def _outputs(self) -> list[int]:
        counts = self._study.target.counts()
        if len(counts) == 2:
            return [1]  # the other one mirrors it
        return sorted(np.argsort(-counts, kind="stable")[:MOST_OUTPUTS].tolist())

    def map(self, context: Context) -> Part:
        """The columns of a batch, NaN without a donor or a region."""
        scores = context.candidate.scores
        columns: Columns = {column("score", str(output)): scores[:, output] for output in self._outputs}
        for attribute, plan in self.plans.items():
            for arm, donors in (("other", plan.other), ("same", plan.same)):
                for number in range(DONORS):
                    columns |= self._swapped(context, attribute, arm, number, donors[context.batch.rows, number])
        return Part(columns=columns)

    def measure(self, total: Total) -> Findings:
        """Effects, excesses and flips per region and attribute, with simultaneous intervals over pairs of groups."""
        return read_swaps(total, Swaps(plans=self.plans, donors=DONORS, outputs=self._outputs))

    @torch.no_grad()
    def _swapped(self, context: Context, attribute: str, arm: str, number: int, donors: NDArray[np.int64]) -> Columns:
        given = self._images.give(donors, self._study.regions)
        device, model = context.images.device, context.candidate.model
        content = given.images.to(device)
        before = torch.from_numpy(context.candidate.scores)
        decided = torch.from_numpy(context.candidate.decisions.astype(np.int64))
        columns: Columns = {}
        for region in self._study.regions:
            masks = context.batch.regions[region]
            filled = transplant(context.images, masks.to(device), content, given.masks[region].to(device))
            scores = model.scores(model.logits(filled))
            flips = model.decide(scores).cpu().long() != decided
            scores = scores.double().cpu()
            values = {
                "shift": (scores - before).abs().sum(dim=1) / 2,
                "flip": flips.double(),
                **{f"score {output}": scores[:, output] for output in self._outputs},
            }
            known = masks.flatten(1).any(dim=1).numpy() & given.there
            columns |= {
                column(region, attribute, arm, str(number), name): np.where(known, found.numpy(), np.nan)
                for name, found in values.items()
            }
        return columns
