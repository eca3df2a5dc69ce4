"""How the raw outputs of a model are read: which outputs belong to the target, and how they become probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from fairaudit.config.schema import ModelConfig
from fairaudit.errors import MethodError, ModelError, suggestion

Link = Literal["sigmoid", "softmax", "multilabel", "probability", "label"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The meaning of a model's raw outputs z [image, output].

    With K target values, the scores p [image, K] have rows that sum to 1:
    sigmoid and multilabel p = (1 - s, s) with s = 1 / (1 + exp(-z_i)) of the picked output i;
    softmax p_k = exp(z_k) / sum_j exp(z_j); probability p = (1 - z_0, z_0), for an expression's value; label p_k = 1 at
    the decided value and 0 elsewhere, which are no probabilities: `scored` is false.
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
        return self.link in ("sigmoid", "multilabel", "probability")

    @property
    def scored(self) -> bool:
        """Whether there are probabilities, and not decisions alone."""
        return self.link != "label"

    def require_scores(self, purpose: str, *, where: str) -> None:
        """Refuse a model that returns labels for what needs more than decisions.

        Raises:
            MethodError: with the reason.
        """
        if not self.scored:
            raise MethodError(
                f"{purpose} need logits or probabilities",
                found="a model that returns labels only",
                where=where,
                advice="Its outcomes can be audited with `fairaudit fairness`; export it without the last argmax or "
                "threshold for everything else.",
            )

    def scores(self, logits: Tensor) -> Tensor:
        """Probabilities of the target values: logits [image, output] to float64 [image, K]; differentiable.

        >>> head = Head(link="sigmoid", outputs=1, classes=("0", "1"), names=("smiling",))
        >>> head.scores(torch.tensor([[0.0]])).tolist()
        [[0.5, 0.5]]
        """
        values = logits.double()
        if self.link == "softmax":
            return values.softmax(dim=1)
        if self.link == "label":
            return self._labels(values)
        picked = values[:, self.index]
        positive = picked if self.link == "probability" else picked.sigmoid()
        return torch.stack([1 - positive, positive], dim=1)

    def probabilities(self, logits: Tensor) -> Tensor:
        """Probability of every raw output, not only of those that predict the target: float64 [image, output]."""
        values = logits.double()
        if self.link == "softmax":
            return values.softmax(dim=1)
        return values if self.link in ("probability", "label") else values.sigmoid()

    def _labels(self, values: Tensor) -> Tensor:
        """One-hot rows of labels [image, output], float64 [image, K]: one code, or one output per value."""
        if self.outputs == len(self.classes) > 1:
            return values
        codes = values[:, self.index]
        if len(self.classes) == 2:
            codes = torch.where(codes == -1, 0.0, codes)  # -1 and 1, as a sign has it
        outside = (codes < 0) | (codes >= len(self.classes)) | (codes != codes.round())
        if bool(outside.any()):
            raise ModelError(
                "The model's labels do not match the target's values",
                wanted=f"0 to {len(self.classes) - 1}, for {_few(self.classes)}",
                found=f"{float(codes[outside][0]):g}",
                where="model.output (label)",
            )
        return torch.nn.functional.one_hot(codes.long(), len(self.classes)).double()

    def decide(self, scores: Tensor) -> Tensor:
        """Decisions as codes 0 … K-1, int64 [image]: the threshold itself is positive, ties go to the first value."""
        if not self.binary:
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
        if not self.binary:
            weights[rows, classes.long()] = 1.0
        else:
            weights[:, self.index] = 2.0 * classes.to(weights.dtype) - 1.0
        return weights


def make_head(outputs: int, *, config: ModelConfig, classes: Sequence[str] | None = None, label: bool = False) -> Head:
    """The head for a model with so many outputs.

    Args:
        outputs: number of outputs, of which a slice or list of `config.pick` keeps some: the head is for those.
        config: how outputs are read.
        classes: names of the target's values, in the manifest's order.
        label: whether the outputs are labels.

    Raises:
        ModelError: the outputs cannot be read that way, or do not match the target's values.
    """
    columns = picked_columns(outputs, config)
    if columns is not None:
        config = config.model_copy(update={"classes": _names_of(columns, outputs, config), "pick": None})
        outputs = len(columns)
    if label:
        return _label_head(outputs, config, classes)
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


def picked_columns(outputs: int, config: ModelConfig) -> tuple[int, ...] | None:
    """Numbers of the outputs that a slice or a list picks, in order; None where all are kept.

    Raises:
        ModelError: an output is not there, or is picked twice.
    """
    pick = config.pick
    if not config.picks_several:
        return None
    if isinstance(pick, str):
        first, last = (int(side) for side in pick.split(":"))
        columns = tuple(range(first, last))
        if not 0 <= first < last <= outputs:
            raise ModelError(
                "The picked outputs do not exist",
                wanted=f"FIRST:LAST from 0 to {outputs}, the last one excluded",
                found=f'"{pick}"',
                where="model.pick",
            )
    else:
        names = _names(outputs, config)
        several = pick if isinstance(pick, list) else []
        columns = tuple(_picked(names, config.model_copy(update={"pick": each})) for each in several)
        if len(set(columns)) != len(columns) or not columns:
            raise ModelError(
                "The picked outputs cannot be read", wanted="each output once", found=str(pick), where="model.pick"
            )
    return columns


def _names_of(columns: Sequence[int], outputs: int, config: ModelConfig) -> list[str]:
    """Names of the picked outputs: model.classes may name all outputs or those picked."""
    if len(config.classes) == len(columns) != outputs:
        return list(config.classes)
    names = _names(outputs, config)
    return [names[column] for column in columns]


def _label_head(outputs: int, config: ModelConfig, classes: Sequence[str] | None) -> Head:
    """A head over labels: one code for all values, one 0 or 1 per value, or a picked 0 or 1."""
    found = tuple(classes) if classes is not None else tuple(config.classes) or ("0", "1")
    names = ("label",) if outputs == 1 else _names(outputs, config)
    if outputs > 1 and (config.pick is not None or outputs != len(found)):
        _check_binary("label", found)
        return Head(link="label", outputs=outputs, index=_picked(names, config), classes=found, names=names)
    return Head(link="label", outputs=outputs, classes=found, names=names)


def _link(outputs: int, config: ModelConfig) -> Link:
    if outputs < 1:
        raise ModelError(
            "The model has no outputs", wanted="logits of shape [image, output]", found=f"{outputs} outputs"
        )
    if config.output in ("auto", "logit", "probability", "log_probability", "label"):
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
    links: dict[str, Link] = {"sigmoid": "sigmoid", "softmax": "softmax", "multilabel": "multilabel"}
    return links[config.output]


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
            advice='If a softmax runs over some of them only, write model.pick: "7:9" (the last one excluded); if '
            "they do not exclude one another, name one there.",
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
    number = int(pick) if isinstance(pick, int) or (isinstance(pick, str) and pick.lstrip("-").isdecimal()) else None
    if number is None:
        raise ModelError(
            f'The model has no output called "{pick}"', where="model.pick", advice=suggestion(str(pick), names)
        )
    if not 0 <= number < len(names):
        raise ModelError(
            "The picked output does not exist",
            wanted=f"an index from 0 to {len(names) - 1}",
            found=str(number),
            where="model.pick",
            advice='YAML reads 7:9 as a number of minutes: write a slice in quotes, "7:9".' if number > 60 else None,
        )
    return number


def _few(names: Sequence[str], limit: int = 5) -> str:
    shown = ", ".join(names[:limit])
    return f"{shown}, … ({len(names)} in all)" if len(names) > limit else shown
