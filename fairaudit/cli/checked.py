"""Checks of configuration, table and model file before torch is imported, which takes seconds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from fairaudit.cli.settings import load
from fairaudit.cli.shared import Request
from fairaudit.errors import UsageError

LARGEST = 4 << 20
"""Bytes of a table that is read twice for the sake of an early answer."""


OWN_TABLES = ("report.csv", "summary.csv", "counterfactuals.csv")
"""Tables that a command may write into its output folder."""


def kept_apart(table: Path, output: Path) -> None:
    """Refuse an input table that the command's output may overwrite.

    Raises:
        UsageError: the table lies in the output folder under the name of one that is written there.
    """
    if table.name in OWN_TABLES and table.exists() and table.parent.resolve() == output.resolve():
        raise UsageError(
            "The input table would be overwritten",
            where=str(table),
            advice="Choose another folder with -o, or give the table another name.",
        )


def checked(models: Sequence[Path], *, baseline: Path | None, request: Request) -> None:
    """Check the files, as far as that is possible without torch.

    A single model is looked at; one of several that cannot be opened is a row of the run's table and not its end.

    Raises:
        FairauditError: what the run itself would have said later.
    """
    from fairaudit.audits.core.report.gates import check_gates
    from fairaudit.audits.zoo.models import model_files
    from fairaudit.data.open import open_manifest
    from fairaudit.models.files.container import container
    from fairaudit.registry import Registry
    from fairaudit.tables.terms import of_kind

    config, base = load(request.asked)
    check_gates(config.gates)
    known = Registry("attribution method", [(term.name, term) for term in of_kind("method")])
    for name in config.audit.saliency or []:
        known[name]
    table = config.data.manifest
    if isinstance(table, str):
        path = base / table
        kept_apart(path, request.options.output)
        if not path.exists() or (path.is_file() and path.stat().st_size <= LARGEST):
            open_manifest(config, base=base, limit=request.options.limit, seed=request.options.seed)
    models = model_files(models) if models else []
    for model in [*(models if len(models) == 1 else ()), *([] if baseline is None else [baseline])]:
        # A sum of outputs, such as a.pt#smiling + 0.3*b.pt#hat, is no file of its own.
        if not model.is_dir() and (model.exists() or not re.search(r"[#*]|\s[-+]\s", str(model))):
            container(model)
