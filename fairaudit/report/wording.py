"""Names of groups and classes, and shares, as parts of a sentence."""

from __future__ import annotations

from collections.abc import Sequence


def share(value: float | None) -> str:
    """A share in per cent; with a decimal if rounding would turn it into 0 or 100.

    >>> share(0.444), share(0.0), share(0.003), share(0.998)
    ('44 %', '0 %', '0.3 %', '99.8 %')
    """
    if value is None:
        return "–"
    text = f"{100 * value:.0f}"
    rounded = text in ("0", "100", "-0") and value not in (0.0, 1.0)
    return f"{100 * value:.1f} %" if rounded else f"{text} %"


def points(value: float) -> str:
    """A difference of shares in percentage points.

    >>> points(0.444), points(0.01)
    ('44 points', '1 point')
    """
    text = f"{100 * value:.0f}"
    return f"{text} point" if text == "1" else f"{text} points"


def called(target: str, name: str, classes: Sequence[str], *, negated: bool = False) -> str:
    """A class as a property of an image; a target of 0 and 1 is named by itself.

    >>> called("smiling", "1", ["0", "1"]), called("smiling", "1", ["0", "1"], negated=True)
    ('smiling', 'not smiling')
    >>> called("bird", "water", ["land", "water"], negated=True), called("digit", "3", list("0123456789"))
    ('land', '3')
    """
    if tuple(classes) == ("0", "1"):
        return target if (name == "1") != negated else f"not {target}"
    if not negated:
        return name
    others = [each for each in classes if each != name]
    return others[0] if len(others) == 1 else f"not {name}"


def condition(attribute: str, group: str) -> str:
    """A group as a condition in a sentence.

    >>> condition("necktie", "1"), condition("necktie", "0"), condition("skin", "dark")
    ('with necktie', 'without necktie', 'where skin is dark')
    """
    if group in ("0", "1"):
        return f"{'with' if group == '1' else 'without'} {attribute}"
    return f"where {attribute} is {group}"
