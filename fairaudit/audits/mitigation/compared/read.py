"""From columns per image to rows: every number, its paired change to the unchanged model and to the control."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.mitigation.compared.statistics import NAMES, Images, p_value, replicated
from fairaudit.audits.mitigation.compared.verdicts import VariantEvidence, VariantQuestion, evidence_of
from fairaudit.audits.mitigation.fits.fit import VANILLA, Fits
from fairaudit.audits.mitigation.fits.store import Fit
from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.intervals.multiple import holm
from fairaudit.measures.regions.change import rddt
from fairaudit.mitigation.registry import CONTROL, METHODS
from fairaudit.ratio import ratio
from fairaudit.results.measurement import Measurement, finite
from fairaudit.tables.metrics import metric as entry_of
from fairaudit.tables.row import Estimate, Subject, row
from fairaudit.verdict.joint import Joint

AUDIT = "mitigate"
AGAINST = {"vanilla": VANILLA, "control": CONTROL}
"""What a change is against, as `baseline` of its row says → the variant."""
LEGS = ("worst_cell_accuracy", "equalized_odds_difference", "relevance_lift", "flip_rate")
"""Metrics whose changes are tested together."""
PAIRED = tuple(name for name in NAMES if not name.startswith("relevance_fall"))
WITNESSES = ("variant_cue_alignment", "variant_swap_effect")
"""Legs of the verdict that are no mean over images: measured, with their intervals, as the audit does."""
METRICS = frozenset(
    [*NAMES, *(f"{name}_change" for name in PAIRED), *WITNESSES, "outcome_reason_correlation", "training_cost"]
)
"""Names of all rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantComparison:
    """Every variant's replicates."""

    values: Mapping[str, Mapping[str, Floats]]
    """Variant → metric → [1 + replicate]."""
    per_seed: Mapping[str, Sequence[Mapping[str, float]]]
    """Variant → seed → metric → value."""
    trials: Mapping[str, Sequence[Mapping[str, float]]]
    """Method → λ that was tried → metric → value, in the order of the fits' trials."""
    verdicts: Mapping[str, Sequence[Joint]]
    """Variant → the joint verdict on the model of every seed."""
    evidence: Mapping[str, Sequence[VariantEvidence]]
    """Variant → what the verdict on the model of every seed rests on."""
    images: Images
    fits: Fits
    question: VariantQuestion
    floor: float
    phi: float | None = None
    """Yule's φ of target and attribute in the debias part; None unless both have two values."""

    @property
    def attribute(self) -> str:
        """The attribute, or several joined."""
        return self.question.attribute

    @property
    def level(self) -> float:
        """Coverage of intervals."""
        return self.question.statistics.level


def compare(
    fits: Fits, images: Images, question: VariantQuestion, *, floor: float, phi: float | None = None
) -> VariantComparison:
    """Resample the reporting part once for all variants, and judge every model."""
    seed, replicates = question.statistics.seed, question.statistics.replicates
    variants = {VANILLA: [fits.vanilla], **fits.working()}
    columns = {name: [columns_of(fit) for fit in each] for name, each in variants.items()}
    values = replicated(images, columns, seed=seed, replicates=replicates)
    tried = {name: [fit for fit in each if fit.edit is not None] for name, each in fits.trials.items()}
    evidence = {name: [evidence_of(images, one, question) for one in each] for name, each in columns.items()}
    return VariantComparison(
        values=values,
        per_seed={name: [_point(images, one, seed) for one in each] for name, each in columns.items()},
        trials={name: [_point(images, columns_of(fit), seed) for fit in each] for name, each in tried.items()},
        verdicts={name: [one.verdict(question) for one in each] for name, each in evidence.items()},
        evidence=evidence,
        images=images, fits=fits, question=question, floor=floor, phi=phi,
    )  # fmt: skip


def read(found: VariantComparison) -> list[Measurement]:
    """All rows: levels, changes with Holm's p values, cost, and the correlation over methods."""
    rows = [row for name in found.values for row in _levels(found, name)]
    rows += [row for name in found.values for row in _witnesses(found, name)]
    rows += _changes(found)
    rows += [*_costs(found), *_failed(found)]
    correlation = _correlation(found)
    return [*rows, correlation] if correlation is not None else rows


