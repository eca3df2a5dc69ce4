"""From the experiment's variants to measurements, notes and figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.stream.audit import Drawing, Findings
from fairaudit.audits.pruning.cells import cell_rows
from fairaudit.audits.pruning.experiment import Variant
from fairaudit.audits.pruning.rows import Reported, plain_share, share
from fairaudit.audits.pruning.theory import placed, theory_rows
from fairaudit.pruning.probe import KINDS
from fairaudit.report.figures.pruning import LayerBar, SweepPoint, gamma_sweep, layer_sparsity
from fairaudit.report.figures.theory_surface import Mark, surface
from fairaudit.results.measurement import Measurement


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
    variants = reported.named(name)
    shared = partial(share, reported=reported, method=name)
    right = [v.evaluation.decisions == reported.target for v in variants]
    yield shared("task_accuracy", right, np.ones(len(reported.target), np.bool_))
    for number, bias in enumerate(reported.biases):
        yield from _bias_rows(reported, variants, number, bias)
    yield from cell_rows(reported, name)
    if variants[0].sparsity is not None:
        for metric, group, counts in _sparsities(variants):
            yield plain_share(metric, [c[0] for c in counts], [c[1] for c in counts], method=name, group=group)


def _sparsities(variants: Sequence[Variant]) -> Iterator[tuple[str, str | None, list[tuple[int, int]]]]:
    yield (
        "sparsity",
        None,
        [(sum(layer.pruned for layer in v.layers), sum(layer.weights for layer in v.layers)) for v in variants],
    )
    for place, layer in enumerate(variants[0].layers):
        yield "layer_sparsity", layer.layer, [(v.layers[place].pruned, v.layers[place].weights) for v in variants]


def _bias_rows(reported: Reported, variants: Sequence[Variant], number: int, bias: str) -> Iterator[Measurement]:
    shared = partial(share, reported=reported, method=variants[0].name, attribute=bias)
    hints, decided = reported.hints(number), [v.evaluation.decisions for v in variants]
    aligned, conflicting = hints == reported.target, (hints >= 0) & (hints != reported.target)
    right = [decisions == reported.target for decisions in decided]
    yield shared("aligned_accuracy", right, aligned)
    yield shared("conflicting_accuracy", right, conflicting)
    yield shared("model_biasedness", [decisions == hints for decisions in decided], conflicting)
    known = reported.codes[number] >= 0
    for kind in KINDS:
        probes = [v.evaluation.probes[number, kind] for v in variants]
        read = [_of_all(probe.hits, known) for probe in probes]
        yield shared(f"bias_accuracy_{kind}", read, known, chance=probes[0].chance)
    yield from theory_rows(reported, variants[0], number)


def _of_all(hits: Sequence[bool], known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Hits on the images of known value as hits on all images."""
    found = np.zeros(len(known), np.bool_)
    found[known] = hits
    return found


def _notes(reported: Reported) -> list[str]:
    variants = reported.experiment.variants
    pruned = next(variant for variant in variants if variant.gamma is not None)
    accuracy = float(np.mean(pruned.evaluation.decisions == reported.target))
    notes = [
        "Sparsity is a by-product: without a weight for sparsity, about half of it is due to random signs of the "
        "gates.",
        "Bias accuracy is that of classifiers trained on the pruned model's features; the MLP has a hidden layer and "
        "also finds what a linear classifier cannot.",
    ]
    if any(not (planted or told) for planted, told in zip(reported.planted, _told(reported), strict=True)):
        notes.append(
            "Which class goes with a bias value is read from the unpruned model's decisions on the fitting part."
        )
    stuck = [variant.name for variant in variants if variant.agreed is False]
    notes += [f"{name}: soft and hard model did not agree before the temperatures ran out." for name in stuck]
    if accuracy < 1.5 / reported.classes and reported.classes > 2:
        notes.append(
            f"{pruned.name}: the task itself is nearly lost (accuracy {accuracy:.2f}); try a smaller --gamma, and "
            "inputs that are centred."
        )
    return notes


def _told(reported: Reported) -> list[bool]:
    """Whether `audit.aligned` states which class goes with a value, per bias."""
    paired = reported.paired or [None] * len(reported.biases)
    return [each is not None for each in paired]


def _drawings(reported: Reported) -> list[Drawing]:
    variants = reported.experiment.variants
    pruned = [variant for variant in variants if variant.gamma is not None]
    bars = [LayerBar(name=layer.layer, weights=layer.weights, share=layer.share) for layer in pruned[0].layers]
    drawings: list[Drawing | None] = [
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
                caption=f"Task accuracy, accuracy of a linear probe of {reported.biases[0]}, and sparsity by γ.",
                draw=partial(gamma_sweep, points, chance=chance, heading=f"γ and {reported.biases[0]}"),
            )
        )
    drawings += [_theory_drawing(reported, number) for number in range(len(reported.biases))]
    return [drawing for drawing in drawings if drawing is not None]


def _theory_drawing(reported: Reported, number: int) -> Drawing | None:
    """The surface of figure 2c at the training's ρ, with every model on it; None where the theory says nothing."""
    models = placed(reported, _names(reported), number)
    if not models:
        return None
    first = models[0][1]
    marks = [Mark(name=name, phi=at.phi, needed=at.needed, information=at.on_task) for name, at in models]
    bias = reported.biases[number]
    return Drawing(
        name=f"theory-{number + 1}.png" if len(reported.biases) > 1 else "theory.png",
        caption=(
            f"Information on the target that the theory expects of a model of biasedness φ on a task of biasedness K "
            f"for {bias} at the training's ρ (figure 2c of the pruning paper, there for N = 10 and ρ = 0.9), with what "
            "the decisions of this run's models hold there. Left equation 16 as it follows from the appendix, which "
            "can leave [0, 1]; right a bounded form."
        ),
        draw=partial(surface, marks, rho=first.rho, classes=first.classes, heading=f"Theory and {bias}"),
    )


def _point(reported: Reported, variant: Variant) -> SweepPoint:
    return SweepPoint(
        gamma=float(variant.gamma or 0.0),
        task=float(np.mean(variant.evaluation.decisions == reported.target)),
        bias=variant.evaluation.probes[0, "linear"].accuracy,
        sparsity=float(variant.sparsity or 0.0),
    )
