"""The parts of zennit that the package uses, imported without torchvision's models.

zennit's package imports a module of its own for networks of torchvision, which loads all of torchvision's models and
with them torch's compiler: longer than torch itself, in every command, and nothing here needs it. That module waits
until somebody asks for it. Everything of zennit comes from here, so that it is imported this way.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

LATER = "zennit.torchvision"


def import_zennit() -> None:
    """Import zennit; its module for torchvision is imported at first use."""
    if "zennit" in sys.modules or "torchvision" in sys.modules:
        return
    sys.modules[LATER] = ModuleType(LATER)
    try:
        zennit = importlib.import_module("zennit")
    finally:
        del sys.modules[LATER]
    if hasattr(zennit, "torchvision"):
        del zennit.torchvision

    def later(name: str) -> ModuleType:
        if name == "torchvision":
            return importlib.import_module(LATER)
        raise AttributeError(f"module 'zennit' has no attribute {name!r}")

    zennit.__dict__["__getattr__"] = later


import_zennit()

from zennit.core import BasicHook, Composite, Hook  # noqa: E402
from zennit.layer import Sum  # noqa: E402
from zennit.rules import AlphaBeta, Flat, Gamma, ZBox, ZPlus  # noqa: E402
from zennit.types import Activation, AvgPool, BatchNorm, Convolution, Linear, MaxPool  # noqa: E402

__all__ = [
    "Activation",
    "AlphaBeta",
    "AvgPool",
    "BasicHook",
    "BatchNorm",
    "Composite",
    "Convolution",
    "Flat",
    "Gamma",
    "Hook",
    "Linear",
    "MaxPool",
    "Sum",
    "ZBox",
    "ZPlus",
]
