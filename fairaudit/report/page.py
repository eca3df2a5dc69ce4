"""The first page of a report, the same in every rendering: what to do, who is worse off, why, and what next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fairaudit.counted import counted
from fairaudit.report.wording import called, condition, points, share
from fairaudit.results.measurement import Measurement
from fairaudit.results.preconditions import LABELS, SCALE, VARY
from fairaudit.results.report import Report, RuleResult, Verdict
from fairaudit.results.text import estimate, interval, number
from fairaudit.tables.metrics import METRICS
from fairaudit.tables.terms import TERMS

NOT_THIS_CUE = "unequal, not by this cue"
UNEQUAL = ("unequal and for the wrong reason", NOT_THIS_CUE, "unequal outcome")
"""Verdicts that groups are treated unequally."""
USED = ("unequal and for the wrong reason", "spurious but equal")
"""Verdicts that the model uses the attribute."""
RATES = ("accuracy", "selection_rate", "tpr", "fpr")
"""What the table of groups shows, in this order."""
HEADINGS = {"accuracy": "accuracy", "selection_rate": "selected", "tpr": "found", "fpr": "false alarms"}
"""What their columns are called."""
TROUBLES = {
    LABELS: (
        "the decisions do not go with the labels",
        "Correct what is misread: the order of the outputs (model.classes), the target or how images are prepared; "
        "then audit again.",
    ),
    SCALE: (
        "the images were probably not scaled as in training",
        "Correct preprocess.mean and preprocess.std, and audit again.",
    ),
    VARY: (
        "all images got the same decision",
        "Look at how images are prepared, at the threshold and at the model itself, and audit again.",
    ),
}
"""Rule of the gate that has to hold before numbers say anything → what is the matter otherwise, and what to do."""
FLIPS = ("attribute_flip_rate", "swap_flip")
"""Shares of decisions that change with the attribute, the strongest evidence first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """The rates of one group."""

    group: str
    images: str
    rates: tuple[str, ...]
    """One per column, as text with its interval."""
    worst: tuple[bool, ...]
    """Whether the group is the worst of the column, beyond what chance explains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTable:
    """Who is worse off: the groups of one attribute."""

    attribute: str
    columns: tuple[str, ...]
    rows: tuple[GroupRow, ...]

    def kept(self, most: int) -> list[GroupRow]:
        """As many rows at most, in their order; those that are worst in a column come first into it."""
        order = sorted(range(len(self.rows)), key=lambda place: not any(self.rows[place].worst))
        return [self.rows[place] for place in sorted(order[:most])]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """One number that a verdict rests on."""

    id: str
    """Of its measurement."""
    metric: str
    about: str
    value: str
    interval: str
    chance: str
    sentence: str
    """What the metric says, from the registry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a reader sees first."""

    decision: str
    """A few words that a release manager acts on."""
    sentences: tuple[str, ...]
    """Why, in plain words."""
    groups: tuple[GroupTable, ...]
    """Who is worse off, the attribute of the worst verdict first."""
    evidence: tuple[EvidenceRow, ...]
    """What the worst verdict rests on."""
    steps: tuple[str, ...]
    """What to do next."""


def page(report: Report) -> Page:
    """The first page of a report."""
    first = report.verdicts[0] if report.verdicts else None
    return Page(
        decision=decision(report),
        sentences=tuple(_sentences(report, first)),
        groups=tuple(table for name in _attributes(report) if (table := group_table(report, name)) is not None),
        evidence=tuple(_evidence(report, first)) if first else (),
        steps=tuple(dict.fromkeys(_steps(report, first))),
    )


def decision(report: Report) -> str:
    """The result of the gate and the verdicts, in a few words.

    What failed outweighs what was left out, which outweighs what is open; silence of the gate is no consent.
    """
    verdicts = {verdict.verdict for verdict in report.verdicts}
    if report.gate.state == "fail" or (report.gate.state == "none" and verdicts & {*UNEQUAL, *USED}):
        return "Do not release"
    if report.gate.state == "incomplete":
        return "Not everything was audited"
    if report.gate.state == "inconclusive" and (troubles := _troubles(report)):
        return f"Not decided: {TROUBLES[troubles[0].rule][0]}"
    if report.gate.state == "inconclusive" or (report.gate.state == "none" and "undecided" in verdicts):
        return "Not decided: there is too little evidence"
    if report.gate.state == "pass" or verdicts:
        return "Nothing found against a release"
    return "Measured, without a rule or a verdict"


def group_table(report: Report, attribute: str) -> GroupTable | None:
    """Accuracy, selection rate, true and false positive rate of every group, the worst of each column marked.

    With two classes the last three are of the positive class; with more classes accuracy alone is shown.
    None where the report has no such numbers.
    """
    found = {(m.metric, m.group): m for m in _fairness(report, attribute) if m.group is not None and m.baseline is None}
    groups = list(dict.fromkeys(group for metric, group in found if metric == "accuracy"))
    binary = len(report.data.classes) == 2
    columns = [metric for metric in (RATES if binary else RATES[:1]) if any((metric, g) in found for g in groups)]
    if not groups or not columns:
        return None
    worst = {metric: _worst([found.get((metric, group)) for group in groups], metric) for metric in columns}
    rows = []
    for index, group in enumerate(groups):
        cells = [found.get((metric, group)) for metric in columns]
        images = next((f"{cell.n:,}" for cell in cells if cell is not None and cell.n is not None), "")
        rows.append(
            GroupRow(
                group=str(group),
                images=images,
                rates=tuple(_rate(cell) for cell in cells),
                worst=tuple(index in worst[metric] for metric in columns),
            )
        )
    return GroupTable(attribute=attribute, columns=tuple(columns), rows=tuple(rows))


def _attributes(report: Report) -> list[str]:
    named = [verdict.attribute for verdict in report.verdicts]
    return list(dict.fromkeys([*named, *report.data.attributes]))


def _fairness(report: Report, attribute: str) -> Iterator[Measurement]:
    return (m for m in report.measurements if m.audit == "fairness" and m.attribute == attribute)


def _rate(cell: Measurement | None) -> str:
    if cell is None or cell.value is None:
        return "–"
    ends = "" if cell.low is None or cell.high is None else f" [{100 * cell.low:.0f}–{100 * cell.high:.0f}]"
    return f"{share(cell.value).replace(' ', '')}{ends}"


def _worst(cells: Sequence[Measurement | None], metric: str) -> set[int]:
    """Indices of the worst groups, where their interval leaves out the best group's: else none is known to be worse.

    None either where neither way is worse, as for the selection rate.
    """
    known = {index: cell for index, cell in enumerate(cells) if cell is not None and cell.value is not None}
    if metric == "selection_rate" or len(known) < 2:
        return set()
    ordered = sorted(known, key=lambda index: known[index].value or 0.0)
    worst, best = (ordered[-1], ordered[0]) if metric == "fpr" else (ordered[0], ordered[-1])
    lower, upper = (known[index] for index in ((best, worst) if metric == "fpr" else (worst, best)))
    if lower.high is None or upper.low is None or lower.high >= upper.low:
        return set()
    return {index for index, cell in known.items() if cell.value == known[worst].value}


def _failed(report: Report, first: Verdict | None) -> Iterator[str]:
    """What failed, where the worst verdict does not accuse: it would otherwise stand under "Do not release" alone."""
    if report.gate.state != "fail" or (first is not None and first.verdict in {*UNEQUAL, *USED}):
        return
    rules = [rule.rule for rule in report.gate.rules if rule.state == "fail"]
    if rules:
        more = f" and {counted(len(rules) - 1, 'other rule')}" if len(rules) > 1 else ""
        yield f"The gate's rule {rules[0]}{more} failed."


def _troubles(report: Report) -> list[RuleResult]:
    """What does not hold and would have to before any number says something about the model."""
    broken = [rule for rule in report.gate.rules if rule.rule in TROUBLES and rule.state != "pass"]
    return sorted(broken, key=lambda rule: list(TROUBLES).index(rule.rule))


def _left_out(report: Report) -> Iterator[str]:
    """How many rows were not scored and the most frequent reason, where that is what the gate says."""
    if report.gate.state != "incomplete" or not report.excluded:
        return
    reasons = Counter(row.reason.split(" Where: ")[0].rstrip(".") for row in report.excluded)
    (reason, count), *others = reasons.most_common()
    why = f", most of them ({count:,}) because: {reason}" if others else f": {reason}"
    yield f"{len(report.excluded):,} of {report.data.rows:,} rows were not scored{why}."


def _sentences(report: Report, first: Verdict | None) -> Iterator[str]:
    yield from _failed(report, first)
    yield from _left_out(report)
    yield from (rule.why for rule in _troubles(report) if rule.why)
    if first is None:
        return
    if first.verdict == NOT_THIS_CUE:
        told = _unequal(report, first.attribute)
        yield f"{told}, but no use of the {_what(first)} was found."
        yield "What makes the difference is not known yet: look at other regions."
    elif first.verdict in UNEQUAL:
        yield f"{_unequal(report, first.attribute)}."
    if first.verdict in USED:
        yield _used(report, first)
    elif first.verdict == "undecided" and _apart(report, first.attribute):
        yield f"{_unequal(report, first.attribute)}."
        yield f"Whether that comes from {first.attribute} itself is not decided."
    elif first.verdict == "undecided":
        yield f"The evidence about {first.attribute} does not decide."
    elif first.verdict == "no evidence":
        yield f"No evidence that {first.attribute} matters{_in(first)}, on this data and within these limits."
    if first.region_used == "yes" and not first.forbidden and first.verdict not in USED:
        yield f"The model does look at {first.region}, which may contain other evidence than {first.attribute}."


def _apart(report: Report, attribute: str) -> bool:
    """Whether the outcome of some groups is shown to differ, whatever the reason."""
    gaps = [m for m in report.measurements if m.metric == "equalized_odds_difference" and m.attribute == attribute]
    return any(m.low is not None and m.low > 0 for m in gaps if not (m.group or m.class_ or m.baseline))


def _unequal(report: Report, attribute: str) -> str:
    """The largest gap between two groups in words, without a full stop."""
    gaps: list[tuple[float, Measurement, Measurement]] = []
    rates = [m for m in _fairness(report, attribute) if m.group is not None and m.value is not None]
    for metric in ("tpr", "fpr"):
        for name in dict.fromkeys(m.class_ for m in rates if m.metric == metric):
            cells = [m for m in rates if m.metric == metric and m.class_ == name and m.baseline is None]
            if len(cells) >= 2:
                low, high = min(cells, key=lambda m: m.value or 0), max(cells, key=lambda m: m.value or 0)
                gaps.append(((high.value or 0) - (low.value or 0), low, high))
    if not gaps:
        return f"Groups of {attribute} are treated unequally"
    _, low, high = max(gaps, key=lambda gap: gap[0])
    target, classes = report.data.target, report.data.classes
    name = high.class_ or classes[-1]
    who = called(target, name, classes, negated=high.metric == "fpr")
    as_what = called(target, name, classes)
    here, there = (condition(attribute, str(cell.group)) for cell in (high, low))
    apart = points((high.value or 0) - (low.value or 0))
    return (
        f"{share(high.value)} of images that are {who} are called {as_what} {here}, {share(low.value)} {there}: "
        f"{apart} apart"
    )


def _used(report: Report, verdict: Verdict) -> str:
    said = f"The model uses the {_what(verdict)}"
    named = [m for m in report.measurements if m.attribute == verdict.attribute and m.value is not None]
    for metric in FLIPS:
        found = [m for m in named if m.metric == metric and m.group is None and m.class_ is None and m.baseline is None]
        if found:
            largest = max(found, key=lambda m: abs(m.value or 0))
            return f"{said}: changing it changes {share(largest.value)} of the decisions."
    return f"{said}."


def _what(verdict: Verdict) -> str:
    """The cue: the attribute, as its region shows it."""
    shown = f" that {verdict.region} shows" if verdict.region and verdict.region != verdict.attribute else ""
    return f"{verdict.attribute}{shown}"


def _in(verdict: Verdict) -> str:
    return f" in the region {verdict.region}" if verdict.region and verdict.region != verdict.attribute else ""


def _evidence(report: Report, verdict: Verdict) -> Iterator[EvidenceRow]:
    known = {m.id: m for m in report.measurements}
    for found in (known[name] for name in verdict.evidence if name in known):
        parts = (found.attribute, found.region, found.method, found.group, found.class_)
        yield EvidenceRow(
            id=found.id,
            metric=found.metric,
            about=", ".join(part for part in parts if part),
            value=estimate(found.value, found.low, found.high) if found.value is not None else found.status,
            interval=interval(found.low, found.high),
            chance="" if found.chance is None else number(found.chance),
            sentence=METRICS[found.metric].sentence if found.metric in METRICS else "",
        )


def _steps(report: Report, first: Verdict | None) -> Iterator[str]:
    troubles = _troubles(report)
    if report.gate.state == "incomplete" and report.excluded:
        yield "Mend or remove the rows that were not scored, or raise the number that the gate allows, and audit again."
    yield from (TROUBLES[rule.rule][1] for rule in troubles)
    if troubles and report.gate.state != "fail":
        return  # more images of a model that is misread decide nothing
    missing = (first.needed or "") if first is not None else ""
    if missing:
        yield missing
    if first is not None and not (missing and first.verdict == "undecided"):  # its advice is to read what is missing
        yield TERMS[first.verdict].advice
    rule = next((rule for rule in report.gate.rules if rule.needed), None)
    asked = rule.needed if rule is not None else None
    if rule is not None and asked and asked.rstrip(".").lower() not in missing.lower():
        yield f"{rule.rule}: {asked[0].lower()}{asked[1:].rstrip('.')}."  # it ends in a list of rules elsewhere
