"""A report as Markdown that fits into a job summary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from fairaudit.counted import counted
from fairaudit.report.comparison import own
from fairaudit.report.escape import clip, markdown
from fairaudit.report.formats.comparison import markdown_lines
from fairaudit.report.grids import Grid, cell_grids, group_grids
from fairaudit.report.page import page
from fairaudit.report.rows import (
    STATE_WORDS,
    Row,
    candidate,
    gate_line,
    is_headline,
    judged,
    name_of,
    shown,
    unjudged,
)
from fairaudit.report.variants import variant_grids
from fairaudit.results.report import Figure, Model, Report
from fairaudit.results.text import UNDEFINED, interval, number
from fairaudit.tables.metrics import METRICS

BUDGET: Final = 1_000_000
"""Bytes; GitHub drops a job summary above 1 MiB altogether."""

LINES: Final = 120
"""Lines; what a person reads. report.html and report.csv have every number."""

FEW_RULES: Final = 8
"""As many rules that did not pass are shown however short the lists are: each may be the one that matters."""

FEW_GROUPS: Final = 8
"""As many groups are shown however short the lists are: who is worse off is what a reader came for."""

FEWEST: Final = 5
"""As many entries of a list at least, while the sections that say no more than report.json have a place."""

_CAPS: Final = (1000, 300, 100, 30, 20, 12, 8, 5, 3, 2, 1)


def render(report: Report, *, budget: int = BUDGET, lines: int = LINES) -> str:
    """The report as Markdown of at most `budget` bytes and about `lines` lines; lists are shortened and say so."""
    text = ""
    for cap, brief in [*((cap, False) for cap in _CAPS if cap >= FEWEST), *((cap, True) for cap in _CAPS)]:
        text = "\n".join(_lines(report, cap, brief=brief)).rstrip("\n") + "\n"
        if len(text.encode()) <= budget and text.count("\n") <= lines:
            return text
    if len(text.encode()) <= budget:
        return text
    end = "\n\n(Cut here; report.json has all.)\n"
    return text.encode()[: budget - len(end)].decode(errors="ignore") + end


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> list[str]:
    """A table of texts that are already Markdown; `right` holds the columns aligned to the right."""
    rule = ["---:" if index in right else "---" for index in range(len(headers))]
    return [_row(headers), _row(rule), *(_row(row) for row in rows), ""]


def safe(value: str) -> str:
    """Text from data as Markdown, cut where it is very long."""
    return markdown(clip(value))


def _lines(report: Report, cap: int, *, brief: bool) -> Iterator[str]:
    """The report's lines.

    Args:
        report: the report.
        cap: entries of a list.
        brief: leave out the sections that nobody decides by, rather than show an entry or two of each.
    """
    yield f"# fairaudit: {safe(name_of(report))}"
    yield ""
    yield f"**{gate_line(report.gate)}**"
    yield ""
    yield from _first(report, cap)
    yield from _worst(report, cap)
    yield from _verdicts(report, cap)
    yield from _gate(report, cap)
    yield from _variants(report, cap)
    yield from _changes(report, cap)
    if not brief:
        yield from _numbers(report, cap)
        yield from _figures(report, cap)
        yield from _groups(report, cap)
    yield from _data(report, cap)
    yield from _section("Notes", [f"- {safe(note)}" for note in report.notes[:cap]])
    if brief:
        yield from _elsewhere(report)
    yield from _glossary(report)
    yield from _provenance(report)


def _first(report: Report, cap: int) -> Iterator[str]:
    """What to do, who is worse off, what next."""
    found = page(report)
    if report.verdicts:
        yield f"**{found.decision}.** {' '.join(safe(sentence) for sentence in found.sentences)}".rstrip()
        yield ""
    for step in found.steps:
        yield from (f"Next: {safe(step)}", "")
    for groups in found.groups[:cap]:
        columns = ("Group", "Images", *(safe(name) for name in groups.columns))
        rows = [
            (safe(row.group), row.images, *map(_marked, row.rates, row.worst))
            for row in groups.kept(max(cap, FEW_GROUPS))
        ]
        lines = [f"**{safe(groups.attribute)}**", "", *table(columns, rows, right=range(1, len(columns)))]
        yield from _section("Who is worse off", [*lines, *_told(shown(rows, len(groups.rows), "groups"))])


def _marked(rate: str, worst: bool) -> str:
    return f"**{safe(rate)}** (worst)" if worst else safe(rate)


def _verdicts(report: Report, cap: int) -> Iterator[str]:
    rows = [
        (safe(v.attribute), safe(v.region or UNDEFINED), f"**{v.verdict}**", _joined(v.why, v.needed))
        for v in report.verdicts[: max(cap, 5)]
    ]
    if rows:
        lines = table(("Attribute", "Region", "Verdict", "Why"), rows)
        yield from _section("Verdicts", [*lines, *_told(shown(rows, len(report.verdicts), "verdicts"))])


def _glossary(report: Report) -> Iterator[str]:
    """The names that a verdict or a rule rests on, in plain words."""
    known = {m.id: m.metric for m in report.measurements}
    asked = [name for verdict in report.verdicts for name in verdict.evidence]
    asked += [rule.measurement for rule in report.gate.rules if rule.measurement]
    names = dict.fromkeys(known[name] for name in asked if name in known)
    lines = [f"- {safe(name)}: {safe(METRICS[name].sentence)}" for name in names if name in METRICS]
    yield from _section("Names", [*lines, "", "More of each: fairaudit explain NAME."] if lines else [])


def _gate(report: Report, cap: int) -> Iterator[str]:
    rows = judged(report)
    kept = rows[: max(cap, min(FEW_RULES, sum(row.state != "pass" for row in rows)))]
    if not rows:
        return
    headers = ("Verdict", "Number", "Estimate", "Interval", "Images", "Limit", "Why")
    lines = table(headers, [_judged_cells(row) for row in kept], right=(2, 3, 4))
    yield from _section("Gate", [*lines, *_told(shown(kept, len(rows), "rules"))])
    yield f"Correction for several rules: {safe(report.gate.correction)}."
    yield ""


def _variants(report: Report, cap: int) -> Iterator[str]:
    grids = variant_grids(report)
    if grids:
        yield from _section("Pruning", [line for grid in grids for line in _grid(grid, cap)])


def _changes(report: Report, cap: int) -> Iterator[str]:
    """What changed against the baseline of this run."""
    found = own(report)
    if found is not None:
        yield from markdown_lines(found, most=cap)
        yield ""


def _numbers(report: Report, cap: int) -> Iterator[str]:
    rows = [row for row in unjudged(report) if row.measurement and is_headline(row.measurement)]
    kept = rows[:cap]
    if not rows:
        return
    headers = ("Number", "Estimate", "Interval", "Images", "Chance", "Remark")
    lines = table(headers, [_cells(row) for row in kept], right=(1, 2, 3, 4))
    yield from _section("Other numbers over all groups", [*lines, *_told(shown(kept, len(rows), "numbers"))])


def _elsewhere(report: Report) -> Iterator[str]:
    """How much of the sections that were left out there is."""
    rows = [row for row in unjudged(report) if row.measurement and is_headline(row.measurement)]
    figures = [figure for figure in report.figures if not figure.worst]
    sizes = {"number": len(rows), "figure": len(figures), "table of groups": len(group_grids(report))}
    plural = {"table of groups": "tables of groups"}
    found = [counted(size, name, plural.get(name)) for name, size in sizes.items() if size]
    if found:
        yield from _section("More", [f"Not shown here: {', '.join(found)}; report.json has all."])


def _worst(report: Report, cap: int) -> Iterator[str]:
    yield from _pictures("Worst images", [figure for figure in report.figures if figure.worst], max(cap, 2))


def _figures(report: Report, cap: int) -> Iterator[str]:
    yield from _pictures("Figures", [figure for figure in report.figures if not figure.worst], cap)


def _pictures(title: str, figures: Sequence[Figure], cap: int) -> Iterator[str]:
    kept = figures[:cap]
    lines = [
        line
        for figure in kept
        for line in (f"![{safe(figure.caption)}]({_address(figure.file)})", "", f"*{safe(figure.caption)}*", "")
    ]
    yield from _section(title, [*lines, *_told(shown(kept, len(figures), "figures"))])


def _groups(report: Report, cap: int) -> Iterator[str]:
    grids = group_grids(report)
    if grids:
        yield from _section("Groups", [line for grid in grids[:cap] for line in _grid(grid, cap)])
        yield from _told(shown(grids[:cap], len(grids), "tables"))


def _data(report: Report, cap: int) -> Iterator[str]:
    data = report.data
    yield from _section(
        "Data",
        [
            f"{data.scored:,} of {data.rows:,} rows of {safe(data.name)} were scored.",
            f"The target is {safe(data.target)}.",
            "",
        ],
    )
    grids = cell_grids(data)
    for grid in grids[:cap]:
        yield from _grid(grid, cap)
        unknown = data.unknown.get(grid.title, 0)
        if unknown:
            yield from (f"{counted(unknown, 'row has', 'rows have')} an unknown {safe(grid.title)}.", "")
    for name, facts in list(data.regions.items())[:cap]:
        told = ", ".join(f"{key} {UNDEFINED if value is None else value}" for key, value in facts.items())
        yield from (f"- Region {safe(name)}: {safe(told)}", "")
    if report.excluded:
        kept = report.excluded[:cap]
        rows = [(str(row.row), safe(row.id), safe(row.reason)) for row in kept]
        yield from _section("Rows that were not scored", table(("Row", "Id", "Reason"), rows, right=(0,)))
        yield from _told(shown(kept, len(report.excluded), "rows"))


def _provenance(report: Report) -> Iterator[str]:
    run = report.run
    rows = [(f"{model.role} model", _model(model)) for model in report.models]
    rows += [
        ("data", f"{safe(report.data.name)}, digest {safe(report.data.digest[:16])}, seed {report.data.seed}"),
        ("run", f"{safe(run.started)}, {run.seconds:g} s on {safe(run.device)}"),
        ("command", safe(" ".join(run.command))),
        ("versions", safe(", ".join(f"{name} {version}" for name, version in run.versions.items()))),
    ]
    yield from _section("Where this comes from", table(("", ""), rows))
    if candidate(report) is None:
        yield from ("No model was opened: the predictions came as a table.", "")


def _model(model: Model) -> str:
    return safe(
        f"{model.file}, sha256 {model.sha256[:16]}, {model.format}, {model.output}, {model.parameters:,} parameters"
    )


def _grid(grid: Grid, cap: int) -> list[str]:
    rows = [(safe(name), *(safe(cell) for cell in cells)) for name, cells in grid.rows[:cap]]
    headers = (grid.corner, *(safe(column) for column in grid.columns))
    lines = table(headers, rows, right=range(1, len(headers)))
    return [f"**{safe(grid.title)}**", "", *lines, *_told(shown(rows, len(grid.rows), "rows"))]


def _estimate(row: Row) -> str:
    """The number; one that must not be relied on is struck out."""
    return f"~~{number(row.value)}~~ (unusable)" if row.refused and row.value is not None else safe(row.estimate)


def _judged_cells(row: Row) -> tuple[str, ...]:
    images = "" if row.n is None else f"{row.n:,}"
    subject, estimate, span = safe(row.subject), _estimate(row), interval(row.low, row.high)
    return (f"**{STATE_WORDS[row.state]}**", subject, estimate, span, images, safe(row.limits), _joined(row.why))


def _cells(row: Row) -> tuple[str, ...]:
    images = "" if row.n is None else f"{row.n:,}"
    chance = row.measurement.chance if row.measurement else None
    told = "" if chance is None else number(chance)
    return (safe(row.subject), _estimate(row), interval(row.low, row.high), images, told, safe(row.why))


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield from (f"## {title}", "", *lines)
        if lines[-1]:
            yield ""


def _told(remark: str) -> tuple[str, ...]:
    return (f"*{remark}*", "") if remark else ()


def _joined(*parts: str | None) -> str:
    return markdown(clip(" ".join(part for part in parts if part), 1000))


def _address(path: str) -> str:
    return "".join(c if c.isalnum() or c in "/._-" else _percent(c) for c in path)


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
