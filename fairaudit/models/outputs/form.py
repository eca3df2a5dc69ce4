"""What a model's outputs are: logits, probabilities, log-probabilities or labels; detected, not assumed."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fairaudit.config.schema import ModelConfig
from fairaudit.errors import ModelError
from fairaudit.models.outputs.ending import Ending, Squash

CLOSE = 1e-3
"""How far from 1 the probabilities of an image may add up to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What the outputs are."""

    squash: Squash | None = None
    """What is to be taken off to get logits; None for logits and labels."""
    label: bool = False
    """Whether the outputs are decisions, without scores."""
    notes: tuple[str, ...] = ()
    """What a reader of the report should know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Outputs [image, output] on noise and, where there are any, on audited images."""

    noise: Tensor
    audited: Tensor | None = None

    @property
    def values(self) -> Tensor:
        """Both batches of outputs, one below the other."""
        return self.noise if self.audited is None else torch.cat([self.noise, self.audited])


def find_form(ending: Ending, sample: Sample, *, config: ModelConfig, whole: bool, name: str) -> Form:
    """What the outputs are, from the declaration, the last operation and the values, in this order.

    A declared sigmoid, softmax or multilabel says how logits become probabilities and not whether that has happened
    inside the model; that is found out for them as for auto.

    Args:
        ending: what the outputs come from.
        sample: outputs, in the type that the model returns them.
        config: what is declared.
        whole: whether the outputs are numbers without fractions by their type.
        name: the model's name, for notes and errors.

    Raises:
        ModelError: the outputs are not what they are declared to be.
    """
    one = config.pick is not None and not config.picks_several
    if config.output == "label" or (config.output != "logit" and (whole or ending.kind == "label")):
        return _labels(sample, declared=config.output, name=name)
    if config.output == "logit":
        return _logits(ending, whole=whole, name=name)
    if config.output in ("probability", "log_probability"):
        return _declared(ending, sample, logs=config.output == "log_probability", one=one, name=name)
    if ending.squash is not None:
        return _by_operation(ending.squash, sample, config=config, one=one, name=name)
    return Form() if ending.kind == "layer" else _by_values(sample, one=one, name=name)


def _labels(sample: Sample, *, declared: str, name: str) -> Form:
    values = sample.values.double()
    if bool((values != values.round()).any()):
        raise ModelError(
            "The model's outputs are declared as labels, but are not labels",
            wanted="whole numbers",
            found=f"values such as {float(values[values != values.round()][0]):.4g}",
            where=f"{name}, model.output",
        )
    how = "declared" if declared == "label" else "found"
    note = f"{name} returns labels ({how}): there are no scores, so only decisions are compared."
    return Form(label=True, notes=(note,))


def _logits(ending: Ending, *, whole: bool, name: str) -> Form:
    if whole or ending.kind == "label":
        raise ModelError(
            "The model's outputs are declared as logits, but are labels",
            wanted="numbers before any decision",
            where=f"{name}, model.output",
            advice="Leave model.output out, or write label.",
        )
    if ending.squash is None:
        return Form()
    return Form(notes=(f"{name} ends in a {ending.squash}, and its outputs are declared as logits all the same.",))


def _declared(ending: Ending, sample: Sample, *, logs: bool, one: bool, name: str) -> Form:
    chances = sample.values.double()
    chances = chances.exp() if logs else chances
    if not _inside(chances):
        worst = sample.values.double()[(chances < -CLOSE) | (chances > 1 + CLOSE)][0]
        raise ModelError(
            "The model's outputs are not what they are declared to be",
            wanted="logarithms of probabilities, at most 0" if logs else "probabilities, from 0 to 1",
            found=f"values such as {float(worst):.4g}",
            where=f"{name}, model.output",
        )
    if ending.squash is not None and ending.squash.startswith("log_") == logs and not (one and "soft" in ending.squash):
        return Form(squash=ending.squash)
    apart = one or not _adds_up(chances)
    if logs:
        return Form(squash="log_sigmoid" if apart else "log_softmax")
    return Form(squash="sigmoid" if apart else "softmax")


def _by_operation(squash: Squash, sample: Sample, *, config: ModelConfig, one: bool, name: str) -> Form:
    outputs = sample.values.shape[1]
    several = outputs > 1
    note = f"{name} ends in a {squash}: it is taken off, and what comes before it is read as logits."
    if squash in ("softmax", "log_softmax"):
        if not several and not config.picks_several:
            raise ModelError(
                "The model ends in a softmax over one output, which is 1 for every image",
                wanted="a sigmoid for one output, or a softmax over two and more",
                where=name,
                advice="Export the model again without the softmax.",
            )
        if one:  # one class against all others: its logit is log(p / (1 - p)), not its own output before the softmax
            note = f"{name} ends in a {squash}: the picked output's probability is read as it is."
            return Form(squash="sigmoid" if squash == "softmax" else "log_sigmoid", notes=(note,))
        return Form(squash=squash, notes=(note,))
    if several and not one and config.output == "auto":
        raise ModelError(
            "The model returns several probabilities that do not exclude one another",
            wanted="model.pick: the output that predicts the target, by name of model.classes or by index",
            found=f"{outputs} outputs that each end in a sigmoid",
            where=f"{name}, model.output",
            advice="For classes that exclude one another, of which the largest wins, write model.output: softmax.",
        )
    if several and config.output == "softmax":
        note += " Each output had a sigmoid of its own; the largest one decides, as declared."
    return Form(squash=squash, notes=(note,))


def _by_values(sample: Sample, *, one: bool, name: str) -> Form:
    """For outputs of unknown origin: probabilities when all on noise and on audited images could be some."""
    values = sample.values.double()
    several = values.shape[1] > 1
    if _inside(values) and (not several or one or _adds_up(values)):
        apart = one or not several
        note = (
            f"{name} does not end in a known operation, and all its outputs lie from 0 to 1"
            f"{'' if apart else ' and add up to 1'}: they are read as probabilities. If they are logits, write "
            "model.output: logit."
        )
        return Form(squash="sigmoid" if apart else "softmax", notes=(note,))
    if several and not one and bool((values <= CLOSE).all()) and _adds_up(values.exp()):
        note = f"{name} returns logarithms of probabilities, by their values: they are read as such."
        return Form(squash="log_softmax", notes=(note,))
    return Form()


def _inside(chances: Tensor) -> bool:
    return bool(((chances >= -CLOSE) & (chances <= 1 + CLOSE)).all())


def _adds_up(chances: Tensor) -> bool:
    total = chances.sum(dim=1)
    return chances.shape[1] > 1 and bool(torch.allclose(total, torch.ones_like(total), atol=CLOSE))
