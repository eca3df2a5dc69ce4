"""The physically smaller model of a structured mask: written, checked, and its size and speed measured."""

from __future__ import annotations

import time
from pathlib import Path

import torch
from torch import Tensor, nn

from fairaudit.models.lift.lift import TOLERANCE
from fairaudit.pruning.encoder import CutModel
from fairaudit.pruning.export import write_small
from fairaudit.pruning.gated import Masks, pruned
from fairaudit.pruning.shrink import shrink

REPEATS = 5
"""Forward passes of which the fastest counts."""


def small_model(split: CutModel, masks: Masks, path: Path, images: Tensor) -> str:
    """Write the smaller model as TorchScript and say how much smaller and faster it is, or why there is none.

    Args:
        split: the model.
        masks: layer → one bool per unit.
        path: file to write.
        images: normalised images.

    Raises:
        OutputError: it cannot be written.
    """
    small = shrink(split, masks)
    with torch.no_grad(), pruned(split, masks):
        wanted = split.features(images)[1]
    with torch.no_grad():
        deviation = float((small.module(images)[1] - wanted).abs().max() / wanted.abs().max().clamp(min=1e-12))
    if not deviation <= TOLERANCE:
        return f"No smaller model was written: it differs from the pruned one by {deviation:.3g}"
    write_small(small.module, path, images)
    before, after = (sum(value.numel() for value in m.parameters()) for m in (split.module, small.module))
    slow, fast = _milliseconds(split.module, images), _milliseconds(small.module, images)
    whole = f"; units of {', '.join(small.kept_whole)} stay as zeros" if small.kept_whole else ""
    return (
        f"{path.name} is the same model without its pruned units: {after:,} of {before:,} parameters, "
        f"{fast:.2f} ms instead of {slow:.2f} ms for {len(images)} images{whole}"
    )


@torch.no_grad()
def _milliseconds(module: nn.Module, images: Tensor) -> float:
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        module(images)
        if images.is_cuda:
            torch.cuda.synchronize(images.device)
        times.append(time.perf_counter() - begun)
    return 1000 * min(times)
