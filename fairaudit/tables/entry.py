"""The description of a metric, in words that need no knowledge of the papers: one entry of the registry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from fairaudit.tables.range import Range

if TYPE_CHECKING:
    from fairaudit.results.measurement import Better


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
    range: Range
    """Values that it can take."""
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
        range=entry.range.difference(),
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
        range=entry.range.difference(),
        better="none",
        chance="0",
        undefined="one side of the comparison has no such image",
        source=f"{entry.source}; means compared within each target value, p value by permuting groups there",
        advice="Where the interval does not contain 0, the groups differ here. Look at the rows of the groups and at "
        "the "
        "figures to see how.",
    )


def _capital(text: str) -> str:
    """The text with its first letter large, which `str.capitalize` would do at the cost of the others.

    >>> _capital("share of ROC area")
    'Share of ROC area'
    """
    return text[:1].upper() + text[1:]
