"""One table over several models: alignment with its interval next to AUC, as Tables 1 to 3 of the paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.alignment.alignment import alignment
from fairaudit.measures.alignment.relative_change import Defined, RelativeChange
from fairaudit.report.escape import clip, markdown, plain
from fairaudit.results.measurement import Measurement, finite
from fairaudit.results.report import Report
from fairaudit.results.strict_json import dumps, write_text
from fairaudit.seeds import generator

Pair = tuple[str, str]
"""Base and downstream classifier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """What one model does on single images, for one pair."""

    rows: NDArray[np.int64]
    """Manifest rows with a relative change."""
    values: NDArray[np.float64]
    """Their relative changes."""
    clusters: NDArray[np.int64] | None = None
    """Unit that is resampled whole; None where every image is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPair:
    """One model and one pair."""

    base: str
    downstream: str
    model: str
    relative_change: float | None
    """Mean relative change; None where undefined."""
    low: float | None
    high: float | None
    status: str
    reason: str | None
    images: int
    auc: float | None
    """AUC of the base score with the cells of downstream attribute and target weighing the same; the plain one where
    the downstream classifier is called as no attribute."""
    balanced: bool
    """Whether the AUC is the balanced one."""
    conflicting_auc: float | None = None
    """The paper's: AUC over the images whose attribute goes against their target value; None where `audit.aligned`
    does not tell which goes with which, or one side has no such image."""
    difference: float | None = None
    """Mean over images with a relative change under both models of this one's less the first one's."""
    difference_low: float | None = None
    difference_high: float | None = None
    shared: int = 0
    """Images behind the difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedModel:
    """The outcome of one model."""

    model: str
    """Its name."""
    report: Report | None = None
    """None where there is none."""
    reason: str = ""
    """Why there is no report."""


def compare(
    models: Sequence[ComparedModel],
    output: Path,
    singles: Mapping[str, Mapping[Pair, Single]],
    *,
    level: float,
    seed: int,
) -> list[ModelPair]:
    """Write alignment.md and alignment.json over the models and return the lines.

    Args:
        models: every model; the first is what the others are held against.
        output: folder to write into.
        singles: model file → pair → relative changes of single images; without it, no difference is reported.
        level: coverage of the intervals of differences.
        seed: of the bootstrap.

    Raises:
        OutputError: a file cannot be written.
    """
    lines = list(lines_of([each.report for each in models], singles, level=level, seed=seed))
    failed = [each for each in models if each.report is None]
    told = "".join(f"\n{markdown(each.model)}: not audited. {markdown(each.reason)}\n" for each in failed)
    write_text(output / "alignment.md", as_markdown(lines) + told)
    missing = [{"model": each.model, "reason": each.reason} for each in failed]
    found = {"schema_version": 1, "lines": [asdict(line) for line in lines], "not_audited": missing}
    write_text(output / "alignment.json", dumps(found))
    return lines


def lines_of(
    reports: Sequence[Report | None],
    singles: Mapping[str, Mapping[Pair, Single]],
    *,
    level: float = 0.95,
    seed: int = 0,
) -> Iterator[ModelPair]:
    """A line per pair of classifiers and model, pair by pair.

    There are no differences for a pair where the first model has no report, or its own number is no evidence.
    """
    known = [report for report in reports if report is not None]
    pairs = dict.fromkeys((m.class_ or "", m.attribute or "") for report in known for m in _changes(report))
    for pair in pairs:
        first = _valid(reports[0], singles, pair)
        for report in known:
            own = None if report is reports[0] else _valid(report, singles, pair)
            for found in _changes(report):
                if (found.class_, found.attribute) == pair:
                    yield _line(report, found, _difference(first, own, pair, level=level, seed=seed))


def paired(first: Single, other: Single, *, level: float, seed: int) -> tuple[float, float, float, int]:
    """Mean of other minus first over the images that both have, its interval, and the number of images.

    NaN without such an image; an interval of NaN with fewer than two.
    """
    rows, left, right = np.intersect1d(first.rows, other.rows, assume_unique=True, return_indices=True)
    change = (other.values[right] - first.values[left])[:, None]
    whole = np.ones(len(rows))
    found = alignment(
        RelativeChange(
            values=change,
            numerator=change,
            denominator=whole,
            base_change=whole,
            defined=np.full(len(rows), int(Defined.YES), np.int64),
        ),
        cluster=None if first.clusters is None else first.clusters[left],
        level=level,
        generator=generator(seed, "cf-compare"),
    )
    return float(found.mean[0]), float(found.mean_low[0]), float(found.mean_high[0]), len(rows)


