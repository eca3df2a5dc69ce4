"""New weights for a model whose factory is not known: every module that can do so draws its own again."""

from __future__ import annotations

import torch
from torch import nn


def reset_weights(module: nn.Module, *, seed: int) -> tuple[str, ...]:
    """Draw all weights anew, in place; the caller's random state stays as it is.

    Modules with `reset_parameters` (convolutions, linear layers, norms and their statistics) start as torch starts
    them, which need not be how the model's author did.

    Args:
        module: the model.
        seed: seed of the draws.

    Returns:
        Names of the parameters that belong to no such module, and stay as they are.
    """
    reached: set[int] = set()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for child in module.modules():
            reset = getattr(child, "reset_parameters", None)
            if callable(reset):
                reset()
                reached |= {id(parameter) for parameter in child.parameters()}
    return tuple(name for name, parameter in module.named_parameters() if id(parameter) not in reached)
