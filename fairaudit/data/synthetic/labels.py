"""Labels of synthetic faces: exact counts, every attribute independent of the target or tied to it at a chosen φ."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fairaudit.errors import UsageError, suggestion
from fairaudit.seeds import generator

TARGET = "smiling"

VALUES: Mapping[str, tuple[str, ...]] = {
    TARGET: ("0", "1"),
    "necktie": ("0", "1"),
    "hat": ("0", "1"),
    "glasses": ("0", "1"),
    "skin": ("light", "medium", "dark"),
    "hair": ("black", "brown", "blond"),
}
"""Every label of a face and the names of its values, in the order of their codes."""


class Tie(NamedTuple):
    """How many images of each target value have the tied value of an attribute."""

    negatives: int
    positives: int


def tie(negatives: int, positives: int, *, share: float, phi: float) -> Tie:
    r"""Counts of a 2 × 2 table with given margins and Yule's φ.

    With the share $p$ of positives and the share $q$ of the tied value,
    $P(1, 1) = p q + \varphi \sqrt{p (1 - p) q (1 - q)}$; counts are rounded to the nearest image.

    Args:
        negatives: images whose target is 0.
        positives: images whose target is 1.
        share: share $q$ of the images that have the tied value.
        phi: φ to reach, from -1 to 1.

    Raises:
        UsageError: the margins do not allow this φ.

    >>> tie(200, 200, share=0.5, phi=0.9)
    Tie(negatives=10, positives=190)
    >>> tie(200, 200, share=0.5, phi=0.0)
    Tie(negatives=100, positives=100)
    """
    images = negatives + positives
    tied = round(images * share)
    spread = math.sqrt(negatives * positives * share * (1 - share))
    both = round(positives * tied / images + phi * spread) if images else 0
    if not max(0, tied - negatives) <= both <= min(tied, positives):
        limit = math.sqrt(min(share, 1 - share) / max(share, 1 - share))
        raise UsageError(
            "The labels cannot be associated this strongly.",
            wanted=f"|φ| up to {limit:.3g} for a value that {share:.0%} of the images have",
            found=f"φ = {phi:g} with {positives} positive and {negatives} negative images",
        )
    return Tie(negatives=tied - both, positives=both)


def exact_labels(images: int, *, seed: int, phi: Mapping[str, float] | None = None) -> dict[str, NDArray[np.int64]]:
    """Codes [image] of every label: half of the images smile, and each attribute has the wanted φ with that.

    A binary attribute is tied by its value "1"; one with more values by its last value, while the others share the
    rest evenly. Attributes are independent of each other given the target.

    Args:
        images: number of images.
        seed: seed of the order.
        phi: Yule's φ between the target and an attribute; 0 for those that are not named.

    Raises:
        UsageError: an unknown attribute, or a φ that cannot be reached.

    >>> labels = exact_labels(8, seed=0, phi={"necktie": 1.0})
    >>> bool((labels["necktie"] == labels["smiling"]).all()), int(labels["hat"].sum())
    (True, 4)
    """
    wanted = dict(phi or {})
    for name in wanted:
        if name == TARGET or name not in VALUES:
            raise UsageError(
                "This label cannot be associated with the target.",
                found=name,
                advice=suggestion(name, set(VALUES) - {TARGET}),
            )
    target = np.arange(images) < images // 2
    generator(seed, "faces", TARGET).shuffle(target)
    labels = {TARGET: target.astype(np.int64)}
    for name, values in VALUES.items():
        if name != TARGET:
            labels[name] = _tied(target, len(values), wanted.get(name, 0.0), generator(seed, "faces", name))
    return labels


def _tied(target: NDArray[np.bool_], values: int, phi: float, rng: np.random.Generator) -> NDArray[np.int64]:
    counts = tie(int((~target).sum()), int(target.sum()), share=1 / values, phi=phi)
    codes = np.zeros(len(target), dtype=np.int64)
    for stratum, tied in ((~target, counts.negatives), (target, counts.positives)):
        rows = np.flatnonzero(stratum)
        rest = np.arange(len(rows) - tied) % (values - 1)
        codes[rng.permutation(rows)] = np.concatenate([np.full(tied, values - 1), rest])
    return codes
