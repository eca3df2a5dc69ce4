"""The figures of a report: drawn into its folder, each under a name of its own."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain, count
from pathlib import Path

from fairaudit.audits.core.stream.audit import Drawing
from fairaudit.audits.core.stream.progress import Progress, Silent
from fairaudit.report.figures.forest import MOST_ROWS, forest
from fairaudit.report.rows import judged
from fairaudit.results.report import Figure, Report

NO_IMAGES = "Figures on which single images can be seen were not drawn (--no-images)."


def with_gate_figure(report: Report, folder: Path) -> Report:
    """The report with a forest plot of the fairness metrics that the gate judged; unchanged if there are none.

    Raises:
        OutputError: the file cannot be written.
    """
    rows = [row for row in judged(report) if row.measurement is not None and row.measurement.audit == "fairness"]
    if not rows:
        return report
    more = f" The worst {MOST_ROWS} of {len(rows)}." if len(rows) > MOST_ROWS else ""
    drawing = Drawing(
        name="gate.png",
        caption=f"What the gate judged, with the intervals it judged by and its limits.{more}",
        draw=partial(forest, rows, heading="Gate", x_label="judged number"),
    )
    return report.model_copy(update={"figures": [*drawn([drawing], folder), *report.figures]})


def overlay_notes(drawings: Sequence[Drawing]) -> list[str]:
    """A note that names the figures of where the regions were measured; none where there is no such figure.

    Nothing else shows that a box was given in another form, such as a corner with width and height as two corners.
    """
    files = [f"figures/{name}" for name, drawing in _named(drawings).items() if drawing.overlay]
    if not files:
        return []
    return [
        f"Look whether the regions lie where they should: {', '.join(files)}. Boxes given as x, y, width and height "
        "need form: xywh."
    ]


def drawn(
    drawings: Sequence[Drawing],
    folder: Path,
    *,
    photographs: bool = True,
    wanted: bool = True,
    progress: Progress | None = None,
) -> list[Figure]:
    """Draw the figures into the report folder; a name that is taken already gets a number.

    Without `photographs`, figures on which single images can be seen are left out, and those of an earlier run go.
    Where none is `wanted`, none is drawn.

    Raises:
        OutputError: a file cannot be written.
    """
    from fairaudit.results.strict_json import write_bytes

    if any(Path(drawing.name).name != drawing.name for drawing in drawings):
        raise ValueError("a figure's name is not a file name")
    named = _named(drawings)
    for name, drawing in named.items():
        if drawing.photographs and not photographs:
            (folder / "figures" / name).unlink(missing_ok=True)
    chosen = {name: drawing for name, drawing in named.items() if wanted and (photographs or not drawing.photographs)}
    if not chosen:
        return []
    with _older_objects_left_alone(), (progress or Silent()).task("Drawing figures", total=len(chosen)) as advance:
        for number, (name, drawing) in enumerate(chosen.items(), start=1):
            write_bytes(folder / "figures" / name, drawing.draw())
            advance(number, len(chosen), False)
    return [
        Figure(file=f"figures/{name}", caption=d.caption, photographs=d.photographs, worst=d.worst)
        for name, d in chosen.items()
    ]


@contextmanager
def _older_objects_left_alone() -> Iterator[None]:
    """Search only what is made meanwhile for garbage: figures make many objects, and an audit's libraries are large."""
    if gc.get_freeze_count():  # the caller's own, which unfreezing would undo
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _named(drawings: Sequence[Drawing]) -> dict[str, Drawing]:
    """Every drawing under a file name of its own."""
    found: dict[str, Drawing] = {}
    taken: set[str] = set()
    for drawing in drawings:
        name = _free(drawing.name, taken)
        taken.add(name.lower())  # some file systems take both cases for one
        found[name] = drawing
    return found


def _free(name: str, taken: Collection[str]) -> str:
    """The name, or the first of NAME-2, NAME-3 … that is not taken."""
    stem, dot, suffix = name.rpartition(".")
    names = chain([name], (f"{stem}-{number}{dot}{suffix}" for number in count(2)))
    return next(each for each in names if each.lower() not in taken)
