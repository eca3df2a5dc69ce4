"""The models that a comparison writes: the best, all, or one by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from torch import Tensor

from fairaudit.audits.core.stream.progress import Progress
from fairaudit.audits.mitigation.fit import Fits, edit_of
from fairaudit.audits.mitigation.judge import Judge
from fairaudit.errors import FairauditError, UsageError
from fairaudit.mitigation.write import write_edit
from fairaudit.models.classifier import Classifier

FOLDER = "models"
"""Folder of the written models in the output folder."""


def write_chosen(
    wanted: str | None,
    chosen: str | None,
    fits: Fits,
    judge: Judge,
    path: Path,
    output: Path,
    reopen: Callable[[Path], Classifier],
    images: Tensor,
    progress: Progress,
) -> dict[str, Path]:
    """Method → written file, the first seed's; one that cannot be written is told, and only alone an error.

    Args:
        wanted: best, all, the name of a method, or None.
        chosen: the best method; None where none may win.
        fits: what was fitted.
        judge: the model, cut.
        path: its file, whose name the written ones begin with.
        output: output folder.
        reopen: opens a file as the original was opened.
        images: probe images in [0, 1].
        progress: told of what cannot be written.

    Raises:
        UsageError: the method that was asked for failed.
        FairauditError: the one file that was asked for cannot be written.
    """
    names = {None: [], "best": [chosen] if chosen else [], "all": list(fits.working())}.get(wanted, [wanted])
    written = {}
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
        if made.path.suffix != ".json":
            written[name] = made.path
    return written
