"""Entries of what replacing a region's content changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairaudit.tables.entry import MetricEntry, change_of
from fairaudit.tables.range import SHARE, SIGNED_SHARE, Range

if TYPE_CHECKING:
    from fairaudit.results.measurement import Better

_NO_PAIR = "no image has the region and a version with it replaced"
_CAUSE = (
    "Above the tolerance the score depends on the region's content. If that has nothing to do with the task, balance "
    "the "
    "training data or mitigate, and audit again."
)


def _cause(
    name: str,
    title: str,
    sentence: str,
    range_: Range,
    better: Better,
    source: str,
    *,
    chance: str = "the value for control regions, which is in the row",
    undefined: str = _NO_PAIR,
    advice: str = _CAUSE,
) -> MetricEntry:
    return MetricEntry(
        name=name, audits=("roi-metrics",), title=title, sentence=sentence, range=range_, better=better, chance=chance,
        undefined=undefined, source=source, advice=advice,
    )  # fmt: skip


_CONTROL = "The same for regions of the same shape elsewhere in the image: the control, not a finding."
CAUSAL = (
    _cause(
        "causal_effect", "change of the score when the region is replaced",
        "Score of the class minus its score with the region's content replaced; above 0 means that the content is "
        "evidence for the class.",
        SIGNED_SHARE, "none", "mean of F(x) − F(x with the region filled)",
    ),
    _cause(
        "causal_effect_control", "the same change for control regions", _CONTROL, SIGNED_SHARE, "none",
        "mean over control regions of F(x) − F(x with it filled)", chance="–",
    ),
    _cause(
        "causal_positive", "change of the positive class's score when the region is replaced",
        "The same for the positive class, whatever the label of the image, so that groups can be compared.",
        SIGNED_SHARE, "none", "mean of P(positive | x) − P(positive | x with the region filled)",
    ),
    _cause(
        "causal_positive_control", "the same change for control regions", _CONTROL, SIGNED_SHARE, "none",
        "mean over control regions of P(positive | x) − P(positive | x with it filled)", chance="–",
    ),
    _cause(
        "causal_shift", "size of the change of the score when the region is replaced",
        "How far the score moves, up or down, when the region's content is replaced.",
        SHARE, "lower", "mean of ½ Σ|p(x) − p(x with the region filled)|",
    ),
    _cause(
        "causal_shift_control", "the same size for control regions", _CONTROL, SHARE, "none",
        "mean over control regions of ½ Σ|p(x) − p(x with it filled)|", chance="–",
    ),
    _cause(
        "causal_excess", "effect of the region beyond that of control regions",
        "How much further the score moves when this region is replaced than when a region of the same shape elsewhere "
        "is; 0 means that the region has no larger effect than others.",
        SIGNED_SHARE, "lower", "mean of |Δ region| − mean |Δ control regions|", chance="0",
        undefined=f"{_NO_PAIR}, or there is no room for a control region",
    ),
    _cause(
        "causal_flip", "share of decisions that change when the region is replaced",
        "Share of images whose decision changes when the region's content is replaced.",
        SHARE, "lower", "share of images with another decision after the fill",
    ),
    _cause(
        "causal_flip_control", "the same share for control regions", _CONTROL, SHARE, "none",
        "mean over control regions of the share of changed decisions", chance="–",
    ),
)  # fmt: skip
CAUSAL_CHANGES = tuple(
    change_of(entry, advice="Below 0, this model depends less on the region than the baseline does.")
    for entry in CAUSAL
    if entry.name in ("causal_shift", "causal_excess", "causal_flip")
)
