"""How often each number of the gate errs where it is hard: small, extreme, clustered, weighted, scored, paired.

    python tests/benchmarks/levels.py --processes 8                     # the whole grid, minutes
    python tests/benchmarks/levels.py --scenario "1000/30/10" --replicates 200 --seed 1

Every scenario (`level_scenarios.py`) draws data sets whose truth is known and sends them through the functions that
make a report's rows and through the gate's evidence. No images, no torch. Of every row (metric, group, class) it counts

- false alarms: the row counts as beyond a limit that lies at the truth, so within it (nominal 5 %);
- wrong passes: the row counts as within a limit that the truth just breaks (nominal 2.5 %);
- coverage of the printed interval (nominal 95 %), its mean width, and for gaps how often equality is excluded.

Several rules are a number of their own: up to 48 of them, of which some are kept, some broken and some hang on their
limit, are judged together (Holm), and one wrong pass or one false alarm among them is an error.

The table shows the worst row of each family of metrics, and in brackets the mean of the family. Bold is what chance
makes of so many numbers in less than one line of a hundred: more errors than the nominal share, or coverage below what
the registry of metrics states (`MetricEntry.coverage`). Scenarios called "control" use a wrong method, which has to be
bold; the program says at its end whether all of them are, and exits with 1 otherwise. Partial results are printed as
scenarios end.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

from level_scenarios import KINDS, Scenario, grid, is_control
from scipy.stats import binom

from fairaudit.gate.evidence import Evidence, Limits, evidence
from fairaudit.gate.family import Correction, decide
from fairaudit.results.measurement import Measurement
from fairaudit.seeds import generator
from fairaudit.tables.metrics import metric as entry_of

TAIL = 0.025
ALARMS, PASSES = 0.05, 0.025
"""Nominal shares of false alarms and of wrong passes."""
CHANCE = 0.01
"""A line is bold where chance makes one of its numbers look so bad with less than this probability."""
SLACK = 1e-9
FAR = 0.3
"""How far the limits of rules that are clearly kept or broken lie from the truth."""
MOST_RULES = 48
FAMILIES = {
    "rates": (
        "accuracy", "cell_accuracy", "selection_rate", "tpr", "fpr", "tnr", "fnr", "ppv", "npv", "fdr", "for", "f1",
        "iou",
    ),
    "levels": (
        "worst_cell_accuracy",
        "worst_attribute_group_accuracy",
        "unbiased_accuracy",
        "bias_conflict_accuracy",
        "bias_aligned_accuracy",
    ),
    "papers": ("dp_l2", "dp_mi", "eo_l2", "eo_mi", "iou_l2", "iou_std"),
    "scores": ("auc", "bnsp_auc", "bpsn_auc", "auc_difference", "ece", "brier"),
}  # fmt: skip


@dataclass
class Tally:
    """Counts of one row over data sets."""

    drawn: int = 0
    known: int = 0
    alarms: int = 0
    over: int = 0
    """Wrong passes of an upper limit."""
    under: int = 0
    """Wrong passes of a lower limit; of a number of which neither way is better there may be both."""
    covered: int = 0
    excluded: int = 0
    width: float = 0.0
    truth: float = float("nan")
    gap: bool = False

    def __iadd__(self, other: Tally) -> Tally:
        for name in ("drawn", "known", "alarms", "over", "under", "covered", "excluded", "width"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.truth, self.gap = other.truth, other.gap
        return self

    @property
    def passes(self) -> int:
        """Wrong passes of the kind of limit that has more of them."""
        return max(self.over, self.under)


# --- counting --------------------------------------------------------------------------------------------------------


@cache
def scenario_of(name: str) -> Scenario:
    return next(one for one in grid() if one.name == name)


@cache
def truths(name: str) -> dict[str, Measurement]:
    scenario = scenario_of(name)
    return {row.id: row for row in KINDS[scenario.kind][1](scenario)}


def usable(row: Measurement) -> Evidence | None:
    """The evidence of a row that a gate can judge."""
    if row.low is None or row.high is None or row.status == "suppressed":
        return None
    return evidence(row)


def judged(row: Measurement, truth: float, tally: Tally) -> None:
    """Add one row of one data set to its tally."""
    tally.drawn += 1
    found = usable(row)
    if found is None or row.low is None or row.high is None:
        return
    tally.known += 1
    tally.covered += row.low - SLACK <= truth <= row.high + SLACK
    tally.width += row.high - row.low
    above, below = Limits(minimum=None, maximum=truth + SLACK), Limits(minimum=truth - SLACK, maximum=None)
    broken, lacking = Limits(minimum=None, maximum=truth - SLACK), Limits(minimum=truth + SLACK, maximum=None)
    over, under = (decide([(found, limits)], tail=TAIL)[0].state == "fail" for limits in (above, below))
    in_, out = (
        row.status == "ok" and decide([(found, limits)], tail=TAIL)[0].state == "pass" for limits in (broken, lacking)
    )
    if row.better == "lower":
        tally.alarms, tally.over = tally.alarms + over, tally.over + in_
    elif row.better == "higher":
        tally.alarms, tally.under = tally.alarms + under, tally.under + out
    else:
        tally.alarms, tally.over, tally.under = tally.alarms + max(over, under), tally.over + in_, tally.under + out
    if tally.gap:
        equal = 1.0 if row.better == "higher" else 0.0
        limits = Limits(minimum=None, maximum=SLACK) if equal == 0 else Limits(minimum=1 - SLACK, maximum=None)
        tally.excluded += decide([(found, limits)], tail=TAIL)[0].state == "fail"


def judged_together(
    rows: Iterable[Measurement], known: dict[str, Measurement], tally: Tally, *, correction: Correction
) -> None:
    """Add one data set's rules, judged as one family: kept, broken, and on either side of their limits."""
    family, roles = [], []
    for row in rows:
        true, found = known.get(row.id), usable(row)
        if true is None or true.value is None or found is None or row.better == "none" or row.status != "ok":
            continue
        role = ("alarm", "pass", "kept", "broken")[len(roles) % 4]
        # Distance of the limit from the truth to the side where the number would be worse.
        room = {"alarm": SLACK, "pass": -SLACK, "kept": FAR, "broken": -FAR}[role]
        if row.better == "lower":
            limits = Limits(minimum=None, maximum=true.value + room)
        else:
            limits = Limits(minimum=true.value - room, maximum=None)
        family.append((found, limits))
        roles.append(role)
        if len(roles) == MOST_RULES:
            break
    states = [decision.state for decision in decide(family, tail=TAIL, correction=correction)]
    tally.drawn, tally.known, tally.covered = tally.drawn + 1, tally.known + 1, tally.covered + 1
    tally.alarms += any(state == "fail" for state, role in zip(states, roles, strict=True) if role in ("alarm", "kept"))
    tally.over += any(state == "pass" for state, role in zip(states, roles, strict=True) if role in ("pass", "broken"))


