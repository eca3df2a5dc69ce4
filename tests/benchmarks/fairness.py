"""Cost of intervals and of scale: bootstrap of counts against fairlearn's, and fifty million rows in bounded memory.

Run by hand: `python tests/benchmarks/fairness.py [rows of the stream]`. Prints a Markdown table.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np

from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.counts.disparities import disparities, disparity
from fairaudit.measures.intervals.bootstrap import bootstrap
from fairaudit.measures.scores.score_histogram import score_histogram
from fairaudit.tables.fairness.table import fairness_measurements
from fairaudit.tables.rows import FairnessSpec

ROWS, GROUPS, REPLICATES, CHUNK = 200_000, 8, 10_000, 1_000_000
NAME = "equalized_odds_difference"


def images(rng, rows):
    """Group, truth, score and decision of so many images."""
    group, truth = rng.integers(0, GROUPS, rows), rng.integers(0, 2, rows)
    scores = np.clip(0.35 + 0.3 * truth + 0.01 * group + rng.normal(0, 0.15, rows), 0, 1)
    return group, truth, scores, (scores >= 0.5).astype(np.int64)


def seconds(work, repeat=3):
    """Best time of a few, and what the work returned."""
    times, found = [], None
    for _ in range(repeat):
        start = time.perf_counter()
        found = work()
        times.append(time.perf_counter() - start)
    return min(times), found


def ours(group, truth, decision):
    """Count once, then replicates of the largest equalized-odds gap."""
    counts = confusion(group, truth, decision, groups=GROUPS, classes=2).counts
    source = np.random.default_rng(0)
    draws = bootstrap(counts, lambda c: disparities(c, [NAME]), strata="group", replicates=REPLICATES, generator=source)
    return float(np.quantile(draws[NAME], 0.975))


def theirs(group, truth, decision, replicates=4):
    """fairlearn's own bootstrap of the same two rates."""
    from fairlearn.metrics import MetricFrame, false_positive_rate, true_positive_rate

    frame = MetricFrame(
        metrics={"tpr": true_positive_rate, "fpr": false_positive_rate},
        y_true=truth,
        y_pred=decision,
        sensitive_features=group,
        n_boot=replicates,
        ci_quantiles=[0.025, 0.975],
        random_state=0,
    )
    return frame.difference_ci()


def stream(rows):
    """Counts and score histograms of a stream that is never held in memory."""
    rng = np.random.default_rng(1)
    counts, scored = np.zeros((GROUPS, 2, 2), np.int64), np.zeros((GROUPS, 2, 1000), np.int64)
    spent = 0.0
    for start in range(0, rows, CHUNK):
        group, truth, scores, decision = images(rng, min(CHUNK, rows - start))
        begin = time.perf_counter()
        counts += confusion(group, truth, decision, groups=GROUPS, classes=2).counts
        scored += score_histogram(scores, truth, group, groups=GROUPS)
        spent += time.perf_counter() - begin
    return counts, scored, spent


def main(rows):
    """Print the table."""
    group, truth, _, decision = images(np.random.default_rng(0), ROWS)
    mine, _ = seconds(lambda: ours(group, truth, decision))
    their_seconds, _ = seconds(lambda: theirs(group, truth, decision), repeat=1)
    single, _ = seconds(lambda: theirs(group, truth, decision, replicates=1), repeat=1)
    per_mine, per_their = mine / REPLICATES, (their_seconds - single) / 3
    counts = confusion(group, truth, decision, groups=GROUPS, classes=2).counts
    asked = FairnessSpec(attribute="a", groups=tuple(str(g) for g in range(GROUPS)), classes=("0", "1"))
    table_seconds, table = seconds(lambda: fairness_measurements(counts, asked), repeat=1)
    print("| what | time |\n|---|---|")
    print(f"| {ROWS:,} rows, {GROUPS} groups: counting + {REPLICATES:,} replicates of {NAME} | {mine:.3f} s |")
    print(f"| one replicate | {per_mine * 1e6:.1f} µs |")
    print(f"| one replicate of fairlearn's MetricFrame (TPR and FPR) | {per_their:.2f} s |")
    print(f"| ratio per replicate | {per_their / per_mine:,.0f} × |")
    print(f"| whole fairness table, {len(table)} measurements, also permutations | {table_seconds:.2f} s |")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    counts, scored, spent = stream(rows)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    auc, error = histogram_auc(scored)
    print(f"| {int(counts.sum()):,} rows streamed: counts and score histograms | {spent:.1f} s |")
    print(
        f"| peak memory of the process before and after the stream | {before / 1024:.0f} MiB, {after / 1024:.0f} MiB |"
    )
    print(f"| gap {float(disparity(counts, NAME)):.4f}, AUC {auc.min():.4f} to {auc.max():.4f} ± {error.max():.5f} | |")


def histogram_auc(histogram):
    """AUC per group from a histogram, and the largest error that its bins can cause: pairs in one bin count half."""
    negative, positive = histogram[..., 0, :].astype(float), histogram[..., 1, :].astype(float)
    pairs = negative.sum(-1) * positive.sum(-1)
    tied = (positive * negative).sum(-1)
    below = negative.cumsum(-1) - negative
    return ((positive * below).sum(-1) + tied / 2) / pairs, tied / 2 / pairs


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000_000)
