"""Entries of the comparison of mitigation methods, beside those it shares with the fairness audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairaudit.tables.entry import MetricEntry, change_of
from fairaudit.tables.range import SHARE, SIGNED_SHARE, UPWARD, Range

if TYPE_CHECKING:
    from fairaudit.results.measurement import Better

_NO_MAP = "no image has relevance in a region"
_NO_TWIN = "no image has a twin"


def _entry(
    name: str,
    title: str,
    sentence: str,
    better: Better,
    *,
    undefined: str,
    source: str,
    chance: str = "–",
    range_: Range = SHARE,
    advice: str = "Compare worst_cell_accuracy: a constant classifier has no gap either.",
) -> MetricEntry:
    return MetricEntry(
        name=name, audits=("mitigate",), title=title, sentence=sentence, range=range_, better=better, chance=chance,
        undefined=undefined, source=source, advice=advice,
    )  # fmt: skip


_LEVELS = (
    _entry(
        "relevance_lift",
        "relevance in the region over its area",
        "Relevance in the region, evidence for and against the class alike, over what an even spread would put there.",
        "lower",
        undefined=_NO_MAP,
        source="rrf_lift_absolute of the variant; fairness for the right reasons, eq. 1",
        chance="1",
        range_=UPWARD,
        advice="Where the gap between groups is small and this stays high, the model still looks at the region.",
    ),
    _entry(
        "flip_rate",
        "decisions that change with the attribute",
        "Share of images whose decision changes when only the attribute is changed.",
        "lower",
        undefined=_NO_TWIN,
        source="attribute_flip_rate of the variant; counterfactual interpolation augmentation, eq. 3",
        chance="0",
    ),
    _entry(
        "flip_effect",
        "change of the score with the attribute",
        "How far the score moves, up or down, when only the attribute is changed.",
        "lower",
        undefined=_NO_TWIN,
        source="attribute_flip_effect of the variant",
        chance="0",
    ),
    _entry(
        "attribute_probe",
        "accuracy of a linear classifier of the attribute",
        "Accuracy of a linear classifier that is trained on the variant's features to predict the attribute.",
        "lower",
        undefined="there are no balanced rows to train it on, or the features are not available",
        source="accuracy of a linear probe on the bottleneck",
        chance="the share of the most frequent value",
    ),
    _entry(
        "attribute_probe_mlp",
        "accuracy of a small network that predicts the attribute",
        "Accuracy of a small network that is trained on the variant's features to predict the attribute; it also finds "
        "what a linear classifier cannot.",
        "lower",
        undefined="there are no balanced rows to train it on, or the features are not available",
        source="accuracy of a probe with 128 hidden units on the bottleneck",
        chance="the share of the most frequent value",
    ),
    _entry(
        "relevance_lift_other",
        "relevance in the region over its area, by the second attribution method",
        "relevance_lift by the audit's second attribution method, so that no conclusion rests on one method.",
        "lower",
        undefined=f"{_NO_MAP}, or the audit has one attribution method",
        source="rrf_lift_absolute of the variant; fairness for the right reasons, eq. 1 and fig. 4",
        chance="1",
        range_=UPWARD,
        advice="Where the two methods disagree, look at the maps before you rely on either.",
    ),
    _entry(
        "balanced_auc",
        "AUC with equal weights of groups and target values",
        "How well the score ranks positives above negatives when every combination of attribute and target has the "
        "same "
        "weight.",
        "higher",
        undefined="the target has more than two values, or a combination of attribute and target has no image",
        source="mean over pairs of groups of the AUC of one's positives against the other's negatives; counterfactual "
        "alignment, tables 1 to 3, on balanced samples",
        chance="0.5",
    ),
    _entry(
        "conflicting_auc",
        "AUC on conflicting images",
        "How well the score ranks positives above negatives among images whose attribute is not the usual one for "
        "their "
        "target.",
        "higher",
        undefined="the target has more than two values, or there are no such images of one target value",
        source="AUC over the combinations of which the debias part has fewer images than without an association",
        chance="0.5",
        advice="Below 0.5, the model ranks by the attribute.",
    ),
)
MITIGATION = (
    *_LEVELS,
    *(change_of(entry) for entry in _LEVELS),
    _entry(
        "relevance_fall",
        "fall of relevance in the region",
        "Mean relevance of the region's pixels in the unchanged model's maps minus that in the variant's, as a share "
        "of "
        "the largest relevance.",
        "higher",
        undefined=_NO_MAP,
        source="ADR of absolute maps, |R| / 2 max|R|; fairness for the right reasons, eq. 2",
        chance="0",
        range_=Range(-0.5, 0.5),
    ),
    _entry(
        "relevance_fall_share",
        "share of the region whose relevance fell",
        "Share of the region's pixels with less relevance than in the unchanged model's maps.",
        "higher",
        undefined=_NO_MAP,
        source="DIF of absolute maps; fairness for the right reasons, eq. 3",
    ),
    _entry(
        "relevance_fall_other",
        "fall of relevance in the region, by the second attribution method",
        "relevance_fall by the audit's second attribution method.",
        "higher",
        undefined=_NO_MAP,
        source="ADR of absolute maps; fairness for the right reasons, eq. 2 and fig. 4",
        chance="0",
        range_=Range(-0.5, 0.5),
    ),
    _entry(
        "relevance_fall_share_other",
        "share of the region whose relevance fell, by the second attribution method",
        "relevance_fall_share by the audit's second attribution method.",
        "higher",
        undefined=_NO_MAP,
        source="DIF of absolute maps; fairness for the right reasons, eq. 3 and fig. 4",
    ),
    _entry(
        "variant_cue_alignment",
        "evidence that depends on group and class together, of a variant",
        "How much the evidence in the region depends on group and class together, by the audit's first attribution "
        "method.",
        "lower",
        undefined=_NO_MAP,
        source="cue_alignment of the variant",
        chance="0",
        range_=UPWARD,
        advice="Where it stays high while the gap falls, the model still uses the region.",
    ),
    _entry(
        "variant_swap_effect",
        "effect of the group that the region's content comes from, of a variant",
        "How far another group's content in the region moves the score, beyond what the same group's content does.",
        "lower",
        undefined="no two groups both have images with the region in every class",
        source="swap_effect of the variant, on the images whose relevance is measured",
        chance="0",
        advice="Without twins, this number says whether the attribute shown in the region moves the score.",
    ),
    _entry(
        "outcome_reason_correlation",
        "rank correlation of gap and relevance over methods",
        "Whether the methods that reduce the gap between groups most also reduce the relevance in the region most.",
        "none",
        undefined="fewer than three methods were compared, or they do not differ",
        source="Spearman correlation over methods of the two changes; fairness for the right reasons, question 1",
        chance="0",
        range_=SIGNED_SHARE,
        advice="Near 0, a small gap says nothing about where the model looks: look at both for every method.",
    ),
    _entry(
        "training_cost",
        "cost of fitting",
        "Time that the method took to fit over that of the control, fine-tune.",
        "none",
        undefined="the control was not run",
        source="seconds ÷ seconds, in one run",
        range_=UPWARD,
        chance="1",
        advice="A method that costs more than the control should have a better result.",
    ),
)
