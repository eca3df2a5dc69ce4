"""How often "N more images" decides once they are there, and how often a gap that --dry-run promises is found.

    python tests/benchmarks/needed.py --tables 200

A table of known rates is drawn and judged against a limit. Where the gate is inconclusive it says how many more images
of which group would decide "in about four of five cases", or that no number will. As many are drawn and added, as the
sentence has it, and the gate judges again. The first table has one row per scenario:

- inconclusive: share of the first tables that decide nothing;
- no number: of these, the share of which the gate says that no number of images can be told;
- decided: of the others, how often the enlarged table passes or fails (meant: 75 to 90 %), and how often rightly;
- median of the images that were asked for.

The second: the smallest gap that `--dry-run` promises to find with 80 % power, and how often it is found.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from fairaudit.config.schema import GateRule
from fairaudit.gate.judge import judge
from fairaudit.measures.intervals.power import simulated_gap
from fairaudit.measures.intervals.simultaneous import difference_interval
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import RuleResult
from fairaudit.tables.fairness.disparities import disparity_rows
from fairaudit.tables.fairness.groups import group_rows
from fairaudit.tables.fairness.nulls import Nulls
from fairaudit.tables.rows import FairnessSpec

ASKED = re.compile(r"^About ([\d,]+) more images of group a=(\w+) whose label is (1|not 1)")
ONE_GROUP = re.compile(r"^About ([\d,]+) more images \(([\d,]+) now\)")
NULLS = Nulls(values={}, exact=False)


@dataclass(frozen=True)
class Scenario:
    """Groups, their rates, and one rule."""

    name: str
    sizes: tuple[int, ...]
    """Positives of every group, and as many negatives."""
    tpr: tuple[float, ...]
    fpr: tuple[float, ...]
    metric: str
    limit: float
    group: str | None = None


@dataclass
class Tally:
    """What became of the tables of one scenario."""

    tables: int = 0
    inconclusive: int = 0
    never: int = 0
    told: int = 0
    decided: int = 0
    right: int = 0
    images: list[int] = field(default_factory=list)


def same(sizes: Sequence[int], rate: float) -> tuple[float, ...]:
    return (rate,) * len(sizes)


def one_of(groups: int, own: float, rate: float) -> tuple[float, ...]:
    return (own, *(rate,) * (groups - 1))


PAIR, EIGHT, UNBALANCED = (400, 90), (100,) * 8, (1000, 100, 40)
OPPORTUNITY, ODDS = "equal_opportunity_difference", "equalized_odds_difference"
SCENARIOS = (
    # The settings of the calculation were chosen on these, by other tables.
    Scenario("400/90, TPR .93/.88", PAIR, (0.93, 0.88), (0.1, 0.1), OPPORTUNITY, 0.1),
    Scenario("200/200, TPR .9/.9", (200, 200), (0.9, 0.9), (0.1, 0.1), OPPORTUNITY, 0.05),
    Scenario("300/60, TPR .5/.3", (300, 60), (0.5, 0.3), (0.1, 0.1), OPPORTUNITY, 0.1),
    Scenario("500/50, TPR .99/.97", (500, 50), (0.99, 0.97), (0.01, 0.01), OPPORTUNITY, 0.05),
    Scenario("8 × 100, all alike, odds", EIGHT, same(EIGHT, 0.9), same(EIGHT, 0.1), ODDS, 0.1),
    Scenario("8 × 100, one .75, odds", EIGHT, one_of(8, 0.75, 0.9), same(EIGHT, 0.1), ODDS, 0.05),
    Scenario("1000/100/40, all alike, odds", UNBALANCED, same(UNBALANCED, 0.9), same(UNBALANCED, 0.1), ODDS, 0.1),
    Scenario("400/90, accuracy of a group .88", PAIR, (0.93, 0.88), (0.07, 0.12), "accuracy", 0.85, group="g1"),
    Scenario("400/90, TPR .93/.84, on the limit", PAIR, (0.94, 0.84), (0.1, 0.1), OPPORTUNITY, 0.1),
    Scenario("2 × 150, alike, odds", (150, 150), (0.9, 0.9), (0.1, 0.1), ODDS, 0.1),
    Scenario("400/90, TPR .93/.88, odds", PAIR, (0.93, 0.88), (0.1, 0.1), ODDS, 0.1),
    Scenario("400/90, TPR .93/.75, odds", PAIR, (0.93, 0.75), (0.1, 0.1), ODDS, 0.1),
    Scenario("4 × 150, one .8, odds", (150,) * 4, one_of(4, 0.8, 0.9), (0.1,) * 4, ODDS, 0.05),
    Scenario("4 × 150, alike, TPR", (150,) * 4, (0.9,) * 4, (0.1,) * 4, OPPORTUNITY, 0.1),
    # These were looked at before the last change of a setting.
    Scenario("12 × 60, alike, odds", (60,) * 12, (0.8,) * 12, (0.2,) * 12, ODDS, 0.15),
    Scenario("5 × 80, TPR .95 to .75", (80,) * 5, (0.95, 0.9, 0.85, 0.8, 0.75), (0.1,) * 5, OPPORTUNITY, 0.1),
    Scenario("3 × 200, one .72, TPR", (200,) * 3, one_of(3, 0.72, 0.9), (0.1,) * 3, OPPORTUNITY, 0.1),
    Scenario("500/60/60/30, alike, odds", (500, 60, 60, 30), (0.95,) * 4, (0.05,) * 4, ODDS, 0.15),
    Scenario("6 × 100, two FPR .3, odds", (100,) * 6, (0.8,) * 6, (0.3, 0.3, 0.15, 0.15, 0.15, 0.15), ODDS, 0.1),
    Scenario("2 × 100, TPR .9/.78, FPR .1/.2, odds", (100, 100), (0.9, 0.78), (0.1, 0.2), ODDS, 0.05),
    Scenario("300/40, alike, odds", (300, 40), (0.97, 0.97), (0.03, 0.03), ODDS, 0.1),
    Scenario("250/80, TPR .85/.8", (250, 80), (0.85, 0.8), (0.1, 0.1), OPPORTUNITY, 0.15),
)


def counts_of(sizes: np.ndarray, scenario: Scenario, rng: np.random.Generator) -> np.ndarray:
    """Counts [group, true, predicted] of so many images per cell, [group, true]."""
    selected = rng.binomial(sizes, np.stack([scenario.fpr, scenario.tpr], -1))
    return np.stack([sizes - selected, selected], -1)


def rows_of(counts: np.ndarray, scenario: Scenario) -> list[Measurement]:
    asked = FairnessSpec(attribute="a", groups=tuple(f"g{g}" for g in range(len(counts))), classes=("0", "1"))
    table = counts.astype(float)
    gaps = disparity_rows(table, asked, NULLS)  # one after the other, none after the one that is judged
    judged_gap = [] if scenario.group else [next(row for row in gaps if row.metric == scenario.metric)]
    return [*group_rows(table, asked), *judged_gap]


def judged(counts: np.ndarray, scenario: Scenario) -> RuleResult:
    limits = {"min": scenario.limit} if scenario.group else {"max": scenario.limit}
    rule = GateRule(metric=scenario.metric, group=scenario.group, **limits)
    return judge([rule], rows_of(counts, scenario)).rules[0]


def more_images(text: str, counts: np.ndarray, scenario: Scenario) -> tuple[np.ndarray, int] | None:
    """Images to add to every cell, [group, true], as the sentence asks for them; None where no number is told."""
    sizes = counts.sum(-1)
    added = np.zeros_like(sizes)
    named, whole = ASKED.match(text), ONE_GROUP.match(text)
    if named:
        number, group = int(named[1].replace(",", "")), int(named[2][1:])
        cell = {"1": 1, "not 1": 0}[named[3]]
        goal = int(sizes[group, cell]) + number
        if "provided that each group then has" in text or "provided that every other group" in text:
            return np.maximum(0, goal - sizes), number
        added[group, cell] = number
        other = re.search(r"; group a=(\w+) needs", text)
        if other:
            place = int(other[1][1:])
            added[place, cell] = max(0, goal - int(sizes[place, cell]))
        return added, number
    if whole:
        number, place = int(whole[1].replace(",", "")), int(str(scenario.group)[1:])
        own = sizes[place] / sizes[place].sum()
        added[place] = np.rint(number * own)
        return added, number
    return None


def truth_of(scenario: Scenario) -> float:
    if scenario.group:
        place = int(scenario.group[1:])
        return (scenario.tpr[place] + 1 - scenario.fpr[place]) / 2
    gaps = [max(scenario.tpr) - min(scenario.tpr)]
    gaps += [max(scenario.fpr) - min(scenario.fpr)] if "odds" in scenario.metric else []
    return max(gaps)


def simulate(scenario: Scenario, tables: int, seed: int) -> Tally:
    rng, tally = np.random.default_rng([seed, len(scenario.name), *scenario.sizes]), Tally()
    sizes = np.repeat(np.array(scenario.sizes)[:, None], 2, axis=1)
    kept = truth_of(scenario) >= scenario.limit if scenario.group else truth_of(scenario) <= scenario.limit + 1e-12
    for _ in range(tables):
        counts = counts_of(sizes, scenario, rng)
        first = judged(counts, scenario)
        tally.tables += 1
        if first.state != "inconclusive":
            continue
        tally.inconclusive += 1
        wanted = more_images(first.needed or "", counts, scenario)
        if wanted is None:
            tally.never += 1
            continue
        added, number = wanted
        after = judged(counts + counts_of(added, scenario, rng), scenario)
        tally.told += 1
        tally.images.append(number)
        tally.decided += after.state in ("pass", "fail")
        tally.right += after.state == ("pass" if kept else "fail")
    return tally


def found(sizes: Sequence[int], base: float, tables: int, seed: int) -> tuple[float, float]:
    """The gap promised with 80 % power, and the share of tables with that gap in which it is found."""
    gap = simulated_gap(sizes, base=base)
    numbers = np.asarray(sizes)
    rates = np.full(len(sizes), base)
    rng, hits = np.random.default_rng([seed, *sizes]), 0
    # The promise is for the group that shows the smallest gap: the largest of the others is compared with all.
    best = 0.0
    for group in range(len(sizes)):
        own = rates.copy()
        own[group] = base - gap if base >= gap else base + gap
        drawn = rng.binomial(numbers, own, size=(tables, len(sizes)))
        hits = sum(difference_interval([x], [numbers]).low > 0 for x in drawn.astype(float))
        best = max(best, hits / tables)
        if len(set(sizes)) == 1:
            break
    return gap, best


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="How often the images that a rule asks for decide it.")
    parser.add_argument("--tables", type=int, default=200, help="tables per scenario")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    print("| scenario, limit | inconclusive | no number told | told: decided | rightly | median images |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for scenario in SCENARIOS:
        tally = simulate(scenario, given.tables, given.seed)
        shares = [
            f"{100 * part / whole:.0f} %" if whole else "–"
            for part, whole in (
                (tally.inconclusive, tally.tables), (tally.never, tally.inconclusive),
                (tally.decided, tally.told), (tally.right, tally.told),
            )
        ]  # fmt: skip
        median = f"{np.median(tally.images):,.0f}" if tally.images else "–"
        print(f"| {scenario.name}, {scenario.limit:g} | {' | '.join(shares)} | {median} |", flush=True)
    print("\n| sizes, base rate | gap promised with 80 % power | found in |\n| --- | ---: | ---: |")
    for sizes in (UNBALANCED, (1000, 30, 10), EIGHT, (200, 200)):
        for base in (0.5, 0.9, 0.99):
            gap, share = found(sizes, base, 2 * given.tables, given.seed)
            name = "/".join(str(size) for size in sizes) if len(set(sizes)) > 1 else f"{len(sizes)} × {sizes[0]}"
            told = (f"{gap:.3f}", f"{100 * share:.0f} %") if np.isfinite(gap) else ("none", "–")
            print(f"| {name}, {base:g} | {told[0]} | {told[1]} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
