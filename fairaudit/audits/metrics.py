"""Names of the metrics that each audit makes: what a gate rule may name, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence

from fairaudit.config.schema import GateRule
from fairaudit.gate.rules import check_metrics
from fairaudit.measures.disparities import DISPARITIES
from fairaudit.measures.paired_table import CHANGES, LEVELS
from fairaudit.measures.paper_measures import PAPER_MEASURES
from fairaudit.measures.rates import RATES

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
        *(f"{name}_change" for name in (*CHANGES, "accuracy", "tpr", "fpr", *LEVELS)),
        "phi",
        "cramers_v",
        "mutual_information",
    ]
)
REGIONS = frozenset(
    [
        "rrf",
        "rrf_lift",
        "high_relevance_fraction",
        "inside_outside_ratio",
        "pointing_game",
        "rank_accuracy",
        "adr",
        "dif",
        "rddt",
        "rddt_p",
        "rrf_change",
        "rrf_lift_change",
        "area_share",
        "signed_share",
        "signed_share_alignment",
        "discovery",
        "concentration",
    ]
)
CAUSAL = frozenset(["causal_effect", "causal_effect_control"])
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
    ]
)
ALL = FAIRNESS | REGIONS | CAUSAL | SALIENCY


def applicable(rules: Sequence[GateRule], metrics: frozenset[str]) -> tuple[list[GateRule], list[str]]:
    """The rules over metrics that this command makes, and a note for each that is left to another command.

    Raises:
        UsageError: a rule names a metric that no audit makes.
    """
    check_metrics(rules, ALL | metrics)
    judged = [rule for rule in rules if rule.metric in metrics]
    left = sorted({rule.metric for rule in rules} - metrics)
    notes = [f"Gate rules over {', '.join(left)} were not judged: this command does not measure them."] if left else []
    return judged, notes
