"""Figures of discovery: windows over the difference of relevance and over the mean image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.stream.audit import Drawing, slug
from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.discovery import FoundWindow
from fairaudit.measures.regions.window_effect import WindowEffect

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessedWindow:
    """A window with what both witnesses say."""

    found: FoundWindow
    """Where relevance differs, and how much."""
    effect: WindowEffect | None
    """What the group's content does there; None where there is no model to ask."""
    counts: bool
    """Whether it is a finding: there is no second witness, or the score follows."""

    def sentence(self, number: int) -> str:
        """Place and size in words."""
        x0, y0, x1, y1 = self.found.box
        place = f"window {number} at x {x0:.2f} to {x1:.2f}, y {y0:.2f} to {y1:.2f} (shares of width and height)"
        relevance = f"relevance differs (η² {self.found.statistic:.2f}, p {self.found.p_value:.4f})"
        return f"{place}: {relevance}" + (f", {self.effect_words()}" if self.effect else "")

    def label(self) -> str:
        """The numbers as a line under a figure."""
        numbers = f"η² {self.found.statistic:.2f}, p {self.found.p_value:.4f}"
        return f"{numbers}; {self.effect_words()}" if self.effect else numbers

    def effect_words(self) -> str:
        """The effect with its interval."""
        if self.effect is None or not np.isfinite(self.effect.low):
            return "effect on the score unknown"
        return f"effect on the score {self.effect.value:.3f} [{self.effect.low:.3f}, {self.effect.high:.3f}]"


def drawings(
    metric: str, method: str, groups: Labels, grids: Floats, judged: Sequence[WitnessedWindow], image: Floats | None
) -> Iterator[Drawing]:
    """A figure of the windows; none where nothing was found or there are no two groups."""
    if not judged or len(groups.values) < 2:
        return
    dashed = " Dashed: no effect of the groups' content on the score was found." if judged[0].effect else ""
    yield Drawing(
        name=f"{metric.replace('_', '-')}-{slug(groups.name)}-{slug(method)}.png",
        caption=(
            f"Windows where {method} relevance differs between the groups of {groups.name}; {_colours(groups)}.{dashed}"
        ),
        draw=partial(_draw, method, groups, grids, judged, image),
    )


def _colours(groups: Labels) -> str:
    if len(groups.values) == 2:
        return f"red and blue: mean share of {groups.values[1]} less {groups.values[0]}"
    return "darker: larger spread of the groups' mean shares"


def _draw(method: str, groups: Labels, grids: Floats, judged: Sequence[WitnessedWindow], image: Floats | None) -> bytes:
    from fairaudit.report.figures.windows import found_windows

    return found_windows(
        difference(groups, grids),
        [window.found.box for window in judged],
        labels=[window.label() for window in judged],
        faint=[not window.counts for window in judged],
        heading=f"Where {method} relevance differs by {groups.name}",
        image=image,
        signed=len(groups.values) == 2,
    )


def difference(groups: Labels, grids: Floats) -> Floats:
    """Difference of two groups' mean grids, last minus first; of more groups, largest minus smallest mean.

    Args:
        groups: who belongs where; −1 is unknown.
        grids: `[image, cell, cell]`; images with NaN are left out.
    """
    known = ~np.isnan(grids).any(axis=(1, 2))
    rows = [known & (np.asarray(groups.codes) == code) for code in range(len(groups.values))]
    means = [grids[own].mean(axis=0) for own in rows if own.any()]
    if len(means) < 2:
        return np.zeros(grids.shape[1:])
    return np.asarray(means[-1] - means[0] if len(groups.values) == 2 else np.ptp(np.stack(means), axis=0))
