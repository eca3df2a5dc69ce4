"""Line integrals of a gradient along a path, refined per image until they add up.

Every evaluation gives F and its gradient, so that the trapezoid of an interval can be checked on the spot: its
relevance must add up to the difference of F over it. Intervals where it does not are halved, and no point is evaluated
twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from fairaudit.ratio import ratio
from fairaudit.saliency.gradients.path import Path
from fairaudit.saliency.method import Reduction, reduce_channels
from fairaudit.saliency.objective import Objective

_INTERVALS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Refinement:
    """When an integral is good enough."""

    tolerance: float = 0.01
    """Largest completeness gap, as a share of the scale."""
    local: float = 0.03
    """Largest √(Σ gap²) over intervals, as a share of the scale: the gap to expect if the intervals' gaps had signs by
    chance. Gaps that cancel must not pass for a good map."""
    floor: float = 0.1
    """The scale is |F(x) − F(x0)|, but at least this share of max(|F(x)|, |F(x0)|): a difference of about nothing
    cannot be met to one percent of itself."""
    nodes: int = 8
    """Gradients per image in the first round: Gauss–Legendre nodes."""
    most: int = 128
    """Gradients per image at most; the gap that is left is reported."""


@dataclass(slots=True, kw_only=True)
class Trace:
    """What is known along the path of one image, in the order of t; both ends have F and no gradient."""

    t: list[float]
    """Where, from 0 to 1."""
    value: list[float]
    """F there."""
    gradient: list[Tensor | None]
    """∂F/∂x there, [channel, row, column]; None at both ends."""
    gap: list[float]
    """Per interval: relevance of its trapezoid less the difference of F over it."""
    rate: list[float] = field(default_factory=list)
    """On a straight path: d/dt F there, the gradient times the path's whole move; NaN at both ends."""
    weights: list[float] | None = None
    """Weights of the first round's quadrature rule while that is the one in use, else None."""
    rule_gap: float = 0.0
    """Σ map − (F(x) − F(x0)) under that rule."""

    def completeness(self) -> float:
        """Σ map − (F(x) − F(x0)), signed."""
        return self.rule_gap if self.weights is not None else float(np.sum(self.gap))

    def relative(self, floor: float) -> float:
        """|Σ map − (F(x) − F(x0))| over the scale of Refinement; 0 where F is 0 at both ends and so is the sum."""
        return self._share(abs(self.completeness()), floor)

    def local(self, floor: float) -> float:
        """√(Σ gap²) over the intervals' trapezoids, over the same scale; needs no evaluations of its own."""
        return self._share(float(np.linalg.norm(self.gap)), floor)

    def _share(self, gap: float, floor: float) -> float:
        first, last = self.value[0], self.value[-1]
        scale = max(abs(last - first), floor * max(abs(first), abs(last)))
        if gap == 0:
            return 0.0
        return float(ratio(gap, scale)) if scale else float("inf")

    def worst(self, share: float = 0.5) -> list[int]:
        """The fewest intervals that hold the given share of Σ|gap| (Dörfler marking), in order."""
        sizes = np.abs(self.gap)
        order = np.argsort(-sizes, kind="stable")
        enough = int(np.searchsorted(np.cumsum(sizes[order]), share * sizes.sum())) + 1
        return sorted(int(index) for index in order[:enough])

    def slope(self, index: int) -> Tensor:
        """Mean gradient of an interval: the trapezoid's, or the one gradient there is at the path's ends."""
        known = [gradient for gradient in self.gradient[index : index + 2] if gradient is not None]
        return known[0] if len(known) == 1 else 0.5 * (known[0] + known[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Integral:
    """Relevance along a path, and how far it adds up."""

    maps: Tensor
    """[image, row, column]."""
    residual: Tensor
    """[image] relative completeness gap, float64."""
    nodes: Tensor
    """[image] gradients that were needed."""


def integrate(target: Objective, path: Path, images: int, *, refinement: Refinement, reduction: Reduction) -> Integral:
    """∫ ∂F/∂x(γ(t)) ⊙ γ′(t) dt per image, which over all pixels and channels is F(γ(1)) − F(γ(0)).

    First round: Gauss–Legendre nodes, with their own weights where the path is straight. An image whose gap is within
    the tolerance leaves. For the others every interval between neighbouring nodes is a trapezoid,
    ½(g_a + g_b) ⊙ (γ_b − γ_a), whose sum must be F_b − F_a: the intervals that hold half of Σ|gap| are halved, round
    by round, and all earlier evaluations stay in use. All nodes of all images of a round are one flat batch.
    """
    device = target.seeds.device
    traces = _first_round(target, path, images, refinement, device)
    active = list(range(images))
    while True:
        active = [i for i in active if _goes_on(traces[i], refinement)]
        if not active:
            break
        _refine(target, path, traces, active, refinement, device)
    maps = [_assemble(path, i, trace, reduction, device) for i, trace in enumerate(traces)]
    residual = torch.tensor([trace.relative(refinement.floor) for trace in traces], dtype=torch.float64)
    return Integral(maps=torch.stack(maps), residual=residual, nodes=torch.tensor([len(x.t) - 2 for x in traces]))


def _goes_on(trace: Trace, refinement: Refinement) -> bool:
    complete = trace.relative(refinement.floor) <= refinement.tolerance
    within = complete and trace.local(refinement.floor) <= refinement.local
    return not within and len(trace.t) - 2 < refinement.most


def _first_round(
    target: Objective, path: Path, images: int, refinement: Refinement, device: torch.device
) -> list[Trace]:
    nodes, weights = np.polynomial.legendre.leggauss(refinement.nodes)
    t = list((nodes + 1) / 2)
    index = torch.arange(images, device=device)
    both = index.repeat(2)
    start, stop = (
        target.values(path.points(both, (torch.arange(2 * images, device=device) >= images).double()), both)
        .view(2, images)
        .tolist()
    )
    rows = index.repeat_interleave(len(t))
    values, gradients = target.gradients(path.points(rows, _times(t * images, device)), rows)
    grid, first = values.view(images, len(t)).tolist(), gradients.view(images, len(t), *gradients.shape[1:])
    rates = np.reshape(_rates(path, rows, gradients), (images, len(t))).tolist()
    traces = [
        Trace(
            t=[0.0, *t, 1.0],
            value=[start[i], *grid[i], stop[i]],
            gradient=[None, *first[i].unbind(), None],
            gap=[0.0] * (len(t) + 1),
            rate=[float("nan"), *rates[i], float("nan")],
        )
        for i in range(images)
    ]
    _check_intervals(path, traces, [(i, j) for i in range(images) for j in range(len(t) + 1)], device)
    if path.straight:
        _use_rule(traces, list(weights / 2))
    return traces


def _use_rule(traces: list[Trace], weights: list[float]) -> None:
    for trace in traces:
        trace.weights = weights
        trace.rule_gap = float(np.dot(weights, trace.rate[1:-1])) - (trace.value[-1] - trace.value[0])


def _rates(path: Path, rows: Tensor, gradients: Tensor) -> list[float]:
    """Gradient times the whole move of each row's path; NaN where the path is not straight and none is of use."""
    if not path.straight:
        return [float("nan")] * len(rows)
    start, stop = (torch.full(rows.shape, at, dtype=torch.float64, device=rows.device) for at in (0.0, 1.0))
    sums: list[float] = []
    for begin in range(0, len(rows), _INTERVALS):
        part = slice(begin, begin + _INTERVALS)
        product = gradients[part] * path.moves(rows[part], start[part], stop[part])
        sums += product.sum((1, 2, 3), dtype=torch.float64).tolist()
    return sums


def _refine(
    target: Objective, path: Path, traces: list[Trace], active: list[int], refinement: Refinement, device: torch.device
) -> None:
    halves: list[tuple[int, int]] = []
    for i in active:
        room = refinement.most - (len(traces[i].t) - 2)
        halves += [(i, j) for j in traces[i].worst()[:room]]
    at = [0.5 * (traces[i].t[j] + traces[i].t[j + 1]) for i, j in halves]
    rows = torch.tensor([i for i, _ in halves], device=device)
    values, gradients = target.gradients(path.points(rows, _times(at, device)), rows)
    new: list[tuple[int, int]] = []
    inserted = dict.fromkeys(active, 0)
    rates = _rates(path, rows, gradients)
    for (i, j), t, value, gradient, rate in zip(halves, at, values.tolist(), gradients.unbind(), rates, strict=True):
        trace, place = traces[i], j + 1 + inserted[i]
        trace.weights = None
        trace.t.insert(place, t)
        trace.value.insert(place, value)
        trace.gradient.insert(place, gradient)
        trace.gap.insert(place, 0.0)
        trace.rate.insert(place, rate)
        inserted[i] += 1
        new += [(i, place - 1), (i, place)]
    _check_intervals(path, traces, new, device)


def _check_intervals(
    path: Path, traces: list[Trace], intervals: Sequence[tuple[int, int]], device: torch.device
) -> None:
    if path.straight:
        for i, j in intervals:
            trace = traces[i]
            known = [rate for rate in trace.rate[j : j + 2] if not np.isnan(rate)]
            relevance = sum(known) / len(known) * (trace.t[j + 1] - trace.t[j])
            trace.gap[j] = relevance - (trace.value[j + 1] - trace.value[j])
        return
    for begin in range(0, len(intervals), _INTERVALS):
        some = intervals[begin : begin + _INTERVALS]
        rows = torch.tensor([i for i, _ in some], device=device)
        start = _times([traces[i].t[j] for i, j in some], device)
        stop = _times([traces[i].t[j + 1] for i, j in some], device)
        slopes = torch.stack([traces[i].slope(j) for i, j in some])
        sums = (slopes * path.moves(rows, start, stop)).sum((1, 2, 3), dtype=torch.float64).tolist()
        for (i, j), relevance in zip(some, sums, strict=True):
            traces[i].gap[j] = relevance - (traces[i].value[j + 1] - traces[i].value[j])


def _assemble(path: Path, i: int, trace: Trace, reduction: Reduction, device: torch.device) -> Tensor:
    if trace.weights is not None:
        known = [gradient for gradient in trace.gradient if gradient is not None]
        weights = torch.tensor(trace.weights, dtype=known[0].dtype, device=device)
        slope = torch.einsum("k,kchw->chw", weights, torch.stack(known))
        whole = path.moves(torch.tensor([i], device=device), _times([0.0], device), _times([1.0], device))
        return reduce_channels(slope[None] * whole, reduction)[0]
    relevance: Tensor | None = None
    for begin in range(0, len(trace.gap), _INTERVALS):
        some = range(begin, min(begin + _INTERVALS, len(trace.gap)))
        rows = torch.full((len(some),), i, device=device)
        start, stop = (_times([trace.t[j + step] for j in some], device) for step in (0, 1))
        part = (torch.stack([trace.slope(j) for j in some]) * path.moves(rows, start, stop)).sum(0)
        relevance = part if relevance is None else relevance + part
    if relevance is None:
        raise ValueError("a path has at least one interval")
    return reduce_channels(relevance[None], reduction)[0]


def _times(t: Sequence[float], device: torch.device) -> Tensor:
    return torch.tensor(t, dtype=torch.float64, device=device)
