"""The options of `fairaudit selftest`, and the models that follow from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from fairaudit.config.schema import Bias, Split
from fairaudit.errors import UsageError, suggestion

KINDS: tuple[str, ...] = get_args(Bias.model_fields["kind"].annotation)
"""Biases that can be planted."""
_ATTRIBUTES = {
    "background_colour": "planted_colour",
    "two_background_colours": "planted_colour",
    "corruption": "planted_corruption",
    "patch": "planted_patch",
    "red_green": "planted_colour",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SelftestOptions:
    """How the audits are put to the test, beside the options of every run."""

    biases: tuple[Bias, ...]
    """What is planted, one at a time; the strength is set anew for every model."""
    rhos: tuple[float, ...] = (0.9, 0.99)
    """Shares of training images whose bias goes with their class."""
    seeds: int = 3
    """Models per bias and strength, and as many without a planted bias."""
    train: Split | None = None
    """Rows to train on; None divides the audited rows."""
    train_images: int = 1500
    """Largest number of images to train on."""
    audit_images: int = 300
    """Largest number of images to audit."""
    epochs: int = 10
    """Training epochs."""
    batch_size: int = 32
    """Images per step."""
    rate: float = 3e-3
    """Adam's highest rate, in one cycle."""
    keep_weights: bool = False
    """Go on from the model's weights; otherwise every model starts from new ones."""
    discover: bool = True
    """Search for windows where relevance differs, without being told where the bias is."""
    prune: bool = False
    """Prune the planted bias out of every model, and see whether that closes the gap."""

    def __post_init__(self) -> None:
        """Refuse a rate that no optimiser takes."""
        if not 0 < self.rate < math.inf:
            raise UsageError("--learning-rate cannot be used", wanted="a number above 0", found=f"{self.rate:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One model that is trained and audited."""

    bias: int
    """Place in the list of biases."""
    kind: str
    """Which one that is."""
    rho: float | None
    """Strength in the training images; None for a control, where bias and class are independent."""
    seed: int
    """Number of the draw, from 0."""

    @property
    def strength(self) -> str:
        """The strength as the group that measurements are about, such as "rho 0.95" or "control"."""
        return "control" if self.rho is None else f"rho {self.rho:g}"

    @property
    def name(self) -> str:
        """A name for files, such as patch-rho-0.95-seed-0."""
        return f"{self.kind}-{self.strength.replace(' ', '-')}-seed-{self.seed}"


def cases_of(asked: SelftestOptions) -> list[Case]:
    """Every model, the controls of a bias first.

    Raises:
        UsageError: no strength, no bias, or one that is named twice.
    """
    kinds = [bias.kind for bias in asked.biases]
    if not kinds or not asked.rhos or len(set(kinds)) != len(kinds):
        found = f"biases {', '.join(kinds) or 'none'}; {len(asked.rhos)} strengths"
        raise UsageError(
            "There is nothing to plant", wanted="different --bias kinds and at least one --rho", found=found
        )
    return [
        Case(bias=number, kind=kind, rho=rho, seed=seed)
        for number, kind in enumerate(kinds)
        for rho in (None, *asked.rhos)
        for seed in range(asked.seeds)
    ]


def biases_of(names: Sequence[str]) -> tuple[Bias, ...]:
    """Biases from the names of their kinds, with the defaults of the configuration.

    Raises:
        UsageError: there is no such kind.

    >>> [bias.attribute for bias in biases_of(["patch"])]
    ['planted_patch']
    """
    for name in names:
        if name not in KINDS:
            raise UsageError(
                f'There is no bias called "{name}" to plant',
                wanted=", ".join(KINDS),
                where="--bias",
                advice=suggestion(name, KINDS),
            )
    return tuple(Bias.model_validate({"kind": name, "attribute": _ATTRIBUTES[name]}) for name in names)
