"""Entries of the numbers that compare groups: disparities, levels, the papers' measures, and thresholds."""

from __future__ import annotations

from functools import partial

from fairaudit.tables.entry import MetricEntry, change_of

_PAPER = "Hänel et al. (ACCV 2022)"
_SALIENCY = "Sztukiewicz et al., Fairness for the Right Reasons"
_FEW = "fewer than two groups have images, or a group lacks the images that the rate is a share of"
_GAP = (
    "The row names the groups that are furthest apart. Look at their own rates, then at their wrong images; more or "
    "better data for the worse-off group comes first, mitigation second. Do not close the gap by making the better-off "
    "group worse."
)
# base → (noun, what is compared in words, advice of its own, source)
_BASES = {
    "demographic_parity": (
        "selection rates", "how often the groups are decided as the class, whatever is true",
        "It is no error rate: if the class is really rarer in one group, a perfect model has a gap too. Compare "
        "equalized_odds_difference before you act.",
        "selection rates P(decision | group)",
    ),
    "equalized_odds": (
        "error rates", "how often the groups are decided as the class among images of the same truth",
        _GAP, f"larger of the gaps of TPR and FPR; Hardt, Price and Srebro (2016), definition 2.1; {_SALIENCY}, eq. 6",
    ),
    "equal_opportunity": (
        "true positive rates", "how often the groups' images that really are of the class are found",
        _GAP, "TPR; Hardt, Price and Srebro (2016), definition 2.2",
    ),
    "predictive_parity": (
        "precisions", "how often a decision for the class is right in each group",
        _GAP, "PPV; Chouldechova (2017)",
    ),
    "accuracy": ("accuracies", "how often each group is decided rightly", _GAP, "right decisions ÷ images"),
}  # fmt: skip


