"""The options of `fairaudit prune`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fairaudit.config.schema import Split

CONTROLS = ("gamma 0", "magnitude", "random", "last layer", "fine-tuning", "scratch")
"""Controls beside the pruned model, in the order of the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneOptions:
    """How a bias is pruned out of a model, beside the options of every run."""

    gammas: tuple[float, ...] = (10.0,)
    """Weights of the information on the bias; the first gives the model that is written."""
    seeds: int = 1
    """Searches per γ, with seeds from the run's own on."""
    mode: Literal["unstructured", "structured"] = "unstructured"
    """A gate per weight, or per output unit."""
    bottleneck: str | None = None
    """Module whose output is the bottleneck; None for the input of the last linear layer."""
    controls: tuple[str, ...] = CONTROLS
    """Controls to run."""
    audited: tuple[str, ...] = ()
    """Controls that the whole audit looks at too, beside the unpruned and the pruned model."""
    fit: Split | None = None
    """Rows to fit and choose on; None divides the audited rows into three parts."""
    balance: bool = True
    """Undersample the fitting part so that bias and target are independent."""
    sparsity: float = 0.0
    """Weight of the mean gate in the objective."""
    epochs: int = 20
    """Passes at most, per temperature."""
    levels: int = 12
    """Largest number of temperatures."""
