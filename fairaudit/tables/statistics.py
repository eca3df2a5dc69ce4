"""The options of a table's intervals and draws: given once and passed on as one object."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """The options of every interval and test of a table."""

    level: float = 0.95
    """Coverage of intervals."""
    replicates: int = 10_000
    """Bootstrap and permutation replicates; fewer for very many images, see `measures.images.means.BUDGET`."""
    seed: int = 0
    """Seed of all random numbers."""
    min_cell: int = 0
    """Numbers that rest on fewer images are suppressed in what is printed; they still count in disparities."""

    def too_few(self, images: float) -> bool:
        """Whether this many images, at least one, are too few to be printed.

        >>> [Statistics(min_cell=20).too_few(images) for images in (0, 1, 19, 20)]
        [False, True, True, False]
        """
        return 0 < images < self.min_cell
