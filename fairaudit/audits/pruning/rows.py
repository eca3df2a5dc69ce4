"""What the readings of the pruning experiment have in common: their inputs, and a share as a measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.pruning.experiment import Experiment, Variant
from fairaudit.measures.clusters.effective import effective
from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.rates import Rate
from fairaudit.measures.intervals.proportion import wilson
from fairaudit.pruning.alignment import associated_classes
from fairaudit.ratio import ratio
from fairaudit.results.measurement import Measurement, finite
from fairaudit.tables.row import Estimate, Subject, row


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What the measurements are made from."""

    experiment: Experiment
    biases: tuple[str, ...]
    rows: NDArray[np.int64]
    """Rows of the reporting part that could be read, in the order of everything below."""
    target: NDArray[np.int64]
    """Codes of the reporting part."""
    codes: tuple[NDArray[np.int64], ...]
    """Bias codes of the reporting part, one column per bias."""
    fit_codes: tuple[NDArray[np.int64], ...]
    """The same of the fitting part."""
    values: tuple[int, ...]
    classes: int
    planted: tuple[bool, ...]
    """Whether value k of each bias goes with class k by construction."""
    level: float
    training: tuple[Floats | None, ...] = ()
    """[value, class] rows of the training data, or their shares, per bias; None where nobody told them."""
    paired: tuple[NDArray[np.int64] | None, ...] = ()
    """The class that goes with every value in training, −1 for none, per bias; None where nobody told it."""
    clusters: NDArray[np.int64] | None = None
    """Units of the reporting part that are sampled whole, see `partition`; None where every image is one."""

    def associated(self, number: int) -> NDArray[np.int64]:
        """The class of every value of a bias: as it was planted, as `audit.aligned` tells, or as decided."""
        count = self.values[number]
        if self.planted[number]:
            return np.where(np.arange(count) < self.classes, np.arange(count), -1)
        told = self.paired[number] if self.paired else None
        if told is not None:
            return told
        decisions = self.experiment.fitted.decisions
        return associated_classes(decisions, self.fit_codes[number], classes=self.classes, values=count)

    def hints(self, number: int) -> NDArray[np.int64]:
        """The class that goes with every image's bias value, -1 for none."""
        codes = self.codes[number]
        return np.where(codes >= 0, self.associated(number)[codes], -1)

    def trained(self, number: int) -> Floats | None:
        """[value, class] training rows of a bias; None where nobody told them."""
        return self.training[number] if self.training else None

    def named(self, name: str) -> list[Variant]:
        """The variants of a name, one per seed."""
        return [variant for variant in self.experiment.variants if variant.name == name]


def share(
    metric: str,
    hits: Sequence[NDArray[np.bool_]],
    inside: NDArray[np.bool_],
    *,
    reported: Reported,
    method: str,
    attribute: str | None = None,
    group: str | None = None,
    chance: float | None = None,
) -> Measurement:
    """A share of images of the first seed with its interval, and mean and deviation over seeds beside it.

    Args:
        metric: name.
        hits: per seed, [image] of the reporting part.
        inside: [image] the share is of these.
        reported: what it is made from; with clusters the interval is of whole clusters (`effective`).
        method: name of the variant.
        attribute: bias.
        group: cell.
        chance: what guessing would reach.
    """
    counts = np.array([int(np.count_nonzero(hit[inside])) for hit in hits])
    size = int(np.count_nonzero(inside))
    sized = _sized(hits[0], inside, reported)
    ends = wilson(sized.numerator, sized.denominator, level=reported.level)
    estimate = replace(
        _first_of(counts, [size] * len(counts)),
        low=float(ends.low) if size else None,
        high=float(ends.high) if size else None,
        interval="wilson",
        unit="image" if reported.clusters is None else "cluster",
        chance=chance if size else None,
    )
    subject = Subject(audit="prune", metric=metric, attribute=attribute, group=group, method=method)
    return row(subject, estimate, level=reported.level)


def plain_share(
    metric: str,
    hits: Sequence[int] | NDArray[np.int64],
    sizes: Sequence[int],
    *,
    method: str,
    group: str | None = None,
) -> Measurement:
    """An exact share of the first seed, such as that of pruned weights; mean and deviation over seeds beside it."""
    return row(Subject(audit="prune", metric=metric, group=group, method=method), _first_of(hits, sizes))


def _first_of(hits: Sequence[int] | NDArray[np.int64], sizes: Sequence[int]) -> Estimate:
    shares = ratio(hits, sizes)
    extra: dict[str, float | int | None] = {}
    if len(shares) > 1:
        deviation = float(np.std(shares, ddof=1))
        extra = {"seeds": len(shares), "mean": finite(float(np.mean(shares))), "sd": finite(deviation)}
    return Estimate(
        value=float(shares[0]),
        n=sizes[0],
        numerator=float(hits[0]),
        denominator=sizes[0],
        missing="there are no such images",
        extra=extra,
    )


def _sized(hit: NDArray[np.bool_], inside: NDArray[np.bool_], reported: Reported) -> Rate:
    """Hits and images, or the numbers of independent images that clusters of them are worth."""
    units = None if reported.clusters is None else reported.clusters[inside]
    if units is None:
        return Rate(*np.array([np.count_nonzero(hit[inside]), np.count_nonzero(inside)], np.float64))
    table = np.zeros((int(units.max(initial=-1)) + 1, 1, 1, 2))
    np.add.at(table[:, 0, 0], (units, hit[inside].astype(np.int64)), 1)
    found = effective(table.sum(0), _right, cluster_counts=table, level=reported.level)
    return Rate(found.numerator[0], found.denominator[0])


def _right(counts: Floats) -> Rate:
    return Rate(counts[..., 0, 1], counts[..., 0, :].sum(-1))
