"""Entries of the comparison of mitigation methods, beside those it shares with the fairness audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairaudit.tables.entry import MetricEntry, change_of

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
    range_: str = "0 to 1",
    advice: str = "Read it beside worst_cell_accuracy: a constant classifier is perfectly equal.",
) -> MetricEntry:
    return MetricEntry(
        name=name, audits=("mitigate",), title=title, sentence=sentence, range=range_, better=better, chance=chance,
        undefined=undefined, source=source, advice=advice,
    )  # fmt: skip


_LEVELS = (
    _entry(
        "relevance_lift",
        "relevance of the region over its area",
        "How many times more relevance the region gets than an even map would put there, evidence for and against "
        "alike.",
        "lower",
        undefined=_NO_MAP,
        source="rrf_lift_absolute of the variant; fairness for the right reasons, eq. 1",
        chance="1",
        range_="from 0",
        advice="Where the outcome is equal and this stays high, the model still looks at the cue.",
    ),
    _entry(
        "flip_rate",
        "decisions that change with the attribute",
        "Share of images whose decision changes when the attribute is changed and nothing else.",
        "lower",
        undefined=_NO_TWIN,
        source="attribute_flip_rate of the variant; counterfactual interpolation augmentation, eq. 3",
        chance="0",
    ),
    _entry(
        "flip_effect",
        "change of the score with the attribute",
        "How far the score moves when the attribute is changed and nothing else.",
        "lower",
        undefined=_NO_TWIN,
        source="attribute_flip_effect of the variant",
        chance="0",
    ),
    _entry(
        "attribute_probe",
        "accuracy of a fresh linear reader of the attribute",
        "How well a simple (linear) classifier, trained anew on the variant's features, reads the attribute.",
        "lower",
        undefined="there are no balanced rows to train it on, or the features cannot be had",
        source="accuracy of a linear probe on the bottleneck",
        chance="the share of the most frequent value",
    ),
    _entry(
        "attribute_probe_mlp",
        "accuracy of a fresh reader of the attribute with a hidden layer",
        "How well a small network, trained anew on the variant's features, reads the attribute: what a linear reader "
        "misses counts too.",
        "lower",
        undefined="there are no balanced rows to train it on, or the features cannot be had",
        source="accuracy of a probe with 128 hidden units on the bottleneck",
        chance="the share of the most frequent value",
    ),
    _entry(
        "relevance_lift_other",
        "relevance of the region over its area by the second attribution method",
        "The region's relevance lift by the audit's second attribution method, so that no conclusion rests on one.",
        "lower",
        undefined=f"{_NO_MAP}, or the audit has one attribution method",
        source="rrf_lift_absolute of the variant; fairness for the right reasons, eq. 1 and fig. 4",
        chance="1",
        range_="from 0",
        advice="Where it disagrees with the first method, look at the maps before you believe either.",
    ),
    _entry(
        "balanced_auc",
        "AUC with every cell weighing the same",
        "How well the score ranks positives above negatives when every combination of attribute and target counts "
        "alike.",
        "higher",
        undefined="the target has more than two values, or a cell has no image",
        source="mean over pairs of groups of the AUC of one's positives against the other's negatives; counterfactual "
        "alignment, tables 1 to 3, on balanced samples",
        chance="0.5",
    ),
    _entry(
        "conflicting_auc",
        "AUC on conflicting images",
        "How well the score ranks the positives against the negatives whose attribute does not go with their target.",
        "higher",
        undefined="the target has more than two values, or a conflicting cell has no image",
        source="AUC over the cells that the debias part has fewer images of than without an association",
        chance="0.5",
        advice="Below 0.5 the model ranks by the attribute.",
    ),
)
MITIGATION = (
    *_LEVELS,
    *(change_of(entry) for entry in _LEVELS),
    _entry(
        "relevance_fall",
        "fall of relevance in the region",
        "How far the mean relevance of a region's pixels falls below the unchanged model's, as a share of the largest.",
        "higher",
        undefined=_NO_MAP,
        source="ADR of absolute maps, |R| / 2 max|R|; fairness for the right reasons, eq. 2",
        chance="0",
        range_="-0.5 to 0.5",
    ),
    _entry(
        "relevance_fall_share",
        "share of the region whose relevance fell",
        "Share of a region's pixels with less relevance than the unchanged model puts there.",
        "higher",
        undefined=_NO_MAP,
        source="DIF of absolute maps; fairness for the right reasons, eq. 3",
    ),
    _entry(
        "relevance_fall_other",
        "fall of relevance in the region by the second attribution method",
        "How far the region's relevance falls below the unchanged model's by the audit's second attribution method.",
        "higher",
        undefined=_NO_MAP,
        source="ADR of absolute maps; fairness for the right reasons, eq. 2 and fig. 4",
        chance="0",
        range_="-0.5 to 0.5",
    ),
    _entry(
        "relevance_fall_share_other",
        "share of the region whose relevance fell by the second attribution method",
        "Share of a region's pixels with less relevance than before by the audit's second attribution method.",
        "higher",
        undefined=_NO_MAP,
        source="DIF of absolute maps; fairness for the right reasons, eq. 3 and fig. 4",
    ),
    _entry(
        "variant_cue_alignment",
        "evidence that depends on group and class together, of a variant",
        "How much the evidence in the region goes with the combination of group and class, by the audit's first "
        "attribution method.",
        "lower",
        undefined=_NO_MAP,
        source="cue_alignment of the variant",
        chance="0",
        range_="from 0",
        advice="Where it stays up while the gap falls, the model still reads the cue.",
    ),
    _entry(
        "variant_swap_effect",
        "effect of the group's content, of a variant",
        "How far the content that another group's images show in the region moves the score, beyond that of the own "
        "group's.",
        "lower",
        undefined="no two groups both have images with the region in every class",
        source="swap_effect of the variant, on the images whose relevance is measured",
        chance="0",
        advice="Where there are no twins, this is what tells whether the attribute moves the model.",
    ),
    _entry(
        "outcome_reason_correlation",
        "rank correlation of outcome and reason",
        "Whether the methods that lower the outcome gap most are those that lower the relevance of the region most.",
        "none",
        undefined="fewer than three methods were compared, or they do not differ",
        source="Spearman correlation over methods of the two changes; fairness for the right reasons, question 1",
        chance="0",
        range_="-1 to 1",
        advice="Near 0, an equal outcome says nothing about the reasons: look at both for every method.",
    ),
    _entry(
        "training_cost",
        "cost of fitting",
        "Seconds that fitting the method took over those of the fine-tune control.",
        "none",
        undefined="the control was not run",
        source="seconds ÷ seconds, in one run",
        range_="from 0",
        chance="1",
        advice="A method that costs more than the control has to beat it by something.",
    ),
)
