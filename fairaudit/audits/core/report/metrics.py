"""Names of the metrics that each audit makes: what a gate rule may name, checked before anything is computed."""

from __future__ import annotations

from fairaudit.tables.metrics import names_of

FAIRNESS = names_of("fairness")
CAUSAL = frozenset(name for name in names_of("roi-metrics") if name.startswith("causal_"))
REGIONS = names_of("roi-metrics") - CAUSAL
FLIPS = names_of("counterfactual")
ALIGNMENT = names_of("cf-align")
RECTIFICATION = names_of("cf-rectify")
SALIENCY = names_of("saliency")
PRUNING = names_of("prune")
SWAP = names_of("swap")
ALL = FAIRNESS | REGIONS | CAUSAL | SWAP | SALIENCY | FLIPS
"""What `audit` makes; alignments come on top where there is a generator."""
