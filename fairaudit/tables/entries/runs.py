"""Entries of the experiments: pruning a bias away, and the audit's own test on planted biases."""

from __future__ import annotations

from fairaudit.tables.entry import MetricEntry
from fairaudit.tables.range import SHARE, SIGNED_SHARE, UPWARD, Range

_SURGEON = "Nahon et al., debiasing surgeon (ECCV 2024)"
_NONE = "there are no such images"
_TASK = "If pruning costs too much accuracy on the task, use a smaller γ (fairaudit prune --gamma)."


def _prune(
    name: str,
    title: str,
    sentence: str,
    better: str,
    source: str,
    *,
    undefined: str = _NONE,
    chance: str = "–",
    advice: str = _TASK,
    range_: Range = SHARE,
) -> MetricEntry:
    return MetricEntry(
        name=name, audits=("prune",), title=title, sentence=sentence, range=range_,
        better="higher" if better == "higher" else "lower" if better == "lower" else "none",
        chance=chance, undefined=undefined, source=source, advice=advice,
    )  # fmt: skip


_PROBE = "Well above chance, the bias is still in the model's features: use a larger γ (fairaudit prune --gamma)."
PRUNING = (
    _prune(
        "task_accuracy", "accuracy on the task", "Share of images that this variant of the model decides correctly.",
        "higher", "correct decisions ÷ images",
    ),
    _prune(
        "aligned_accuracy", "accuracy where bias and target agree",
        "Accuracy on images whose bias value is the usual one for their target value.",
        "higher", "correct decisions ÷ images, aligned images",
    ),
    _prune(
        "conflicting_accuracy", "accuracy where bias and target disagree",
        "Accuracy on images whose bias value is not the usual one for their target value; a model that decides by the "
        "bias fails here.",
        "higher", "correct decisions ÷ images, conflicting images",
        advice="Low here and high in aligned_accuracy: the variant still decides by the bias.",
    ),
    _prune(
        "bias_accuracy_linear", "accuracy of a linear classifier of the bias",
        "Accuracy of a linear classifier that is trained on the variant's features to predict the bias.",
        "lower", f"accuracy of a linear probe; {_SURGEON}, section 4",
        chance="the share of the most frequent value, which is in the row", advice=_PROBE,
    ),
    _prune(
        "bias_accuracy_mlp", "accuracy of a small network that predicts the bias",
        "The same for a small network, which also finds what a linear classifier cannot.",
        "lower", f"accuracy of a probe with a hidden layer; after {_SURGEON}, section 4",
        chance="the share of the most frequent value, which is in the row", advice=_PROBE,
    ),
    _prune(
        "sparsity", "share of weights pruned", "Share of the model's weights that the mask removes.",
        "none", "pruned weights ÷ weights", undefined="the variant is not pruned",
        advice="A by-product, not an aim: without a weight for sparsity, about half of it is due to random signs of "
        "the gates.",
    ),
    _prune(
        "layer_sparsity", "share of a layer's weights pruned", "Share of one layer's weights that the mask removes.",
        "none", "pruned weights ÷ weights of the layer", undefined="the variant is not pruned",
        advice="A layer with hardly any weights left can be why accuracy on the task is lost.",
    ),
    _prune(
        "bias_information", "information about the bias in the predictions",
        "Mutual information of prediction and bias, as a share of its largest possible value.",
        "none", f"mutual information ÷ log N; {_SURGEON}, section 3.1",
        undefined="there are no images, or one class",
        advice="Compare bias_information_perfect: the value for a model that is always correct.",
    ),
    _prune(
        "task_information", "information about the target in the predictions",
        "Mutual information of prediction and target, as a share of its largest possible value.",
        "none", f"mutual information ÷ log of the number of classes; {_SURGEON}, section 3.1",
        undefined="there are no images, or one class",
        advice="Compare task_information_bounded: the value that the theory expects for a model with this bias.",
    ),
    _prune(
        "leg_accuracy", "mean accuracy over groups and target values, for every model of the run",
        "unbiased_accuracy of the pruned model, the model before pruning, and the controls, side by side.",
        "higher", "unbiased_accuracy of each model's own report",
    ),
    _prune(
        "leg_outcome", "gap in error rates, for every model of the run",
        "equalized_odds_difference of the pruned model, the model before pruning, and the controls, side by side.",
        "lower", "equalized_odds_difference of each model's own report",
        advice="Pruning helped only if the gap fell more than in the controls, without a loss in leg_accuracy.",
    ),
    _prune(
        "leg_cue", "evidence that depends on group and class together, for every model of the run",
        "cue_alignment of the pruned model, the model before pruning, and the controls, side by side.",
        "lower", "cue_alignment of each model's own report", range_=UPWARD, chance="0",
        undefined="the report of the model has no such number",
        advice="Pruning helped only if it fell more than in the controls.",
    ),
    _prune(
        "leg_swap", "effect of the group that the region's content comes from, for every model of the run",
        "swap_effect of the pruned model, the model before pruning, and the controls, side by side.",
        "lower", "swap_effect of each model's own report", range_=SHARE, chance="0",
        undefined="the report of the model has no such number",
        advice="Pruning helped only if it fell more than in the controls.",
    ),
    _prune(
        "leg_lift", "relevance lift of the region, for every model of the run",
        "rrf_lift_absolute of the pruned model, the model before pruning, and the controls, side by side.",
        "lower", "rrf_lift_absolute of each model's own report", range_=UPWARD, chance="1",
        undefined="the report of the model has no such number",
        advice="Pruning helped only if it fell more than in the controls.",
    ),
    _prune(
        "leg_effect", "effect of the region beyond that of control regions, for every model of the run",
        "causal_excess of the pruned model, the model before pruning, and the controls, side by side.",
        "lower", "causal_excess of each model's own report", range_=SIGNED_SHARE, chance="0",
        undefined="the report of the model has no such number",
        advice="Pruning helped only if it fell more than in the controls.",
    ),
)  # fmt: skip


