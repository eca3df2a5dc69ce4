"""Entries of the experiments: pruning a bias away, and the audit's own test on planted biases."""

from __future__ import annotations

from fairaudit.tables.entry import MetricEntry

_SURGEON = "Nahon et al., debiasing surgeon (ECCV 2024)"
_NONE = "there are no such images"
_TASK = "If pruning costs the task too much, take a smaller γ (fairaudit prune --gamma)."


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
    range_: str = "0 to 1",
) -> MetricEntry:
    return MetricEntry(
        name=name, audits=("prune",), title=title, sentence=sentence, range=range_,
        better="higher" if better == "higher" else "lower" if better == "lower" else "none",
        chance=chance, undefined=undefined, source=source, advice=advice,
    )  # fmt: skip


_PROBE = "Well above chance the bias is still in the model's features: prune with a larger γ (fairaudit prune --gamma)."
PRUNING = (
    _prune(
        "task_accuracy", "accuracy on the task", "Share of images that the variant of the model decides rightly.",
        "higher", "right decisions ÷ images",
    ),
    _prune(
        "aligned_accuracy", "accuracy where bias and target agree",
        "Accuracy on images whose bias value is the one that goes with their target value.",
        "higher", "right decisions ÷ images, aligned images",
    ),
    _prune(
        "conflicting_accuracy", "accuracy where bias and target disagree",
        "Accuracy on images whose bias value is not the one that goes with their target value; a model that decides by "
        "the bias fails here.",
        "higher", "right decisions ÷ images, conflicting images",
        advice="Low here and high where they agree means that the variant still decides by the bias.",
    ),
    _prune(
        "bias_accuracy_linear", "accuracy of a linear reader of the bias",
        "How well a simple (linear) classifier, trained anew on the variant's features, reads the bias from them.",
        "lower", f"accuracy of a linear probe; {_SURGEON}, section 4",
        chance="the share of the most frequent value, which is in the row", advice=_PROBE,
    ),
    _prune(
        "bias_accuracy_mlp", "accuracy of a network that reads the bias",
        "The same with a small network, which also finds what is only hidden from a linear reader.",
        "lower", f"accuracy of a probe with a hidden layer; after {_SURGEON}, section 4",
        chance="the share of the most frequent value, which is in the row", advice=_PROBE,
    ),
    _prune(
        "sparsity", "share of weights pruned", "Share of the model's weights that the mask removes.",
        "none", "pruned weights ÷ weights", undefined="the variant is not pruned",
        advice="A by-product, no aim: without a sparsity weight about half of it is the sign of the gates' noise.",
    ),
    _prune(
        "layer_sparsity", "share of a layer's weights pruned", "Share of one layer's weights that the mask removes.",
        "none", "pruned weights ÷ weights of the layer", undefined="the variant is not pruned",
        advice="A layer that is almost gone may be why the task is lost.",
    ),
    _prune(
        "bias_information", "information on the bias in the decisions",
        "How much the decisions give away about the bias, as a share of everything there is to know of it.",
        "none", f"mutual information ÷ log N; {_SURGEON}, section 3.1",
        undefined="there are no images, or one class",
        advice="Compare with bias_information_perfect: what even a model that is always right would show.",
    ),
    _prune(
        "task_information", "information on the target in the decisions",
        "How much the decisions give away about the target, as a share of everything there is to know of it.",
        "none", f"mutual information ÷ log of the number of classes; {_SURGEON}, section 3.1",
        undefined="there are no images, or one class",
        advice="Compare with task_information_bounded: what the theory expects of a model this biased.",
    ),
    _prune(
        "leg_accuracy", "mean accuracy of all cells, for every model of the run",
        "unbiased_accuracy of the pruned model, the unpruned one and the controls, side by side.",
        "higher", "unbiased_accuracy of each model's own report",
    ),
    _prune(
        "leg_outcome", "outcome gap, for every model of the run",
        "equalized_odds_difference of the pruned model, the unpruned one and the controls, side by side.",
        "lower", "equalized_odds_difference of each model's own report",
        advice="Pruning helped only if the gap shrank more than in the controls, without loss of leg_accuracy.",
    ),
    _prune(
        "leg_cue", "evidence that depends on group and class together, for every model of the run",
        "cue_alignment of the pruned model, the unpruned one and the controls, side by side.",
        "lower", "cue_alignment of each model's own report", range_="0 and up", chance="0",
        undefined="the model's own report has no such number",
        advice="Pruning helped only if it fell more than in the controls.",
    ),
    _prune(
        "leg_swap", "effect of the group's content, for every model of the run",
        "swap_effect of the pruned model, the unpruned one and the controls, side by side.",
        "lower", "swap_effect of each model's own report", range_="0 to 1", chance="0",
        undefined="the model's own report has no such number",
        advice="Pruning helped only if it fell more than in the controls.",
    ),
    _prune(
        "leg_lift", "relevance lift of the region, for every model of the run",
        "rrf_lift_absolute of the pruned model, the unpruned one and the controls, side by side.",
        "lower", "rrf_lift_absolute of each model's own report", range_="0 and up", chance="1",
        undefined="the model's own report has no such number",
        advice="Pruning helped only if it fell more than in the controls.",
    ),
    _prune(
        "leg_effect", "effect of the region beyond other places, for every model of the run",
        "causal_excess of the pruned model, the unpruned one and the controls, side by side.",
        "lower", "causal_excess of each model's own report", range_="−1 to 1", chance="0",
        undefined="the model's own report has no such number",
        advice="Pruning helped only if it fell more than in the controls.",
    ),
)  # fmt: skip


def _test(name: str, title: str, sentence: str, better: str, source: str, undefined: str, advice: str) -> MetricEntry:
    return MetricEntry(
        name=name, audits=("selftest",), title=title, sentence=sentence,
        range="−1 to 1" if name == "planted_gap" else "0 to 1",
        better="higher" if better == "higher" else "lower" if better == "lower" else "none",
        undefined=undefined, source=source, advice=advice,
    )  # fmt: skip


_UNTRAINED = "no such model was trained"
_NO_CELLS = "no model has both aligned and conflicting images"
SELFTEST = (
    _test(
        "detection_power", "share of biased models that an audit finds",
        "Of the models that were given a bias on purpose, the share that the audit flags.",
        "higher", "flagged ÷ models with a planted bias", _UNTRAINED,
        "Low means that the audit would miss such a bias on data like these: add images, and call no silence a pass.",
    ),
    _test(
        "false_alarm_rate", "share of even-handed models that an audit flags",
        "Of the models trained without any bias, the share that the audit flags all the same.",
        "lower", "flagged ÷ models without a planted bias", _UNTRAINED,
        "Above the level asked for (0.05, say) its findings on data like these need a second look.",
    ),
    _test(
        "planted_gap", "gap that the planted bias makes",
        "Accuracy where bias and class agree less that where they do not, over the trained models: how strong the "
        "planted bias really is.",
        "none", "mean over models of aligned − conflicting accuracy", _NO_CELLS,
        "Near 0 the model did not take the bait, and there was nothing to detect.",
    ),
    _test(
        "trained_accuracy", "accuracy of the trained models if bias and class were independent",
        "Accuracy that the trained models would have on data in which the bias tells nothing about the class.",
        "higher", "chance share of aligned · aligned accuracy + the rest · conflicting accuracy", _NO_CELLS,
        "Near guessing the models have not learnt the task, so power and false alarms say little: train longer.",
    ),
)  # fmt: skip
