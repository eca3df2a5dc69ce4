"""The options of `fairaudit cf-align` beyond the shared ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from fairaudit.config.schema import Config
from fairaudit.counterfactuals.ladder import LadderSettings
from fairaudit.errors import UsageError
from fairaudit.generators.checks import Tolerance
from fairaudit.measures.alignment.alignment import Correction

Maker = Literal["latent-shift", "wachter"]
Animation = Literal["gif", "webp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CfOptions:
    """Generator, classifiers, search and statistics."""

    generator: Path | None = None
    """File or folder of the generator; Wachter's counterfactuals need none."""
    generator_arch: str | None = None
    """package.module:factory for a generator's checkpoint."""
    base: tuple[str, ...] = ()
    """Base classifiers: outputs, files or expressions; the target's own output when left out."""
    downstream: tuple[str, ...] = ()
    """Downstream classifiers: outputs, files or expressions; all other outputs when left out."""
    train_probe: tuple[str, ...] = ()
    """Attributes for which a probe is fitted."""
    probe_split: str | None = None
    """Value of the split column whose rows the probes are fitted on."""
    search: LadderSettings = field(default_factory=LadderSettings)
    """How counterfactuals are found."""
    maker: Maker = "latent-shift"
    """latent-shift, or wachter as the paper's baseline."""
    min_base_change: float = 0.3
    """Images whose base score moved less have no relative change."""
    correction: Correction = "holm"
    """Correction over the matrix."""
    find: tuple[tuple[str, str], ...] = ()
    """Pairs (base, downstream) whose strongest single images are listed."""
    maps: tuple[str, ...] = ()
    """Attribution methods whose maps of both classifiers of a pair are compared; see `similar_maps`."""
    examples: int = 4
    """Images that are drawn per base classifier."""
    animation: Animation = "gif"
    """File type of the moving pictures."""
    tolerance: Tolerance = field(default_factory=Tolerance)
    """Beyond which the generator is no evidence."""
    config: Config
    """The configuration, to open the probes' rows and other models."""
    base_folder: Path
    """Folder that the configuration's paths are relative to."""

    def __post_init__(self) -> None:
        """Refuse names and numbers that cannot be used, before anything is opened."""
        for option, value, known in (
            ("--maker", self.maker, get_args(Maker)),
            ("--correction", self.correction, get_args(Correction)),
            ("--animation", self.animation, get_args(Animation)),
        ):
            if value not in known:
                raise UsageError(f'{option} cannot be "{value}"', wanted=", ".join(known))
        if self.maker == "latent-shift" and self.generator is None:
            raise UsageError(
                "Latent Shift moves images in a generator's latent space",
                wanted="--generator FILE",
                advice="Train one with `fairaudit generator train --keep MODEL`. --maker wachter moves pixels "
                "without a generator; it is a baseline, not evidence.",
            )
        if self.maker == "wachter" and self.search.direction == "up":
            raise UsageError("--maker wachter can only lower scores", wanted="--direction down", found="--direction up")
        if not 0 <= self.min_base_change <= 1:
            found = str(self.min_base_change)
            raise UsageError("--min-base-change cannot be used", wanted="a number from 0 to 1", found=found)

    @property
    def method(self) -> str:
        """Name of the way counterfactuals are made, as measurements carry it."""
        return "wachter" if self.maker == "wachter" else f"latent-shift-{self.search.search}-{self.search.direction}"

    def key(self) -> Mapping[str, Any]:
        """Everything here that changes what is stored per image."""
        return {
            "bases": list(self.base),
            "downstream": list(self.downstream),
            "probes": [list(self.train_probe), self.probe_split],
            "search": asdict(self.search),
            "maker": self.maker,
            "generator_arch": self.generator_arch,
        }


def parse_find(texts: list[str]) -> tuple[tuple[str, str], ...]:
    """Pairs given as BASE,DOWNSTREAM.

    Raises:
        UsageError: a text without exactly one comma.

    >>> parse_find(["smiling,necktie"])
    (('smiling', 'necktie'),)
    """
    pairs = []
    for text in texts:
        left, comma, right = text.partition(",")
        if not (left.strip() and comma and right.strip()) or "," in right:
            raise UsageError("--find cannot be read", wanted="BASE,DOWNSTREAM", found=text)
        pairs.append((left.strip(), right.strip()))
    return tuple(pairs)
