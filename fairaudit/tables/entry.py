"""The description of a metric, in words that need no knowledge of the papers: one entry of the registry."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from fairaudit.results.measurement import Better

_DIFFERENCE: Final = "the difference of two values, each "
_NUMBERS: Final = re.compile(r"(?:from )?([−-]?[\d.]+)(?: (?:to|or) ([−-]?[\d.]+)$)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How often the interval that is printed for a metric holds the truth at a level of 95 %, as simulated.

    Measured over a grid of small, extreme, clustered, weighted and paired data (`tests/benchmarks/levels.py`).
    """

    kind: Literal["kept", "conservative", "approximate"]
    """kept: 93 % or more everywhere; conservative: the same, and mostly far more; approximate: less somewhere."""
    worst: float = 0.93
    """Least share of data sets in which it held the truth."""
    where: str = ""
    """Where it is worst, or why it is wider than it need be."""

    @property
    def sentence(self) -> str:
        """How well it keeps its level, in one sentence.

        >>> Coverage(kind="approximate", worst=0.8, where="at rates near 0 or 1").sentence
        'Approximate: at 95 % it contained the true value in as few as 80 % of simulations, at rates near 0 or 1.'
        """
        share, more = f"{100 * self.worst:.0f} %", f", {self.where}" if self.where else ""
        if self.kind == "approximate":
            return f"Approximate: at 95 % it contained the true value in as few as {share} of simulations{more}."
        kind = "Kept" if self.kind == "kept" else "Conservative"
        return f"{kind}: at 95 % it contained the true value in {share} of simulations or more{more}."


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricEntry:
    """One metric as `explain`, tooltips, glossary, gate and README tables show it."""

    name: str
    """Name in reports and gate rules."""
    audits: tuple[str, ...]
    """Audits that measure it, as in `Measurement.audit`; the first is the one that it belongs to."""
    title: str
    """What it is called in a sentence, such as "true positive rate"."""
    sentence: str
    """What it says, in one plain sentence."""
    range: str
    """Values that it can take, such as "0 to 1"."""
    better: Better
    """Which way is better; none where neither is."""
    chance: str = "–"
    """Its value where there is nothing to find; a dash where that means nothing."""
    undefined: str
    """When it does not exist."""
    source: str
    """Where it comes from, with the equation."""
    advice: str
    """What to do about a bad value."""
    coverage: Coverage | None = None
    """What simulations say of its interval; None where it has none or was not simulated."""

    @property
    def audit(self) -> str:
        """The audit that it belongs to."""
        return self.audits[0]

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and greatest value of the range; infinite where it names none, or depends on the data.

        >>> from fairaudit.tables.metrics import METRICS
        >>> METRICS["tpr"].bounds, METRICS["tpr_change"].bounds, METRICS["dp_l2"].bounds
        ((0.0, 1.0), (-1.0, 1.0), (0.0, inf))
        """
        return _bounds(self.range)


def change_of(entry: MetricEntry, *, advice: str = "", audits: tuple[str, ...] | None = None) -> MetricEntry:
    """The entry of `<name>_change`: this model less the baseline, on the same images.

    >>> from fairaudit.tables.entries.groups import GROUPS
    >>> change_of(GROUPS[0]).sentence
    'Accuracy of this model minus that of the model or report that it is compared with; 0 means no change.'
    """
    return replace(
        entry,
        name=f"{entry.name}_change",
        audits=audits or entry.audits,
        title=f"change of {entry.title}",
        sentence=f"{_capital(entry.title)} of this model minus that of the model or report that it is compared with; "
        "0 means no change.",
        range=f"{_DIFFERENCE}{entry.range}",
        chance="0",
        undefined=f"where it does not exist for one of the two models ({entry.undefined})",
        advice=advice or "If it got worse, look at each group before you replace the earlier model.",
    )


def contrast_of(entry: MetricEntry) -> MetricEntry:
    """The entry of `<name>_contrast`: a group's mean less that of the other groups of the same target value."""
    return replace(
        entry,
        name=f"{entry.name}_contrast",
        title=f"contrast of {entry.title}",
        sentence=f"{_capital(entry.title)} in this group minus that in the other groups, compared among images of "
        "the same "
        "target value; 0 means that the groups are alike.",
        range=f"{_DIFFERENCE}{entry.range}",
        better="none",
        chance="0",
        undefined="one side of the comparison has no such image",
        source=f"{entry.source}; means compared within each target value, p value by permuting groups there",
        advice="Where the interval does not contain 0, the groups differ here. Look at the rows of the groups and at "
        "the "
        "figures to see how.",
    )


@cache
def _bounds(text: str) -> tuple[float, float]:
    """The numbers of a range in words.

    >>> _bounds("−0.5 to 0.5"), _bounds("0 and up"), _bounds("about 0 to 1"), _bounds("0 or 1")
    ((-0.5, 0.5), (0.0, inf), (-inf, inf), (0.0, 1.0))
    """
    if text.startswith(_DIFFERENCE):
        low, high = _bounds(text.removeprefix(_DIFFERENCE))
        return low - high, high - low
    found = _NUMBERS.match(text)
    if found is None:
        return -math.inf, math.inf
    ends = [float(number.replace("−", "-")) for number in found.groups() if number is not None]
    return ends[0], ends[1] if len(ends) > 1 else math.inf


def _capital(text: str) -> str:
    """The text with its first letter large, which `str.capitalize` would do at the cost of the others.

    >>> _capital("share of ROC area")
    'Share of ROC area'
    """
    return text[:1].upper() + text[1:]
