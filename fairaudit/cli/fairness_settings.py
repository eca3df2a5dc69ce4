"""From the options of `fairaudit fairness` to a request and to the columns of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairaudit.cli.settings import listed
from fairaudit.cli.shared import Request
from fairaudit.errors import UsageError

if TYPE_CHECKING:
    from fairaudit.audits.fairness.table_file import TableColumns


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """What the command line says about the columns of a predictions table."""

    truth: str | None
    prediction: str | None
    scores: Sequence[str] | None
    baseline: str | None
    id: str | None
    weight: str | None

    def columns(
        self, *, attributes: Sequence[str], controls: Sequence[str], cluster: str | None, classes: Sequence[str] | None
    ) -> TableColumns:
        """The columns by their meaning.

        Raises:
            UsageError: the column with the true label is not named.
        """
        from fairaudit.audits.fairness.table_file import TableColumns

        if self.truth is None:
            raise UsageError("The column with the true label is not named", wanted="--truth COLUMN")
        return TableColumns(
            truth=self.truth,
            prediction=self.prediction,
            scores=tuple(listed(self.scores or ())),
            classes=tuple(listed(classes)) if classes else None,
            attributes=tuple(attributes),
            controls=tuple(controls),
            baseline=self.baseline,
            id=self.id,
            weight=self.weight,
            cluster=cluster,
        )

    def check_with_table(self, models: Sequence[Path] | None, baseline: Path | None) -> None:
        """Refuse models beside a table.

        Raises:
            UsageError: there are some.
        """
        if models:
            raise UsageError("A table of predictions and a model cannot be audited at once", found=str(models[0]))
        if baseline is not None:
            raise UsageError(
                "--baseline names a model, and a table has none", advice="Name a column with --baseline-prediction."
            )

    def check_without_table(self) -> None:
        """Refuse columns of a table where there is none.

        Raises:
            UsageError: there are some.
        """
        given = {
            "--truth": self.truth,
            "--prediction": self.prediction,
            "--score": self.scores,
            "--baseline-prediction": self.baseline,
            "--id": self.id,
            "--weight": self.weight,
        }
        for option, value in given.items():
            if value:
                raise UsageError(f"{option} is about a table of predictions", wanted="--predictions TABLE beside it")


def asking(request: Request, *, audit: Mapping[str, Any], cluster: str | None, against: Path | None) -> Request:
    """The request with the fairness command's own options over the configuration.

    Raises:
        UsageError: the level is not a coverage.
    """
    level = audit.get("level")
    if level is not None and not 0.5 < level < 1:
        raise UsageError("--level cannot be used", wanted="a number between 0.5 and 1", found=f"{level:g}")
    extra: dict[str, dict[str, Any]] = {"audit": dict(audit)} if audit else {}
    if cluster is not None:
        extra["data"] = {"cluster": cluster}
    named = request.asked.attributes
    if request.asked.data is not None and named:  # without a configuration the control is an attribute of the data too
        extra.setdefault("data", {})["attributes"] = list(dict.fromkeys([*named, *audit.get("control", ())]))
    return replace(
        request,
        asked=replace(request.asked, extra=extra),
        options=replace(request.options, against=against),
    )
