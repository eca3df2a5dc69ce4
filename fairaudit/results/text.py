"""Numbers as text, the same in every rendering."""

from __future__ import annotations

UNDEFINED = "–"


def number(value: float | None) -> str:
    """A number with three decimals, or with three digits where it is very small or large; a dash for none.

    >>> number(0.0421), number(1), number(-0.00004), number(0.0), number(12345.6), number(None)
    ('0.042', '1.000', '-4.00e-05', '0.000', '1.23e+04', '–')
    """
    if value is None:
        return UNDEFINED
    size = abs(value)
    return f"{value:.3f}" if size == 0 or 0.0005 <= size < 10_000 else f"{value:.2e}"


def estimate(value: float | None, low: float | None, high: float | None) -> str:
    """A number beside its interval: digits that the interval's width leaves without meaning are not shown.

    >>> estimate(0.000069, 0.0, 0.0092), estimate(0.000069, 0.00006, 0.00008), estimate(0.01, 0.0, 0.05)
    ('0.000', '6.90e-05', '0.010')
    """
    if value is None or low is None or high is None or abs(value) >= 0.0005 or high - low < 0.001:
        return number(value)
    return "0.000"


def limit(value: float) -> str:
    """A limit as it was written.

    >>> limit(0.1), limit(2.0)
    ('0.1', '2')
    """
    return f"{value:g}"


def interval(low: float | None, high: float | None) -> str:
    """An interval in brackets; empty when there is none.

    >>> interval(0.1, 0.25), interval(None, None)
    ('[0.100, 0.250]', '')
    """
    return "" if low is None or high is None else f"[{number(low)}, {number(high)}]"
