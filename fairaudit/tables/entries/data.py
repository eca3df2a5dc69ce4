"""Entries of facts about the data, and of the pruning paper's theory about data and model."""

from __future__ import annotations

from dataclasses import replace

from fairaudit.tables.entry import MetricEntry
from fairaudit.tables.range import SHARE, SIGNED_SHARE, Range

_SHORTCUT = (
    "The stronger the association in the training data, the more useful is the attribute as a shortcut. Collect "
    "images of "
    "the rare combinations, or give them more weight in training."
)
ASSOCIATIONS = (
    MetricEntry(
        name="phi",
        audits=("fairness",),
        title="association of attribute and target",
        sentence="How strongly a two-valued attribute and a two-valued target go together in these images; 0 means not "
        "at all, 1 or −1 that each determines the other.",
        range=SIGNED_SHARE,
        better="none",
        chance="0",
        undefined="a value of either never occurs, or there are more than two values",
        source="Yule's φ; Sztukiewicz et al., Fairness for the Right Reasons, eq. 5",
        advice=_SHORTCUT,
    ),
    MetricEntry(
        name="cramers_v",
        audits=("fairness",),
        title="association of attribute and target, for any number of values",
        sentence="How strongly attribute and target go together in these images; 0 means not at all, 1 that one "
        "determines the other.",
        range=SHARE,
        better="none",
        chance="0",
        undefined="fewer than two values of either occur",
        source="√(χ² ÷ (n · (min(rows, columns) − 1))); Cramér (1946)",
        advice=_SHORTCUT,
    ),
    MetricEntry(
        name="mutual_information",
        audits=("fairness",),
        title="information of the attribute about the target",
        sentence="How much the attribute says about the target in these images, in nats (natural-logarithm units of "
        "information); 0 means nothing.",
        range=Range(0.0, words="0 to the logarithm of the number of values"),
        better="none",
        chance="0",
        undefined="there are no images",
        source="Σ p(x, y) log[p(x, y) ÷ (p(x) p(y))]",
        advice=_SHORTCUT,
    ),
)
BETWEEN = tuple(
    replace(
        entry,
        name=f"attribute_{entry.name}",
        title=entry.title.replace("attribute and target", "two attributes").replace(
            "the attribute about the target", "one attribute about another"
        ),
        sentence=entry.sentence.replace("a two-valued attribute and a two-valued target", "two two-valued attributes")
        .replace("attribute and target", "the two attributes")
        .replace("the attribute says about the target", "one attribute says about the other"),
        source=entry.source.replace("; Sztukiewicz et al., Fairness for the Right Reasons, eq. 5", ""),
        advice="Where two attributes go together, a gap between groups of one can be due to the other. Audit their "
        "intersections, or compare within the values of one (fairaudit fairness --control).",
    )
    for entry in ASSOCIATIONS
)

_SURGEON = "Nahon et al., debiasing surgeon (ECCV 2024)"
_MODEL = (
    "What the theory expects, not a measurement of this model: do not write a rule on it. `observed`, or the row of "
    "the "
    "same name without the ending, is the measured value."
)
_BOTH = ("fairness", "prune")


def _theory(
    name: str,
    title: str,
    sentence: str,
    undefined: str,
    source: str,
    *,
    audits: tuple[str, ...] = _BOTH,
    advice: str = _MODEL,
) -> MetricEntry:
    return MetricEntry(
        name=name,
        audits=audits,
        title=title,
        sentence=sentence,
        range=SHARE,
        better="none",
        undefined=undefined,
        source=f"{_SURGEON}, {source}",
        advice=advice,
    )


BIASEDNESS = MetricEntry(
    name="model_biasedness",
    audits=_BOTH,
    title="share of conflicting images that are decided by their group",
    sentence="Of the images whose group is not the usual one for their target value, the share that the model "
    "predicts as "
    "the group suggests; 1 is a model that decides by the group alone.",
    range=SHARE,
    better="lower",
    chance="the error rate spread evenly over the other classes",
    undefined="there are no conflicting images, or the numbers of groups and target values differ",
    source=f"{_SURGEON}, φ of section 3.1",
    advice="High means that the model decides by the group: run roi-metrics to see where it looks, then mitigate or "
    "prune.",
)
TRAINING_PHI = MetricEntry(
    name="training_phi",
    audits=("fairness",),
    title="association of group and target value in training",
    sentence="How strongly group and target value go together in the rows that the model was trained on; 0 means not "
    "at "
    "all, 1 or −1 that each determines the other.",
    range=SIGNED_SHARE,
    better="none",
    chance="0",
    undefined="audit.aligned names no training split, or there are not two groups and two target values",
    source="Yule's φ; fairness for the right reasons, eq. 5",
    advice="Far from 0, the model can learn the group in place of the target: audit it on rows in which the two are "
    "not "
    "associated.",
)
THEORY = (
    _theory(
        "bias_aligned_share",
        "share of images whose group goes with their target value",
        "Share of training rows whose group is the usual one for their target value; near 1, few rows tell the two "
        "apart.",
        "the numbers of groups and target values differ, no group is the usual one for a target value, or the training "
        "rows are not known",
        "ρ of section 3.1",
        audits=("fairness",),
        advice=_SHORTCUT,
    ),
    BIASEDNESS,
    _theory(
        "task_biasedness",
        "how much the task needs the bias",
        "Error rate on images whose group is the usual one, over the share of other images that are not decided by the "
        "group: how much of the task would be lost without the bias, at most 1.",
        "every conflicting image is decided by its group, or there are no conflicting or no aligned images",
        "K of eq. 5",
    ),
    _theory(
        "bias_information_perfect",
        "information about the group in a perfect model's predictions",
        "Mutual information of prediction and group for a model that is always correct on data like these, as a "
        "share of "
        "its largest possible value.",
        "there are no images, or one class",
        "eq. 3 divided by log N",
    ),
    _theory(
        "bias_information_expected",
        "information about the group that the theory expects",
        "Mutual information of prediction and group that the theory expects for a model with this bias on data like "
        "these, as a share of its largest possible value.",
        "there are no conflicting images, or one class",
        "eq. 15 (eq. 4 as it follows from the appendix) divided by log N",
    ),
    _theory(
        "task_information_expected",
        "information about the target that the theory expects",
        "Mutual information of prediction and target that the theory expects for a model with this bias on data like "
        "these, as a share of its largest possible value; the formula of the paper can leave 0 to 1.",
        "there are no aligned or no conflicting images, or one class",
        "eq. 16 (eq. 6 as it follows from the appendix) divided by log N",
    ),
    _theory(
        "task_information_bounded",
        "information about the target that the theory expects, within 0 to 1",
        "The same with wrong predictions spread evenly over the other classes, so that it stays within 0 to 1.",
        "there are no aligned or no conflicting images, or one class",
        "eq. 6, in a form of this project that stays within 0 to 1",
    ),
)
DATA = (*ASSOCIATIONS, TRAINING_PHI, *BETWEEN, *THEORY)
"""Numbers about the data."""
