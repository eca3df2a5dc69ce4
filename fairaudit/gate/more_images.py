"""The images that a decision still lacks, in words that need no knowledge of the metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fairaudit.measures.counts.disparities import DISPARITIES
from fairaudit.measures.counts.rates import RATES
from fairaudit.results.measurement import Measurement

CHANCE = "in about four of five cases"
"""How often as many images as are named decide (`fairaudit.measures.intervals.foreseen`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreImages:
    """Images that would decide a gap between groups."""

    group: str
    """Group that lacks most."""
    rate: str
    """Name of its rate."""
    class_: str | None
    """Class of the rate; None where it has none."""
    now: float
    """Images behind the rate."""
    more: int
    """Images that it lacks."""
    others: Sequence[str] = ()
    """Groups that must reach the same number, where these are few and known."""

    @property
    def then(self) -> float:
        """Images that the group needs."""
        return self.now + self.more


def images_in_words(measurement: Measurement, images: MoreImages) -> str:
    """Which images, and how many, would decide a gap: group, label or prediction, now and then.

    Args:
        measurement: the gap.
        images: how many.
    """
    kind = kind_of(images.rate, images.class_)
    others = _others(measurement, images.then, kind)
    named = " and ".join(group_named(measurement.attribute, group) for group in images.others)
    larger = f"; group {named} needs {images.then:,.0f} too" if named and not others else ""
    return (
        f"About {images.more:,} more images of group {group_named(measurement.attribute, images.group)}{kind} "
        f"({images.now:,.0f} now, {images.then:,.0f} then{larger}) would decide it {CHANCE}{others}."
    )


def _others(measurement: Measurement, then: float, kind: str) -> str:
    """What every other group and rate that is compared must rest on; nothing where there is no other."""
    facts = measurement.extra
    groups, rates = (int(facts.get(f"{name}_compared") or least) for name, least in (("groups", 2), ("rates", 1)))
    if groups <= 2 and rates <= 1:
        return ""
    if rates > 1 and measurement.metric in DISPARITIES:
        names = [name for name in DISPARITIES[measurement.metric].rates if name in RATES]
        kind = "".join(dict.fromkeys(f" {RATES[name].among_each}".rstrip() for name in names))
    every = "each group" if groups <= 2 or rates > 1 else "every other group compared"
    return f", provided that {every} then has at least {then:,.0f} images{kind}"


def cell_in_words(measurement: Measurement, *, prefix: str, side: str) -> str:
    """The group whose images narrow an interval most, with the images that it has now."""
    facts = measurement.extra
    kind = kind_of(facts.get(f"{prefix}rate"), facts.get(f"{prefix}class"))
    group = group_named(measurement.attribute, str(facts[f"{prefix}{side}"]))
    return f"group {group}{kind} ({float(facts[f'{prefix}{side}_n'] or 0):,.0f} now)"


def kind_of(rate: object, class_: object) -> str:
    """The images that a rate of a class counts, to go after a group; empty where all of the group's images count.

    >>> kind_of("tpr", "necktie"), kind_of("fpr", "1"), kind_of("ppv", "1"), kind_of("accuracy", None)
    (' whose label is necktie', ' whose label is not 1', ' predicted as 1', '')
    """
    if not isinstance(rate, str) or rate not in RATES:
        return ""
    return f" {RATES[rate].among.format(class_='the class' if class_ is None else class_)}".rstrip()


def group_named(attribute: str | None, group: str) -> str:
    """A group with its attribute, part by part for an intersection.

    >>> group_named("necktie", "1"), group_named("sex & age", "f & 60+"), group_named(None, "b")
    ('necktie=1', 'sex=f & age=60+', 'b')
    """
    if attribute is None:
        return group
    names, values = attribute.split(" & "), group.split(" & ")
    if len(names) != len(values):
        return f"{attribute}={group}"
    return " & ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
