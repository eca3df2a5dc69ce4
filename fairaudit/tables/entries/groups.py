"""Entries of the numbers of each group: rates, ranking and calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairaudit.tables.entry import MetricEntry, change_of
from fairaudit.tables.range import SHARE

if TYPE_CHECKING:
    from fairaudit.results.measurement import Better

_NO_IMAGE = "the group has no image"
_FIND = (
    "Find the group whose interval lies apart from the others'. Check labels and image quality of its wrong images "
    "first; then add data for this group, or mitigate."
)


def _rate(
    name: str, title: str, sentence: str, better: Better, undefined: str, *, source: str, advice: str = _FIND
) -> MetricEntry:
    return MetricEntry(
        name=name,
        audits=("fairness",),
        title=title,
        sentence=sentence,
        range=SHARE,
        better=better,
        undefined=undefined,
        source=source,
        advice=advice,
    )


_COUNTS = "counts of true and predicted class, the class against the rest"
RATES = (
    _rate(
        "accuracy", "accuracy", "Share of the group's images that the model decides correctly.", "higher", _NO_IMAGE,
        source="correct decisions ÷ images",
    ),
    _rate(
        "selection_rate", "selection rate", "Share of the group's images that the model predicts as the class.", "none",
        _NO_IMAGE, source=f"(TP + FP) ÷ images; {_COUNTS}",
        advice="By itself neither good nor bad. demographic_parity_difference is the gap between groups.",
    ),
    _rate(
        "tpr", "true positive rate", "Share of the images of the class that the model predicts as the class.",
        "higher", "the group has no image of the class", source=f"TP ÷ (TP + FN); {_COUNTS}",
    ),
    _rate(
        "fpr", "false positive rate",
        "Share of the images of other classes that the model predicts as the class.",
        "lower", "the group has no image of another class", source=f"FP ÷ (FP + TN); {_COUNTS}",
    ),
    _rate(
        "tnr", "true negative rate", "Share of the images of other classes that the model does not predict as the "
        "class.",
        "higher", "the group has no image of another class", source=f"TN ÷ (FP + TN); {_COUNTS}",
    ),
    _rate(
        "fnr", "false negative rate", "Share of the images of the class that the model does not predict as the class.",
        "lower", "the group has no image of the class", source=f"FN ÷ (TP + FN); {_COUNTS}",
    ),
    _rate(
        "ppv", "precision", "Share of the images predicted as the class that are of the class.",
        "higher", "no image of the group is predicted as the class", source=f"TP ÷ (TP + FP); {_COUNTS}",
    ),
    _rate(
        "f1", "F1 score",
        "Harmonic mean of precision and true positive rate.",
        "higher", "no image of the group is of the class or predicted as the class", source=f"2 TP ÷ (2 TP + FP + "
        f"FN); {_COUNTS}",
    ),
    _rate(
        "iou", "overlap of predictions and labels",
        "Images that are of the class and predicted as it, as a share of those that are either (intersection over "
        "union).",
        "higher", "no image of the group is of the class or predicted as the class",
        source="TP ÷ (TP + FP + FN); Hänel et al. (ACCV 2022), eqs. 8 and 10",
    ),
)  # fmt: skip
IMPACT = MetricEntry(
    name="impact_ratio",
    audits=("fairness",),
    title="impact ratio",
    sentence="Selection rate of this group over that of the group with the highest one; 1 means that they are equal.",
    range=SHARE,
    better="higher",
    chance="1",
    undefined="the group has no image, or no image of any group is predicted as the class",
    source="selection rate ÷ the highest selection rate; the four-fifths rule of 29 CFR 1607.4 D looks at 0.8",
    advice="Below 0.8, expect to be asked for reasons. Compare the true positive rates of the same groups: they say "
    "whether the model misses the class or the class is rarer there.",
)
_RANKING = (
    "The order of the scores is at fault here, not the threshold: look at the distributions of the group's scores."
)
SCORED = (
    MetricEntry(
        name="auc",
        audits=("fairness",),
        title="ROC area within the group",
        sentence="Probability that an image of the class has a higher score than an image of another class from the "
        "same group; ties count half.",
        range=SHARE,
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
        sentence="Probability that an image of the class from this group has a higher score than an image of another "
        "class from the other groups; low means that this group's positives are scored too low.",
        range=SHARE,
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
        sentence="Probability that an image of the class from the other groups has a higher score than an image of "
        "another class from this group; low means that this group's negatives are scored too high.",
        range=SHARE,
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
        sentence="Mean distance of the scores from the share of images that are of the class, over bins of the score; "
        "0 means that of the images with a score of 0.8, 80 % are of the class.",
        range=SHARE,
        better="lower",
        chance="–",
        undefined=_NO_IMAGE,
        source="Σ over bins |mean label − mean score| · share of images; Naeini et al. (2015)",
        advice="Calibrate the scores on held-out data with enough images of this group; then audit again.",
    ),
    MetricEntry(
        name="brier",
        audits=("fairness",),
        title="Brier score",
        sentence="Mean squared difference of score and label (0 or 1); both wrong order and wrong confidence make it "
        "larger.",
        range=SHARE,
        better="lower",
        chance="–",
        undefined=_NO_IMAGE,
        source="mean of (score − label)²; Brier (1950)",
        advice="Compare auc and ece of the group: they say whether order or confidence is at fault.",
    ),
)
CELL = MetricEntry(
    name="cell_accuracy",
    audits=("fairness", "prune"),
    title="accuracy of one group and target value",
    sentence="Share of the images of one group and target value that the model decides correctly; in prune, of one "
    "combination of biases that agree or disagree with the target.",
    range=SHARE,
    better="higher",
    undefined="there is no image of this group and target value",
    source="correct decisions ÷ images, of one group and target value",
    advice="Look at the wrong images of the lowest one first. In prune, the images in which all biases disagree show "
    "what the model does without them.",
)
GROUPS = (*RATES, CELL, IMPACT, *SCORED)
"""Numbers of one group."""
GROUP_CHANGES = tuple(
    change_of(entry) for entry in GROUPS if entry.name in ("accuracy", "tpr", "fpr", "auc", "ece", "brier")
)
"""Changes of them against a baseline model, per group."""
