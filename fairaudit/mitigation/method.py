"""The protocol of every method: its inputs, its requirements, and its result, an edit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from fairaudit.config.options import Precision
from fairaudit.errors import MethodError
from fairaudit.mitigation.edits import Edit, Noted
from fairaudit.mitigation.samples import DataPart
from fairaudit.models.outputs.head import Head
from fairaudit.pruning.encoder import CutModel
from fairaudit.pruning.train import TuneSettings
from fairaudit.seeds import child_seed

Given = Literal["attribute labels", "balanced data", "regions", "twins", "conditional VAE", "attribute at inference"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """One fit of one method."""

    split: CutModel
    """The model, cut; its weights are frozen."""
    head: Head
    """How its outputs are read."""
    debias: DataPart
    """What is learnt from; the attribute goes with the target as in training."""
    choose: DataPart
    """What settings are chosen on."""
    balanced: DataPart | None = None
    """Rows in which attribute and target are independent; None where there are none."""
    drawn: DataPart | None = None
    """The debias rows with what a conditional VAE draws between them and their counterfactuals; None without one."""
    strength: float = 0.0
    """λ: what it means is the method's own."""
    train: TuneSettings = field(default_factory=TuneSettings)
    """Steps and rate, the same for every method that trains, and the seed."""
    precision: Precision = "fp32"
    """bf16 lets passes of training compute in half precision; what is measured never does."""
    layers: int = 2
    """Convolutions that a method of one layer tries on the choosing part, counted from the bottleneck."""
    cav: str = "mean"
    """How concept vectors are fitted: a name in `fairaudit.mitigation.cav.CAVS`."""

    @property
    def device(self) -> torch.device:
        """Where the model computes."""
        return next(self.split.module.parameters()).device

    def generator(self, *names: str) -> torch.Generator:
        """A generator of its own for the named use."""
        return torch.Generator().manual_seed(child_seed(self.train.seed, "mitigation", *names))

    def balanced_part(self) -> DataPart:
        """The balanced rows.

        Raises:
            MethodError: there are none.
        """
        if self.balanced is None:
            raise MethodError(
                "The method needs balanced rows",
                wanted="at least one image of every combination of attribute and target",
                advice="Name such rows with --balanced-split.",
            )
        return self.balanced


@dataclass(frozen=True, slots=True, kw_only=True)
class MitigationMethod:
    """One way to mitigate."""

    name: str
    """Name in commands, reports and gates."""
    given: tuple[Given, ...] = ()
    """What it needs to know beyond images and targets of the debias part."""
    strength: float = 0.0
    """Its own λ if none is given; 0 where it has none."""
    strengths: tuple[float, ...] = ()
    """Values of λ that a search tries on the choose part; without any there is nothing to search."""
    fit: Callable[[Task], Edit | Noted]
    """Learns from the debias part and answers with an edit."""


def need_binary(task: Task, method: str) -> None:
    """Refuse a target of more than two values.

    Raises:
        MethodError: it has more.
    """
    if task.debias.classes != 2:
        raise MethodError(f'"{method}" needs a target of two values', found=f"{task.debias.classes} values")


def need_two_groups(task: Task, method: str) -> None:
    """Refuse an attribute of more than two values.

    Raises:
        MethodError: it has more.
    """
    if task.debias.groups != 2:
        raise MethodError(f'"{method}" needs an attribute of two values', found=f"{task.debias.groups} values")


def known_rows(part: DataPart) -> Tensor:
    """Rows whose attribute is known, [row].

    Raises:
        MethodError: there is none.
    """
    rows = torch.nonzero(part.attribute >= 0)[:, 0]
    if not len(rows):
        raise MethodError("No row has a known value of the attribute")
    return rows