def _family(base: str) -> tuple[MetricEntry, ...]:
    noun, compared, advice, source = _BASES[base]
    entry = partial(MetricEntry, audits=("fairness",), range="0 to 1", advice=advice)
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
        sentence=f"Lowest value over highest in {compared}; 1 means equal.",
        better="higher",
        chance="below 1 by sampling alone; the row's `chance` says how much",
        undefined=f"{_FEW}, or the rate is 0 in every group",
        source=f"min ÷ max over groups of {source}",
    )
    overall = entry(
        name=f"{base}_difference_to_overall",
        title=f"largest gap of a group's {noun} to all images'",
        sentence=f"Largest gap between a group and all images together in {compared}; 0 means no gap.",
        better="lower",
        chance=difference.chance,
        undefined=_FEW,
        source=f"max over groups of |group − all images| of {source}",
    )
    share = entry(
        name=f"{base}_ratio_to_overall",
        title=f"smallest ratio of a group's {noun} and all images'",
        sentence=f"Smallest ratio, the lower over the higher, of a group and all images in {compared}; 1 means equal.",
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
        sentence="Mean of the groups' largest gap in true positive rates and that in false positive rates; "
        "0 means no gap.",
        range="0 to 1",
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
        range="0 to 1",
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
    sentence="Largest gap between groups in how well the scores order images of the class before others; "
    "0 means no gap.",
    range="0 to 1",
    better="lower",
    undefined="fewer than two groups have images, or one lacks images of the class or of the others",
    source="max − min over groups of auc",
    advice="No choice of threshold repairs a gap in ranking: the model sees less in one group; look for data or "
    "image quality there.",
)
LEVELS = (
    MetricEntry(
        name="worst_cell_accuracy",
        audits=("fairness", "mitigate"),
        title="accuracy of the worst cell",
        sentence="Accuracy of the combination of group and target value that the model serves worst; what the "
        "literature calls worst-group accuracy.",
        range="0 to 1",
        better="higher",
        undefined="a combination has no image",
        source="min over group × class of accuracy; Sagawa et al. (2020)",
        advice="The row names the cell; equality alone can be had by making everybody worse, so keep this level up.",
    ),
    MetricEntry(
        name="worst_attribute_group_accuracy",
        audits=("fairness",),
        title="accuracy of the worst group over all target values",
        sentence="Accuracy of the group that the model serves worst, over all target values together.",
        range="0 to 1",
        better="higher",
        undefined="no group has an image",
        source="min over groups of accuracy",
        advice="Read worst_cell_accuracy beside it: a target value in which the group does badly can hide behind "
        "one in which it does well.",
    ),
    MetricEntry(
        name="unbiased_accuracy",
        audits=("fairness",),
        title="mean accuracy of all cells",
        sentence="Accuracy as if every combination of group and target value had the same number of images.",
        range="0 to 1",
        better="higher",
        undefined="a combination of group and target value has no image",
        source="mean over group × class of accuracy; Nam et al. (2020)",
        advice="Far below plain accuracy, the model lives on the frequent combinations: look at "
        "bias_conflict_accuracy.",
    ),
    MetricEntry(
        name="bias_conflict_accuracy",
        audits=("fairness",),
        title="accuracy where group and target disagree",
        sentence="Accuracy on the images whose group is not the one that usually goes with their target value; a "
        "model that decides by the group fails here.",
        range="0 to 1",
        better="higher",
        undefined="audit.aligned does not tell which group goes with a target value, or a combination has no image",
        source="mean accuracy of the conflicting cells; Nam et al. (2020)",
        advice="Low here and high where they agree means that the model uses the group as a shortcut: confirm with "
        "roi-metrics and mitigate.",
    ),
    MetricEntry(
        name="bias_aligned_accuracy",
        audits=("fairness",),
        title="accuracy where group and target agree",
        sentence="Accuracy on the images whose group is the one that usually goes with their target value.",
        range="0 to 1",
        better="higher",
        undefined="audit.aligned does not tell which group goes with a target value, or a combination has no image",
        source="mean accuracy of the aligned cells; Nam et al. (2020)",
        advice="Read it beside bias_conflict_accuracy: the distance of the two is what the shortcut is worth.",
    ),
)
_DEPENDS = (
    "A second opinion on the gap: it has no unit to act on. Where it is large, read the disparities and rates of the "
    "groups."
)
PAPER = (
    MetricEntry(
        name="dp_l2", audits=("fairness",), title="squared distance of the groups' decisions",
        sentence="Squared distance between how decisions are spread in each group and over all images; 0 means that "
        "decisions do not depend on the group.",
        range="0 to twice the number of groups", better="lower", undefined="there are no images",
        source=f"{_PAPER}, eq. 3", advice=_DEPENDS,
    ),
    MetricEntry(
        name="dp_mi", audits=("fairness",), title="information on the group in the decisions",
        sentence="How much a decision gives away about the group, in nats (natural-logarithm units of information); "
        "0 means nothing.",
        range="0 to the logarithm of the number of groups or of classes, whichever is smaller", better="lower",
        undefined="there are no images", source=f"{_PAPER}, eq. 4", advice=_DEPENDS,
    ),
    MetricEntry(
        name="eo_l2", audits=("fairness",), title="squared distance of the groups' decisions among equal truths",
        sentence="Squared distance between how decisions are spread in each group and over all images of the same "
        "target value; 0 means that errors do not depend on the group.",
        range="0 to twice the number of groups times that of classes", better="lower", undefined="there are no images",
        source=f"{_PAPER}, eq. 6", advice=_DEPENDS,
    ),
    MetricEntry(
        name="eo_mi", audits=("fairness",), title="information on the group in the errors",
        sentence="How much a decision gives away about the group once the target value is known, in nats, summed over "
        "the target values; 0 means nothing.",
        range="0 to the number of classes times the logarithm of the number of groups or of classes, whichever is "
        "smaller",
        better="lower", undefined="there are no images", source=f"{_PAPER}, eq. 7", advice=_DEPENDS,
    ),
    MetricEntry(
        name="iou_l2", audits=("fairness",), title="squared spread of the groups' overlap",
        sentence="Squared distance of each group's overlap of decisions with the truth from that of all images, "
        "summed; 0 means equal.",
        range="0 to the number of groups", better="lower",
        undefined="a group has no image of a target value, or there are no images",
        source=f"{_PAPER}, eq. 12", advice=_DEPENDS,
    ),
    MetricEntry(
        name="iou_std", audits=("fairness",), title="spread of the groups' overlap",
        sentence="How much the groups differ in overlap of decisions with the truth, as a standard deviation; "
        "0 means equal.",
        range="0 to 0.71", better="lower",
        undefined="a group has no image of a target value, or fewer than two groups have images",
        source=f"{_PAPER}, σ of eq. 10 over groups", advice=_DEPENDS,
    ),
)  # fmt: skip
SOFT = tuple(
    MetricEntry(
        name=f"soft_{entry.name}",
        audits=("fairness",),
        title=f"{entry.title}, by probabilities",
        sentence=f"{entry.sentence[:-1]}; here from predicted probabilities, before any threshold.",
        range=entry.range,
        better="lower",
        undefined=f"{entry.undefined}, or the model gives no probabilities",
        source=f"{entry.source}, with probabilities in place of decisions",
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
        range="0 to 1",
        better="higher" if what == "accuracy" else "none",
        undefined="fewer than two groups have images, or a group lacks images of a target value; needs scores and two "
        "target values",
        source="Hardt, Price and Srebro (2016), section 4, fitted to these rows",
        advice="Do not gate on it: it is fitted to the rows that it is judged on, and whether decisions may depend on "
        "the group is no question of statistics.",
    )
    for name, rates in (
        ("equalized_odds", "true and false positive rates"),
        ("equal_opportunity", "true positive rates"),
    )
    for what, title, sentence in (
        (
            "accuracy",
            "accuracy at thresholds that equalize {rates}",
            "Accuracy that the model would have if each group had its own threshold, chosen so that all groups have "
            "the same {rates}.",
        ),
        (
            "threshold",
            "threshold of a group that equalizes {rates}",
            "Score from which an image of this group would be decided as the class if thresholds per group were to "
            "equalize the {rates}.",
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
        advice="A gap that shrank is progress only if no group got worse: `levelled_down` in the row says so, and the "
        "changes per group show it.",
    )
    for entry in COMPARING
    if entry.name in _CHANGED
)
"""Changes of them against a baseline model or an earlier report."""
