"""The causal audit: does the decision change when a region's pixels are replaced, more than for control regions?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from fairaudit.audits.causal.read import read_causal
from fairaudit.audits.core.stream.audit import Context, Findings, Predictions, Total
from fairaudit.audits.core.stream.columns import column
from fairaudit.audits.core.study.groups import intersection
from fairaudit.audits.core.study.rows import labels
from fairaudit.audits.core.study.study import Study
from fairaudit.engine.part import Columns, Part
from fairaudit.interventions.effect import Floats, RegionEffect, region_effect
from fairaudit.interventions.swap import SWAP, Swap
from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.causal import suitable_fill
from fairaudit.measures.regions.control_regions import control_regions
from fairaudit.measures.regions.donors import Donors, draw_donors

CONTROLS = 2
"""Control regions per image; each costs a forward pass."""


AREA_SAMPLE = 32
"""Rows whose regions show how large a region is."""


def region_fills(study: Study, region: str) -> list[str]:
    """What replaces a region: what audit.fills says, else what suits a region of its size."""
    if study.config.audit.fills is not None:
        return list(study.config.audit.fills)
    rows = np.unique(np.linspace(0, len(study.manifest) - 1, AREA_SAMPLE).round().astype(np.int64))
    masks = study.material.loader.load(rows.tolist()).regions[region]
    there = masks[masks.flatten(1).any(dim=1)]  # images without the region are not filled
    return [suitable_fill(float(there.double().mean()) if len(there) else 0.0)]


class CausalAudit:
    """Paired changes of every image when a region, or a control region, is filled; for candidate and baseline."""

    name = "causal"

    def __init__(self, study: Study) -> None:
        self._study = study
        self._fills = {region: region_fills(study, region) for region in study.regions}

    def settings(self) -> Mapping[str, Any]:
        """The regions, the fills, the number of controls, and the attributes that choose whose content is swapped."""
        study = self._study
        return {
            "regions": study.regions,
            "fills": self._fills,
            "controls": CONTROLS,
            "attributes": study.attributes,
        }

    @property
    def extra_passes(self) -> int:
        """Forward passes per image and model: the region and its controls, for every fill."""
        fills = [fill for region in self._study.regions for fill in self._fills[region]]
        return sum(2 if fill == SWAP else 1 + CONTROLS for fill in fills)

    @cached_property
    def _donors(self) -> Donors:
        """Whose content every manifest row gets where content is swapped: the same rows whatever the batch."""
        study, clusters = self._study, self._study.manifest.cluster
        return draw_donors(
            _everything(study),
            labels(study.target),
            n=len(study.manifest),
            clusters=None if clusters is None else study.clusters(np.arange(len(study.manifest))),
            seed=study.options.seed,
        )

    def map(self, context: Context) -> Part:
        """Columns per image: the paired changes of every region and fill."""
        columns: Columns = {}
        for region in self._study.regions:
            masks = context.batch.regions[region]
            found = control_regions(
                masks.numpy(), keys=context.batch.ids, seed=self._study.options.seed, count=CONTROLS
            )
            controls = torch.from_numpy(np.asarray(found.masks, np.bool_))
            for fill in self._fills[region]:
                columns |= self._effect("candidate", context, context.candidate, region, fill, masks, controls)
                if context.baseline is not None:
                    columns |= self._effect("baseline", context, context.baseline, region, fill, masks, controls)
        return Part(columns=columns)

    def measure(self, total: Total) -> Findings:
        """Effect of the region beyond that of its controls, per group, with intervals."""
        return read_causal(total, self._fills)

    def _effect(
        self,
        role: str,
        context: Context,
        predictions: Predictions,
        region: str,
        fill: str,
        masks: torch.Tensor,
        controls: torch.Tensor,
    ) -> Columns:
        def compute() -> Mapping[str, Floats]:
            if fill == SWAP:
                return self._swapped(context, predictions, region, masks).columns()
            explained, scores = torch.from_numpy(context.explained), torch.from_numpy(predictions.scores)
            return region_effect(
                predictions.model, context.images, masks, controls, explained, fill=fill, scores=scores
            ).columns()

        asked = {"effect": [region, fill], "settings": self.settings()}
        found = context.recalled(predictions, asked, compute)
        return {column(role, region, fill, name): values for name, values in found.items()}

    def _swapped(self, context: Context, predictions: Predictions, region: str, masks: torch.Tensor) -> RegionEffect:
        """The content of another group's image, and as the control that of an image of the own group."""
        rows = context.batch.rows
        other, there = self._given(context, region, self._donors.other[rows])
        same, here = self._given(context, region, self._donors.same[rows])
        return region_effect(
            predictions.model,
            context.images,
            masks & there[:, None, None],
            (masks & here[:, None, None])[:, None],
            torch.from_numpy(context.explained),
            fill=other,
            control_fill=same,
            scores=torch.from_numpy(predictions.scores),
        )

    def _given(self, context: Context, region: str, donors: NDArray[np.int64]) -> tuple[Swap, torch.Tensor]:
        """The fill with these rows' content, and for which images there is any."""
        images = context.batch.images.clone()
        masks = torch.zeros_like(context.batch.regions[region])
        found = self._study.material.loader.load(np.unique(donors[donors >= 0]).tolist())
        place = {int(row): number for number, row in enumerate(found.rows)}
        there = np.array([row in place for row in donors.tolist()], np.bool_)  # a donor may be unreadable
        chosen = [place[row] for row in donors[there].tolist()]
        images[there], masks[there] = found.images[chosen], found.regions[region][chosen]
        device = context.images.device
        return Swap(images=images.to(device), masks=masks.to(device)), torch.from_numpy(there)


def _everything(study: Study) -> Labels | None:
    """All audited attributes as one; None where there is none."""
    parts = [study.manifest.attributes[name] for name in study.attributes]
    return labels(intersection(parts)) if parts else None
