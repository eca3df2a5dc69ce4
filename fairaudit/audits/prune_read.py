"""From the experiment's variants to measurements, notes and figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.base import Drawing, Findings
from fairaudit.audits.prune_run import Experiment, Variant
from fairaudit.measures.intervals import wilson
from fairaudit.measures.paper_measures import mutual_information
from fairaudit.measures.theory import following_model_information
from fairaudit.pruning.alignment import Reliance, associated_classes, reliance
from fairaudit.pruning.probe import KINDS
from fairaudit.ratio import ratio
from fairaudit.report.figures.pruning import LayerBar, SweepPoint, gamma_sweep, layer_sparsity
from fairaudit.results.measurement import Better, Measurement, finite

METRICS = frozenset(
    [
        "task_accuracy",
        "aligned_accuracy",
        "conflicting_accuracy",
        "model_biasedness",
        "task_biasedness",
        "bias_information",
        "bias_information_expected",
        "bias_accuracy_linear",
        "bias_accuracy_mlp",
        "sparsity",
        "layer_sparsity",
    ]
)
"""Names of the metrics of the pruning audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What the measurements are made from."""

    experiment: Experiment
    biases: tuple[str, ...]
    target: NDArray[np.int64]
    """Codes of the reporting part."""
    codes: tuple[NDArray[np.int64], ...]
    """Bias codes of the reporting part, one column per bias."""
    fit_codes: tuple[NDArray[np.int64], ...]
    """The same of the fitting part."""
    values: tuple[int, ...]
    classes: int
    planted: bool
    """Whether bias value k goes with class k by construction."""
    level: float

    def associated(self, number: int) -> NDArray[np.int64]:
        """The class that goes with every value of a bias."""
        count = self.values[number]
        if self.planted:
            return np.where(np.arange(count) < self.classes, np.arange(count), -1)
        decisions = self.experiment.fitted.decisions
        return associated_classes(decisions, self.fit_codes[number], classes=self.classes, values=count)


def read(reported: Reported, notes: Sequence[str]) -> Findings:
    """Every number of every variant, what to know about them, and the figures."""
    measurements = [m for name in _names(reported) for m in _variant_rows(reported, name)]
    return Findings(
        measurements=measurements,
        notes=[*notes, *_notes(reported)],
        drawings=_drawings(reported),
    )


def _names(reported: Reported) -> list[str]:
    return list(dict.fromkeys(variant.name for variant in reported.experiment.variants))


def _variant_rows(reported: Reported, name: str) -> Iterator[Measurement]:
    variants = [variant for variant in reported.experiment.variants if variant.name == name]
    row = partial(_share, reported=reported, method=name)
    right = [int((v.evaluation.decisions == reported.target).sum()) for v in variants]
    yield row("task_accuracy", right, [len(reported.target)] * len(variants), better="higher")
    for number, bias in enumerate(reported.biases):
        yield from _bias_rows(reported, variants, number, bias)
    if variants[0].sparsity is not None:
        for metric, group, counts in _sparsities(variants):
            yield row(metric, [c[0] for c in counts], [c[1] for c in counts], group=group, certain=True)


def _sparsities(variants: Sequence[Variant]) -> Iterator[tuple[str, str | None, list[tuple[int, int]]]]:
    yield (
        "sparsity",
        None,
        [(sum(layer.pruned for layer in v.layers), sum(layer.weights for layer in v.layers)) for v in variants],
    )
    for place, layer in enumerate(variants[0].layers):
        yield "layer_sparsity", layer.layer, [(v.layers[place].pruned, v.layers[place].weights) for v in variants]


def _bias_rows(reported: Reported, variants: Sequence[Variant], number: int, bias: str) -> Iterator[Measurement]:
    row = partial(_share, reported=reported, method=variants[0].name, attribute=bias)
    associated = reported.associated(number)
    found = [reliance(v.evaluation.decisions, reported.target, reported.codes[number], associated) for v in variants]
    yield row("aligned_accuracy", [r.aligned_right for r in found], [r.aligned for r in found], better="higher")
    yield row(
        "conflicting_accuracy", [r.conflicting_right for r in found], [r.conflicting for r in found], better="higher"
    )
    yield row("model_biasedness", [r.followed for r in found], [r.conflicting for r in found], better="lower")
    for kind in KINDS:
        probes = [v.evaluation.probes[number, kind] for v in variants]
        hits, sizes = [sum(probe.hits) for probe in probes], [len(probe.hits) for probe in probes]
        yield row(f"bias_accuracy_{kind}", hits, sizes, better="lower", chance=probes[0].chance)
    yield from _theory(reported, variants[0], found[0], number, bias)


def _theory(reported: Reported, variant: Variant, found: Reliance, number: int, bias: str) -> Iterator[Measurement]:
    """Where the variant lies in the paper's theory: information measured, as eq. 15 expects it, and K from eq. 5."""
    known = reported.codes[number] >= 0
    table = np.zeros((reported.values[number], reported.classes))
    np.add.at(table, (reported.codes[number][known], variant.evaluation.decisions[known]), 1)
    classes = min(table.shape)
    information = ratio(mutual_information(table), np.log(classes))
    rho = float(ratio(found.aligned, found.aligned + found.conflicting))
    phi = float(ratio(found.followed, found.conflicting))
    facts = {"rho": finite(rho), "phi": finite(phi), "classes": classes}
    expected, needed = float("nan"), float("nan")
    if classes >= 2 and not np.isnan([rho, phi]).any():
        expected = float(following_model_information(rho, phi, classes=classes))
        wrong = float(ratio(found.aligned - found.aligned_right, found.aligned))
        needed = min(1.0, float(ratio(wrong, 1 - phi)))
    for metric, value in (
        ("bias_information", float(information)),
        ("bias_information_expected", expected),
        ("task_biasedness", needed),
    ):
        number_found = finite(value)
        yield Measurement(
            audit="prune",
            metric=metric,
            attribute=bias,
            method=variant.name,
            value=number_found,
            status="ok" if number_found is not None else "undefined",
            reason=None if number_found is not None else "there are no aligned or no conflicting images, or one class",
            n=int(known.sum()),
            extra=dict(facts),
        )


