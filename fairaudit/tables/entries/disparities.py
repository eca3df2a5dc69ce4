"""Entries of the numbers that compare groups: disparities, levels, the papers' measures, and thresholds."""

from __future__ import annotations

from functools import partial

from fairaudit.tables.entry import MetricEntry, change_of
from fairaudit.tables.range import SHARE, Range

_INFORMATION = "the logarithm of the number of groups or of classes, whichever is smaller"
_PAPER = "Hänel et al. (ACCV 2022)"
_SALIENCY = "Sztukiewicz et al., Fairness for the Right Reasons"
_FEW = "fewer than two groups have images, or a group lacks the images that the rate is a share of"
_GAP = (
    "The row names the groups that are furthest apart. Look at their rates and at their wrong images. Try more or "
    "better data for the worse-off group first, mitigation second. Do not close the gap by making the better-off group "
    "worse."
)
# base → (noun, what is compared in words, advice of its own, source)
_BASES = {
    "demographic_parity": (
        "selection rates", "how often images are predicted as the class, whatever their label",
        "This is not an error rate: where the class is rarer in one group, a perfect model has a gap too. Compare "
        "equalized_odds_difference before you act.",
        "selection rates P(prediction | group)",
    ),
    "equalized_odds": (
        "error rates", "how often images with the same label are predicted as the class",
        _GAP, f"larger of the gaps of TPR and FPR; Hardt, Price and Srebro (2016), definition 2.1; {_SALIENCY}, eq. 6",
    ),
    "equal_opportunity": (
        "true positive rates", "how often images of the class are predicted as the class",
        _GAP, "TPR; Hardt, Price and Srebro (2016), definition 2.2",
    ),
    "predictive_parity": (
        "precisions", "how often a prediction of the class is correct",
        _GAP, "PPV; Chouldechova (2017)",
    ),
    "accuracy": ("accuracies", "how often a prediction is correct", _GAP, "correct decisions ÷ images"),
}  # fmt: skip


def _family(base: str) -> tuple[MetricEntry, ...]:
    noun, compared, advice, source = _BASES[base]
    entry = partial(MetricEntry, audits=("fairness",), range=SHARE, advice=advice)
    difference = entry(
        name=f"{base}_difference",
        title=f"largest gap between the groups' {noun}",
        sentence=f"Largest gap between groups in {compared}; 0 means no gap.",
        better="lower",
        chance="above 0 by sampling alone; the row's `chance` says how much",
        undefined=_FEW,
        source=f"max − min over groups of {source}",
    )
    ratio = entry(
        name=f"{base}_ratio",
        title=f"smallest ratio of the groups' {noun}",
        sentence=f"Smallest ratio between groups, lower over higher, of {compared}; 1 means equal.",
        better="higher",
        chance="below 1 by sampling alone; the row's `chance` says how much",
        undefined=f"{_FEW}, or the rate is 0 in every group",
        source=f"min ÷ max over groups of {source}",
    )
    overall = entry(
        name=f"{base}_difference_to_overall",
        title=f"largest gap between a group's {noun} and those of all images",
        sentence=f"Largest gap between a group and all images together in {compared}; 0 means no gap.",
        better="lower",
        chance=difference.chance,
        undefined=_FEW,
        source=f"max over groups of |group − all images| of {source}",
    )
    share = entry(
        name=f"{base}_ratio_to_overall",
        title=f"smallest ratio of a group's {noun} and those of all images",
        sentence=f"Smallest ratio between a group and all images, lower over higher, of {compared}; 1 means equal.",
        better="higher",
        chance=ratio.chance,
        undefined=f"{_FEW}, or the rate is 0 everywhere",
        source=f"min over groups of min(group ÷ all, all ÷ group) of {source}",
    )
    return difference, ratio, overall, share