def flags(found: VariantComparison, name: str) -> list[str]:
    """What a reader must not overlook: degenerate, worse than control, levelled down.

    *degenerate*: one decision for all images, mean cell accuracy no better than that gives, or down by more than the
    floor. *worse than control*:
    the worst cell's change to the control has its whole interval below 0. *levelled down*: the gap fell, and no cell's
    accuracy rose.
    """
    values, vanilla = found.values[name], found.values[VANILLA]
    told = []
    fits = [found.fits.vanilla] if name == VANILLA else found.fits.by_method[name]
    constant = any(len(np.unique(fit.columns["decisions"].numpy())) < 2 for fit in fits)
    mean = values["unbiased_accuracy"][0]
    if constant or mean < vanilla["unbiased_accuracy"][0] - found.floor or mean <= 1 / found.images.classes:
        told.append("degenerate")
    if name in (VANILLA, CONTROL):
        return told
    control = found.values.get(CONTROL)
    if control is not None:
        high = np.nanquantile(values["worst_cell_accuracy"][1:] - control["worst_cell_accuracy"][1:], 0.975)
        if high < 0:
            told.append("worse than control")
    own, before = (np.mean([_cell_accuracies(found.images, fit) for fit in each], axis=0) for each in
                   (fits, [found.fits.vanilla]))  # fmt: skip
    gap = "equalized_odds_difference"
    if values[gap][0] < vanilla[gap][0] and not bool(np.any(own > before + 1e-12)):
        told.append("levelled down")
    return told


def _cell_accuracies(images: Images, fit: Fit) -> Floats:
    decisions = fit.columns["decisions"].numpy()
    right = decisions == images.target
    cells = range(images.groups * images.classes)
    return np.array([float(ratio(right[images.cell == c].sum(), (images.cell == c).sum())) for c in cells])


def _levels(found: VariantComparison, name: str) -> Iterator[Measurement]:
    values = found.values[name]
    for metric in NAMES:
        if metric not in values:
            continue
        per_seed = [each[metric] for each in found.per_seed[name] if metric in each]
        extra: dict[str, float | int | str | bool | None] = {"seeds": len(per_seed), **_facts(found, name)}
        if len(per_seed) > 1:
            extra["sd"] = float(np.std(per_seed, ddof=1))
        if metric == "unbiased_accuracy":
            extra |= {"flags": ", ".join(flags(found, name)), "verdict": verdicts_line(found, name)}
        if metric.startswith("relevance_fall") and "share" not in metric:
            extra["rddt_p"] = finite(_rddt(found, name, metric))
        if metric.endswith("_other"):
            extra["attribution"] = found.question.methods[1]
        yield _row(found, metric, name, None, values[metric], extra=extra)


def witness(evidence: VariantEvidence, metric: str) -> Measurement | None:
    """The leg of one model that a metric of `WITNESSES` repeats; None where it was not measured."""
    return evidence.swap if metric == "variant_swap_effect" else next(iter(evidence.cues), None)


def _witnesses(found: VariantComparison, name: str) -> Iterator[Measurement]:
    """The legs of a variant: the mean over seeds, and the mean of the seeds' ends.

    Errors of the same images go together, and no sd of a mean is above the mean of the sds, so that these ends are not
    too near.
    """
    for metric in WITNESSES:
        legs = [leg for one in found.evidence[name] if (leg := witness(one, metric)) is not None]
        if not legs:
            continue
        ends = np.array([[np.nan if v is None else v for v in (leg.value, leg.low, leg.high)] for leg in legs], float)
        value, low, high = (finite(end) for end in ends.mean(0))
        estimate = Estimate(
            value=value, low=low, high=high, interval=legs[0].interval, unit=legs[0].unit, n=legs[0].n,
            missing=next((leg.reason for leg in legs if leg.reason), "") or entry_of(metric).undefined,
            extra={"seeds": len(legs), "attribution": legs[0].method},
        )  # fmt: skip
        subject = Subject(
            audit=AUDIT, metric=metric, attribute=found.attribute, method=name, region=found.question.region
        )
        yield row(subject, estimate, level=found.level)


def verdicts_line(found: VariantComparison, name: str) -> str:
    """The joint verdicts on a variant's models, each with how many seeds have it where they differ."""
    counts = Counter(joint.verdict for joint in found.verdicts[name])
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{verdict} ({count})" for verdict, count in counts.most_common())


def _rddt(found: VariantComparison, name: str, metric: str) -> float:
    """RDDT's p value of the first seed's model: the one-sided t test that relevance in the region fell."""
    fit = found.fits.vanilla if name == VANILLA else found.fits.by_method[name][0]
    return rddt(fit.columns[metric].numpy(), clusters=found.images.clusters).p


