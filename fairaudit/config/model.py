"""The section `model`: how the model's outputs are read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from fairaudit.config.section import Section


class ModelConfig(Section):
    """How the model's outputs are read."""

    output: Literal["auto", "sigmoid", "softmax", "multilabel", "probability", "log_probability", "logit", "label"] = (
        "auto"
    )
    """How outputs become probabilities (sigmoid of one, softmax over several, multilabel: a sigmoid for each; auto goes
    by their number), or what they are (probability, log_probability, logit, label). Whether a sigmoid or softmax has
    been applied inside the model is detected."""
    head: str | int | None = None
    """Key of the dictionary, or place in the tuple, that the model returns, where it returns several outputs."""
    layout: Literal["nchw", "nhwc"] = "nchw"
    """Order of the input: image, channel, row, column; or nhwc, with channels last, as TensorFlow has it."""
    classes: list[str] = Field(default_factory=list)
    """Names of the outputs, in order; for a sigmoid that of the positive class, or of both values of the target with
    the positive one second."""
    pick: str | int | list[str | int] | None = None
    """Which outputs predict the target. One, by name or index: it has a sigmoid of its own (multilabel). Several, as a
    list in the order of the target's values or as "FIRST:LAST" with the last one excluded: a softmax over them."""
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Decision threshold of a sigmoid or multilabel output."""
    arch: str | None = None
    """For checkpoints: torchvision:NAME or package.module:factory, with literal arguments if need be."""
    weights: str | None = None
    """For checkpoints: key of the weights to use, such as state_dict_ema; dots go down a level."""

    @field_validator("classes")
    @classmethod
    def _names_differ(cls, classes: list[str]) -> list[str]:
        twice = next((name for name in classes if classes.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f'classes names "{twice}" twice')
        return classes

    @property
    def picks_several(self) -> bool:
        """Whether `pick` names several outputs that a softmax runs over: a list, or FIRST:LAST.

        >>> ModelConfig(pick="7:9").picks_several, ModelConfig(pick=3).picks_several
        (True, False)
        """
        if isinstance(self.pick, str):
            first, _, last = self.pick.partition(":")
            return first.strip().isdecimal() and last.strip().isdecimal()
        return isinstance(self.pick, list)
