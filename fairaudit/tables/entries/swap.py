"""What the content of other groups' images changes: the entries of the swap audit."""

from __future__ import annotations

from fairaudit.tables.entry import MetricEntry
from fairaudit.tables.range import SHARE, SIGNED_SHARE, Range

_ARMS = (
    "The region of every image is filled with content from images of the same class: once of another group, once of "
    "the "
    "same group."
)
_USED = (
    "Where this and cue_alignment are above their limits, the model uses the attribute shown in the region: balance "
    "the "
    "training data or mitigate."
)


def _swap(
    name: str, title: str, sentence: str, range_: Range, source: str, *, undefined: str, advice: str
) -> MetricEntry:
    return MetricEntry(
        name=name, audits=("swap",), title=title, sentence=sentence, range=range_, better="lower", chance="0",
        undefined=undefined, source=source, advice=advice,
    )  # fmt: skip


_NO_DONOR = "no two classes have images for which there is content of the same group and of another group"
SWAP = (
    _swap(
        "swap_effect",
        "effect of the group that the region's content comes from",
        f"{_ARMS} How far a score moves with the group of the content, in the same direction for images of both "
        "groups.",
        SHARE,
        "largest over pairs of groups of |D(g → h) − D(h → g)| / 2, with D the mean difference of a score between the "
        "two contents, averaged over classes",
        undefined=f"{_NO_DONOR}, or content goes one way only",
        advice=_USED,
    ),
    _swap(
        "swap_excess",
        "size of the change by another group's content beyond that by the same group's",
        f"{_ARMS} How much further scores move, in any direction, with the first than with the second.",
        SIGNED_SHARE,
        "largest over ordered pairs of groups of mean |Δ other group| − mean |Δ own group|",
        undefined=_NO_DONOR,
        advice="Above 0 with a small swap_effect means effects in both directions, or content that does not fit the "
        "rest "
        "of the image. Look at the swapped images; exact twins tell the two apart.",
    ),
    _swap(
        "swap_flip",
        "share of decisions changed by another group's content beyond those changed by the same group's",
        f"{_ARMS} Share of decisions that change with the first minus the share that change with the second.",
        SIGNED_SHARE,
        "largest over ordered pairs of groups of the difference of both shares",
        undefined=_NO_DONOR,
        advice=_USED,
    ),
    _swap(
        "score_gap",
        "gap of a score between groups",
        "Largest difference of mean scores between two groups within classes, on the images as they are.",
        SHARE,
        "largest over pairs of groups and outputs of the difference of mean scores, averaged over classes",
        undefined="no two groups have images of the same two classes",
        advice="A gap without a swap_effect in any region comes from somewhere else: add regions, or run "
        "`fairaudit roi-metrics --discover`.",
    ),
)
"""In the order of reports."""
