"""How often tables with cells that are nearly all right get past the gate although they break its limit.

Run by hand: `python tests/benchmarks/perfect_cells.py [simulations]`. Prints a Markdown table; one core, some minutes.

Two groups and two classes; the accuracies of the four cells are given. A wrong pass is an interval that ends on the
allowed side of the true value: a limit just short of that value would be passed although it is broken.
"""

from __future__ import annotations

import argparse

import numpy as np

from fairaudit.measures.counts.disparities import DISPARITIES, bias_conflict_accuracy, disparity, unbiased_accuracy
from fairaudit.measures.counts.paper_measures import PAPER_MEASURES
from fairaudit.tables.fairness.nulls import null_values
from fairaudit.tables.fairness.resampled import resampled_rows
from fairaudit.tables.rows import FairnessSpec
from fairaudit.tables.statistics import Statistics

ALIGNED = np.array([[True, False], [False, True]])
REPLICATES = 200
LEVELS = {
    "unbiased_accuracy": unbiased_accuracy,
    "bias_conflict_accuracy": lambda counts: bias_conflict_accuracy(counts, ALIGNED),
    "bias_aligned_accuracy": lambda counts: bias_conflict_accuracy(counts, ~ALIGNED),
}


def scenarios(images):
    """Name → accuracy of the cells [group, true]."""
    rare = min(0.9, 3.8 / images)
    return {
        "all 0.9": np.full((2, 2), 0.9),
        "all 0.99": np.full((2, 2), 0.99),
        "all 1": np.full((2, 2), 1.0),
        "one 0.9, others 1": np.array([[1, 0.9], [1, 1]]),
        "one 0.99, others 1": np.array([[1, 0.99], [1, 1]]),
        "one 1 − 3.8/n, others 1": np.array([[1, 1 - rare], [1, 1]]),
        "all 1 − 0.95/n": np.full((2, 2), 1 - rare / 4),
        "TPR 0.9 and 1, FPR 0.5": np.array([[0.5, 0.9], [0.5, 1]]),
    }


def table(right, images):
    """Counts [group, true, predicted] whose cells have so many right ones."""
    wrong = images - right
    return np.stack([np.stack([right[:, 0], wrong[:, 0]], -1), np.stack([wrong[:, 1], right[:, 1]], -1)], axis=1)


def true_value(rates, name):
    """The measure of the cells' true accuracies."""
    counts = table(rates, 1.0)
    if name in DISPARITIES:
        return float(disparity(counts, name))
    return float({**LEVELS, **PAPER_MEASURES}[name](counts))


def intervals(counts, known):
    """Measurements with an interval; the same table is computed once."""
    key = counts.tobytes()
    if key not in known:
        asked = FairnessSpec(
            attribute="a", groups=("a", "b"), classes=("0", "1"), statistics=Statistics(replicates=REPLICATES)
        )
        rows = resampled_rows(counts.astype(float), asked, null_values(counts, asked), ALIGNED)
        known[key] = [m for m in rows if None not in (m.value, m.low, m.high)]
    return known[key]


def measured(rates, images, simulations):
    """Name → coverage and wrong passes, for every measure that has a true value."""
    rng, known, counted = np.random.default_rng(1), {}, {}
    for _ in range(simulations):
        for m in intervals(table(rng.binomial(images, rates), images), known):
            truth = true_value(rates, m.metric)
            if np.isfinite(truth):
                wrong = m.low > truth + 1e-9 if m.better == "higher" else m.high < truth - 1e-9
                counted.setdefault(m.metric, []).append((m.low - 1e-9 <= truth <= m.high + 1e-9, wrong))
    return {name: np.mean(found, axis=0) for name, found in counted.items()}


def main(simulations):
    """Print the worst measure of every scenario."""
    print("| images per cell | accuracy of cells | least coverage | most wrong passes |")
    print("| --- | --- | --- | --- |")
    for images in (3, 10, 50, 500):
        for name, rates in scenarios(images).items():
            found = measured(rates, images, simulations)
            least, most = min(found, key=lambda n: found[n][0]), max(found, key=lambda n: found[n][1])
            coverage, wrong = 100 * found[least][0], 100 * found[most][1]
            print(f"| {images} | {name} | {coverage:.1f} % ({least}) | {wrong:.1f} % ({most}) |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("simulations", type=int, nargs="?", default=300)
    main(parser.parse_args().simulations)
