"""`fairaudit fairness`: group fairness of a model, or of a table of predictions with no model at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from fairaudit.cli import options as o
from fairaudit.cli.shared import Request, audit_command

TABLE = "Predictions without a model"


@audit_command
def fairness(
    models: Annotated[list[Path] | None, typer.Argument(help="Model files to audit.", metavar="[MODEL]")] = None,
    baseline: o.Baseline = None,
    intersections: Annotated[
        bool, typer.Option("--intersections", help="Audit intersections of attributes too.", rich_help_panel=o.DATA)
    ] = False,
    predictions: Annotated[
        Path | None, typer.Option(help="Table of predictions (CSV, JSON Lines, Parquet).", rich_help_panel=TABLE)
    ] = None,
    truth: Annotated[str | None, typer.Option(help="Column with the true label.", rich_help_panel=TABLE)] = None,
    prediction: Annotated[
        str | None, typer.Option(help="Column with the predicted label.", rich_help_panel=TABLE)
    ] = None,
    score: Annotated[
        str | None, typer.Option(help="Column with the positive class's probability.", rich_help_panel=TABLE)
    ] = None,
    *,
    request: Request,
) -> int:
    """Measure group fairness: rates per group, disparities, and their uncertainty.

    Example: fairaudit fairness --predictions table.csv --truth y --prediction p --attribute sex
    """
    from fairaudit.errors import UsageError

    if predictions is not None:
        from fairaudit.cli.launch import launch_table

        columns = {"truth": truth, "prediction": prediction, "score": score}
        return launch_table(predictions, columns=columns, intersections=intersections, request=request)
    if not models:
        raise UsageError("There is nothing to audit", wanted="a MODEL, or --predictions TABLE")
    from fairaudit.audits import fairness as audits
    from fairaudit.cli.launch import launch

    extra = {"audit": {"intersections": True}} if intersections else {}
    asked = replace(request.asked, extra=extra)
    return launch(models, baseline=baseline, request=replace(request, asked=asked), plan=audits.PLAN)
