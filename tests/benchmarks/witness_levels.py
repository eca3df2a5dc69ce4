"""How often each witness of the joint verdict speaks where there is nothing to speak of, or errs at its limit.

    python tests/benchmarks/witness_levels.py                                  # every scenario, minutes
    python tests/benchmarks/witness_levels.py --scenario "1000/30/10" --replicates 200

No network is trained: a score is the softmax of evidence in a region and outside it, so the truth is known, and the
functions that make a report's rows read it. Three data sets a replicate: one in which groups differ in pixels that the
model does not look at (or, named "covers", in how much of the class's own evidence is covered); one with an effect that
lies exactly on the verdict's limit; and, for discovery, maps whose windows hold the same in all groups.

- alarm: without an effect the interval lies above 0 (nominal 5 % for sizes, 2.5 % for signed numbers);
- p: without an effect p ≤ .05 (nominal 5 %);
- above: on the limit the interval lies above it, so the witness accuses (nominal 5 %; 2.5 % for one mean);
- below: on the limit the interval lies below it, so the witness clears (nominal 2.5 %);
- none: of how many data sets there is no interval.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fairaudit.measures.alignment.alignment import alignment
from fairaudit.measures.alignment.relative_change import relative_change
from fairaudit.measures.clusters.partition import partition
from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.discovery import concentrations, group_differences
from fairaudit.measures.regions.donor_plan import plan_donors
from fairaudit.measures.regions.swap import Arms
from fairaudit.measures.regions.window_effect import draw_pairs, window_effect
from fairaudit.measures.regions.windows import windows
from fairaudit.results.measurement import Measurement
from fairaudit.seeds import generator
from fairaudit.tables.reasons.cue import cue_measurement
from fairaudit.tables.reasons.regions import region_measurements
from fairaudit.tables.reasons.swap import SwapSubject, SwapValues, score_gap_measurement, swap_measurements
from fairaudit.tables.specs import ImageSpec
from fairaudit.tables.statistics import Statistics

DONORS = 4
LIMITS = {
    "swap_effect": 0.05,
    "score_gap": 0.05,
    "cue_alignment": 0.15,
    "rrf_lift_absolute": 1.5,
    "causal_excess": 0.05,
    "relative_change": 0.1,
}
"""The verdict's limits: `audit.swap`, `cue`, `lift`, `effect` and `relative_change`."""
REPLICATES = 400
"""Bootstrap replicates inside each table."""


@dataclass(frozen=True)
class Scenario:
    """One way of drawing images."""

    name: str
    sizes: tuple[int, ...]
    """Images per group; persons per group where there are persons; images that moved, for the relative change."""
    classes: int = 2
    persons: str = ""
    """Images per person: `equal`, `pareto`, or none."""
    each: int = 1
    """Images per person, on average."""
    varies: bool = False
    """Whether groups vary within persons."""
    covers: bool = False
    """Whether the last group's content covers evidence for the class."""
    kind: str = "verdict"
    """verdict, change or discovery."""


SCENARIOS = (
    Scenario("2 × 150", (150, 150)),
    Scenario("2 × 150, covers", (150, 150), covers=True),
    Scenario("2 × 30", (30, 30)),
    Scenario("8 × 60", (60,) * 8),
    Scenario("8 × 60, covers", (60,) * 8, covers=True),
    Scenario("3 × 200, 5 classes", (200,) * 3, classes=5),
    Scenario("1000/30/10", (1000, 30, 10)),
    Scenario("400/12", (400, 12)),
    Scenario("1000/3", (1000, 3)),
    Scenario("8 persons × 25", (4, 4), persons="equal", each=25),
    Scenario("24 persons × 12", (12, 12), persons="equal", each=12),
    Scenario("40 persons, Pareto", (20, 20), persons="pareto", each=10),
    Scenario("40 persons, Pareto, groups vary within", (20, 20), persons="pareto", each=10, varies=True),
    *(Scenario(f"{n} images moved", (n,), kind="change") for n in (3, 5, 8, 15, 40, 200)),
    Scenario("6 persons × 5 moved", (6,), kind="change", persons="equal", each=5),
    Scenario("15 persons, Pareto, moved", (15,), kind="change", persons="pareto", each=5),
    Scenario("discovery, 2 × 60", (60, 60), kind="discovery"),
    Scenario("discovery, 8 × 20", (20,) * 8, kind="discovery"),
    Scenario("discovery, 150/8", (150, 8), kind="discovery"),
    Scenario("discovery, 16 persons × 8", (8, 8), kind="discovery", persons="equal", each=8),
)