def _changes(found: VariantComparison) -> list[Measurement]:
    """Paired changes; those of the legs carry p values adjusted over all methods, legs and both comparisons."""
    made: list[tuple[str, str, str, Floats]] = []
    for label, other in AGAINST.items():
        for name in found.values:
            if name in (VANILLA, other) or other not in found.values:
                continue
            for metric in PAIRED:
                if metric in found.values[name] and metric in found.values[other]:
                    made.append((metric, name, label, found.values[name][metric] - found.values[other][metric]))
    raw = [p_value(change[1:]) for _, _, _, change in made]
    tested = [place for place, (metric, *_) in enumerate(made) if metric in LEGS]
    adjusted = dict(zip(tested, holm([raw[place] for place in tested]).tolist(), strict=True)) if tested else {}
    return [
        _row(
            found, f"{metric}_change", name, label, change,
            p=adjusted.get(place, raw[place]),
            extra={"p_single": None if np.isnan(raw[place]) else raw[place], "holm": place in adjusted},
        )
        for place, (metric, name, label, change) in enumerate(made)
    ]  # fmt: skip


def _row(
    found: VariantComparison,
    metric: str,
    name: str,
    baseline: str | None,
    values: Floats,
    *,
    p: float = float("nan"),
    extra: Mapping[str, float | int | str | bool | None],
) -> Measurement:
    tail = (1 - found.level) / 2
    known = values[1:][~np.isnan(values[1:])]
    low, high = np.quantile(known, [tail, 1 - tail]) if len(known) and not np.isnan(values[0]) else (np.nan, np.nan)
    base = metric.removesuffix("_change")
    estimate = Estimate(
        value=float(values[0]), low=float(low), high=float(high),
        interval="bootstrap" if found.images.clusters is None else "cluster-bootstrap",
        unit="image" if found.images.clusters is None else "cluster",
        n=len(found.images.target), p_value=p, missing=entry_of(metric).undefined, extra=extra,
    )  # fmt: skip
    subject = Subject(
        audit=AUDIT, metric=metric, attribute=found.attribute, method=name, baseline=baseline,
        region=found.question.region if base.startswith("relevance") else None,
    )  # fmt: skip
    return row(subject, estimate, level=found.level)


def _facts(found: VariantComparison, name: str) -> dict[str, float | int | str | bool | None]:
    if name == VANILLA:
        return {}
    fit = found.fits.by_method[name][0]
    return {"lambda": fit.unit.strength, "given": ", ".join(METHODS[name].given), **fit.facts}


def _costs(found: VariantComparison) -> Iterator[Measurement]:
    control = np.mean([fit.seconds for fit in found.fits.by_method[CONTROL]])
    for name, fits in found.fits.working().items():
        cost = float(ratio(np.mean([fit.seconds for fit in fits]), control))
        subject = Subject(audit=AUDIT, metric="training_cost", attribute=found.attribute, method=name)
        yield row(subject, Estimate(value=cost, missing=entry_of("training_cost").undefined))


def _failed(found: VariantComparison) -> Iterator[Measurement]:
    """A method that failed is a row with its reason."""
    for name, fits in found.fits.by_method.items():
        reason = next((fit.reason for fit in fits if fit.edit is None), "")
        if reason:
            subject = Subject(audit=AUDIT, metric="worst_cell_accuracy", attribute=found.attribute, method=name)
            yield row(subject, Estimate(value=None, missing=reason))


def _correlation(found: VariantComparison) -> Measurement | None:
    """Spearman's correlation over methods of the change of the gap with that of the lift, per replicate."""
    names = [name for name in found.values if name != VANILLA and "relevance_lift" in found.values[name]]
    if "relevance_lift" not in found.values[VANILLA]:
        return None
    gaps, lifts = (
        np.stack([found.values[name][metric] - found.values[VANILLA][metric] for name in names])
        for metric in ("equalized_odds_difference", "relevance_lift")
    )
    values = _spearman(gaps, lifts) if len(names) > 2 else np.full(2, np.nan)
    return _row(found, "outcome_reason_correlation", "all", "vanilla", values, extra={"methods": len(names)})


def _spearman(first: Floats, second: Floats) -> Floats:
    """Rank correlation down the first axis, [replicate]; NaN where one side does not vary."""
    from scipy.stats import rankdata

    a, b = (rankdata(values, axis=0) for values in (first, second))
    a, b = a - a.mean(0), b - b.mean(0)
    return ratio((a * b).sum(0), np.sqrt((a**2).sum(0) * (b**2).sum(0)))


def columns_of(fit: Fit) -> dict[str, NDArray[np.generic]]:
    """A fit's columns of the reporting part, [image]."""
    return {name: c.numpy() for name, c in fit.columns.items() if c.dim() < 3}


def _point(images: Images, columns: Mapping[str, NDArray[np.generic]], seed: int) -> dict[str, float]:
    """Metric → its value on the images themselves."""
    found = replicated(images, {"one": [columns]}, seed=seed, replicates=0)["one"]
    return {metric: float(value[0]) for metric, value in found.items()}
