"""A comparison of two models as text for a terminal, Markdown and one HTML file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from fairaudit.report.comparison import WORDS, Change, Comparison
from fairaudit.report.escape import clip, inert, plain
from fairaudit.report.escape import markdown as safe
from fairaudit.report.terminal import broken, wrapped
from fairaudit.results.text import interval, number

MOST: Final = 12
"""Changes on a terminal."""
FEW: Final = 4
"""Changes on a terminal below the first page of a report."""
MOST_LINES: Final = 100
"""Changes in Markdown."""
HEADERS: Final = ("metric", "baseline", "candidate", "change", "")
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:1rem auto;max-width:70rem;padding:0 1rem;color-scheme:light dark}"
    "table{border-collapse:collapse}td,th{padding:.2rem .6rem;text-align:left;border-bottom:1px solid #8888}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}small{opacity:.75}div{overflow-x:auto}"
)


def heading(found: Comparison) -> str:
    """What is compared, and how many numbers changed which way."""
    told = ", ".join(f"{found.count(each)} {each}" for each in WORDS if found.count(each))
    return f"{found.candidate} against {found.baseline} on {found.data}: {told or 'no number in common'}"


def how(found: Comparison) -> str:
    """Where the intervals come from."""
    paired = sum(change.paired for change in found.changes if change.change.low is not None)
    alone = sum(not change.paired for change in found.changes if change.change.low is not None)
    levels = [c.change.level for c in found.changes if not c.paired and c.change.level is not None]
    at = f", at a level of {100 * min(levels):g} %" if levels else ""
    parts = []
    if paired:
        parts.append(f"{paired} intervals are paired: both models on the same images.")
    if alone:
        parts.append(
            f"{alone} intervals come from the two reports without their images{at}: they are valid, but wider than "
            "paired ones."
        )
    return " ".join(parts)


def text(found: Comparison, *, width: int = 80, most: int | None = MOST) -> str:
    """The comparison for a terminal; so many changes, or all for None."""
    kept = found.changes[:most]
    lines = [wrapped(heading(found), width), ""]
    lines += _columns(kept, width) if kept else []
    left = len(found.changes) - len(kept)
    if left:
        lines.append(f"… and {left:,} more; -v shows all, --json has all.")
    lines += ["", wrapped(how(found), width)] if how(found) else []
    return inert("\n".join(lines).rstrip() + "\n")


def markdown(found: Comparison) -> str:
    """The comparison as Markdown."""
    return "\n".join(markdown_lines(found, most=MOST_LINES)) + "\n"


def markdown_lines(found: Comparison, *, most: int) -> Iterator[str]:
    """Heading, table and where the intervals come from, as lines."""
    yield f"## {_safe(found.candidate)} against {_safe(found.baseline)}"
    yield from ("", f"{_safe(heading(found))}.", "")
    rows = [f"| {' | '.join(map(_safe, _cells(change)))} |" for change in found.changes[:most]]
    yield from (f"| {' | '.join(HEADERS)} |", "| --- | ---: | ---: | --- | --- |", *rows, "")
    left = len(found.changes) - len(rows)
    if left:
        yield from (f"*{len(rows):,} of {len(found.changes):,} changes shown.*", "")
    if how(found):
        yield how(found)


def html(comparisons: Sequence[Comparison]) -> str:
    """One page without a script, a picture or the network."""
    parts = [part for found in comparisons for part in _section(found)]
    words = "".join(f"<li><b>{each}</b>: {_text(told)}</li>" for each, told in WORDS.items())
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>fairaudit: comparison</title><style>{_STYLE}</style></head><body>\n"
        f"<h1>Comparison</h1>\n{''.join(parts)}<h2>Words</h2><ul>{words}</ul>\n</body></html>\n"
    )


def _section(found: Comparison) -> Iterator[str]:
    yield f"<h2>{_text(found.candidate)} against {_text(found.baseline)}</h2>\n<p>{_text(heading(found))}.</p>\n"
    head = "".join(f"<th>{name}</th>" for name in HEADERS)
    yield f"<div><table><thead><tr>{head}</tr></thead><tbody>\n"
    for change in found.changes:
        name, *numbers, told = _cells(change)
        cells = "".join(f'<td class="n">{_text(each)}</td>' for each in numbers)
        yield f"<tr><td>{_text(name)}</td>{cells}<td>{told}</td></tr>\n"
    yield f"</tbody></table></div>\n<p><small>{_text(how(found))}</small></p>\n"


def _cells(change: Change) -> tuple[str, ...]:
    name = f"{change.metric} ({change.about})" if change.about else change.metric
    ends = interval(change.change.low, change.change.high)
    told = f"{number(change.change.value)} {ends}".strip()
    return name, number(change.baseline), number(change.candidate), told, change.word


def _columns(changes: Sequence[Change], width: int) -> Iterator[str]:
    """Columns of fixed width; names are broken between words, and what they are about stands below them."""
    rows = [_cells(change)[1:] for change in changes]
    sizes = [max(len(line[i]) for line in [HEADERS[1:], *rows]) for i in range(4)]
    room = max(16, width - sum(sizes) - 2 * len(sizes))
    yield _line(HEADERS[0], HEADERS[1:], sizes, room)
    for change, cells in zip(changes, rows, strict=True):
        below = wrapped(f"  {clip(change.about)}", width, "  ") if change.about else ""
        first, *more = broken(plain(change.metric), room).split("\n")
        yield _line(first, cells, sizes, room)
        yield from (line for line in (*more, *below.split("\n")) if line.strip())


def _line(name: str, cells: Sequence[str], sizes: Sequence[int], room: int) -> str:
    *numbers, told = cells
    right = "  ".join(cell.rjust(size) for cell, size in zip(numbers, sizes, strict=False))
    return f"{name.ljust(room)}  {right}  {told}".rstrip()


def _safe(value: str) -> str:
    return safe(clip(value))


def _text(value: str) -> str:
    return escape(plain(clip(value, 2000)))