@dataclass
class Tally:
    """What was counted of one witness."""

    drawn: int = 0
    alarms: int = 0
    p: int = 0
    tested: int = 0
    limited: int = 0
    above: int = 0
    below: int = 0
    none: int = 0

    def null(self, low: float | None, p_value: float | None = None) -> None:
        """Count a data set without an effect."""
        self.drawn += 1
        self.none += low is None
        self.alarms += low is not None and low > 0
        self.tested += p_value is not None
        self.p += p_value is not None and p_value <= 0.05

    def limit(self, low: float | None, high: float | None, limit: float) -> None:
        """Count a data set whose effect lies on the limit."""
        self.limited += 1
        self.above += low is not None and low > limit
        self.below += high is not None and high < limit


@dataclass(frozen=True)
class World:
    """Images as the witnesses see them."""

    group: np.ndarray
    target: np.ndarray
    person: np.ndarray | None
    content: np.ndarray
    """`[image, class]` evidence in the region."""
    outside: np.ndarray
    """`[image, class]` evidence elsewhere."""
    groups: int

    @property
    def labels(self) -> tuple[Labels, Labels]:
        """Groups and classes."""
        classes = self.content.shape[1]
        return (
            Labels(name="group", values=tuple(f"g{k}" for k in range(self.groups)), codes=self.group),
            Labels(name="class", values=tuple(f"c{k}" for k in range(classes)), codes=self.target),
        )


