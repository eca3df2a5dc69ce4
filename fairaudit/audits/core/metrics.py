"""Names of the metrics that each audit makes: what a gate rule may name, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence

from fairaudit.config.schema import GateRule
from fairaudit.gate.rules import check_metrics
from fairaudit.measures.counts.disparities import DISPARITIES
from fairaudit.measures.counts.paper_measures import PAPER_MEASURES
from fairaudit.measures.counts.rates import RATES
from fairaudit.tables.paired import CHANGES, LEVELS
from fairaudit.tables.specs import SPECS

ASSOCIATIONS = ("phi", "cramers_v", "mutual_information")
EQUALISED = tuple(
    f"{name}_{what}" for name in ("equalised_odds", "equal_opportunity") for what in ("accuracy", "threshold")
)
THEORY = (
    "bias_aligned_share",
    "model_biasedness",
    "task_biasedness",
    "bias_information_perfect",
    "bias_information_expected",
    "task_information_expected",
    "task_information_bounded",
)
SCORED = ("auc", "bnsp_auc", "bpsn_auc", "auc_difference", "ece", "brier")
FAIRNESS = frozenset(
    [
        "accuracy",
        *RATES,
        "impact_ratio",
        *(f"{name}_difference" for name in ("selection_rate", "tpr", "fpr", "ppv")),  # per class
        *DISPARITIES,
        "worst_group_accuracy",
        "unbiased_accuracy",
        "bias_conflict_accuracy",
        "bias_aligned_accuracy",
        *PAPER_MEASURES,
        *(f"soft_{name}" for name in PAPER_MEASURES),
        *SCORED,
        *(
            f"{name}_change"
            for name in (*CHANGES, "accuracy", "tpr", "fpr", *LEVELS, *PAPER_MEASURES, "auc", "ece", "brier")
        ),
        *ASSOCIATIONS,
        *(f"attribute_{name}" for name in ASSOCIATIONS),
        *EQUALISED,
        *THEORY,
    ]
)


def _tabled(names: Sequence[str]) -> list[str]:
    """Names of per-image columns, and of their contrasts between groups."""
    return [*names, *(f"{name}_contrast" for name in names)]


DISCOVERY = frozenset(
    [
        "discovery",
        "discovery_unconfirmed",
        "discovery_alignment",
        "discovery_alignment_unconfirmed",
        "concentration",
    ]
)
REGIONS = frozenset(
    [
        *_tabled([n for n in SPECS if not n.startswith(("causal_", "attribute_flip_")) and n != "rrf_excess"]),
        "rddt",
        "rddt_p",
        "cue_alignment",
        *DISCOVERY,
    ]
)
FLIPS = frozenset(_tabled([name for name in SPECS if name.startswith("attribute_flip_")]))
ALIGNMENT = frozenset(["relative_change", "relative_change_ratio_of_sums", "base_change"])
CAUSAL = frozenset(_tabled([name for name in SPECS if name.startswith("causal_")]))
SWAP = frozenset(["swap_effect", "swap_excess", "swap_flip", "score_gap"])
SALIENCY = frozenset(
    [
        "completeness_gap",
        "completeness_gap_all",
        "conservation_ratio",
        "conservation_ratio_all",
        "conservation_ratio_bias_free",
        "insertion_auc",
        "deletion_auc",
        "randomisation_similarity",
        "stability",
        "saturation_onset",
        "saturated_share",
    ]
)
ALL = FAIRNESS | REGIONS | CAUSAL | SWAP | SALIENCY | FLIPS
"""What `audit` makes; alignments come on top where there is a generator."""
SELFTEST = frozenset(["detection_power", "false_alarm_rate", "planted_gap", "trained_accuracy"])


def applicable(rules: Sequence[GateRule], metrics: frozenset[str]) -> tuple[list[GateRule], list[str]]:
    """The rules over metrics that this command makes, and a note for each that is left to another command.

    Raises:
        UsageError: a rule names a metric that no audit makes.
    """
    check_metrics(rules, ALL | ALIGNMENT | SELFTEST | metrics)
    judged = [rule for rule in rules if rule.metric in metrics]
    left = sorted({rule.metric for rule in rules} - metrics)
    notes = [f"Gate rules over {', '.join(left)} were not judged: this command does not measure them."] if left else []
    return judged, notes
