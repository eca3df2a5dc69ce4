"""What an audit says about a planted bias."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """What one audit says about one planted attribute."""

    audit: str
    """Which audit, such as fairness, relevance lrp or joint verdict."""
    attribute: str
    """The planted attribute."""
    region: str | None
    """Where it shows; None for the whole image."""
    flagged: bool
    """Whether the audit says, with its whole interval, that the model relies on it or treats its groups unequally."""
    reason: str = ""
    """Why the audit could not say anything; empty where it could."""
