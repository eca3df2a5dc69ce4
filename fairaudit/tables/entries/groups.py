"""Entries of the numbers of each group: rates, ranking and calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairaudit.tables.entry import MetricEntry, change_of

if TYPE_CHECKING:
    from fairaudit.results.measurement import Better

_NO_IMAGE = "the group has no image"
_FIND = (
    "Find the group whose interval lies apart, look at its wrong images, and check labels and image quality first; "
    "then add data for it or mitigate."
)


def _rate(
    name: str, title: str, sentence: str, better: Better, undefined: str, *, source: str, advice: str = _FIND
) -> MetricEntry:
    return MetricEntry(
        name=name,
        audits=("fairness",),
        title=title,
        sentence=sentence,
        range="0 to 1",
        better=better,
        undefined=undefined,
        source=source,
        advice=advice,
    )


_COUNTS = "counts of true and predicted class, the class against the rest"
RATES = (
    _rate(
        "accuracy", "accuracy", "Share of the group's images that are decided rightly.", "higher", _NO_IMAGE,
        source="right decisions ÷ images",
    ),
    _rate(
        "selection_rate", "selection rate", "Share of the group's images that the model decides as the class.", "none",
        _NO_IMAGE, source=f"(TP + FP) ÷ images; {_COUNTS}",
        advice="By itself neither good nor bad; the gap between groups is demographic_parity_difference.",
    ),
    _rate(
        "tpr", "true positive rate", "Share of the images that really are of the class which the model finds.",
        "higher", "the group has no image of the class", source=f"TP ÷ (TP + FN); {_COUNTS}",
    ),
    _rate(
        "fpr", "false positive rate",
        "Share of the images that are not of the class which the model wrongly takes for it.",
        "lower", "the group has no image of another class", source=f"FP ÷ (FP + TN); {_COUNTS}",
    ),
    _rate(
        "tnr", "true negative rate", "Share of the images that are not of the class which the model rightly rejects.",
        "higher", "the group has no image of another class", source=f"TN ÷ (FP + TN); {_COUNTS}",
    ),
    _rate(
        "fnr", "false negative rate", "Share of the images that really are of the class which the model misses.",
        "lower", "the group has no image of the class", source=f"FN ÷ (TP + FN); {_COUNTS}",
    ),
    _rate(
        "ppv", "precision", "Share of the images decided as the class that really are of it.",
        "higher", "nothing in the group is decided as the class", source=f"TP ÷ (TP + FP); {_COUNTS}",
    ),
    _rate(
        "f1", "F1 score",
        "One number for finding the class and not crying wolf: the harmonic mean of precision and tpr.",
        "higher", "the class is neither true nor predicted in the group", source=f"2 TP ÷ (2 TP + FP + FN); {_COUNTS}",
    ),
    _rate(
        "iou", "overlap of decisions with the truth",
        "Images that both are of the class and are decided so, as a share of those that are either.",
        "higher", "the class is neither true nor predicted in the group",
        source="TP ÷ (TP + FP + FN); Hänel et al. (ACCV 2022), eqs. 8 and 10",
    ),
)  # fmt: skip
IMPACT = MetricEntry(
    name="impact_ratio",
    audits=("fairness",),
    title="impact ratio",
    sentence="How often this group is decided as the class, as a share of how often the most favoured group is; "
    "1 means as often.",
    range="0 to 1",
    better="higher",
    chance="1",
    undefined="the group has no image, or no group is ever decided as the class",
    source="selection rate ÷ the highest selection rate; the four-fifths rule of 29 CFR 1607.4 D looks at 0.8",
    advice="Below 0.8 many reviewers will ask for reasons: compare the true positive rates of the same groups, which "
    "say whether the class is missed or is just rarer there.",
)
_RANKING = "The threshold matters less than the order here: look at the score distributions of the group."
SCORED = (
    MetricEntry(
        name="auc",
        audits=("fairness",),
        title="ROC area within the group",
        sentence="How often a random image of the class gets a higher score than a random other image of the same "
        "group; ties count half.",
        range="0 to 1",
        better="higher",
        chance="0.5",
        undefined="the group lacks images of the class or of the others",
        source="area under the ROC curve; interval from the variance of DeLong et al. (1988)",
        advice=_RANKING,
    ),
    MetricEntry(
        name="bnsp_auc",
        audits=("fairness",),
        title="ROC area of other groups' negatives against this group's positives",
        sentence="How often an image of the class in this group scores higher than an image of no such class in the "
        "other groups; low means that this group's positives are scored too low.",
        range="0 to 1",
        better="higher",
        chance="0.5",
        undefined="there are no positives in the group or no negatives outside it",
        source="background negative, subgroup positive AUC; Borkan et al. (2019)",
        advice=_RANKING,
    ),
    MetricEntry(
        name="bpsn_auc",
        audits=("fairness",),
        title="ROC area of other groups' positives against this group's negatives",
        sentence="How often an image of the class in the other groups scores higher than an image of no such class in "
        "this group; low means that this group's negatives are scored too high.",
        range="0 to 1",
        better="higher",
        chance="0.5",
        undefined="there are no negatives in the group or no positives outside it",
        source="background positive, subgroup negative AUC; Borkan et al. (2019)",
        advice=_RANKING,
    ),
    MetricEntry(
        name="ece",
        audits=("fairness",),
        title="calibration error",
        sentence="How far the scores are from the share of images that turn out to be of the class, on average over "
        "bins of the score; 0 means that a score of 0.8 is right in 80 % of cases.",
        range="0 to 1",
        better="lower",
        chance="–",
        undefined=_NO_IMAGE,
        source="Σ over bins |mean truth − mean score| · share of images; Naeini et al. (2015)",
        advice="Recalibrate the scores on held-out data that has enough images of this group, then look again.",
    ),
    MetricEntry(
        name="brier",
        audits=("fairness",),
        title="Brier score",
        sentence="Mean squared distance of the score from the truth, so both wrong order and wrong confidence cost.",
        range="0 to 1",
        better="lower",
        chance="–",
        undefined=_NO_IMAGE,
        source="mean of (score − truth)²; Brier (1950)",
        advice="Compare with auc and ece of the group, which say whether order or confidence is at fault.",
    ),
)
CELL = MetricEntry(
    name="cell_accuracy",
    audits=("fairness", "prune"),
    title="accuracy of one cell",
    sentence="Share of the images of one group and target value that are decided rightly; in prune, of one "
    "combination of biases that agree with the target or do not.",
    range="0 to 1",
    better="higher",
    undefined="the cell has no image",
    source="right decisions ÷ images, of one cell",
    advice="Look at the lowest cell's wrong images first; in prune, the cell in which all biases disagree shows what "
    "the model does without any of them.",
)
GROUPS = (*RATES, CELL, IMPACT, *SCORED)
"""Numbers of one group."""
GROUP_CHANGES = tuple(
    change_of(entry) for entry in GROUPS if entry.name in ("accuracy", "tpr", "fpr", "auc", "ece", "brier")
)
"""Changes of them against a baseline model, per group."""
