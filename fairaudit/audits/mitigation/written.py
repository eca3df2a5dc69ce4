"""The models that a comparison writes: the best, all, or one by name; of a rule per group, its decisions as a table."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from fairaudit.audits.core.stream.progress import Progress
from fairaudit.audits.core.study.study import target_of
from fairaudit.audits.mitigation.data import MitigationData
from fairaudit.audits.mitigation.fits.fit import Fits, edit_of
from fairaudit.audits.mitigation.judge import Judge
from fairaudit.errors import FairauditError, UsageError
from fairaudit.mitigation.write import write_edit
from fairaudit.models.classifier import Classifier
from fairaudit.results.strict_json import write_text

FOLDER = "models"
"""Folder of the written models in the output folder."""
PROBE_IMAGES = 4
"""Images on which a written model is compared with what was fitted."""
DECISION = "decision"
"""Column of a rule's decisions."""


def write_chosen(
    wanted: str | None,
    chosen: str | None,
    fits: Fits,
    judge: Judge,
    path: Path,
    output: Path,
    reopen: Callable[[Path], Classifier],
    parts: MitigationData,
    progress: Progress,
) -> tuple[dict[str, Path], list[str]]:
    """Method → written model, the first seed's, and notes; one that cannot be written is an error only if it is alone.

    A rule that needs the attribute of every image is no model: beside the rule, its decisions on the reporting part are
    written, which `fairaudit fairness --predictions` audits.

    Args:
        wanted: best, all, the name of a method, or None.
        chosen: the best method; None where none may win.
        fits: what was fitted.
        judge: the model, cut.
        path: its file, whose name the written ones begin with.
        output: output folder.
        reopen: opens a file as the original was opened.
        parts: the reporting part: probe images, and labels beside a rule's decisions.
        progress: shows what cannot be written.

    Raises:
        UsageError: the method that was asked for failed.
        FairauditError: the one file that was asked for cannot be written.
    """
    names = {None: [], "best": [chosen] if chosen else [], "all": list(fits.working())}.get(wanted, [wanted])
    images = parts.material.loader.load(parts.rows[:PROBE_IMAGES].tolist()).images
    written, notes = {}, []
    for name in [name for name in names if name]:
        fit = fits.by_method[name][0]
        if fit.edit is None:
            raise UsageError(f"{name} cannot be written: it failed", found=fit.reason)
        target = output / FOLDER / f"{path.stem}-{name}{path.suffix}"
        try:
            made = write_edit(judge.model, judge.task.split, edit_of(fit), target, images=images, reopen=reopen)
        except FairauditError as error:
            if wanted != "all":
                raise
            progress.note(f"{name}: {error.paragraph()}")
            continue
        if made.path.suffix == ".json":
            table = made.path.with_suffix(".csv")
            command = write_decisions(table, fit.columns["decisions"].tolist(), parts)
            notes.append(f"{name} is a rule, not a model: {made.path.name}; its decisions can be audited by {command}")
        else:
            written[name] = made.path
            notes.append(f"{name} is written to {made.path.relative_to(output)}")
    return written, notes


def write_decisions(path: Path, decisions: Sequence[int], parts: MitigationData) -> str:
    """Write id, truth, decision and attribute of the reporting part; returns the command that audits the table.

    Args:
        path: CSV file to write.
        decisions: codes of the target, [image].
        parts: the reporting part.

    Raises:
        OutputError: it cannot be written.
    """
    manifest, target = parts.material.manifest, target_of(parts.material.manifest)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", target.name, DECISION, parts.attribute])
    groups = parts.report.attribute.tolist()
    for row, true, decided, group in zip(
        parts.rows.tolist(), parts.report.target.tolist(), decisions, groups, strict=True
    ):
        value = parts.values[group] if group >= 0 else ""
        writer.writerow([manifest.ids[row], target.values[true], target.values[decided], value])
    write_text(path, text.getvalue())
    return (
        f"fairaudit fairness --predictions {path.name} --truth {target.name} --prediction {DECISION} --attribute "
        f"{shlex.quote(parts.attribute)}"
    )
