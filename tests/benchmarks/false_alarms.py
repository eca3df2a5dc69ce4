"""How often the gate raises a false alarm, against the usual rules, and how often it finds a disparity that exists.

Run by hand: `python tests/benchmarks/false_alarms.py [simulations]`. Prints Markdown tables; one core, a few minutes.

Every simulated test set has `groups` groups of `size` images, half of them positive in expectation. Without disparity
every group has TPR 0.9 and FPR 0.1. The measure is equalized_odds_difference at level 0.95.
"""

from __future__ import annotations

import sys

import numpy as np

from fairaudit.measures.clusters.effective import effective
from fairaudit.measures.counts.disparities import DISPARITIES, compared, disparities, disparity
from fairaudit.measures.intervals.bootstrap import bootstrap
from fairaudit.measures.intervals.proportion import percentile
from fairaudit.measures.intervals.simultaneous import difference_interval

NAME = "equalized_odds_difference"
SPEC = DISPARITIES[NAME]


def simulate(rng, *, groups, size, tpr, fpr=0.1):
    """Counts [group, true, predicted] of one test set; tpr may differ between groups."""
    positives = rng.binomial(size, 0.5, size=groups)
    hits = rng.binomial(positives, tpr)
    alarms = rng.binomial(size - positives, fpr)
    return np.stack([np.stack([size - positives - alarms, alarms], -1), np.stack([positives - hits, hits], -1)], axis=1)


def gate(counts):
    """Low and high end that the gate judges."""
    rates = compared(counts, SPEC)
    found = difference_interval(rates.numerator.reshape(2, -1), rates.denominator.reshape(2, -1))
    return found.low, found.high


def naive(counts, rng, replicates=400):
    """The usual percentile bootstrap of the largest gap."""
    draws = bootstrap(counts, lambda c: disparities(c, [NAME]), strata="group", replicates=replicates, generator=rng)
    low, high = percentile(draws[NAME])
    return float(low), float(high)


def false_alarms(simulations):
    """No disparity at all: share of test sets in which each rule says that there is one."""
    print(
        "| groups | images per group | mean observed gap | naive bootstrap: CI excludes 0 | point: gap > 0.10 "
        "| naive CI above 0.10 | **gate: CI excludes 0** | **gate fails max 0.05** | **gate fails max 0.10** |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    rng = np.random.default_rng(0)
    for groups in (2, 4, 8, 16):
        for size in (50, 200, 1000):
            gaps, ours, theirs = [], [], []
            for number in range(simulations):
                counts = simulate(rng, groups=groups, size=size, tpr=0.9)
                gaps.append(float(disparity(counts, NAME)))
                ours.append(gate(counts)[0])
                if number < simulations // 5:
                    theirs.append(naive(counts, rng)[0])
            gaps, ours, theirs = np.array(gaps), np.array(ours), np.array(theirs)
            cells = [
                (theirs > 0).mean(),
                (gaps > 0.10).mean(),
                (theirs > 0.10).mean(),
                (ours > 0).mean(),
                (ours > 0.05).mean(),
                (ours > 0.10).mean(),
            ]
            shares = " | ".join(f"{100 * cell:.1f} %" for cell in cells)
            print(f"| {groups} | {size} | {np.nanmean(gaps):.3f} | {shares} |", flush=True)


def false_passes(simulations):
    """A true gap just above the limit: share of test sets that pass, and share of intervals that hold the true gap."""
    print(
        "\n| groups | images per group | true gap | gate passes max 0.10 | interval holds the true gap |"
        "\n|---|---|---|---|---|"
    )
    rng = np.random.default_rng(1)
    for groups in (2, 8, 16):
        for size in (50, 200, 1000):
            for gap, shape in ((0.101, "one group"), (0.101, "half the groups")):
                tpr = np.full(groups, 0.9)
                tpr[: 1 if shape == "one group" else groups // 2] -= gap
                ends = np.array([gate(simulate(rng, groups=groups, size=size, tpr=tpr)) for _ in range(simulations)])
                passes, holds = (ends[:, 1] <= 0.10).mean(), ((ends[:, 0] <= gap) & (gap <= ends[:, 1])).mean()
                print(
                    f"| {groups} | {size} | {gap} in {shape} | {100 * passes:.1f} % | {100 * holds:.1f} % |", flush=True
                )


def power(simulations):
    """One group's TPR is lower by the true gap: what the gate says under max 0.05."""
    print("\n| groups | images per group | true gap | fails max 0 | fails max 0.05 | inconclusive | passes max 0.05 |")
    print("|---|---|---|---|---|---|---|")
    rng = np.random.default_rng(2)
    for groups in (2, 8):
        for size in (200, 1000, 5000):
            for gap in (0.0, 0.05, 0.1, 0.2, 0.3):
                tpr = np.full(groups, 0.9)
                tpr[0] -= gap
                ends = np.array([gate(simulate(rng, groups=groups, size=size, tpr=tpr)) for _ in range(simulations)])
                any_, fails, passes = (ends[:, 0] > 0).mean(), (ends[:, 0] > 0.05).mean(), (ends[:, 1] <= 0.05).mean()
                cells = [any_, fails, 1 - fails - passes, passes]
                print(
                    f"| {groups} | {size} | {gap} | " + " | ".join(f"{100 * cell:.0f} %" for cell in cells) + " |",
                    flush=True,
                )


def persons(rng, *, groups, people, size, alike):
    """Counts [person, group, true, predicted] without disparity; a person's images agree with correlation `alike`."""
    tables = np.zeros((groups * people, groups, 2, 2))
    number = np.arange(groups * people)
    positives = rng.binomial(size, 0.5, size=len(number))
    for true, share in ((1, 0.9), (0, 0.1)):
        images = positives if true else size - positives
        a, b = share * (1 - alike) / alike, (1 - share) * (1 - alike) / alike
        selected = rng.binomial(images, rng.beta(a, b, size=len(number)))
        tables[number, number % groups, true, 1] = selected
        tables[number, number % groups, true, 0] = images - selected
    return tables


def clustered_alarms(simulations):
    """No disparity, persons with several images: share of test sets in which each interval excludes 0."""
    print(
        "\n| groups | persons per group × images | correlation | images are units: above 0 | **--cluster: above 0** |"
        "\n|---|---|---|---|---|"
    )
    rng = np.random.default_rng(3)
    for groups in (2, 8):
        for people, size in ((10, 20), (50, 4), (50, 20), (200, 5)):
            for alike in (0.1, 0.5):
                found = []
                for _ in range(simulations):
                    tables = persons(rng, groups=groups, people=people, size=size, alike=alike)
                    sized = effective(tables.sum(0), lambda c: compared(c, SPEC), cluster_counts=tables)
                    ends = difference_interval(sized.numerator.reshape(2, -1), sized.denominator.reshape(2, -1))
                    found.append((gate(tables.sum(0))[0] > 0, ends.low > 0))
                naive, ours = np.mean(found, axis=0)
                print(
                    f"| {groups} | {people} × {size} | {alike} | {100 * naive:.1f} % | {100 * ours:.1f} % |", flush=True
                )


if __name__ == "__main__":
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    false_alarms(times)
    false_passes(times // 2)
    power(times // 4)
    clustered_alarms(times // 2)
