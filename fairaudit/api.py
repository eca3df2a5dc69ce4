"""The Python interface: audit a model or arrays, read a report, and look at both in a notebook."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairaudit.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray
    from torch import nn

    from fairaudit.report.explain import Explanation
    from fairaudit.results.measurement import Measurement
    from fairaudit.results.report import Gate, Report, Verdict

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 as fractions of the image's width and height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """A report in a form for notebooks; `report` is all of it, as in report.json."""

    report: Report

    @property
    def decision(self) -> str:
        """The result of the gate and the verdicts, in a few words."""
        from fairaudit.report.page import decision

        return decision(self.report)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Joint verdicts, worst first."""
        return tuple(self.report.verdicts)

    @property
    def gate(self) -> Gate:
        """The gate's decision, with the result of every rule."""
        return self.report.gate

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """Every number with its interval, or the reason why there is none."""
        return tuple(self.report.measurements)

    def find(self, metric: str, *, attribute: str | None = None, group: str | None = None) -> tuple[Measurement, ...]:
        """The numbers of a metric; for one attribute or group if it is named.

        Raises:
            UsageError: there is no such metric.
        """
        from fairaudit.tables.metrics import metric as entry

        name = entry(metric).name
        return tuple(
            m
            for m in self.report.measurements
            if m.metric == name and attribute in (None, m.attribute) and group in (None, m.group)
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per number, as a pandas data frame; missing values are None or NaN.

        Raises:
            UsageError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise UsageError("pandas is not installed", advice="Install it, or use .measurements.") from error
        rows = [m.model_dump(mode="json", by_alias=True) for m in self.report.measurements]
        return pandas.DataFrame(rows)

    def write(self, folder: str | Path, formats: Sequence[str] = ("md",)) -> list[Path]:
        """Write report.json and other formats into a folder; returns the files.

        Raises:
            OutputError: a file cannot be written.
        """
        from fairaudit.audits.core.report.write import write_report_folder

        return write_report_folder(self.report, Path(folder), formats)

    def _repr_html_(self) -> str:
        from fairaudit.report.formats.notebook import render

        return render(self.report)

    def __str__(self) -> str:
        """The first page as text."""
        from fairaudit.report.brief import render

        return render(self.report)


def read_report(path: str | Path) -> AuditReport:
    """Read a report.json, or the one in a folder.

    Raises:
        DataError: there is no such file, or it is not a report.
    """
    from fairaudit.results.store import read_report as read

    return AuditReport(report=read(Path(path)))


def explain(name: str) -> tuple[Explanation, ...]:
    """A metric, verdict, status, method, exit code or key of the configuration in plain words.

    Raises:
        UsageError: there is no such word.

    >>> explain("tpr")[0].better
    'higher'
    """
    from fairaudit.report.explain import explain as found

    return found(name)


def fairness(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sensitive_features: Mapping[str, ArrayLike] | pd.DataFrame | ArrayLike,
    y_score: ArrayLike | None = None,
    output: str | Path | None = None,
    seed: int = 0,
) -> AuditReport:
    """Group fairness of decisions, with no model and no images.

    Args:
        y_true: [row] true labels.
        y_pred: [row] decisions.
        sensitive_features: [row] values of one attribute (it is called "group"), or several by name.
        y_score: [row] probability of the positive class of a binary target.
        output: folder for report.json and its figures; nothing is kept without.
        seed: of every draw.

    Raises:
        UsageError: the columns differ in length.
        DataError: they cannot be used.

    >>> found = fairness([1, 1, 0, 0] * 20, [1, 0, 0, 0] * 20, sensitive_features=["a", "b"] * 40)
    >>> [(m.group, m.value) for m in found.find("tpr")]
    [('a', 1.0), ('b', 0.0)]
    """
    from fairaudit.audits.fairness.table import audit_table
    from fairaudit.audits.fairness.table_file import TableColumns
    from fairaudit.config.options import RunOptions
    from fairaudit.config.schema import AuditConfig
    from fairaudit.data.in_memory import as_texts, named_columns, write_columns

    attributes = named_columns(sensitive_features)
    columns = {"truth": y_true, "prediction": y_pred, **({} if y_score is None else {"score": y_score})}
    texts = {name: as_texts(values) for name, values in (*columns.items(), *attributes.items())}
    clash = set(columns) & set(attributes)
    if clash:
        raise UsageError(f'An attribute cannot be called "{min(clash)}" here', advice="Give it another name.")
    with _folder(output) as folder, tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "arrays.csv"
        write_columns(path, texts)
        report = audit_table(
            path,
            TableColumns(
                truth="truth",
                prediction="prediction",
                scores=() if y_score is None else ("score",),
                attributes=tuple(attributes),
            ),
            audit=AuditConfig(),
            gates=[],
            options=RunOptions(
                output=folder, seed=seed, formats=(), figures=output is not None, command=("fairaudit.fairness",)
            ),
        )
    return AuditReport(report=report)


def audit(
    model: str | Path | nn.Module,
    data: str | Path | NDArray[np.uint8],
    *,
    target: str | ArrayLike | None = None,
    attributes: Sequence[str] | Mapping[str, ArrayLike] | None = None,
    regions: Mapping[str, Box] | None = None,
    size: tuple[int, int] | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    config: str | Path | None = None,
    output: str | Path | None = None,
    device: str = "auto",
    seed: int = 0,
    trust_model: bool = False,
) -> AuditReport:
    """Outcome, reason and intervention on the same images, joint verdicts and gate: what `fairaudit audit` does.

    Args:
        model: a model file, or a module in memory.
        data: a manifest (CSV, JSON Lines, Parquet), or images as [image, row, column, channel] of uint8.
        target: column of the label; with images in memory, its values [image].
        attributes: columns of the attributes; with images in memory, values [image] by name.
        regions: boxes by name.
        size: height and width of the model's input; that of the images in memory where it is left out.
        settings: further sections of the configuration, such as {"audit": {"saliency": ["lrp"]}}.
        config: a fairaudit.yaml; what is given here wins.
        output: folder for report.json and figures, with the run store beside it; nothing is kept without.
        device: auto, cpu, cuda, cuda:N or mps.
        seed: of every draw.
        trust_model: open files that can run code of their own.

    Raises:
        FairauditError: the model, the data or an option cannot be used.
    """
    from fairaudit.audits.core.run import run_models
    from fairaudit.audits.core.stream.progress import Silent
    from fairaudit.audits.joint import verdict as joint
    from fairaudit.config.load import load_config, merged
    from fairaudit.config.options import RunOptions
    from fairaudit.data.in_memory import written_pictures

    in_memory = not isinstance(model, (str, Path))
    with _folder(output) as folder, tempfile.TemporaryDirectory() as scratch:
        if isinstance(data, (str, Path)):
            sections = _columns(data, target, attributes)
        else:
            sections = written_pictures(Path(scratch), data, target, attributes, size)
        if size is not None:
            sections["preprocess"] = {"size": list(size)}
        boxes = {name: {"box": list(box), "units": "fraction"} for name, box in (regions or {}).items()}
        given = merged(merged(sections, {"regions": boxes} if boxes else {}), settings or {})
        file = None if config is None else Path(config)
        loaded, base = load_config(file, folder=Path(scratch), overrides=given, trust=trust_model)
        path = _saved(Path(scratch), model) if in_memory else Path(str(model))
        options = RunOptions(
            output=folder,
            device=device,
            seed=seed,
            trust_model=trust_model or in_memory,
            formats=(),
            figures=output is not None,
            command=("fairaudit.audit",),
        )
        (outcome,) = run_models(
            [path], baseline=None, config=loaded, base=base, options=options, plan=joint.plan(None), progress=Silent()
        )
    if outcome.report is None:  # pragma: no cover - the error of a single model is raised
        raise UsageError("The model was not audited")
    return AuditReport(report=outcome.report)


def _columns(data: str | Path, target: object, attributes: object) -> dict[str, Any]:
    if not (target is None or isinstance(target, str)) or isinstance(attributes, Mapping):
        raise UsageError(
            "Values were given beside a manifest", wanted="the names of its columns", where="target or attributes"
        )
    section: dict[str, Any] = {"manifest": str(Path(data).resolve())}
    if target is not None:
        section["target"] = target
    if attributes is not None:
        section["attributes"] = list(attributes)  # type: ignore[call-overload]
    return {"data": section}


def _saved(folder: Path, model: object) -> Path:
    """A module in memory as a file, which only this process has written and opens."""
    import torch

    if not isinstance(model, torch.nn.Module):
        raise UsageError("The model cannot be used", wanted="a file or a torch.nn.Module", found=type(model).__name__)
    path = folder / f"{type(model).__name__}.pt"
    if isinstance(model, torch.jit.ScriptModule):
        torch.jit.save(model, str(path))
    else:
        torch.save(model, path)
    return path


@contextmanager
def _folder(output: str | Path | None) -> Iterator[Path]:
    """The output folder, or one that is gone afterwards."""
    if output is not None:
        yield Path(output)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "report"  # what belongs beside it is gone afterwards too
