"""`fairaudit fairness`: group fairness of a model, or of a table of predictions with no model at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairaudit.cli import options as o
from fairaudit.cli.checked import checked, kept_apart
from fairaudit.cli.shared import Request, audit_command

if TYPE_CHECKING:
    from fairaudit.cli.fairness_settings import TableOptions

TABLE, STATISTICS = "Predictions without a model", "Statistics"


@audit_command
def fairness(
    models: Annotated[
        list[Path] | None, typer.Argument(help="Models to audit: files, folders, patterns.", metavar="[MODEL...]")
    ] = None,
    baseline: o.Baseline = None,
    against: Annotated[
        Path | None,
        typer.Option(help="Earlier report.json on the same data to compare with.", rich_help_panel=o.DATA),
    ] = None,
    intersections: Annotated[
        bool, typer.Option("--intersections", help="Audit intersections of attributes too.", rich_help_panel=o.DATA)
    ] = False,
    control: Annotated[
        list[str] | None,
        typer.Option(
            help="Attribute to control for: groups are compared within its values; repeat for several.",
            rich_help_panel=o.DATA,
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            help="Column that names clusters, such as persons, which are resampled as a whole.",
            rich_help_panel=STATISTICS,
        ),
    ] = None,
    level: Annotated[
        float | None, typer.Option(help="Coverage of intervals, such as 0.95.", rich_help_panel=STATISTICS)
    ] = None,
    replicates: Annotated[
        int | None,
        typer.Option(min=100, max=1_000_000, help="Bootstrap and permutation replicates.", rich_help_panel=STATISTICS),
    ] = None,
    min_cell: Annotated[
        int | None,
        typer.Option(min=0, help="Suppress numbers that rest on fewer images than this.", rich_help_panel=STATISTICS),
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="Table of predictions (CSV, JSON Lines, Parquet).", rich_help_panel=TABLE)
    ] = None,
    truth: Annotated[str | None, typer.Option(help="Column with the true label.", rich_help_panel=TABLE)] = None,
    prediction: Annotated[
        str | None, typer.Option(help="Column with the predicted label.", rich_help_panel=TABLE)
    ] = None,
    score: Annotated[
        list[str] | None,
        typer.Option(
            help="Column with the positive class's probability, or one per class; repeat, or join by commas.",
            rich_help_panel=TABLE,
        ),
    ] = None,
    baseline_prediction: Annotated[
        str | None, typer.Option(help="Column with another model's predicted label.", rich_help_panel=TABLE)
    ] = None,
    id_: Annotated[str | None, typer.Option("--id", help="Column with the row's id.", rich_help_panel=TABLE)] = None,
    weight: Annotated[str | None, typer.Option(help="Column with the row's weight.", rich_help_panel=TABLE)] = None,
    *,
    request: Request,
) -> int:
    """Measure group fairness: rates per group, disparities, and their uncertainty.

    Example: fairaudit fairness --predictions table.csv --truth y --prediction p --attribute sex
    """
    from fairaudit.cli.fairness_settings import TableOptions, asking

    audit = {"control": control, "level": level, "replicates": replicates, "min_cell": min_cell}
    audit["intersections"] = True if intersections else None
    table = TableOptions(
        truth=truth, prediction=prediction, scores=score, baseline=baseline_prediction, id=id_, weight=weight
    )
    asked = asking(request, audit={k: v for k, v in audit.items() if v is not None}, cluster=cluster, against=against)
    if predictions is not None:
        from fairaudit.cli.launch.audits import launch_table

        table.check_with_table(models, baseline)
        kept_apart(predictions, request.options.output)
        return launch_table(predictions, options=table, request=asked)
    return _models(models, baseline, table, asked)


def _models(models: list[Path] | None, baseline: Path | None, table: TableOptions, request: Request) -> int:
    from fairaudit.errors import UsageError

    table.check_without_table()
    if not models:
        raise UsageError("There is nothing to audit", wanted="a MODEL, or --predictions TABLE")
    checked(models, baseline=baseline, request=request)
    from fairaudit.audits.fairness import audit as audits  # loads torch, as what follows does
    from fairaudit.cli.launch.audits import launch

    return launch(models, baseline=baseline, request=request, plan=audits.PLAN)
