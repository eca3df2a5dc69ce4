"""What the readings of the pruning experiment share: what they are made from, and a share as a measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.prune_run import Experiment, Variant
from fairaudit.measures.intervals import wilson
from fairaudit.pruning.alignment import associated_classes
from fairaudit.ratio import ratio
from fairaudit.results.measurement import Better, Measurement, finite


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

    def hints(self, number: int) -> NDArray[np.int64]:
        """The class that goes with every image's bias value, -1 for none."""
        codes = self.codes[number]
        return np.where(codes >= 0, self.associated(number)[codes], -1)

    def named(self, name: str) -> list[Variant]:
        """The variants of a name, one per seed."""
        return [variant for variant in self.experiment.variants if variant.name == name]


def share(
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
