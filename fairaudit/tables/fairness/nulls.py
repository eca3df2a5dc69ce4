"""The statistics of a table if the group did not matter, by permutation or by pooled draws."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.clusters.effective import effective_counts
from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.disparities import DISPARITIES, Null, compared, disparities, disparity
from fairaudit.measures.counts.paper_measures import PAPER_MEASURES
from fairaudit.measures.intervals.permutation import AgainstNull, against_null, permutation_null
from fairaudit.ratio import ratio
from fairaudit.seeds import generator
from fairaudit.tables.rows import FairnessSpec

BUDGET = 10**6
"""Numbers drawn for one bootstrap or permutation at most; large tables get fewer replicates, never fewer than 400."""

Statistic = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nulls:
    """Values of every tested statistic under its own null."""

    values: Mapping[str, Floats]
    """Name → [replicate]."""
    exact: bool
    """Whether labels were shuffled; pooled draws of weighted or clustered data give intervals but no p values."""

    def test(self, name: str, value: float) -> AgainstNull:
        """The statistic against its null; NaN where it is not tested or the null is not exact."""
        larger = name not in DISPARITIES or DISPARITIES[name].form == "difference"
        return against_null(value, self.values.get(name, ()) if self.exact else (), larger=larger)

    def proves(self, name: str, value: float, *, level: float) -> bool:
        """Whether the statistic lies beyond what chance gives at this level; by pooled draws where none is exact."""
        return against_null(value, self.values.get(name, ()), larger=True).p_value <= 1 - level + 1e-12


def null_values(table: NDArray[np.generic], asked: FairnessSpec, *, names: Collection[str] | None = None) -> Nulls:
    """Draw every tested statistic under its null: shuffled labels, or pooled draws at effective sizes.

    Args:
        table: [group, true, predicted]; whole numbers of independent images can be shuffled.
        asked: what the table is about.
        names: disparities and paper measures to draw; all of them by default.
    """
    tests: dict[Null, dict[str, Statistic]] = {"target": {}, "prediction": {}, "none": {}}
    for name in DISPARITIES:
        tests[DISPARITIES[name].null][name] = named(disparity, name)
    for name, measure in PAPER_MEASURES.items():
        tests["target" if name.startswith("eo") else "none"][name] = measure
    if names is not None:
        tests = {null: {n: s for n, s in chosen.items() if n in names} for null, chosen in tests.items()}
    exact = asked.squared is None and asked.cluster_counts is None
    found: dict[str, Floats] = {}
    for null, chosen in tests.items():
        if not chosen:
            continue
        counts = table if exact else _effective_table(table, asked, null)

        def statistics(drawn: Floats, chosen: Mapping[str, Statistic] = chosen) -> Mapping[str, Floats]:
            return evaluated(drawn, chosen)

        source = generator(asked.statistics.seed, "fairness permutation", asked.attribute, null)
        number = affordable(counts.size, asked)
        found |= permutation_null(counts, statistics, null=null, replicates=number, generator=source)
    return Nulls(values=found, exact=exact and np.issubdtype(table.dtype, np.integer))


def evaluated(counts: Floats, chosen: Mapping[str, Statistic]) -> dict[str, Floats]:
    """Every statistic of the counts; disparities together, because they share their rates."""
    shared = disparities(counts, [name for name in chosen if name in DISPARITIES])
    return {name: shared[name] if name in shared else statistic(counts) for name, statistic in chosen.items()}


def affordable(numbers: int, asked: FairnessSpec) -> int:
    """Replicates of a table with so many numbers."""
    return min(asked.statistics.replicates, max(400, BUDGET // max(1, numbers)))


def named(function: Callable[[Floats, str], Floats], name: str) -> Statistic:
    """The statistic of a name."""
    return lambda counts: function(counts, name)


def _effective_table(table: NDArray[np.generic], asked: FairnessSpec, null: Null) -> Floats:
    """The counts of every group scaled to what its weighted or clustered images are worth under this null.

    Clusters agree more in some rates than in others, so the size is the smallest of the rates that the null compares.
    """
    floats = np.asarray(table, np.float64)
    sized = floats if asked.squared is None else effective_counts(floats, asked.squared)
    share = np.nan_to_num(ratio(sized.sum((-2, -1)), floats.sum((-2, -1))))
    for name in DISPARITIES:
        if DISPARITIES[name].null == null:
            rates = partial(compared, spec=DISPARITIES[name])
            worth = ratio(asked.sized(floats, rates).denominator, rates(floats).denominator)
            share = np.minimum(share, np.nan_to_num(worth, nan=np.inf).reshape(-1, len(floats)).min(0))
    return np.asarray(floats * share[:, None, None], np.float64)
