"""What the content of other groups' images changes: the entries of the swap audit."""

from __future__ import annotations

from fairaudit.tables.entry import MetricEntry

_ARMS = (
    "Every image's region is filled with content from images of its own class: from another group, and from its own "
    "group."
)
_USED = (
    "Above its limit, with cue_alignment above its own, the model uses the attribute as it shows in the region: "
    "balance the data or mitigate."
)


def _swap(
    name: str, title: str, sentence: str, range_: str, source: str, *, undefined: str, advice: str
) -> MetricEntry:
    return MetricEntry(
        name=name, audits=("swap",), title=title, sentence=sentence, range=range_, better="lower", chance="0",
        undefined=undefined, source=source, advice=advice,
    )  # fmt: skip


_NO_DONOR = "no two classes have images with donors of the own group and of another group"
SWAP = (
    _swap(
        "swap_effect",
        "effect of whose group's content the region shows",
        f"{_ARMS} How much a score moves with the group of the content, in the same direction in both groups' images.",
        "0 to 1",
        "largest over pairs of groups of |D(g → h) − D(h → g)| / 2, with D the mean difference of a score between the "
        "two contents, averaged over classes",
        undefined=f"{_NO_DONOR}, or content goes one way only",
        advice=_USED,
    ),
    _swap(
        "swap_excess",
        "size of the change that another group's content makes beyond the own group's",
        f"{_ARMS} How much further scores move with the first than with the second, in any direction.",
        "−1 to 1",
        "largest over ordered pairs of groups of mean |Δ other group| − mean |Δ own group|",
        undefined=_NO_DONOR,
        advice="Above 0 with a small swap_effect: effects of both signs, or patches that do not go with what surrounds "
        "them. Look at swapped images; exact twins tell the two apart.",
    ),
    _swap(
        "swap_flip",
        "share of decisions that another group's content changes beyond the own group's",
        f"{_ARMS} How many more decisions change with the first than with the second.",
        "−1 to 1",
        "largest over ordered pairs of groups of the difference of both shares",
        undefined=_NO_DONOR,
        advice=_USED,
    ),
    _swap(
        "score_gap",
        "gap of a score between groups",
        "How far the mean score of two groups differs within classes, on the images as they are.",
        "0 to 1",
        "largest over pairs of groups and outputs of the difference of mean scores, averaged over classes",
        undefined="no two groups have images of the same two classes",
        advice="A gap with no swap_effect in any region comes from somewhere else: add regions, or run "
        "`fairaudit roi-metrics --discover`.",
    ),
)
"""In the order of reports."""
