"""The options of `fairaudit mitigate`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fairaudit.config.schema import Split

Select = Literal["worst_cell", "eo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MitigateOptions:
    """How a model is mitigated, beside the options of every run."""

    methods: tuple[str, ...]
    """Methods to run, in the order of the table; the control is always among them."""
    phis: tuple[float, ...] = ()
    """Values of Yule's φ at which models are trained, mitigated and compared; none for the model as it is."""
    train: Split | None = None
    """Rows to train those models on; None takes a part of the debias rows."""
    train_epochs: int = 10
    """Passes of their training."""
    debias: Split | None = None
    """Rows to learn from and choose on; None divides the audited rows into three parts."""
    choose: Split | None = None
    """Rows to choose on; None divides the debias rows."""
    balanced: Split | None = None
    """Rows in which attribute and target are independent; None undersamples the debias rows."""
    seeds: int = 1
    """Fits per method; their seeds count up from the run's seed."""
    strengths: tuple[float, ...] = ()
    """λ of every method that has one; several are tried on the choosing part; none for each method's own."""
    search: bool = False
    """Try every method's values of λ on the choosing part first."""
    trials: int = 0
    """Trials of a search by optuna between the smallest and the largest of those values; 0 for none."""
    select: Select = "worst_cell"
    """Criterion by which the best method is chosen, on the choosing part."""
    floor: float = 0.02
    """Mean cell accuracy that the best method may cost."""
    write: str | None = None
    """best, all, the name of a method, or None."""
    epochs: int = 1
    """Epochs of every method that trains, and of the control."""
    batch_size: int = 128
    """Images per step."""
    rate: float = 3e-4
    """Adam's highest rate."""
    frames: int = 10
    """Frames that a conditional VAE draws per image to learn from."""
    cav: str = "mean"
    """How concept vectors are fitted."""
    bottleneck: str | None = None
    """Module whose output is the bottleneck; None for the input of the last linear layer."""
    maps: int = 400
    """Images of the reporting part whose relevance is measured."""