def _share(
    metric: str,
    hits: Sequence[int],
    sizes: Sequence[int],
    *,
    reported: Reported,
    method: str,
    attribute: str | None = None,
    group: str | None = None,
    better: Better = "none",
    chance: float | None = None,
    certain: bool = False,
) -> Measurement:
    """A share of the first seed, with its interval over images, and mean and deviation over seeds beside it."""
    shares = ratio(hits, sizes)
    value = finite(float(shares[0]))
    interval = None if certain or value is None else wilson(hits[0], sizes[0], level=reported.level)
    extra: dict[str, float | int | str | bool | None] = {}
    if len(shares) > 1:
        deviation = float(np.std(shares, ddof=1))
        extra = {"seeds": len(shares), "mean": finite(float(np.mean(shares))), "sd": finite(deviation)}
    return Measurement(
        audit="prune",
        metric=metric,
        attribute=attribute,
        group=group,
        method=method,
        value=value,
        status="ok" if value is not None else "undefined",
        reason=None if value is not None else "there are no such images",
        low=None if interval is None else finite(float(interval.low)),
        high=None if interval is None else finite(float(interval.high)),
        level=None if interval is None else reported.level,
        interval=None if interval is None else "wilson",
        unit=None if interval is None else "image",
        n=int(sizes[0]),
        numerator=float(hits[0]),
        denominator=float(sizes[0]),
        chance=chance,
        better=better,
        extra=extra,
    )


def _notes(reported: Reported) -> list[str]:
    variants = reported.experiment.variants
    pruned = next(variant for variant in variants if variant.gamma is not None)
    share = float(np.mean(pruned.evaluation.decisions == reported.target))
    notes = [
        "Sparsity is a by-product: without a sparsity weight about half of it is the sign of the gates' noise.",
        "Bias accuracy is that of readers trained anew on the pruned model's features; the mlp has a hidden layer and "
        "finds what is only hidden from a linear head.",
    ]
    if not reported.planted:
        notes.append(
            "Which class goes with a bias value is read from the unpruned model's decisions on the fitting part."
        )
    stuck = [variant.name for variant in variants if variant.agreed is False]
    notes += [f"{name}: soft and hard model did not agree before the temperatures ran out." for name in stuck]
    if share < 1.5 / reported.classes and reported.classes > 2:
        notes.append(
            f"{pruned.name}: the task itself is nearly lost (accuracy {share:.2f}); try a smaller --gamma, and inputs "
            "that are centred."
        )
    return notes


def _drawings(reported: Reported) -> list[Drawing]:
    variants = reported.experiment.variants
    pruned = [variant for variant in variants if variant.gamma is not None]
    bars = [LayerBar(name=layer.layer, weights=layer.weights, share=layer.share) for layer in pruned[0].layers]
    drawings = [
        Drawing(
            name="sparsity.png",
            caption="Share of the weights of every layer that the mask prunes.",
            draw=partial(layer_sparsity, bars, heading=f"Pruned weights per layer, {pruned[0].name}"),
        )
    ]
    points = [_point(reported, variant) for variant in pruned if variant.seed == pruned[0].seed]
    if len(points) > 1:
        chance = pruned[0].evaluation.probes[0, "linear"].chance
        drawings.append(
            Drawing(
                name="gamma.png",
                caption=f"Task accuracy, accuracy of a fresh linear probe of {reported.biases[0]}, and sparsity by γ.",
                draw=partial(gamma_sweep, points, chance=chance, heading=f"γ and {reported.biases[0]}"),
            )
        )
    return drawings


def _point(reported: Reported, variant: Variant) -> SweepPoint:
    return SweepPoint(
        gamma=float(variant.gamma or 0.0),
        task=float(np.mean(variant.evaluation.decisions == reported.target)),
        bias=variant.evaluation.probes[0, "linear"].accuracy,
        sparsity=float(variant.sparsity or 0.0),
    )
