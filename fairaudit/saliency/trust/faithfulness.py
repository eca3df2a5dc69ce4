"""Insertion and deletion: does the score follow the pixels that a map calls important?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.engine.memory import Halving
from fairaudit.measures.regions.faithfulness import area_under
from fairaudit.saliency.draws import generators
from fairaudit.saliency.gradients.baselines import reference
from fairaudit.saliency.method import Explained, check
from fairaudit.saliency.objective import rows_per_pass
from fairaudit.saliency.prepare import as_input, prepared_or_raw

Direction = Literal["deletion", "insertion"]
Substrate = Literal["black", "blur"]
Floats = NDArray[np.float64]


KINDS: Final[Mapping[str, tuple[Direction, Substrate]]] = {
    "deletion_auc": ("deletion", "black"),
    "insertion_auc": ("insertion", "blur"),
    "deletion_auc_blur": ("deletion", "blur"),
    "insertion_auc_black": ("insertion", "black"),
}
"""Area → what is done to the pixels, and what takes their place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Scores along insertion and deletion."""

    direction: Direction
    """deletion: from the image to the substrate; insertion: from the substrate to the image."""
    scores: Floats
    """[image, step] probability of the explained class once the share step / steps of the pixels has changed."""

    def areas(self) -> Floats:
        """Area under each curve [image]: lower is better for deletion, higher for insertion."""
        return area_under(self.scores)


def curves(
    classifier: Explained,
    images: Tensor,
    classes: Tensor,
    maps: Tensor,
    *,
    direction: Direction,
    substrate: Substrate,
    steps: int = 28,
    seed: int = 0,
) -> Curves:
    """Replace pixels in the order of relevance and follow the probability of each image's class.

    Each pixel has one rank from the signed map, and all of its channels go together; equal relevance is put in a random
    order of the image's own, so that position gives nothing away. RISE: Petsiuk, Das and Saenko 2018, arXiv:1806.07421,
    section 4, where deletion goes to black and insertion starts from a blur.

    Args:
        classifier: the model.
        images: [image, channel, row, column] in [0, 1].
        classes: [image] index of the target value that is followed.
        maps: [image, row, column].
        direction: deletion or insertion.
        substrate: black or blur.
        steps: pieces that the pixels are replaced in.
        seed: of the order among equals.
    """
    check(images, classes)
    if maps.shape != (len(images), *images.shape[2:]):
        raise ValueError(f"maps must be {[len(images), *images.shape[2:]]}, found {list(maps.shape)}")
    ranks = pixel_ranks(maps.to(images.device), generators(images, seed, "ties"))
    other = reference(images, substrate)
    start, end = (images, other) if direction == "deletion" else (other, images)
    cuts = torch.linspace(0, ranks[0].numel(), steps + 1, device=images.device).round() if len(images) else ranks
    module = prepared_or_raw(classifier, images)

    def run(begin: int, stop: int) -> Tensor:
        row = torch.arange(begin, stop, device=images.device)
        image, step = row // (steps + 1), row % (steps + 1)
        changed = ranks[image] < cuts[step, None, None]
        inputs = torch.where(changed[:, None], end[image], start[image])
        with torch.no_grad():
            logits = module(as_input(classifier.normalise(inputs)))
        own = classes.to(logits.device)[image.to(logits.device), None]
        return classifier.scores(logits).gather(1, own)[:, 0].double().cpu()

    found = Halving[Tensor](4 * rows_per_pass(images)).run(run, len(images) * (steps + 1))
    scores = torch.cat(found).view(len(images), steps + 1).numpy() if found else np.zeros((0, steps + 1))
    return Curves(direction=direction, scores=scores)


def pixel_ranks(maps: Tensor, generators: list[torch.Generator]) -> Tensor:
    """Rank of every pixel [image, row, column], 0 for the most relevant; equal ones in a random order.

    >>> pixel_ranks(torch.tensor([[[0.1, 0.9], [-3.0, 0.5]]]), [torch.Generator().manual_seed(0)])
    tensor([[[2, 0], [3, 1]]])
    """
    flat = maps.flatten(1)
    shuffle = [torch.randperm(flat.shape[1], generator=generator) for generator in generators]
    if not shuffle:
        return torch.zeros_like(maps, dtype=torch.long)
    mixed = torch.stack(shuffle).to(maps.device)
    order = mixed.gather(1, flat.gather(1, mixed).argsort(dim=1, descending=True, stable=True))
    places = torch.arange(flat.shape[1], device=maps.device).expand_as(order)
    return torch.empty_like(order).scatter_(1, order, places).view(maps.shape)


def faithfulness(
    classifier: Explained,
    images: Tensor,
    classes: Tensor,
    maps: Mapping[str, Tensor],
    *,
    steps: int = 28,
    seed: int = 0,
    kinds: Sequence[str] = tuple(KINDS),
) -> dict[str, dict[str, Floats]]:
    """Areas [image] of the curves of several maps of the same images, such as a method's and the random map.

    Returns:
        Name of the maps → `deletion_auc`, `insertion_auc` (RISE's: to black, from a blur) and `deletion_auc_blur`,
        `insertion_auc_black` → area per image. Differences between names are paired.
    """
    return {
        name: {
            kind: curves(
                classifier, images, classes, some, direction=direction, substrate=substrate, steps=steps, seed=seed
            ).areas()
            for kind, (direction, substrate) in KINDS.items()
            if kind in kinds
        }
        for name, some in maps.items()
    }
