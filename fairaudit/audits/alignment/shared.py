"""What the models of one command share: probes that are fitted once, and what every model shows on single images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fairaudit.audits.alignment.compare import Pair, Single
from fairaudit.audits.alignment.options import CfOptions
from fairaudit.audits.alignment.probe import FittedProbe, fit_probe
from fairaudit.audits.core.study.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFindings:
    """Filled as models are audited, one after another; a command makes one and hands it to its plan."""

    probes: dict[str, FittedProbe] = field(default_factory=dict)
    """Attribute → its probe: every model of a command is held against the same."""
    singles: dict[str, dict[Pair, Single]] = field(default_factory=dict)
    """Model → pair of classifiers → relative changes of single images, for comparing models."""

    def probe(self, study: Study, options: CfOptions, attribute: str) -> FittedProbe:
        """The attribute's probe, fitted when it is first asked for.

        Raises:
            UsageError: an unknown attribute, or no split of its own.
            DataError: too few rows of a value.
        """
        if attribute not in self.probes:
            self.probes[attribute] = fit_probe(study, options, attribute)
        return self.probes[attribute]

    def keep(self, model: str, singles: Mapping[Pair, Single]) -> None:
        """Keep what a comparison needs from one model, beside what is kept already."""
        self.singles.setdefault(model, {}).update(singles)
