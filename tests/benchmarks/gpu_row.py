"""What the parts of the accelerator's benchmark share: a row of its table, where and how large it runs, its clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import saliency
import torch
from torch import nn

IMAGENET = ("resnet50", "vit_b_16")


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    part: str
    what: str
    figure: str
    against: str = ""
    ratio: str = ""


@dataclass(frozen=True)
class Setting:
    """Where and how large."""

    device: torch.device
    small: bool

    def sized(self, full: int, small: int) -> int:
        return small if self.small else full

    @property
    def networks(self) -> tuple[str, ...]:
        return ("squeezenet1_1",) if self.small else IMAGENET


def seconds(work: Callable[[], object], device: torch.device, runs: int = 3) -> float:
    """The least wall-clock time of some runs after one that warms up."""
    taken = []
    for _ in range(runs + 1):
        finish(device)
        start = time.perf_counter()
        work()
        finish(device)
        taken.append(time.perf_counter() - start)
    return min(taken[1:])


def finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def network(name: str, setting: Setting, classes: int = 1000) -> nn.Module:
    torch.manual_seed(0)
    made = saliency.torchvision_network(name, classes=classes)
    if name.startswith("resnet"):
        made = saliency.settled(made)
    elif hasattr(made, "heads"):  # torchvision's transformers start with a head of zeros, which has no gradient
        nn.init.normal_(made.heads.head.weight, std=0.02)
    return made.eval().requires_grad_(False).to(setting.device)


def pictures(count: int, setting: Setting, side: int = 224) -> torch.Tensor:
    return saliency.picture(count, side).to(setting.device)


def times(ratio: float) -> str:
    return f"{ratio:.1f} ×"
