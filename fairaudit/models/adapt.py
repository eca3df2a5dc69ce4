"""Make whatever a model returns, and whatever batch it insists on, into logits [image, output] for any batch."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from fairaudit.errors import ModelError

LOGIT_KEYS = ("logits", "out", "output")


def as_logits(output: object, images: int) -> Tensor:
    """The logits [image, output] in what a model returned.

    A tensor [image, output], [image] or [image, output, 1, 1]; the first of a tuple; or `logits`, `out` or `output`
    of a dictionary or object.

    Raises:
        ModelError: there are none.
    """
    found = output
    if isinstance(found, Mapping):
        found = next((found[key] for key in LOGIT_KEYS if key in found), found)
    elif isinstance(found, tuple | list) and found:
        found = found[0]
    elif not isinstance(found, Tensor):
        found = next((getattr(found, key) for key in LOGIT_KEYS if hasattr(found, key)), found)
    if isinstance(found, Tensor) and found.shape[:1] == (images,):
        if found.dim() == 1:
            return found.unsqueeze(1)
        if found.dim() == 2:
            return found
        if found.dim() == 4 and found.shape[2:] == (1, 1):
            return found.flatten(1)
    raise ModelError(
        "The model's output cannot be read as logits",
        wanted=f"a tensor of shape [{images}, outputs] for {images} images",
        found=_shape(output),
        advice="Audit a classifier, or wrap the model so that it returns logits.",
    )


def _shape(output: object) -> str:
    if isinstance(output, Tensor):
        return f"a tensor of shape {list(output.shape)}"
    if isinstance(output, Mapping):
        return f"a dictionary with {', '.join(str(key) for key in output)}"
    if isinstance(output, tuple | list):
        return f"{len(output)} things, the first of which is {_shape(output[0])}" if output else "nothing"
    return type(output).__name__


class Logits(nn.Module):
    """A model whose output is brought into the form [image, output].

    Args:
        model: the model as it was opened.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """Logits [image, output] of normalised images."""
        return as_logits(self.model(images), len(images))


class FixedBatch(nn.Module):
    """A model that takes batches of one size only, as exported programs do by default, made to take any.

    Images go through in slices; the last one is filled up with copies of its last image, whose outputs are dropped.

    Args:
        model: takes [batch, channel, row, column].
        batch: the one size it takes.
    """

    def __init__(self, model: nn.Module, batch: int) -> None:
        super().__init__()
        self.model = model
        self.batch = batch

    def forward(self, images: Tensor) -> Tensor:
        """Logits [image, output] of any number of normalised images."""
        outputs = []
        for piece in torch.split(images, self.batch):
            filled = torch.cat([piece, piece[-1:].expand(self.batch - len(piece), -1, -1, -1)])
            outputs.append(as_logits(self.model(filled), self.batch)[: len(piece)])
        return torch.cat(outputs)
