"""What head edits work on: the bottleneck's features of a part, and the last layer they are read by."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fairaudit.errors import MethodError
from fairaudit.mitigation.edits import HeadEdit, head_bias, head_layer
from fairaudit.mitigation.method import Task
from fairaudit.mitigation.samples import DataPart

BATCH = 256
CLOSE = 1e-3
"""Largest difference between the model's outputs and its last layer's, relative to the largest output."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Features:
    """A part as the last layer sees it, in float64 on the CPU."""

    values: Tensor
    """[image, feature]."""
    target: Tensor
    """Codes [image]."""
    attribute: Tensor
    """Codes [image], -1 unknown."""
    weight: Tensor
    """The last layer's weight [output, feature]."""
    bias: Tensor
    """Its bias [output], 0 where it has none."""

    def logits(self) -> Tensor:
        """The model's outputs [image, output]."""
        return self.values @ self.weight.t() + self.bias


@torch.no_grad()
def features_of(task: Task, part: DataPart) -> Features:
    """The bottleneck of every row of a part, and the last layer.

    Raises:
        MethodError: the outputs are not the last linear layer's, so an edit of it would mean something else.
    """
    layer = head_layer(task.split)
    if task.head.link == "probability":
        raise MethodError("The last layer cannot be edited where outputs are probabilities", wanted="logits")
    values, outputs = [], []
    module = task.split.module.eval()
    for rows in torch.split(torch.arange(len(part)), BATCH):
        bottleneck, logits = module(part.take(rows).images)
        values.append(bottleneck.flatten(1).double().cpu())
        outputs.append(logits.double().cpu())
    weight = layer.weight.detach().double().cpu()
    own = head_bias(layer)
    bias = torch.zeros(len(weight), dtype=torch.float64) if own is None else own.detach().double().cpu()
    found = Features(values=torch.cat(values), target=part.target, attribute=part.attribute, weight=weight, bias=bias)
    wanted = torch.cat(outputs)
    if found.values.shape[1] != weight.shape[1] or wanted.shape[1] != weight.shape[0]:
        raise _not_last()
    if float((found.logits() - wanted).abs().max()) > CLOSE * max(float(wanted.abs().max()), 1e-12):
        raise _not_last()
    return found


def folded(found: Features, matrix: Tensor, offset: Tensor) -> HeadEdit:
    """The head that reads M h + c as the old one read h: W' = W M, b' = b + W c.

    Args:
        found: the last layer.
        matrix: M [feature, feature].
        offset: c [feature].
    """
    return HeadEdit(weight=found.weight @ matrix, bias=found.bias + found.weight @ offset)


def _not_last() -> MethodError:
    return MethodError(
        "The method edits the last linear layer, and the model's outputs are not that layer's",
        wanted="a model that ends in a linear layer",
        advice="Use a method that trains the weights.",
    )
