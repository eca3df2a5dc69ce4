"""Entries of facts about the data, and of the pruning paper's theory about data and model."""

from __future__ import annotations

from dataclasses import replace

from fairaudit.tables.entry import MetricEntry

_SHORTCUT = (
    "The stronger they go together in the training data, the better the attribute works as a shortcut; collect "
    "images of the rare combinations or weight them."
)
ASSOCIATIONS = (
    MetricEntry(
        name="phi",
        audits=("fairness",),
        title="association of attribute and target",
        sentence="How strongly a two-valued attribute and a two-valued target go together in these images; 0 means not "
        "at all, 1 or −1 that one tells the other.",
        range="−1 to 1",
        better="none",
        chance="0",
        undefined="a value of either never occurs; not made for more than two values",
        source="Yule's φ; Sztukiewicz et al., Fairness for the Right Reasons, eq. 5",
        advice=_SHORTCUT,
    ),
    MetricEntry(
        name="cramers_v",
        audits=("fairness",),
        title="association of attribute and target, of any number of values",
        sentence="How strongly attribute and target go together in these images; 0 means not at all, 1 that one tells "
        "the other.",
        range="0 to 1",
        better="none",
        chance="0",
        undefined="fewer than two values of either occur",
        source="√(χ² ÷ (n · (min(rows, columns) − 1))); Cramér (1946)",
        advice=_SHORTCUT,
    ),
    MetricEntry(
        name="mutual_information",
        audits=("fairness",),
        title="information of the attribute on the target",
        sentence="How much the attribute gives away about the target in these images, in nats (natural-logarithm "
        "units of information); 0 means nothing.",
        range="0 to the logarithm of the number of values",
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
            "the attribute on the target", "one attribute on another"
        ),
        sentence=entry.sentence.replace("a two-valued attribute and a two-valued target", "two two-valued attributes")
        .replace("attribute and target", "the two attributes")
        .replace("the attribute gives away about the target", "one attribute gives away about the other"),
        source=entry.source.replace("; Sztukiewicz et al., Fairness for the Right Reasons, eq. 5", ""),
        advice="Where two attributes go together, a gap over one may be a gap over the other: audit their "
        "intersections or compare within the values of one (fairaudit fairness --control).",
    )
    for entry in ASSOCIATIONS
)

_SURGEON = "Nahon et al., debiasing surgeon (ECCV 2024)"
_MODEL = (
    "A description of what a model of this kind would show, not a score: nothing to gate on. `observed` or the row of "
    "the same name without an ending says what the model really shows."
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
        range="0 to 1",
        better="none",
        undefined=undefined,
        source=f"{_SURGEON}, {source}",
        advice=advice,
    )


BIASEDNESS = MetricEntry(
    name="model_biasedness",
    audits=_BOTH,
    title="share of conflicting images that are decided by their group",
    sentence="Among images whose group does not fit their target value, the share that the model decides as the group "
    "suggests; 1 is a model that looks at nothing but the group.",
    range="0 to 1",
    better="lower",
    chance="the error rate spread over the other classes",
    undefined="there are no conflicting images, or the numbers of groups and target values differ",
    source=f"{_SURGEON}, φ of section 3.1",
    advice="High means a shortcut: see where the model looks with roi-metrics, then mitigate or prune.",
)
TRAINING_PHI = MetricEntry(
    name="training_phi",
    audits=("fairness",),
    title="association of group and target value in training",
    sentence="How strongly group and target value go together in the rows that the model was trained on; 0 is not at "
    "all, −1 and 1 are always.",
    range="−1 to 1",
    better="none",
    chance="0",
    undefined="audit.aligned names no training split, or there are not two groups and two target values",
    source="Yule's φ; fairness for the right reasons, eq. 5",
    advice="Far from 0, the model could learn the group in place of the target: audit it on rows where the two do not "
    "go together.",
)
THEORY = (
    _theory(
        "bias_aligned_share",
        "share of images whose group goes with their target value",
        "Share of training rows whose group is the one that goes with their target value; near 1 hardly any row tells "
        "the two apart.",
        "the attribute has not as many values as the target, none goes with each, or the training rows are not told",
        "ρ of section 3.1",
        audits=("fairness",),
        advice=_SHORTCUT,
    ),
    BIASEDNESS,
    _theory(
        "task_biasedness",
        "how much the task needs the bias",
        "Error on images whose group fits, over the share of conflicting images that are not decided by it: how much "
        "of the task would be lost without the bias, at most 1.",
        "every conflicting image follows its group, or there are no conflicting or no aligned images",
        "K of eq. 5",
    ),
    _theory(
        "bias_information_perfect",
        "information on the group that a perfect model shows",
        "How much the decisions of a model that is always right would give away about the group on data like these, as "
        "a share of everything.",
        "there are no images, or one class",
        "eq. 3 divided by log N",
    ),
    _theory(
        "bias_information_expected",
        "information on the group that the theory expects",
        "How much the decisions of a model this biased should give away about the group on data like these, as a share "
        "of everything.",
        "there are no conflicting images, or one class",
        "eq. 15 (eq. 4 as it follows from the appendix) divided by log N",
    ),
    _theory(
        "task_information_expected",
        "information on the target that the theory expects",
        "How much the decisions of a model this biased should give away about the target on data like these, as a "
        "share of everything; the paper's form can leave 0 to 1.",
        "there are no aligned or no conflicting images, or one class",
        "eq. 16 (eq. 6 as it follows from the appendix) divided by log N",
    ),
    _theory(
        "task_information_bounded",
        "information on the target that the theory expects, kept within bounds",
        "The same with what is decided wrongly spread evenly over the other classes, so that it is a share.",
        "there are no aligned or no conflicting images, or one class",
        "eq. 6, in a form of our own that stays in 0 to 1",
    ),
)
DATA = (*ASSOCIATIONS, TRAINING_PHI, *BETWEEN, *THEORY)
"""Numbers about the data."""
