"""The saliency-independent check: does replacing the region's pixels change the decision more than replacing others?"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.interventions.fill import FILLS, Fill

Floats = NDArray[np.float64]


class Scorer(Protocol):
    """The part of a classifier that is needed."""

    def logits(self, images: Tensor) -> Tensor:
        """Raw outputs."""
        ...

    def scores(self, logits: Tensor) -> Tensor:
        """Probability of every target value, `[image, class]`."""
        ...

    def decide(self, scores: Tensor) -> Tensor:
        """Decided class, `[image]`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionEffect:
    """Paired changes of every image, each `[image]`; NaN where the region is empty or there is no control.

    A change is the model's value on the image less that on the filled image. `…_control` is the mean over the image's
    control regions, which is what filling any place of that shape does; or, where content is swapped, what the content
    of an image of the own group does.
    """

    causal_effect: Floats
    """Change of the explained class's probability: above 0, the region supports that class. In [−1, 1]."""
    causal_effect_control: Floats
    """The same for control regions."""
    causal_positive: Floats
    """Change of the last target value's probability, which for two values is the positive class. In [−1, 1]."""
    causal_positive_control: Floats
    """The same for control regions."""
    causal_shift: Floats
    """Size of the change whatever its direction: ½ Σ_k |Δp_k|, which is |Δp| for two classes. In [0, 1]."""
    causal_shift_control: Floats
    """The same for control regions, the mean of their sizes."""
    causal_flip: Floats
    """1 where the decision changes, 0 where not."""
    causal_flip_control: Floats
    """Share of the control regions for which it changes."""

    def columns(self) -> dict[str, Floats]:
        """Name → values, in the order of the fields."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


@torch.no_grad()
def region_effect(
    classifier: Scorer,
    images: Tensor,
    masks: Tensor,
    controls: Tensor,
    explained: Tensor,
    *,
    fill: Fill | str = "inpaint",
    control_fill: Fill | None = None,
    scores: Tensor | None = None,
) -> RegionEffect:
    """Paired change when a region, and each of its control regions, is filled.

    Args:
        classifier: the model.
        images: `[image, channel, row, column]` in [0, 1].
        masks: True inside the region, `[image, row, column]`.
        controls: control regions `[image, control, row, column]`; an empty one is left out.
        explained: class whose probability is followed, `[image]`.
        fill: what replaces the pixels, or the name of one of `FILLS`.
        control_fill: what replaces the control regions' pixels, where that is another; the region itself may then be
            its own control, with content that differs less.
        scores: probabilities of the images as they are `[image, class]`, when they are known already.

    Raises:
        UsageError: there is no fill of that name.
    """
    replace = FILLS[fill] if isinstance(fill, str) else fill
    before = classifier.scores(classifier.logits(images)) if scores is None else scores
    before = before.to(device=images.device, dtype=torch.float64)
    chosen = explained.to(images.device)
    region = _changes(classifier, replace, images, masks.to(images.device), before, chosen)
    others = [
        _changes(classifier, control_fill or replace, images, controls[:, index].to(images.device), before, chosen)
        for index in range(controls.shape[1])
    ]
    missing = torch.full_like(region, torch.nan)[None]
    control = torch.nanmean(torch.stack(others) if others else missing, dim=0)
    interleaved = torch.stack([region, control], dim=1).flatten(0, 1).cpu().numpy()
    return RegionEffect(**dict(zip((item.name for item in fields(RegionEffect)), interleaved, strict=True)))


def _changes(
    classifier: Scorer, fill: Fill, images: Tensor, masks: Tensor, before: Tensor, explained: Tensor
) -> Tensor:
    """Rows: change of the explained class, of the last class, size of the change, flip; `[4, image]`, NaN if empty."""
    after = classifier.scores(classifier.logits(fill(images, masks))).to(torch.float64)
    change = before - after
    flips = classifier.decide(before) != classifier.decide(after)
    rows = torch.stack(
        [
            change.gather(1, explained.clamp(min=0)[:, None])[:, 0],
            change[:, -1],
            change.abs().sum(dim=1) / 2,
            flips.to(torch.float64),
        ]
    )
    rows[0] = rows[0].masked_fill(explained < 0, torch.nan)  # nothing is explained where the label is unknown
    return rows.masked_fill(~masks.any(dim=2).any(dim=1), torch.nan)