def persons_of(scenario: Scenario, draws: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
    """Group and person of every image."""
    if not scenario.persons:
        return np.repeat(np.arange(len(scenario.sizes)), scenario.sizes), None
    own = np.repeat(np.arange(len(scenario.sizes)), scenario.sizes)
    sizes = np.full(len(own), scenario.each)
    if scenario.persons == "pareto":
        sizes = np.ceil((draws.pareto(1.2, len(own)) + 1) * scenario.each / 4).clip(1, 20 * scenario.each).astype(int)
    person = np.repeat(np.arange(len(own)), sizes)
    if scenario.varies:
        return draws.integers(0, len(scenario.sizes), len(person)), person
    return own[person], person


def drawn(scenario: Scenario, draws: np.random.Generator) -> World:
    """Images of both kinds of evidence; persons have evidence of their own."""
    group, person = persons_of(scenario, draws)
    n, classes = len(group), scenario.classes
    target = draws.permutation(np.arange(n) % classes)
    if not scenario.persons:  # every group has images of every class
        target = np.concatenate([draws.permutation(np.arange(size) % classes) for size in scenario.sizes])
    own = np.eye(classes)[target]
    content = 1.0 * own + draws.normal(0, 0.5, (n, classes))
    outside = 1.0 * own + draws.normal(0, 0.7, (n, classes))
    if person is not None:
        content += draws.normal(0, 0.5, (person.max() + 1, classes))[person]
        outside += draws.normal(0, 0.5, (person.max() + 1, classes))[person]
    if scenario.covers:
        content *= np.where(group == len(scenario.sizes) - 1, 0.3, 1.0)[:, None]
    return World(group, target, person, content, outside, len(scenario.sizes))


def scores(world: World, rows: np.ndarray, donors: np.ndarray, effect: float) -> np.ndarray:
    """`[…, class]` softmax of both kinds of evidence; the last group's content adds the effect to the last class."""
    logits = world.outside[rows] + world.content[donors]
    found = np.exp(logits - logits.max(axis=-1, keepdims=True))
    found = 0.8 * found / found.sum(axis=-1, keepdims=True) + 0.1  # room for the effect
    found[..., -1] += effect * (world.group[donors] == world.groups - 1)
    return found


def swapped(world: World, effect: float, seed: int) -> list[Measurement]:
    """The rows of the content swap and of the gap of whole images."""
    group, target = world.labels
    n = len(world.group)
    unit = np.arange(n) if world.person is None else partition(world.person)
    plan = plan_donors(group, target, ids=[f"i{k}" for k in range(n)], donors=DONORS, seed=seed, units=unit)

    def at(values: np.ndarray, donors: np.ndarray) -> np.ndarray:
        return np.where(donors >= 0, values[donors], -1).astype(np.int64)

    arms = Arms(
        group=world.group.astype(np.int64),
        target=world.target.astype(np.int64),
        unit=unit,
        to=at(world.group, plan.other),
        other_unit=at(unit, plan.other),
        same_unit=at(unit, plan.same),
        units=int(unit.max()) + 1,
    )
    rows = np.arange(n)
    before = scores(world, rows, rows, effect)
    each = []
    for donors in (plan.other, plan.same):
        found = scores(world, rows[:, None], donors, effect)
        found[donors < 0] = np.nan
        each.append(found)
    classes = world.content.shape[1]
    outputs = [1] if classes == 2 else range(classes)
    known = [~np.isnan(found[..., 0]) for found in each]
    shift, flip = (
        tuple(np.where(there, values(found), np.nan) for found, there in zip(each, known, strict=True))
        for values in (
            lambda found: np.abs(found - before[:, None]).sum(axis=2) / 2,
            lambda found: 1.0 * (np.nan_to_num(found).argmax(axis=2) != before.argmax(axis=1)[:, None]),
        )
    )
    subject = SwapSubject(attribute="group", groups=group.values, classes=target.values)
    question = ImageSpec(region="box", method="swap", statistics=Statistics(replicates=REPLICATES, seed=seed))
    values = SwapValues(
        shift=shift,  # type: ignore[arg-type]
        flip=flip,  # type: ignore[arg-type]
        scores={k: (each[0][..., k], each[1][..., k]) for k in outputs},
    )
    whole = {k: before[:, k] for k in outputs}
    return [
        *swap_measurements(values, arms, question, subject),
        score_gap_measurement(whole, arms, ImageSpec(statistics=Statistics(seed=seed)), subject),
    ]


def looked(world: World, cue: float, lift: float, excess: float, seed: int, draws: np.random.Generator) -> Iterator:
    """Rows of cue alignment, relevance lift and the effect of replacing, with these truths (lift over 1)."""
    group, target = world.labels
    n, question = (
        len(world.group),
        ImageSpec(region="box", method="lrp", statistics=Statistics(replicates=REPLICATES, seed=seed)),
    )
    shares = world.content[np.arange(n), world.target]
    if cue:
        shares = shares + cue * np.where(world.target == 1, 1, -1) * (world.group == 1)
    yield cue_measurement(shares, 1.0, question, group=group, target=target, clusters=world.person)
    by_person = 0.0 if world.person is None else draws.normal(0, 0.4, world.person.max() + 1)[world.person]
    skew = draws.normal(0, 0.6, n) + by_person
    spread = np.exp(skew - (0.36 + (0.16 if world.person is not None else 0)) / 2)  # mean 1
    changes = np.where(draws.random(n) < 0.3, draws.exponential(1.0, n), 0.0) * spread  # mean .3
    columns = {"rrf_lift_absolute": lift * spread, "causal_excess": excess / 0.3 * changes}
    yield from region_measurements(columns, question, clusters=world.person)


def verdict_rows(scenario: Scenario, tallies: dict[str, Tally], draws: np.random.Generator, seed: int) -> None:
    """One replicate of the witnesses that read images of groups."""
    world = drawn(scenario, draws)
    for row in [*swapped(world, 0.0, seed), *looked(world, 0.0, 1.0, 0.0, seed, draws)]:
        if row.metric in ("rrf_lift_absolute", "causal_excess"):
            continue  # a mean has no "no effect": it is judged at its limit alone
        tallies.setdefault(row.metric, Tally()).null(row.low, row.p_value)
    world = drawn(scenario, draws)
    planted = [*swapped(world, LIMITS["swap_effect"], seed)]
    cue = LIMITS["cue_alignment"] if scenario.classes == world.groups == 2 and not scenario.covers else 0.0
    for row in [*planted, *looked(world, cue, LIMITS["rrf_lift_absolute"], LIMITS["causal_excess"], seed, draws)]:
        if row.metric in LIMITS and not row.class_ and (cue or row.metric != "cue_alignment"):
            tallies.setdefault(row.metric, Tally()).limit(row.low, row.high, LIMITS[row.metric])


def change_rows(scenario: Scenario, tallies: dict[str, Tally], draws: np.random.Generator, seed: int) -> None:
    """One replicate of the relative change: noise over a change of the base of .3 to 1."""
    _, person = persons_of(scenario, draws)
    n = scenario.sizes[0] if person is None else len(person)
    for truth in (0.0, LIMITS["relative_change"]):
        base = draws.uniform(0.3, 1.0, n)
        own = 0.0 if person is None else draws.normal(0, 0.1, person.max() + 1)[person]
        noise = draws.normal(0, 0.05, n) * np.where(draws.random(n) < 0.2, 4.0, 1.0)  # a few images move a lot
        change = relative_change(np.zeros((n, 1)), -(truth * base + noise + own)[:, None], np.ones(n), 1 - base)
        found = alignment(change, cluster=person, replicates=REPLICATES, generator=draws)
        low, high, p_value = (float(part[0]) for part in (found.mean_low, found.mean_high, found.p_value))
        known = None if np.isnan(low) else (low, high)
        tally = tallies.setdefault("relative_change", Tally())
        if truth:
            tally.limit(*(known or (None, None)), truth)
        else:
            size = None if known is None else max(low, -high)  # above 0 where 0 is outside the interval
            tally.null(size, None if np.isnan(p_value) else p_value)


def discovery_rows(scenario: Scenario, tallies: dict[str, Tally], draws: np.random.Generator, seed: int) -> None:
    """One replicate of the search over windows, without its demands on size, and of its second witness."""
    group, person = persons_of(scenario, draws)
    n = len(group)
    target = draws.permutation(np.arange(n) % 2)
    yy, xx = np.mgrid[:16, :16]
    blob = np.exp(-((yy - 10 - target[:, None, None]) ** 2 + (xx - 8) ** 2) / 12)
    grids = draws.exponential(1.0, (n, 16, 16)) * (0.3 + blob)
    if person is not None:
        grids = grids * np.exp(draws.normal(0, 0.5, (person.max() + 1, 16, 16)))[person]
    grids = grids / grids.sum(axis=(1, 2), keepdims=True)
    labels = Labels(name="g", values=tuple(f"g{k}" for k in range(len(scenario.sizes))), codes=group)
    classes = Labels(name="y", values=("0", "1"), codes=target)
    found = group_differences(
        grids, windows(), group=labels, target=classes, generator=draws, clusters=person, replicates=299, least=0.0,
        explained=0.0,
    )  # fmt: skip
    tallies.setdefault("discovery", Tally()).null(1.0 if found else 0.0)
    flat = draws.dirichlet(np.full(256, 0.3), n).reshape(n, 16, 16)
    gathered = concentrations(flat, windows(), generator=draws, clusters=person, replicates=299)
    tallies.setdefault("concentration", Tally()).null(1.0 if gathered else 0.0)
    pairs = draw_pairs(labels, classes, clusters=person, most=256, seed=seed)
    size = len(pairs.rows)
    other, same = (draws.exponential(0.1, size) for _ in range(2))
    effect = window_effect(other, same)
    known = not np.isnan(effect.low)
    tally = tallies.setdefault("window effect", Tally())
    tally.null(effect.low if known else None)
    shifted = window_effect(other + 0.05, same)
    tally.limit(shifted.low if known else None, shifted.high if known else None, 0.05)


KINDS: dict[str, Callable[[Scenario, dict[str, Tally], np.random.Generator, int], None]] = {
    "verdict": verdict_rows,
    "change": change_rows,
    "discovery": discovery_rows,
}


def run(scenario: Scenario, replicates: int, seed: int = 0) -> dict[str, Tally]:
    """Witness → what was counted."""
    tallies: dict[str, Tally] = {}
    for number in range(replicates):
        draws = generator(seed, "witness levels", scenario.name, str(number))
        KINDS[scenario.kind](scenario, tallies, draws, number)
    return tallies


def lines(scenario: Scenario, tallies: dict[str, Tally]) -> Iterator[str]:
    """Rows of the table."""
    for name, tally in tallies.items():
        shares = [
            _share(tally.alarms, tally.drawn),
            _share(tally.p, tally.tested),
            _share(tally.above, tally.limited),
            _share(tally.below, tally.limited),
            _share(tally.none, tally.drawn),
        ]
        yield f"| {scenario.name} | {name} | " + " | ".join(shares) + " |"


def _share(count: int, of: int) -> str:
    return f"{100 * count / of:.1f} %" if of else ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate and print the table, scenario by scenario."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="", help="scenarios whose name begins so")
    parser.add_argument("--replicates", type=int, default=400)
    parser.add_argument(
        "--discovery-replicates", type=int, default=200, help="of the search over windows, which is slow"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    chosen = [one for one in SCENARIOS if one.name.startswith(options.scenario)]
    sys.stdout.write("| scenario | witness | alarm | p ≤ .05 | at the limit: above | below | none |\n")
    sys.stdout.write("| --- | --- | --- | --- | --- | --- | --- |\n")
    for scenario in chosen:
        number = options.discovery_replicates if scenario.kind == "discovery" else options.replicates
        for line in lines(scenario, run(scenario, number, options.seed)):
            sys.stdout.write(line + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
