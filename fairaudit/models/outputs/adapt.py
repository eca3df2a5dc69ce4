"""Make whatever a model returns, and whatever batch it insists on, into outputs [image, output] for any batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from fairaudit.errors import ModelError, suggestion

LOGIT_KEYS = ("logits", "out", "output")
"""Names under which a dictionary or an object holds the answer of a classifier."""


def as_logits(output: object, images: int, head: str | int | None = None) -> Tensor:
    """The outputs [image, output] in what a model returned.

    A tensor [image, output], [image] or [image, output, 1, 1]; the only tensor of a tuple; `logits`, `out` or `output`
    of a dictionary or object; or what `head` names.

    Args:
        output: what the model returned.
        images: how many images it was given.
        head: key of a dictionary or place in a tuple, where there are several.

    Raises:
        ModelError: there are no outputs, or several and none is named.
    """
    found = _chosen(output, head)
    if isinstance(found, Tensor) and found.shape[:1] == (images,):
        _check_kind(found)
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


def _chosen(output: object, head: str | int | None) -> object:
    if isinstance(output, Tensor):
        if head is None:
            return output
        raise _no_head(head, "one tensor", [])
    parts = _parts(output)
    if head is not None:
        number = int(head) if isinstance(head, int) or head.isdecimal() else None
        if str(head) in parts:
            return parts[str(head)]
        if number is not None and isinstance(output, tuple | list) and 0 <= number < len(output):
            return output[number]
        raise _no_head(head, _shape(output), list(parts))
    named = next((parts[key] for key in LOGIT_KEYS if key in parts), None)
    if named is not None:
        return named
    tensors = {key: value for key, value in parts.items() if isinstance(value, Tensor)}
    if isinstance(output, tuple | list) and len(tensors) == 1:
        return next(iter(tensors.values()))
    if len(tensors) > 1:
        raise ModelError(
            "The model returns several outputs, and it is not known which one is to be audited",
            wanted=f"model.head: one of {', '.join(tensors)}",
            found="; ".join(f"{key}: {_shape(value)}" for key, value in tensors.items()),
            where="model.head",
        )
    return output


def _parts(output: object) -> dict[str, object]:
    """What a tuple, a dictionary or an object holds, by key or place."""
    if isinstance(output, Mapping):
        return {str(key): value for key, value in output.items()}
    if isinstance(output, tuple | list):
        names = getattr(output, "_fields", range(len(output)))
        return {str(name): value for name, value in zip(names, output, strict=True)}
    return {key: getattr(output, key) for key in LOGIT_KEYS if hasattr(output, key)}


def _no_head(head: str | int, found: str, known: Sequence[str]) -> ModelError:
    return ModelError(
        f'The model has no output called "{head}"',
        found=found,
        where="model.head",
        advice=suggestion(str(head), known) if known else "Leave model.head out.",
    )


def _check_kind(found: Tensor) -> None:
    kind = "complex" if found.is_complex() else "sparse" if found.layout is not torch.strided else None
    if kind is None and found.is_quantized:
        kind = "quantised"
    if kind is None and found.is_meta:
        kind = "without values (on torch's meta device)"
    if kind is not None:
        raise ModelError(
            "The model's output cannot be read as logits",
            wanted="a dense tensor of numbers",
            found=f"a tensor that is {kind}",
            advice="Wrap the model so that it returns logits.",
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
    """A model whose output is brought into the form [image, output], in float32 at least.

    Args:
        model: the model as it was opened.
        head: key or place of the output, where the model returns several.
        columns: numbers of the outputs to keep, in order; None keeps all.
        takes: type that the images are cast to before they go in; None leaves them.
        nhwc: whether the model wants the channels last.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        head: str | int | None = None,
        columns: Sequence[int] | None = None,
        takes: torch.dtype | None = None,
        nhwc: bool = False,
    ) -> None:
        super().__init__()
        self.model = model
        self.head = head
        self.columns = tuple(columns) if columns is not None else None
        self.takes = takes
        self.nhwc = nhwc

    def raw(self, images: Tensor) -> Tensor:
        """Outputs [image, output] in the type that the model returns them, all columns."""
        given = images if self.takes is None else images.to(self.takes)
        given = given.permute(0, 2, 3, 1) if self.nhwc else given
        return as_logits(self.model(given), len(images), self.head)

    def forward(self, images: Tensor) -> Tensor:
        """Outputs [image, output] of normalised images."""
        outputs = self.raw(images)
        if outputs.dtype not in (torch.float32, torch.float64):
            outputs = outputs.float()
        if self.columns is None:
            return outputs
        first, last = self.columns[0], self.columns[-1]
        if self.columns == tuple(range(first, last + 1)):
            return outputs[:, first : last + 1]
        return torch.cat([outputs[:, column : column + 1] for column in self.columns], dim=1)


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
        """Outputs [image, output] of any number of normalised images."""
        outputs = []
        for piece in torch.split(images, self.batch):
            filled = torch.cat([piece, piece[-1:].expand(self.batch - len(piece), -1, -1, -1)])
            outputs.append(as_logits(self.model(filled), self.batch)[: len(piece)])
        return torch.cat(outputs)
