"""How often each number of the gate errs where it is hard: small, extreme, clustered, weighted, scored, paired.

    python tests/benchmarks/levels.py --processes 8                     # the whole grid, minutes
    python tests/benchmarks/levels.py --scenario "1000/30/10" --replicates 200

Every scenario draws data sets whose truth is known and sends them through the functions that make a report's rows and
through the gate's evidence. No images, no torch. Of every row (metric, group, class) it counts

- false alarms: the row counts as beyond a limit that lies at the truth, so within it (nominal 5 %);
- wrong passes: the row counts as within a limit that the truth just breaks (nominal 2.5 %);
- coverage of the printed interval (nominal 95 %), its mean width, and for gaps how often equality is excluded.

The table shows the worst row of each family of metrics. Partial results are printed as scenarios end.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from fairaudit.gate.evidence import Limits, evidence
from fairaudit.gate.family import decide
from fairaudit.measures.clusters.partition import counts_by_cluster
from fairaudit.measures.images.means import Labels
from fairaudit.results.measurement import Measurement
from fairaudit.seeds import generator
from fairaudit.tables.changes.counts import paired_measurements
from fairaudit.tables.fairness.scores import score_measurements
from fairaudit.tables.fairness.table import fairness_measurements
from fairaudit.tables.rows import FairnessSpec
from fairaudit.tables.statistics import Statistics

DRAWS = 400
"""Replicates inside each table: as many as a report of a large table has."""
TAIL = 0.025
FAMILIES = {
    "rates": ("accuracy", "selection_rate", "tpr", "fpr", "tnr", "fnr", "ppv", "npv", "fdr", "for", "f1", "iou"),
    "levels": (
        "worst_cell_accuracy",
        "worst_attribute_group_accuracy",
        "unbiased_accuracy",
        "bias_conflict_accuracy",
        "bias_aligned_accuracy",
    ),
    "papers": ("dp_l2", "dp_mi", "eo_l2", "eo_mi", "iou_l2", "iou_std"),
    "scores": ("auc", "bnsp_auc", "bpsn_auc", "auc_difference", "ece", "brier"),
}


@dataclass
class Tally:
    """Counts of one row over data sets."""

    drawn: int = 0
    known: int = 0
    alarms: int = 0
    passes: int = 0
    covered: int = 0
    excluded: int = 0
    width: float = 0.0
    truth: float = float("nan")
    gap: bool = False

    def __iadd__(self, other: Tally) -> Tally:
        for name in ("drawn", "known", "alarms", "passes", "covered", "excluded", "width"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.truth, self.gap = other.truth, other.gap
        return self


@dataclass(frozen=True)
class Scenario:
    """One way of drawing data sets."""

    name: str
    kind: str
    sizes: tuple[int, ...]
    """Images per group; persons per group where there are persons."""
    right: tuple[float, ...]
    """Share of right decisions per group (of the common images, of the baseline)."""
    classes: int = 2
    other: tuple[float, ...] = ()
    """Share of right decisions of rare images, or of the candidate."""
    shape: str = ""
    """Cluster sizes, kind of scores."""
    alike: float = 0.0
    """Correlation within persons, or of both models' decisions."""
    facts: dict[str, float] = field(default_factory=dict)


def asked(scenario: Scenario, **more: object) -> FairnessSpec:
    groups = tuple(f"g{number}" for number in range(len(scenario.sizes)))
    classes = tuple(f"c{number}" for number in range(scenario.classes))
    return FairnessSpec(attribute="a", groups=groups, classes=classes, statistics=Statistics(replicates=DRAWS), **more)  # type: ignore[arg-type]


def decisions(right: Sequence[float], classes: int) -> np.ndarray:
    """Probability of every decision: [group, true, predicted]."""
    share = np.asarray(right, np.float64)[:, None, None]
    return np.where(np.eye(classes, dtype=bool), share, (1 - share) / (classes - 1))


