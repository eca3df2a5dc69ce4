"""Heads: named scalar scores of images, differentiable, all from the same forward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import torch
from torch import Tensor

from fairaudit.errors import UsageError, suggestion


class Heads(Protocol):
    """Named scores of images in [0, 1]: f_1 … f_M of the paper, each a scalar."""

    @property
    def names(self) -> tuple[str, ...]:
        """Name of every head, unique."""
        ...

    @property
    def width(self) -> int:
        """Number R of raw outputs."""
        ...

    def outputs(self, images: Tensor) -> Tensor:
        """One forward pass, [n, c, h, w] → [n, R] raw outputs; differentiable."""
        ...

    def values(self, outputs: Tensor) -> Tensor:
        """The scores, [n, R] → [n, M]: probabilities, or sums of them for a composition."""
        ...

    def steering(self, outputs: Tensor) -> Tensor:
        """The quantity to differentiate, [n, R] → [n, M]: rises with the score, if possible without saturation."""
        ...

    def is_probability(self, head: int) -> bool:
        """Whether the score is a probability whose steering is its log-odds; else steering is the score."""
        ...


class ModelHeads:
    """The outputs of one model as probabilities.

    The gradient of a probability p is p(1 − p) times the gradient of its log-odds, for a sigmoid and for one class of a
    softmax against the rest alike. So log-odds give the direction of eq. 1 without its vanishing length.

    Args:
        forward: images in [0, 1], [n, c, h, w] → logits [n, M].
        names: name of every output.
        link: sigmoid per output, one softmax over them, or value for outputs that are scores already.
    """

    def __init__(
        self, forward: Callable[[Tensor], Tensor], names: Sequence[str], *, link: Literal["sigmoid", "softmax", "value"]
    ) -> None:
        self.forward = forward
        self.names = unique_names(names)
        self.width = len(self.names)
        self.link = link

    def outputs(self, images: Tensor) -> Tensor:
        """Logits, [n, M]."""
        logits = self.forward(images)
        if logits.shape != (len(images), len(self.names)):
            raise UsageError(
                "The model's outputs and their names do not match",
                wanted=f"{len(self.names)} outputs ({', '.join(self.names[:8])})",
                found=f"shape {list(logits.shape)} for {len(images)} images",
            )
        return logits

    def values(self, outputs: Tensor) -> Tensor:
        """Probabilities, [n, M]."""
        if self.link == "value":
            return outputs
        return outputs.sigmoid() if self.link == "sigmoid" else outputs.softmax(dim=1)

    def steering(self, outputs: Tensor) -> Tensor:
        """Log-odds, [n, M]; the score itself where that is no probability."""
        if self.link != "softmax":
            return outputs
        # Every output's rest is the whole less the output; for the largest that would cancel, so its rest is added up.
        top = outputs.argmax(dim=1, keepdim=True)
        share = outputs.softmax(dim=1).scatter(1, top, 0.0)
        rest = outputs.logsumexp(dim=1, keepdim=True) + torch.log1p(-share)
        return outputs - rest.scatter(1, top, outputs.scatter(1, top, -torch.inf).logsumexp(dim=1, keepdim=True))

    def is_probability(self, head: int) -> bool:
        """True, unless the outputs are scores of some other kind."""
        return self.link != "value"


class JoinedHeads:
    """The heads of several models side by side; each model runs once.

    Args:
        parts: the heads of each model; names must differ across them.
    """

    def __init__(self, parts: Sequence[Heads]) -> None:
        self.parts = tuple(parts)
        self.names = unique_names([name for part in parts for name in part.names])
        self._widths = [part.width for part in self.parts]
        self.width = sum(self._widths)
        self._owner = [(part, head) for part in self.parts for head in range(len(part.names))]

    def outputs(self, images: Tensor) -> Tensor:
        """Raw outputs of all models, [n, ΣR]."""
        return torch.cat([part.outputs(images) for part in self.parts], dim=1)

    def values(self, outputs: Tensor) -> Tensor:
        """Scores of all models, [n, ΣM]."""
        pieces = torch.split(outputs, self._widths, dim=1)
        return torch.cat([part.values(piece) for part, piece in zip(self.parts, pieces, strict=True)], dim=1)

    def steering(self, outputs: Tensor) -> Tensor:
        """Steering of all models, [n, ΣM]."""
        pieces = torch.split(outputs, self._widths, dim=1)
        return torch.cat([part.steering(piece) for part, piece in zip(self.parts, pieces, strict=True)], dim=1)

    def is_probability(self, head: int) -> bool:
        """As the model to which the head belongs defines it."""
        part, index = self._owner[head]
        return part.is_probability(index)


def head_index(heads: Heads, name: str) -> int:
    """Column of the named head.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in heads.names:
        raise UsageError(f'There is no output called "{name}"', advice=suggestion(name, heads.names))
    return heads.names.index(name)


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names, each of which may occur once.

    Raises:
        UsageError: a name occurs twice.
    """
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise UsageError(
            f"Two outputs share a name: {', '.join(twice)}", advice="Give every model and output its own name."
        )
    return tuple(names)