DISPARITIES = (
    *(entry for base in _BASES for entry in _family(base)),
    MetricEntry(
        name="equalized_odds_average",
        audits=("fairness",),
        title="mean of the gaps in true and false positive rates",
        sentence="Mean of the largest gap between groups in true positive rates and that in false positive rates; "
        "0 means no gap.",
        range=SHARE,
        better="lower",
        chance="above 0 by sampling alone; the row's `chance` says how much",
        undefined=_FEW,
        source="(gap of TPR + gap of FPR) ÷ 2; Bellamy et al. (2018), average odds difference in size",
        advice=_GAP,
    ),
)
CLASS_GAPS = tuple(
    MetricEntry(
        name=f"{rate}_difference",
        audits=("fairness",),
        title=f"largest gap between the groups' {noun} for one class",
        sentence=f"Largest gap between groups in the {noun} of this one class; 0 means no gap.",
        range=SHARE,
        better="lower",
        undefined=_FEW,
        source=f"max − min over groups of the {noun}, the class against the rest",
        advice=_GAP,
    )
    for rate, noun in (
        ("selection_rate", "selection rate"),
        ("tpr", "true positive rate"),
        ("fpr", "false positive rate"),
        ("ppv", "precision"),
    )
)
AUC_GAP = MetricEntry(
    name="auc_difference",
    audits=("fairness",),
    title="largest gap between the groups' ROC areas",
    sentence="Largest gap between groups in the area under the ROC curve, that is in how well scores rank images of "
    "the class above others; 0 means no gap.",
    range=SHARE,
    better="lower",
    undefined="fewer than two groups have images, or one lacks images of the class or of the others",
    source="max − min over groups of auc",
    advice="No threshold closes a gap in ranking. Look at the data and the image quality of the group with the "
    "smallest area.",
)
LEVELS = (
    MetricEntry(
        name="worst_cell_accuracy",
        audits=("fairness", "mitigate"),
        title="accuracy of the worst group and target value",
        sentence="Lowest accuracy of any combination of group and target value; the literature calls it worst-group "
        "accuracy.",
        range=SHARE,
        better="higher",
        undefined="a combination has no image",
        source="min over group × class of accuracy; Sagawa et al. (2020)",
        advice="The row names the combination. A gap can be closed by making every group worse: this number shows it.",
    ),
    MetricEntry(
        name="worst_attribute_group_accuracy",
        audits=("fairness",),
        title="accuracy of the worst group over all target values",
        sentence="Lowest accuracy of any group, over all target values together.",
        range=SHARE,
        better="higher",
        undefined="no group has an image",
        source="min over groups of accuracy",
        advice="Compare worst_cell_accuracy: a target value with low accuracy can be hidden by one with high accuracy.",
    ),
    MetricEntry(
        name="unbiased_accuracy",
        audits=("fairness",),
        title="mean accuracy over groups and target values",
        sentence="Mean accuracy over all combinations of group and target value, each with the same weight.",
        range=SHARE,
        better="higher",
        undefined="a combination of group and target value has no image",
        source="mean over group × class of accuracy; Nam et al. (2020)",
        advice="Far below the accuracy over all images, the model is good at the frequent combinations only: compare "
        "bias_conflict_accuracy.",
    ),
    MetricEntry(
        name="bias_conflict_accuracy",
        audits=("fairness",),
        title="accuracy where group and target disagree",
        sentence="Accuracy on the images whose group is not the usual one for their target value; a model that decides "
        "by the group fails here.",
        range=SHARE,
        better="higher",
        undefined="audit.aligned does not say which group goes with which target value, or a combination has no image",
        source="mean accuracy of the conflicting cells; Nam et al. (2020)",
        advice="Low here and high in bias_aligned_accuracy: the model may use the group as a shortcut. Run "
        "roi-metrics, "
        "and mitigate if it confirms this.",
    ),
    MetricEntry(
        name="bias_aligned_accuracy",
        audits=("fairness",),
        title="accuracy where group and target agree",
        sentence="Accuracy on the images whose group is the usual one for their target value.",
        range=SHARE,
        better="higher",
        undefined="audit.aligned does not say which group goes with which target value, or a combination has no image",
        source="mean accuracy of the aligned cells; Nam et al. (2020)",
        advice="Compare bias_conflict_accuracy: the difference of the two is what the group adds to the accuracy.",
    ),
)
_DEPENDS = (
    "Another measure of the gap, without a unit of its own. Where it is large, look at the rates of the groups and the "
    "gaps between them."
)
PAPER = (
    MetricEntry(
        name="dp_l2", audits=("fairness",), title="squared distance of the groups' predictions",
        sentence="Squared distance between the shares of the predicted classes in each group and over all images; 0 "
        "means that predictions do not depend on the group.",
        range=Range(0.0, words="0 to twice the number of groups"), better="lower", undefined="there are no images",
        source=f"{_PAPER}, eq. 3", advice=_DEPENDS,
    ),
    MetricEntry(
        name="dp_mi", audits=("fairness",), title="information about the group in the predictions",
        sentence="Mutual information of prediction and group, in nats (natural-logarithm units of information); 0 "
        "means "
        "that predictions say nothing about the group.",
        range=Range(0.0, words=f"0 to {_INFORMATION}"), better="lower",
        undefined="there are no images", source=f"{_PAPER}, eq. 4", advice=_DEPENDS,
    ),
    MetricEntry(
        name="eo_l2", audits=("fairness",), title="squared distance of the groups' predictions for equal labels",
        sentence="Squared distance between the shares of the predicted classes in each group and over all images, for "
        "images of the same target value; 0 means that errors do not depend on the group.",
        range=Range(0.0, words="0 to twice the number of groups times that of classes"), better="lower",
        undefined="there are no images",
        source=f"{_PAPER}, eq. 6", advice=_DEPENDS,
    ),
    MetricEntry(
        name="eo_mi", audits=("fairness",), title="information about the group in the errors",
        sentence="Mutual information of prediction and group among images of the same target value, in nats, summed "
        "over "
        "the target values; 0 means that errors say nothing about the group.",
        range=Range(0.0, words=f"0 to the number of classes times {_INFORMATION}"),
        better="lower", undefined="there are no images", source=f"{_PAPER}, eq. 7", advice=_DEPENDS,
    ),
    MetricEntry(
        name="iou_l2", audits=("fairness",), title="squared spread of the groups' overlap",
        sentence="Squared difference of each group's overlap of predictions and labels (IoU) from that of all images, "
        "summed over groups; 0 means equal.",
        range=Range(0.0, words="0 to the number of groups"), better="lower",
        undefined="a group has no image of a target value, or there are no images",
        source=f"{_PAPER}, eq. 12", advice=_DEPENDS,
    ),
    MetricEntry(
        name="iou_std", audits=("fairness",), title="spread of the groups' overlap",
        sentence="Standard deviation over groups of the overlap of predictions and labels (IoU); 0 means equal.",
        range=Range(0.0, 0.71), better="lower",
        undefined="a group has no image of a target value, or fewer than two groups have images",
        source=f"{_PAPER}, σ of eq. 10 over groups", advice=_DEPENDS,
    ),
)  # fmt: skip
SOFT = tuple(
    MetricEntry(
        name=f"soft_{entry.name}",
        audits=("fairness",),
        title=f"{entry.title}, by probabilities",
        sentence=f"{entry.sentence[:-1]}; here from predicted probabilities in place of predicted classes.",
        range=entry.range,
        better="lower",
        undefined=f"{entry.undefined}, or the model gives no probabilities",
        source=f"{entry.source}, with probabilities in place of predicted classes",
        advice=entry.advice,
    )
    for entry in PAPER
)
EQUALIZED = tuple(
    MetricEntry(
        name=f"{name}_{what}",
        audits=("fairness",),
        title=title.format(rates=rates),
        sentence=sentence.format(rates=rates),
        range=SHARE,
        better="higher" if what == "accuracy" else "none",
        undefined="fewer than two groups have images, or a group lacks images of a target value; needs scores and two "
        "target values",
        source="Hardt, Price and Srebro (2016), section 4, fitted to these rows",
        advice="Do not write a rule on it: it is fitted to the same rows that it is measured on, and whether decisions "
        "may depend on the group is not a question of statistics.",
    )
    for name, rates in (
        ("equalized_odds", "true and false positive rates"),
        ("equal_opportunity", "true positive rates"),
    )
    for what, title, sentence in (
        (
            "accuracy",
            "accuracy at thresholds that equalize {rates}",
            "Accuracy of the model with a threshold per group, chosen so that all groups have the same {rates}.",
        ),
        (
            "threshold",
            "threshold of a group that equalizes {rates}",
            "Score from which images of this group are predicted as the class when thresholds per group equalize the "
            "{rates}.",
        ),
    )
)
COMPARING = (*DISPARITIES, *CLASS_GAPS, AUC_GAP, *LEVELS, *PAPER, *SOFT, *EQUALIZED)
"""Numbers over all groups."""
_CHANGED = {f"{base}_{form}" for base in _BASES for form in ("difference", "ratio")} | {
    "equalized_odds_average", "worst_cell_accuracy", "worst_attribute_group_accuracy",
    "unbiased_accuracy", *(entry.name for entry in PAPER)
}  # fmt: skip
CHANGES = tuple(
    change_of(
        entry,
        advice="A smaller gap is progress only if no group got worse: see `levelled_down` in the row, and the changes "
        "per group.",
    )
    for entry in COMPARING
    if entry.name in _CHANGED
)
"""Changes of them against a baseline model or an earlier report."""
