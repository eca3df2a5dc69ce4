"""The models of a pruning run side by side: one grid per bias, and one of the legs of those that were audited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fairaudit.report.grids import Grid
from fairaudit.report.rows import is_headline
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import Report
from fairaudit.results.text import estimate, interval, number

AUDIT = "prune"
_SHARED = {"task_accuracy": "task", "sparsity": "sparsity"}
_OF_BIAS = {
    "aligned_accuracy": "aligned",
    "conflicting_accuracy": "conflict",
    "model_biasedness": "follows",
    "bias_accuracy_linear": "linear",
    "bias_accuracy_mlp": "MLP",
}
_LEGS = {
    "leg_accuracy": "accuracy",
    "leg_outcome": "outcome",
    "leg_cue": "cue",
    "leg_swap": "swap",
    "leg_lift": "lift",
    "leg_effect": "effect",
}


def variant_grids(report: Report, *, compact: bool = False) -> list[Grid]:
    """Models down, numbers across, each with its interval; mean ± standard deviation where there are several seeds.

    Args:
        report: any report; one without pruning has no such grid.
        compact: two decimals, the interval on a line of its own, and no accuracy on aligned images, for 80 columns.
    """
    rows = [m for m in report.measurements if m.audit == AUDIT and is_headline(m) and m.method]
    models = list(dict.fromkeys(m.method for m in rows if m.metric == "task_accuracy" and m.method))
    biases = list(dict.fromkeys(m.attribute for m in rows if m.metric in _OF_BIAS and m.attribute))
    grids = []
    for bias in biases:
        cells = {
            (m.method or "", name): m
            for source in (_SHARED, _OF_BIAS)
            for metric, name in source.items()
            for m in rows
            if m.metric == metric and m.attribute in (None, bias)
        }
        order = ["task", *_OF_BIAS.values(), "sparsity"]
        shown = [name for name in order if not (compact and name == "aligned")]
        title = f"Models of this run and {bias}; linear and MLP are the accuracies of probes of it, lower is better"
        grids.append(_grid(title, models, shown, cells, compact))
    legs = _legs(rows)
    if legs:
        columns = list(dict.fromkeys(column for _, column in legs))
        audited = [model for model in models if any(name == model for name, _ in legs)]
        grids.append(
            _grid("Numbers of the audits; lower is less reliance on the bias", audited, columns, legs, compact)
        )
    return grids


def _legs(rows: Sequence[Measurement]) -> dict[tuple[str, str], Measurement]:
    found = {}
    several = {leg: len({(m.attribute, m.region) for m in rows if m.metric == leg}) > 1 for leg in _LEGS}
    for m in rows:
        if m.metric in _LEGS:
            model, _, by = (m.method or "").partition(", ")
            subject = (m.attribute or m.region) if several[m.metric] else None
            found[model, " ".join(text for text in (_LEGS[m.metric], subject, by.replace("_", " ")) if text)] = m
    return found


def _grid(
    title: str,
    models: Sequence[str],
    columns: Sequence[str],
    cells: Mapping[tuple[str, str], Measurement],
    compact: bool,
) -> Grid:
    return Grid(
        title=title,
        corner="Model",
        columns=list(columns),
        rows=[(model, [_text(cells.get((model, column)), compact) for column in columns]) for model in models],
    )


def _text(measurement: Measurement | None, compact: bool) -> str:
    if measurement is None:
        return ""
    if measurement.value is None:
        return measurement.status
    told = _short if compact else number
    mean, spread = measurement.extra.get("mean"), measurement.extra.get("sd")
    if isinstance(mean, float) and isinstance(spread, float):
        return f"{told(mean)} ± {told(spread)}"
    status = "" if measurement.status == "ok" else f"({measurement.status})"
    low, high = measurement.low, measurement.high
    if compact:
        span = "" if low is None or high is None else f"{_bare(low)}–{_bare(high)}"
        return "\n".join(part for part in (_short(measurement.value), span, status) if part)
    return " ".join(part for part in (estimate(measurement.value, low, high), interval(low, high), status) if part)


def _short(value: float) -> str:
    return f"{value:.2f}"


def _bare(value: float) -> str:
    """Two decimals without the 0 before the point."""
    return _short(value).replace("0.", ".", 1) if abs(value) < 1 else _short(value)