def run(name: str, start: int, stop: int, seed: int = 0) -> tuple[str, dict[str, Tally], float]:
    """Data sets start … stop − 1 of a scenario."""
    began = time.perf_counter()
    scenario, known, tallies = scenario_of(name), truths(name), defaultdict(Tally)
    for number in range(start, stop):
        rows = KINDS[scenario.kind][0](scenario, generator(seed, "levels", name, number))
        if scenario.kind in ("rules", "uncorrected"):
            correction: Correction = "holm" if scenario.kind == "rules" else "none"
            tally = tallies[f"rules/{MOST_RULES} at once"]
            judged_together(sorted(rows, key=lambda row: row.id), known, tally, correction=correction)
            continue
        for row in rows:
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
    if metric.endswith(" at once"):
        return "several rules"
    if metric.startswith("soft_"):
        return "probabilities"
    if metric.endswith("_change"):
        return "changes"
    if "rrf" in metric:
        return "region means"
    return "to overall, average" if "overall" in metric or "average" in metric else "gaps, ratios"


# --- the table -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """One error of a family's numbers, as shares of data sets."""

    errors: Callable[[Tally], int]
    of: Callable[[Tally], int]
    nominal: Callable[[str], float]
    """Share that is allowed, by the row's key."""
    turned: bool = False
    """Whether it is shown as the share of what was right."""

    def worst(self, members: dict[str, Tally]) -> str:
        return max(members, key=lambda key: self.share(members[key]) - self.nominal(key))

    def share(self, tally: Tally) -> float:
        return self.errors(tally) / self.of(tally)

    def chance(self, key: str, tally: Tally, numbers: int) -> float:
        """Probability of so many errors in one of so many numbers, if each errs as often as is allowed."""
        return min(1.0, numbers * float(binom.sf(self.errors(tally) - 1, self.of(tally), self.nominal(key))))

    def shown(self, members: dict[str, Tally]) -> tuple[str, float]:
        key = self.worst(members)
        mean = sum(self.share(tally) for tally in members.values()) / len(members)
        chances = [self.chance(one, tally, len(members)) for one, tally in members.items()]
        shares = (1 - self.share(members[key]), 1 - mean) if self.turned else (self.share(members[key]), mean)
        text = f"{100 * shares[0]:.1f} %"
        text = f"**{text}**" if min(chances) < CHANCE else text
        return f"{text} ({label(key)}; mean {100 * shares[1]:.1f})", min(chances)