def _test(name: str, title: str, sentence: str, better: str, source: str, undefined: str, advice: str) -> MetricEntry:
    return MetricEntry(
        name=name, audits=("selftest",), title=title, sentence=sentence,
        range=SIGNED_SHARE if name == "planted_gap" else SHARE,
        better="higher" if better == "higher" else "lower" if better == "lower" else "none",
        undefined=undefined, source=source, advice=advice,
    )  # fmt: skip


_UNTRAINED = "no such model was trained"
_NO_CELLS = "no model has both aligned and conflicting images"
SELFTEST = (
    _test(
        "detection_power", "share of biased models that an audit finds",
        "Of the models that were trained with a planted bias, the share that the audit flags.",
        "higher", "flagged ÷ models with a planted bias", _UNTRAINED,
        "Low means that the audit misses such a bias on data like these: add images, and do not take the absence of a "
        "finding for a pass.",
    ),
    _test(
        "false_alarm_rate", "share of models without a planted bias that an audit flags",
        "Of the models that were trained without a planted bias, the share that the audit flags all the same.",
        "lower", "flagged ÷ models without a planted bias", _UNTRAINED,
        "Above the level in use (such as 0.05), findings of this audit on data like these need a second look.",
    ),
    _test(
        "planted_gap", "gap that the planted bias makes",
        "Accuracy where bias and class agree minus that where they do not, over the trained models: how much they use "
        "the planted bias.",
        "none", "mean over models of aligned − conflicting accuracy", _NO_CELLS,
        "Near 0, the models did not learn the bias, and there was nothing to detect.",
    ),
    _test(
        "trained_accuracy", "accuracy of the trained models if bias and class were independent",
        "Accuracy of the trained models, weighted as if bias and class were independent.",
        "higher", "chance share of aligned · aligned accuracy + the rest · conflicting accuracy", _NO_CELLS,
        "Near the accuracy of guessing, the models have not learnt the task, and power and false alarms say little: "
        "train "
        "longer.",
    ),
)  # fmt: skip
