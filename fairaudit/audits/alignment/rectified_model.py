"""A rectified model as a file: the sum of two classifiers behind one sigmoid, in TorchScript."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.jit._trace import TracerWarning

from fairaudit.audits.alignment.heads import Readers
from fairaudit.errors import OutputError


class RectifiedModel(nn.Module):
    """f′ = f_base + β f_other (eq. 6) over normalised images, as one logit: the log-odds of the sum inside [ε, 1 − ε].

    Args:
        found: all heads.
        base: column of the base classifier.
        other: column of the one that is added.
        beta: its multiple.
        mean: what the images were normalised with, per channel or one for all.
        std: the same.
    """

    def __init__(
        self, found: Readers, base: int, other: int, beta: float, mean: tuple[float, ...], std: tuple[float, ...]
    ) -> None:
        super().__init__()
        # Tracing follows a model only where it is a part of this one.
        self.parts = nn.ModuleList(found.modules)
        self._heads, self._base, self._other, self._beta = found.heads, base, other, beta
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """[n, c, h, w] normalised → [n, 1]."""
        plain = images * self.std + self.mean  # type: ignore[operator]
        values = self._heads.values(self._heads.outputs(plain))
        return torch.logit(values[:, self._base] + self._beta * values[:, self._other], eps=1e-6)[:, None]


def save_rectified(model: nn.Module, example: Tensor, path: Path) -> None:
    """Trace the model on normalised images and write it.

    Raises:
        OutputError: the file cannot be written.
    """
    # The normalisation becomes a constant and the check for NaN is not followed: both as they should be.
    with torch.no_grad(), warnings.catch_warnings():
        for kind in (TracerWarning, FutureWarning, DeprecationWarning):
            warnings.simplefilter("ignore", kind)
        traced = torch.jit.trace(model, example, check_trace=False)  # type: ignore[no-untyped-call]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        traced.save(str(path))
    except (OSError, RuntimeError) as error:
        raise OutputError("The rectified model cannot be written", where=str(path), found=str(error)) from error
