"""Entries of what flipping an attribute and nothing else changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairaudit.tables.entry import MetricEntry, change_of
from fairaudit.tables.range import SHARE, SIGNED_SHARE, Range

if TYPE_CHECKING:
    from fairaudit.results.measurement import Better

_FLIP = (
    "Above the tolerance the model decides by the attribute, or by what changes together with it: look at the changed "
    "images, then balance the training data or mitigate."
)


def _flip(name: str, title: str, sentence: str, range_: Range, better: Better, source: str) -> MetricEntry:
    return MetricEntry(
        name=name, audits=("counterfactual",), title=title, sentence=sentence, range=range_, better=better, chance="0",
        undefined="no image has a version with the attribute flipped", source=source, advice=_FLIP,
    )  # fmt: skip


FLIPS = (
    _flip(
        "attribute_flip_effect", "change of the score when the attribute is flipped",
        "How far the score moves, up or down, when only the attribute is changed in the image.",
        SHARE, "lower", "mean of ½ Σ|p(x) − p(x flipped)|; Qiang et al. (IJCAI 2022), eq. 3, per image",
    ),
    _flip(
        "attribute_flip_signed", "signed change of the score when the attribute is flipped",
        "Probability of the last target value minus that with only the attribute changed in the image.",
        SIGNED_SHARE, "none", "mean of P(last value | x) − P(last value | x flipped)",
    ),
    _flip(
        "attribute_flip_rate", "share of decisions that change when the attribute is flipped",
        "Share of images whose decision changes when only the attribute is changed in the image.",
        SHARE, "lower", "share of images with another decision after the flip",
    ),
)  # fmt: skip
FLIP_CHANGES = tuple(
    change_of(entry, advice="Below 0, this model depends less on the attribute than the baseline does.")
    for entry in FLIPS
    if entry.name == "attribute_flip_effect"
)
