"""What is measured of every relevance map and region, wherever the maps come from: one name → one value per image."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fairaudit.measures.regions.change import region_change
from fairaudit.measures.regions.metrics import rrf, rrf_lift, score_regions
from fairaudit.measures.regions.signed_share import signed_share
from fairaudit.measures.regions.weights import Bools, Convention, Floats
from fairaudit.ratio import ratio


def region_columns(
    maps: ArrayLike, masks: ArrayLike, controls: ArrayLike, *, convention: Convention
) -> dict[str, Floats]:
    """Every metric of a region, and its chance level from control regions, each `[image]`, NaN where undefined.

    `control_rrf` is the mean RRF of the image's controls and `control_rrf_lift` that over the region's area share,
    which a control shares with it; both are NaN for an image without a control.

    Args:
        maps: signed relevance `[image, row, column]`.
        masks: True inside the region, `[image, row, column]` or `[row, column]`.
        controls: the region moved to other places, `[image, control, row, column]`; all False where there is none.
        convention: how relevance becomes weights.

    >>> mask = np.array([[True, False, False]])
    >>> found = region_columns([[[3.0, 1.0, 0.0]]], mask, mask[None, None, :, ::-1], convention="positive")
    >>> found["rrf"], found["control_rrf"], found["control_rrf_lift"]
    (array([0.75]), array([0.]), array([0.]))
    """
    inside = np.broadcast_to(np.asarray(masks), np.shape(maps))
    found = score_regions(maps, inside, convention=convention).columns()
    found["rrf_lift_absolute"] = rrf_lift(maps, inside, convention="absolute")
    found["signed_share"] = signed_share(maps, inside)
    found["signed_rest"] = signed_share(maps, ~inside)
    control = _control_rrf(maps, np.asarray(controls), convention)
    found["control_rrf"] = control
    share = inside.mean(axis=(1, 2))  # a control has the region's own area
    found["control_rrf_lift"] = np.where(share < 1, ratio(control, share), np.nan)
    return found


def change_columns(baseline: ArrayLike, candidate: ArrayLike, masks: ArrayLike) -> dict[str, Floats]:
    """ADR and DIF of every image, of absolute relevance and of signed relevance; each `[image]`, NaN where undefined.

    Args:
        baseline: signed relevance of the baseline model, `[image, row, column]`.
        candidate: the same of the audited model.
        masks: True inside the region, `[image, row, column]` or `[row, column]`.

    >>> found = change_columns([[[2.0, 1.0]]], [[[2.0, -1.0]]], [[False, True]])  # as much evidence, now against
    >>> found["adr"], found["adr_signed"]
    (array([0.]), array([0.5]))
    """
    absolute = region_change(baseline, candidate, masks)
    signed = region_change(baseline, candidate, masks, scale="paper")
    return {"adr": absolute.adr, "dif": absolute.dif, "adr_signed": signed.adr, "dif_signed": signed.dif}


def _control_rrf(maps: ArrayLike, controls: Bools, convention: Convention) -> Floats:
    each = [rrf(maps, controls[:, number], convention=convention) for number in range(controls.shape[1])]
    there = controls.any(axis=(2, 3)).T  # [control, image]
    values = np.where(there, np.stack(each), np.nan)
    return ratio(np.nansum(values, axis=0), (~np.isnan(values)).sum(axis=0))