def missed(key: str) -> float:
    """Share of data sets in which the printed interval may miss the truth, as the registry has it."""
    if metric_of(key).endswith(" at once"):
        return 1.0
    coverage = entry_of(metric_of(key)).coverage
    return 1 - (coverage.worst if coverage else KEPT)


KEPT = 0.93
COLUMNS = (
    Column(lambda tally: tally.alarms, lambda tally: tally.drawn, lambda _: ALARMS),
    Column(lambda tally: tally.passes, lambda tally: tally.drawn, lambda _: PASSES),
    Column(lambda tally: tally.known - tally.covered, lambda tally: tally.known, missed, turned=True),
)


def shown(tallies: dict[str, Tally]) -> tuple[list[str], bool]:
    """Rows of the table: per family the worst of each column and the mean width; and whether anything is bold."""
    families: dict[str, dict[str, Tally]] = defaultdict(dict)
    for key, tally in tallies.items():
        if tally.known:
            families[family(metric_of(key))][key] = tally
    lines, bold = [], False
    for name, members in families.items():
        cells = [column.shown(members) for column in COLUMNS]
        bold |= any(chance < CHANCE for _, chance in cells)
        width = sum(tally.width / tally.known for tally in members.values()) / len(members)
        lines.append(f"{name} | " + " | ".join(text for text, _ in cells) + f" | {width:.3f}")
    return lines, bold


def metric_of(key: str) -> str:
    return key.split("/")[1]


def label(key: str) -> str:
    parts = [part.split("=") for part in key.split("/")[1:]]
    return "/".join(part[-1] for part in parts if len(part) == 1 or part[0] in ("group", "class"))


def details(tallies: dict[str, Tally]) -> Iterable[str]:
    for key, tally in sorted(tallies.items()):
        if tally.known:
            rates = [100 * part / tally.drawn for part in (tally.alarms, tally.passes)]
            cover, excluded = 100 * tally.covered / tally.known, 100 * tally.excluded / tally.drawn
            flag = "  <<<" if any(column.chance(key, tally, 1) < CHANCE for column in COLUMNS) else ""
            yield (
                f"    {label(key):45} truth {tally.truth:7.3f} alarm {rates[0]:5.1f} pass {rates[1]:5.1f} "
                f"cover {cover:5.1f} excl {excluded:5.1f} width {tally.width / tally.known:.3f}{flag}"
            )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Error rates of the gate's numbers over a grid of hard scenarios.")
    parser.add_argument("--scenario", default="", help="only scenarios whose name holds this, or of this kind")
    parser.add_argument("--replicates", type=int, default=300, help="data sets per scenario")
    parser.add_argument("--seed", type=int, default=0, help="other data sets; the methods were chosen on 0")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--details", action="store_true", help="every row, not only the worst of a family")
    parser.add_argument("--output", type=Path, help="a file that also gets the table, scenario by scenario")
    given = parser.parse_args(arguments)
    chosen = [one for one in grid() if given.scenario in one.name or given.scenario == one.kind]
    totals: dict[str, dict[str, Tally]] = defaultdict(lambda: defaultdict(Tally))
    missing, seconds = dict.fromkeys((one.name for one in chosen), given.replicates), defaultdict(float)
    wrong: dict[str, bool] = {}
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
            lines, wrong[name] = shown(totals[name])
            for line in lines:
                tell(f"| {name} | {line} |")
            if given.details:
                print("\n".join(details(totals[name])), f"\n    {seconds[name]:.1f} s", flush=True)

    step = max(1, min(25, given.replicates))
    jobs = [
        (one.name, start, min(start + step, given.replicates), given.seed)
        for one in chosen
        for start in range(0, given.replicates, step)
    ]
    if given.processes <= 1:
        for job in jobs:
            add(*run(*job), job[2] - job[1])
    else:
        with ProcessPoolExecutor(given.processes) as pool:
            waiting = {pool.submit(run, *job): job for job in jobs}
            for done in as_completed(waiting):
                job = waiting[done]
                add(*done.result(), job[2] - job[1])
    return closing(wrong, tell)


def closing(wrong: dict[str, bool], tell: Callable[[str], None]) -> int:
    """Say which scenarios are bold, and whether every wrong method was caught; 1 where one was not."""
    controls = [name for name in wrong if is_control(scenario_of(name))]
    bold = [name for name in wrong if wrong[name] and name not in controls]
    uncaught = [name for name in controls if not wrong[name]]
    tell(f"\nBold: {len(bold)} of {len(wrong) - len(controls)} scenarios{': ' if bold else ''}{'; '.join(bold)}.")
    if controls:
        tell(f"Wrong methods caught: {len(controls) - len(uncaught)} of {len(controls)}.")
    return int(bool(uncaught))


if __name__ == "__main__":
    sys.exit(main())
