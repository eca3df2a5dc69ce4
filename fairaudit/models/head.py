"""How the raw outputs of a model are read: which outputs belong to the target, and how they become probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from fairaudit.config.schema import ModelConfig
from fairaudit.errors import ModelError, suggestion

Link = Literal["sigmoid", "softmax", "multilabel", "probability"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The meaning of a model's raw outputs z [image, output].

    With K target values, the scores p [image, K] have rows that sum to 1:
    sigmoid and multilabel p = (1 - s, s) with s = 1 / (1 + exp(-z_i)) of the picked output i;
    softmax p_k = exp(z_k) / sum_j exp(z_j); probability p = (1 - z_0, z_0), for outputs that are probabilities already.
    """

    link: Link
    """How raw outputs become probabilities."""
    outputs: int
    """Number of raw outputs."""
    index: int = 0
    """Which output predicts the target; a softmax uses all of them."""
    threshold: float = 0.5
    """Smallest probability of the positive class that decides for it; a softmax decides for its largest."""
    classes: tuple[str, ...]
    """Names of the K target values, in the order of the scores."""
    names: tuple[str, ...]
    """Names of the raw outputs."""

    @property
    def binary(self) -> bool:
        """Whether one output decides between two target values."""
        return self.link != "softmax"

    def scores(self, logits: Tensor) -> Tensor:
        """Probabilities of the target values: logits [image, output] to float64 [image, K]; differentiable.

        >>> head = Head(link="sigmoid", outputs=1, classes=("0", "1"), names=("smiling",))
        >>> head.scores(torch.tensor([[0.0]])).tolist()
        [[0.5, 0.5]]
        """
        values = logits.double()
        if self.link == "softmax":
            return values.softmax(dim=1)
        picked = values[:, self.index]
        positive = picked if self.link == "probability" else picked.sigmoid()
        return torch.stack([1 - positive, positive], dim=1)

    def probabilities(self, logits: Tensor) -> Tensor:
        """Probability of every raw output, not only of those that predict the target: float64 [image, output]."""
        values = logits.double()
        if self.link == "softmax":
            return values.softmax(dim=1)
        return values if self.link == "probability" else values.sigmoid()

    def decide(self, scores: Tensor) -> Tensor:
        """Decisions as codes 0 … K-1, int64 [image]: the threshold itself is positive, ties go to the first value."""
        if self.link == "softmax":
            return scores.argmax(dim=1)
        return (scores[:, 1] >= self.threshold).long()

    def seed(self, classes: Tensor) -> Tensor:
        """Weights w [image, output] that make (z · w) the evidence for the given class of each image.

        Softmax: 1 at the class. One output for two values: +1 for the second value and -1 for the first, at the output.

        Args:
            classes: codes 0 … K-1, [image].

        Raises:
            ValueError: a code is outside 0 … K-1.

        >>> head = Head(link="sigmoid", outputs=1, classes=("0", "1"), names=("smiling",))
        >>> head.seed(torch.tensor([1, 0])).tolist()
        [[1.0], [-1.0]]
        """
        if bool(((classes < 0) | (classes >= len(self.classes))).any()):
            raise ValueError(f"class codes must be in 0 … {len(self.classes) - 1}")
        weights = torch.zeros(len(classes), self.outputs, device=classes.device)
        rows = torch.arange(len(classes), device=classes.device)
        if self.link == "softmax":
            weights[rows, classes.long()] = 1.0
        else:
            weights[:, self.index] = 2.0 * classes.to(weights.dtype) - 1.0
        return weights


def make_head(outputs: int, *, config: ModelConfig, classes: Sequence[str] | None = None) -> Head:
    """The head for a model with so many raw outputs.

    Args:
        outputs: number of raw outputs.
        config: how outputs are read.
        classes: names of the target's values, in the manifest's order.

    Raises:
        ModelError: the outputs cannot be read that way, or do not match the target's values.
    """
    link = _link(outputs, config)
    if link == "softmax":
        names = _names(outputs, config)
        found = tuple(classes) if classes is not None else names
        _check_softmax(outputs, found)
        return Head(link=link, outputs=outputs, classes=found, names=names, threshold=config.threshold)
    found = tuple(classes) if classes is not None else _two_values(config)
    _check_binary(link, found)
    names = _sigmoid_names(config) if link == "sigmoid" else _names(outputs, config)
    index = _picked(names, config) if link == "multilabel" else 0
    return Head(link=link, outputs=outputs, index=index, threshold=config.threshold, classes=found, names=names)


