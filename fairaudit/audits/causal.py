"""The causal audit: does the decision change when a region's pixels are replaced, more than for control regions?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from fairaudit.audits.base import Context, Findings, Predictions, Total
from fairaudit.audits.causal_read import read_causal
from fairaudit.audits.columns import column
from fairaudit.audits.study import Study
from fairaudit.data.batch import Batch
from fairaudit.engine.part import Part
from fairaudit.interventions.donors import SWAP, Swap, donors
from fairaudit.interventions.effect import region_effect
from fairaudit.interventions.fill import FILLS, Fill
from fairaudit.measures.causal import suitable_fill
from fairaudit.measures.control_regions import control_regions
from fairaudit.seeds import generator

CONTROLS = 2
"""Control regions per image; each costs a forward pass."""


AREA_SAMPLE = 32
"""Rows whose regions tell how large a region is."""

DONORS = 64
"""Rows, drawn with the seed, whose content others get by `swap`."""


def region_fills(study: Study, region: str) -> list[str]:
    """What replaces a region: what audit.fills says, else what suits a region of its size."""
    if study.config.audit.fills is not None:
        return list(study.config.audit.fills)
    rows = np.unique(np.linspace(0, len(study.manifest) - 1, AREA_SAMPLE).round().astype(np.int64))
    masks = study.material.loader.load(rows.tolist()).regions[region]
    return [suitable_fill(float(masks.double().mean()))]


class CausalAudit:
    """Paired changes of every image when a region, or a control region, is filled; for candidate and baseline."""

    name = "causal"

    def __init__(self, study: Study) -> None:
        self._study = study
        self._fills = {region: region_fills(study, region) for region in study.regions}

    def settings(self) -> Mapping[str, Any]:
        """The regions, the fills and the number of controls."""
        return {"regions": self._study.regions, "fills": self._fills, "controls": CONTROLS, "donors": DONORS}

    @cached_property
    def _pool(self) -> Batch:
        """Images that give their content; the same ones whatever the batch."""
        rows = generator(self._study.options.seed, "donors").permutation(len(self._study.manifest))[:DONORS]
        return self._study.material.loader.load(sorted(rows.tolist()))

    def map(self, context: Context) -> Part:
        """Columns per image: the paired changes of every region and fill."""
        columns: dict[str, NDArray[np.generic]] = {}
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
    ) -> dict[str, NDArray[np.generic]]:
        replace, elsewhere, there = self._fill(context, region, fill)
        effect = region_effect(
            predictions.model,
            context.images,
            masks & there[:, None, None],
            controls & there[:, None, None, None],
            torch.from_numpy(context.explained),
            fill=replace,
            control_fill=elsewhere,
            scores=torch.from_numpy(predictions.scores),
        )
        return {column(role, region, fill, name): values for name, values in effect.columns().items()}

    def _fill(self, context: Context, region: str, name: str) -> tuple[Fill, Fill, torch.Tensor]:
        """What fills the region, what fills control regions, and for which images there is such a thing."""
        if name != SWAP:
            return FILLS[name], FILLS[name], torch.ones(len(context.batch), dtype=torch.bool)
        if not len(self._pool):
            return FILLS["inpaint"], FILLS["inpaint"], torch.zeros(len(context.batch), dtype=torch.bool)
        places = torch.from_numpy(donors(context.batch.ids, self._pool.ids, seed=self._study.options.seed))
        images = self._pool.images[places.clamp(min=0)].to(context.images.device)
        masks = self._pool.regions[region][places.clamp(min=0)].to(context.images.device)
        # A control region is no region of the donor's: its pixels there are taken as they are.
        return Swap(images=images, masks=masks), Swap(images=images), places >= 0