def cells(sizes: Sequence[int], classes: int) -> np.ndarray:
    """Images of every cell: [group, true]."""
    return np.array([[size // classes + (place < size % classes) for place in range(classes)] for size in sizes])


# --- one data set, and what is true of it ---------------------------------------------------------------------------


def draw_counts(scenario: Scenario, rng: np.random.Generator) -> list[Measurement]:
    shares = decisions(scenario.right, scenario.classes)
    counts = rng.multinomial(cells(scenario.sizes, scenario.classes), shares)
    return fairness_measurements(counts, asked(scenario), aligned=aligned(scenario))


def true_counts(scenario: Scenario) -> list[Measurement]:
    table = decisions(scenario.right, scenario.classes) * cells(scenario.sizes, scenario.classes)[..., None]
    return fairness_measurements(table, asked(scenario), aligned=aligned(scenario))


def aligned(scenario: Scenario) -> np.ndarray:
    return np.arange(len(scenario.sizes))[:, None] % scenario.classes == np.arange(scenario.classes)[None]


def person_sizes(scenario: Scenario, rng: np.random.Generator) -> np.ndarray:
    """Images of every person; the same for all data sets of a scenario would hide nothing, so they are drawn."""
    number = sum(scenario.sizes)
    if scenario.shape.startswith("pareto"):
        return np.clip(np.floor(rng.pareto(1.0, number) + 1), 1, 200).astype(int)
    sizes = rng.integers(1, 4, number) if scenario.shape.startswith("dominant") else np.full(number, 5)
    if scenario.shape.startswith("dominant"):
        sizes[np.cumsum([0, *scenario.sizes[:-1]])] = 200
    return sizes


def draw_clusters(scenario: Scenario, rng: np.random.Generator) -> list[Measurement]:
    sizes = person_sizes(scenario, rng)
    person = np.repeat(np.arange(len(sizes)), sizes)
    own = np.repeat(np.arange(len(scenario.sizes)), scenario.sizes)
    varies = scenario.shape.endswith("within")
    group = rng.integers(0, len(scenario.sizes), len(person)) if varies else own[person]
    share, spread = scenario.right[0], (1 - scenario.alike) / scenario.alike
    rate = rng.beta(share * spread, (1 - share) * spread, len(sizes))[person]
    true = rng.integers(0, 2, len(person))
    predicted = np.where(rng.random(len(person)) < rate, true, 1 - true)
    table = counts_by_cluster(person, group, true, predicted, groups=len(scenario.sizes), classes=2)
    return fairness_measurements(table.sum(0), asked(scenario, cluster_counts=table), aligned=aligned(scenario))


def draw_weights(scenario: Scenario, rng: np.random.Generator) -> list[Measurement]:
    group = np.repeat(np.arange(len(scenario.sizes)), scenario.sizes)
    rare = rng.random(len(group)) < 0.05
    weight = np.where(rare, 10.0, 1.0) if scenario.shape != "spread" else rng.gamma(1.0, 1.0, len(group))
    rate = np.where(rare, np.asarray(scenario.other)[group], np.asarray(scenario.right)[group])
    true = rng.integers(0, 2, len(group))
    predicted = np.where(rng.random(len(group)) < rate, true, 1 - true)
    flat = (group * 2 + true) * 2 + predicted
    tables = [
        np.bincount(flat, weights=part, minlength=4 * len(scenario.sizes)).reshape(-1, 2, 2)
        for part in (weight, weight**2, np.ones(len(group)))
    ]
    return fairness_measurements(
        tables[0], asked(scenario, squared=tables[1], images=tables[2]), aligned=aligned(scenario)
    )


def true_weights(scenario: Scenario) -> list[Measurement]:
    heavy = 0.5 / 1.45 if scenario.shape != "spread" else 0.05
    right = [(1 - heavy) * a + heavy * b for a, b in zip(scenario.right, scenario.other, strict=True)]
    return true_counts(Scenario("", "counts", scenario.sizes, tuple(right)))


def scored(scenario: Scenario, rng: np.random.Generator, sizes: Sequence[int]) -> tuple[np.ndarray, ...]:
    """Scores [image], truth and group: calibrated, overconfident, of wrong slope, tied, with few positives."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    shape, n = scenario.shape, len(group)
    if shape.startswith("hard"):  # scores of nearly 0 and 1, wrong in a share of images
        true = rng.random(n) < 0.5
        wrong = rng.random(n) < 1 - scenario.right[0]
        return np.where(true ^ wrong, 0.99, 0.01), true, group
    if shape == "few":
        true = rng.random(n) < 0.05
        return 1 / (1 + np.exp(3.5 - 2.5 * true - rng.normal(0, 1.2, n))), true, group
    latent = rng.normal(0, 1.5, n)
    score = 1 / (1 + np.exp(-latent))
    true = rng.random(n) < 1 / (1 + np.exp(-latent / (3.0 if shape == "slope" else 1.0)))
    return (np.round(score, 1) if shape == "tied" else score), true, group


def draw_scores(scenario: Scenario, rng: np.random.Generator) -> list[Measurement]:
    score, true, group = scored(scenario, rng, scenario.sizes)
    return score_measurements(np.stack([1 - score, score], -1), true, group, asked(scenario))


def true_scores(scenario: Scenario) -> list[Measurement]:
    score, true, group = scored(scenario, np.random.default_rng(0), [200_000] * min(2, len(scenario.sizes)))
    small = Scenario("", "scores", scenario.sizes[:2], scenario.right)
    rows = score_measurements(np.stack([1 - score, score], -1), true, group, asked(small))
    same = {row.metric: row for row in rows if row.group == "g0"}
    found = [row.model_copy(update={"group": f"g{g}"}) for row in same.values() for g in range(len(scenario.sizes))]
    gap = [row.model_copy(update={"value": 0.0}) for row in rows if row.metric == "auc_difference"]
    return found + gap


def joint(scenario: Scenario) -> np.ndarray:
    """Probability of both models' decisions: [group, true, candidate, baseline]."""
    found = np.zeros((len(scenario.sizes), 2, 2, 2))
    for group, (old, new) in enumerate(zip(scenario.right, scenario.other, strict=True)):
        most, spread = min(old, new), np.sqrt(old * (1 - old) * new * (1 - new))
        both = min(most, old * new + scenario.alike * spread)
        table = np.array([[1 - old - new + both, old - both], [new - both, both]])  # [candidate, baseline] right
        found[group, 1], found[group, 0] = table, table[::-1, ::-1]
    return np.maximum(found, 0.0)


def draw_paired(scenario: Scenario, rng: np.random.Generator) -> list[Measurement]:
    shares = joint(scenario).reshape(len(scenario.sizes), 2, 4)
    counts = rng.multinomial(cells(scenario.sizes, 2), shares).reshape(-1, 2, 2, 2)
    return paired_measurements(counts, asked(scenario), baseline="old")


def true_paired(scenario: Scenario) -> list[Measurement]:
    table = joint(scenario) * cells(scenario.sizes, 2)[..., None, None]
    return paired_measurements(table, asked(scenario), baseline="old")


def draw_means(scenario: Scenario, rng: np.random.Generator) -> list[Measurement]:
    """Region numbers of every image: skewed, as shares of relevance over small regions are."""
    from fairaudit.tables.reasons.regions import ImageSpec, region_measurements

    group = np.repeat(np.arange(len(scenario.sizes)), scenario.sizes)
    sigma = 1.0 if scenario.shape == "lognormal" else 0.0
    values = (
        rng.lognormal(0, sigma, len(group)) if sigma else (rng.random(len(group)) < 0.1) * rng.gamma(2, 1, len(group))
    )
    statistics = Statistics(replicates=DRAWS * 3, seed=int(rng.integers(1 << 30)))
    question = ImageSpec(audit="roi-metrics", region="r", statistics=statistics)
    names = tuple(f"g{number}" for number in range(len(scenario.sizes)))
    labels = Labels(name="a", values=names, codes=group)
    return region_measurements({"rrf_lift": values}, question, group=labels, target=None)


def true_means(scenario: Scenario) -> list[Measurement]:
    value = float(np.exp(0.5)) if scenario.shape == "lognormal" else 0.2
    rows = draw_means(scenario, np.random.default_rng(0))
    return [row.model_copy(update={"value": 0.0 if "contrast" in row.metric else value}) for row in rows]


def true_clusters(scenario: Scenario) -> list[Measurement]:
    return true_counts(Scenario("", "counts", (10_000,) * len(scenario.sizes), scenario.right * len(scenario.sizes)))


Draw = Callable[[Scenario, np.random.Generator], list[Measurement]]
KINDS: dict[str, tuple[Draw, Callable[[Scenario], list[Measurement]]]] = {
    "counts": (draw_counts, true_counts),
    "clusters": (draw_clusters, true_clusters),
    "weights": (draw_weights, true_weights),
    "scores": (draw_scores, true_scores),
    "paired": (draw_paired, true_paired),
    "means": (draw_means, true_means),
}


# --- the grid --------------------------------------------------------------------------------------------------------

UNBALANCED = (1000, 30, 10)


def grid() -> list[Scenario]:
    """The published scenarios."""
    found = []
    for text, sizes in (
        ("2 × 200", (200, 200)),
        ("8 × 100", (100,) * 8),
        ("1000/30/10", UNBALANCED),
        ("5000 + 11 × 40", (5000, *[40] * 11)),
        ("1000/3", (1000, 3)),
    ):
        for rate in (0.5, 0.9, 0.99, 0.998):
            found.append(Scenario(f"{text}, rates {rate}", "counts", sizes, (rate,) * len(sizes)))
    found += [
        Scenario("5000/25, rates .995", "counts", (5000, 25), (0.995, 0.995)),
        Scenario("5000/60/40, rates .997", "counts", (5000, 60, 40), (0.997,) * 3),
        Scenario("1000/30/10, five classes, rates .9", "counts", UNBALANCED, (0.9,) * 3, classes=5),
        Scenario("4 × 100, five classes, rates .97", "counts", (100,) * 4, (0.97,) * 4, classes=5),
        Scenario("2 × 200, gap .1", "counts", (200, 200), (0.9, 0.8)),
        Scenario("1000/30/10, mixed .95/.65/.9", "counts", UNBALANCED, (0.95, 0.65, 0.9)),
        Scenario("1000/30/10, mixed .99/.97/.9", "counts", UNBALANCED, (0.99, 0.97, 0.9)),
        Scenario("1000/50, gap .2", "counts", (1000, 50), (0.95, 0.75)),
        Scenario("1000/30/3, worst .43", "counts", (1000, 30, 3), (0.95, 0.9, 0.43)),
        Scenario("12 × 100, rates .998", "counts", (100,) * 12, (0.998,) * 12),
        Scenario("12 × 40, mixed", "counts", (40,) * 12, tuple(np.linspace(0.7, 0.98, 12))),
        Scenario("1000/30/10, five classes, mixed", "counts", UNBALANCED, (0.95, 0.65, 0.9), classes=5),
    ]
    for shape in ("equal", "pareto", "dominant", "pareto within", "equal within"):
        for rate in (0.9,) if "within" in shape else (0.9, 0.98):
            found.append(
                Scenario(f"40 persons, {shape}, {rate}", "clusters", (40, 40), (rate,), shape=shape, alike=0.5)
            )
    found += [
        Scenario("12 persons, equal, .9", "clusters", (12, 12), (0.9,), shape="equal", alike=0.3),
        Scenario("40 persons, pareto, alike .1", "clusters", (40, 40), (0.9,), shape="pareto", alike=0.1),
        Scenario("weights of rare images, .98/.6", "weights", (400, 400), (0.98, 0.98), other=(0.6, 0.6)),
        Scenario("weights unrelated, .9", "weights", (400, 400), (0.9, 0.9), other=(0.9, 0.9)),
        Scenario("weights spread, .95", "weights", (100, 400), (0.95, 0.95), other=(0.95, 0.95), shape="spread"),
        Scenario("scores calibrated, n 30/300", "scores", (30, 300), (1.0,), shape="calibrated"),
        Scenario("scores, slope 3, n 80", "scores", (80, 80), (1.0,), shape="slope"),
        Scenario("scores tied, n 60", "scores", (60, 60), (1.0,), shape="tied"),
        Scenario("scores, overconfident, 5 % errors, n 30", "scores", (30, 30), (0.95,), shape="hard"),
        Scenario("scores, overconfident, 1 % errors, n 300", "scores", (300, 300), (0.99,), shape="hard"),
        Scenario("scores, 5 % positive, n 100", "scores", (100, 100), (1.0,), shape="few"),
        Scenario("scores, 12 × 40", "scores", (40,) * 12, (1.0,), shape="calibrated"),
    ]
    for alike in (0.5, 0.95):
        for text, sizes, old, new in (
            ("1000/50, closes .2", (1000, 50), (0.95, 0.75), (0.95, 0.95)),
            ("2 × 200, closes .2", (200, 200), (0.9, 0.7), (0.9, 0.9)),
            ("1000/30/10, worse in small", UNBALANCED, (0.95,) * 3, (0.95, 0.75, 0.7)),
            ("12 × 40, no gap", (40,) * 12, (0.9,) * 12, (0.9,) * 12),
            ("12 × 40, opens a gap", (40,) * 12, (0.9,) * 12, (0.7, *[0.9] * 11)),
        ):
            found.append(Scenario(f"paired {text}, alike {alike}", "paired", sizes, old, other=new, alike=alike))
    found += [
        Scenario("region means, lognormal, n 20/100", "means", (20, 100), (1.0,), shape="lognormal"),
        Scenario("region means, nine of ten 0, n 40/200", "means", (40, 200), (1.0,), shape="rare"),
        Scenario("region means, n 3", "means", (3, 40), (1.0,), shape="lognormal"),
    ]
    return found


# --- counting --------------------------------------------------------------------------------------------------------


@cache
def truths(scenario_name: str) -> dict[str, Measurement]:
    scenario = next(one for one in grid() if one.name == scenario_name)
    return {row.id: row for row in KINDS[scenario.kind][1](scenario)}


def judged(row: Measurement, truth: float, tally: Tally) -> None:
    """Add one row of one data set to its tally."""
    tally.drawn += 1
    found = evidence(row)
    if found is None or row.low is None or row.high is None or row.status == "suppressed":
        return
    tally.known += 1
    slack = 1e-9
    tally.covered += row.low - slack <= truth <= row.high + slack
    tally.width += row.high - row.low
    above, below = Limits(minimum=None, maximum=truth + slack), Limits(minimum=truth - slack, maximum=None)
    broken, lacking = Limits(minimum=None, maximum=truth - slack), Limits(minimum=truth + slack, maximum=None)
    over, under = (decide([(found, limits)], tail=TAIL)[0].state == "fail" for limits in (above, below))
    in_, out = (
        row.status == "ok" and decide([(found, limits)], tail=TAIL)[0].state == "pass" for limits in (broken, lacking)
    )
    if row.better == "lower":
        tally.alarms, tally.passes = tally.alarms + over, tally.passes + in_
    elif row.better == "higher":
        tally.alarms, tally.passes = tally.alarms + under, tally.passes + out
    else:
        tally.alarms, tally.passes = tally.alarms + max(over, under), tally.passes + max(in_, out)
    if tally.gap:
        equal = 1.0 if row.better == "higher" else 0.0
        limits = Limits(minimum=None, maximum=slack) if equal == 0 else Limits(minimum=1 - slack, maximum=None)
        tally.excluded += decide([(found, limits)], tail=TAIL)[0].state == "fail"


def run(name: str, start: int, stop: int) -> tuple[str, dict[str, Tally], float]:
    """Data sets start … stop − 1 of a scenario."""
    began = time.perf_counter()
    scenario = next(one for one in grid() if one.name == name)
    known, tallies = truths(name), defaultdict(Tally)
    for number in range(start, stop):
        for row in KINDS[scenario.kind][0](scenario, generator(0, "levels", name, number)):
            true = known.get(row.id)
            if true is None or true.value is None:
                continue
            tally = tallies[row.id]
            tally.truth, tally.gap = true.value, row.metric.endswith(("_difference", "_ratio", "overall"))
            judged(row, true.value, tally)
    return name, dict(tallies), time.perf_counter() - began


def family(metric: str) -> str:
    for name, members in FAMILIES.items():
        if metric in members:
            return name
    if metric.endswith("_change"):
        return "changes"
    if "rrf" in metric:
        return "region means"
    return "to overall, average" if "overall" in metric or "average" in metric else "gaps, ratios"


def shown(tallies: dict[str, Tally]) -> list[str]:
    """Rows of the table: per family the worst false alarm, wrong pass and coverage, and the mean width."""
    families: dict[str, dict[str, Tally]] = defaultdict(dict)
    for key, tally in tallies.items():
        if tally.known:
            families[family(metric_of(key))][key] = tally
    lines = []
    for name, members in families.items():
        alarm = max(members, key=lambda key: members[key].alarms / members[key].drawn)
        passed = max(members, key=lambda key: members[key].passes / members[key].drawn)
        cover = min(members, key=lambda key: members[key].covered / members[key].known)
        width = float(np.mean([tally.width / tally.known for tally in members.values()]))
        parts = [
            f"{100 * members[alarm].alarms / members[alarm].drawn:.1f} % ({label(alarm)})",
            f"{100 * members[passed].passes / members[passed].drawn:.1f} % ({label(passed)})",
            f"{100 * members[cover].covered / members[cover].known:.1f} % ({label(cover)})",
            f"{width:.3f}",
        ]
        lines.append(f"{name} | " + " | ".join(parts))
    return lines


def metric_of(key: str) -> str:
    return key.split("/")[1]


def label(key: str) -> str:
    return "/".join(part for part in key.split("/")[1:] if part not in ("a", "old", "r"))


def details(tallies: dict[str, Tally]) -> Iterable[str]:
    for key, tally in sorted(tallies.items()):
        if tally.known:
            rates = [100 * part / tally.drawn for part in (tally.alarms, tally.passes)]
            cover, excluded = 100 * tally.covered / tally.known, 100 * tally.excluded / tally.drawn
            flag = "  <<<" if rates[0] > 7 or rates[1] > 4.2 or cover < 92 else ""
            yield (
                f"    {label(key):45} truth {tally.truth:7.3f} alarm {rates[0]:5.1f} pass {rates[1]:5.1f} "
                f"cover {cover:5.1f} excl {excluded:5.1f} width {tally.width / tally.known:.3f}{flag}"
            )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Error rates of the gate's numbers over a grid of hard scenarios.")
    parser.add_argument("--scenario", default="", help="only scenarios whose name or kind holds this")
    parser.add_argument("--replicates", type=int, default=300, help="data sets per scenario")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--details", action="store_true", help="every row, not only the worst of a family")
    parser.add_argument("--output", type=Path, help="a file that also gets the table, scenario by scenario")
    given = parser.parse_args(arguments)
    chosen = [one for one in grid() if given.scenario in one.name or given.scenario == one.kind]
    totals: dict[str, dict[str, Tally]] = defaultdict(lambda: defaultdict(Tally))
    missing, seconds = dict.fromkeys((one.name for one in chosen), given.replicates), defaultdict(float)
    out = [sys.stdout, *([given.output.open("w")] if given.output else [])]

    def tell(line: str) -> None:
        for stream in out:
            print(line, file=stream, flush=True)

    tell("| scenario | numbers | worst false alarm | worst wrong pass | worst coverage | mean width |")
    tell("| --- | --- | --- | --- | --- | --- |")

    def add(name: str, tallies: dict[str, Tally], took: float, size: int) -> None:
        for key, tally in tallies.items():
            totals[name][key] += tally
        missing[name] -= size
        seconds[name] += took
        if missing[name] == 0:
            for line in shown(totals[name]):
                tell(f"| {name} | {line} |")
            if given.details:
                print("\n".join(details(totals[name])), f"\n    {seconds[name]:.1f} s", flush=True)

    step = max(1, min(25, given.replicates))
    jobs = [
        (one.name, start, min(start + step, given.replicates))
        for one in chosen
        for start in range(0, given.replicates, step)
    ]
    if given.processes <= 1:
        for job in jobs:
            add(*run(*job), job[2] - job[1])
        return
    with ProcessPoolExecutor(given.processes) as pool:
        waiting = {pool.submit(run, *job): job for job in jobs}
        for done in as_completed(waiting):
            job = waiting[done]
            add(*done.result(), job[2] - job[1])


if __name__ == "__main__":
    main()