def _link(outputs: int, config: ModelConfig) -> Link:
    if outputs < 1:
        raise ModelError(
            "The model has no outputs", wanted="logits of shape [image, output]", found=f"{outputs} outputs"
        )
    if config.output == "auto":
        if config.pick is not None:
            return "multilabel"
        return "sigmoid" if outputs == 1 else "softmax"
    if config.output == "sigmoid" and outputs > 1:
        raise ModelError(
            "The model's outputs cannot be read as a sigmoid",
            wanted="one logit",
            found=f"{outputs} logits",
            where="model.output",
            advice="Use softmax for exclusive classes, or multilabel with model.pick for independent ones.",
        )
    if config.output == "softmax" and outputs == 1:
        raise ModelError(
            "The model's output cannot be read as a softmax",
            wanted="two logits or more",
            found="one logit",
            where="model.output",
            advice="Use sigmoid.",
        )
    return config.output


def _names(outputs: int, config: ModelConfig) -> tuple[str, ...]:
    if not config.classes:
        return tuple(str(number) for number in range(outputs))
    if len(config.classes) != outputs:
        raise ModelError(
            "The names of the outputs do not fit the model",
            wanted=f"{outputs} names, one per output",
            found=f"{len(config.classes)} ({_few(config.classes)})",
            where="model.classes",
        )
    return tuple(config.classes)


def _sigmoid_names(config: ModelConfig) -> tuple[str, ...]:
    # One name is the positive class; two are the target's values, of which the second is the positive one.
    return (config.classes[-1],) if config.classes else ("1",)


def _two_values(config: ModelConfig) -> tuple[str, ...]:
    if config.output != "multilabel" and config.pick is None and len(config.classes) == 2:
        return tuple(config.classes)
    return ("0", "1")


def _check_softmax(outputs: int, classes: tuple[str, ...]) -> None:
    if len(classes) != outputs:
        raise ModelError(
            "The number of outputs does not match the target's values",
            wanted=f"{len(classes)} outputs for the values {_few(classes)}",
            found=f"{outputs} outputs",
            where="model.output (softmax)",
            advice="Name all outputs in order in model.classes, or pick one with model.pick.",
        )


def _check_binary(link: Link, classes: tuple[str, ...]) -> None:
    if len(classes) != 2:
        raise ModelError(
            "The number of outputs does not match the target's values",
            wanted="a target with two values for one logit",
            found=f"{len(classes)} ({_few(classes)})",
            where=f"model.output ({link})",
            advice="Audit a target with two values, or a model with one output per value.",
        )


def _picked(names: tuple[str, ...], config: ModelConfig) -> int:
    pick = config.pick
    if pick is None and len(names) == 1:
        return 0
    if pick is None:
        raise ModelError(
            "It is not known which output predicts the target",
            wanted="model.pick: a name of model.classes, or an index",
            found=f"{len(names)} outputs",
            where="model.output (multilabel)",
        )
    if isinstance(pick, str) and pick in names:
        return names.index(pick)
    number = int(pick) if isinstance(pick, int) or pick.lstrip("-").isdecimal() else None
    if number is None:
        raise ModelError(
            f'The model has no output called "{pick}"', where="model.pick", advice=suggestion(str(pick), names)
        )
    if not 0 <= number < len(names):
        raise ModelError(
            "The picked output is not there",
            wanted=f"an index from 0 to {len(names) - 1}",
            found=str(number),
            where="model.pick",
        )
    return number


def _few(names: Sequence[str], limit: int = 5) -> str:
    shown = ", ".join(names[:limit])
    return f"{shown}, … ({len(names)} in all)" if len(names) > limit else shown