def _difference(
    first: Single | None, own: Single | None, pair: Pair, *, level: float, seed: int
) -> tuple[float | None, float | None, float | None, int]:
    if first is None or own is None or pair[0] == pair[1]:
        return None, None, None, 0
    mean, low, high, shared = paired(first, own, level=level, seed=seed)
    return finite(mean), finite(low), finite(high), shared


def _valid(report: Report | None, singles: Mapping[str, Mapping[Pair, Single]], pair: Pair) -> Single | None:
    """The single images of a pair whose measurement is evidence."""
    if report is None or not any((m.class_, m.attribute) == pair and m.status == "ok" for m in _changes(report)):
        return None
    return singles.get(report.models[0].name, {}).get(pair)


def _changes(report: Report) -> list[Measurement]:
    return [m for m in report.measurements if m.metric == "relative_change" and m.attribute != m.class_]


def _line(
    report: Report, found: Measurement, difference: tuple[float | None, float | None, float | None, int]
) -> ModelPair:
    base = next(m for m in report.measurements if m.metric == "base_change" and m.class_ == found.class_)
    balanced, conflicting = found.extra.get("balanced_auc"), found.extra.get("conflicting_auc")
    auc = balanced if isinstance(balanced, float) else base.extra.get("auc")
    mean, low, high, shared = difference
    return ModelPair(
        base=found.class_ or "",
        downstream=found.attribute or "",
        model=report.models[0].name,
        relative_change=found.value,
        low=found.low,
        high=found.high,
        status=found.status,
        reason=found.reason,
        images=found.n or 0,
        auc=auc if isinstance(auc, float) else None,
        balanced=isinstance(balanced, float),
        conflicting_auc=conflicting if isinstance(conflicting, float) else None,
        difference=mean,
        difference_low=low,
        difference_high=high,
        shared=shared,
    )


def as_markdown(lines: Sequence[ModelPair]) -> str:
    """The lines as a Markdown table."""
    shown = [
        "| base | downstream | model | relative change | interval | images | AUC of base | AUC of conflicting images "
        "| less the first | images |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for line in lines:
        cells = (line.base, line.downstream, line.model, _value(line), _interval(line.low, line.high), line.images)
        told = (_auc(line.auc), _auc(line.conflicting_auc), _told_difference(line), line.shared or "")
        shown.append("| " + " | ".join(markdown(str(cell)) for cell in (*cells, *told)) + " |")
    return "\n".join(shown) + "\n"


def as_text(lines: Sequence[ModelPair]) -> str:
    """The lines as a table of at most 80 columns, a block per pair."""
    shown: list[str] = []
    for pair in dict.fromkeys((line.base, line.downstream) for line in lines):
        own = [line for line in lines if (line.base, line.downstream) == pair]
        shown += ["", f"{clip(plain(pair[0]))} → {clip(plain(pair[1]))}: relative change (0: independent, 1: aligned)"]
        shown.append(f"{'model':<16}{'change':>8}  {'interval':<18}{'images':>6}{'AUC':>7}  less the first")
        for line in own:
            name = plain(line.model)
            name = name if len(name) <= 15 else f"{name[:14]}…"
            start = f"{name:<16}{_value(line):>8}  {_interval(line.low, line.high):<18}{line.images:>6}"
            shown.append(f"{start}{_auc(line.auc):>7}  {_told_difference(line)}".rstrip())
        shown += [f"  {plain(line.model)}: {plain(line.reason)}" for line in own if line.reason]
        known = [line for line in own if line.conflicting_auc is not None]
        shown += [f"  {plain(line.model)}: AUC of conflicting images {_auc(line.conflicting_auc)}" for line in known]
    kinds = {line.balanced for line in lines if line.auc is not None}
    if True in kinds:
        shown += ["", "AUC: of the base score; combinations of attribute and target weigh the same."]
    if any(line.conflicting_auc is not None for line in lines):
        shown.append("AUC of conflicting images: the attribute goes against their target value.")
    return "\n".join(shown[1:]) + "\n"


def _value(line: ModelPair) -> str:
    if line.relative_change is None:
        return "none"
    return f"{line.relative_change:+.3f}" + ("" if line.status == "ok" else "!")


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"[{low:+.3f}, {high:+.3f}]"


def _auc(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _told_difference(line: ModelPair) -> str:
    if line.difference is None:
        return ""
    return f"{line.difference:+.2f} " + (
        ""
        if line.difference_low is None or line.difference_high is None
        else f"[{line.difference_low:+.2f}, {line.difference_high:+.2f}]"
    )
