"""Names of the metrics that each audit makes: what a gate rule may name, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence

from fairaudit.config.schema import GateRule
from fairaudit.gate.rules import check_metrics
from fairaudit.tables.entries.regions import DISCOVERY as WINDOWS
from fairaudit.tables.metrics import METRICS, names_of

FAIRNESS = names_of("fairness")
CAUSAL = frozenset(name for name in names_of("roi-metrics") if name.startswith("causal_"))
REGIONS = names_of("roi-metrics") - CAUSAL
DISCOVERY = frozenset(entry.name for entry in WINDOWS)
FLIPS = names_of("counterfactual")
ALIGNMENT = names_of("cf-align")
SALIENCY = names_of("saliency")
PRUNING = names_of("prune")
SELFTEST = names_of("selftest")
SWAP = names_of("swap")
ALL = FAIRNESS | REGIONS | CAUSAL | SWAP | SALIENCY | FLIPS
"""What `audit` makes; alignments come on top where there is a generator."""


def applicable(rules: Sequence[GateRule], metrics: frozenset[str]) -> tuple[list[GateRule], list[str]]:
    """The rules over metrics that this command makes, and a note for each that is left to another command.

    Raises:
        UsageError: a rule names a metric that no audit makes.
    """
    check_metrics(rules, METRICS)
    judged = [rule for rule in rules if rule.metric in metrics]
    left = sorted({rule.metric for rule in rules} - metrics)
    notes = [f"Gate rules over {', '.join(left)} were not judged: this command does not measure them."] if left else []
    return judged, notes
