"""What every audit has in common: map a batch to a part, then turn the reduced total into findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fairaudit.engine.part import Part

if TYPE_CHECKING:
    from torch import Tensor

    from fairaudit.audits.core.study.study import Study
    from fairaudit.data.batch import Batch
    from fairaudit.models.classifier import Classifier
    from fairaudit.results.measurement import Measurement
    from fairaudit.saliency.method import Attribution, Method


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """What one model says about one batch; computed once and shared by all audits."""

    model: Classifier
    logits: Tensor
    """Raw outputs, [image, output]."""
    scores: NDArray[np.float64]
    """Probability of every target value, [image, class]; rows sum to 1."""
    decisions: NDArray[np.int32]
    """Decided class, [image]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One batch with its predictions, as every audit sees it."""

    batch: Batch
    images: Tensor
    """The batch's images on the computing device, [image, channel, row, column] in [0, 1]."""
    candidate: Predictions
    baseline: Predictions | None
    explained: NDArray[np.int64]
    """Class whose evidence is explained, [image]."""
    maps: dict[tuple[str, str], Attribution] = field(default_factory=dict)
    """Attributions that were already made for this batch, by method and model."""

    def attribution(self, method: Method, predictions: Predictions) -> Attribution:
        """The method's attribution for one model, made once per batch however many audits ask."""
        import torch

        role = "candidate" if predictions is self.candidate else "baseline"
        key = (method.name, role)
        if key not in self.maps:
            classes = torch.from_numpy(self.explained).to(self.images.device)
            self.maps[key] = bound(method, self.batch).attribute(predictions.model, self.images, classes)
        return self.maps[key]


def bound(method: Method, batch: Batch, count: int | None = None) -> Method:
    """The method, with the labels of the batch's first `count` images (default: all) where it needs labels."""
    import torch

    from fairaudit.saliency.method import labelled

    target = torch.from_numpy(batch.target[:count].astype(np.int64))
    attributes = {name: torch.from_numpy(codes[:count].astype(np.int64)) for name, codes in batch.attributes.items()}
    return labelled(method, target, attributes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A figure to be drawn and written beside the report."""

    name: str
    """File name without folder, such as gaps.png."""
    caption: str
    """What it shows."""
    draw: Callable[[], bytes]
    """Makes the PNG."""
    photographs: bool = False
    """Whether single images of the data can be seen on it, which `--no-images` leaves out."""
    worst: bool = False
    """Whether it shows the worst images, which stand on the first page."""
    overlay: bool = False
    """Whether it shows where a region was measured, which a note then asks the reader to look at."""


def slug(text: str) -> str:
    """Text as part of a file name; different texts may give the same.

    >>> slug("Age < 40")
    'age---40'
    """
    return "".join(character if character.isalnum() else "-" for character in text.lower()).strip("-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What an audit found."""

    measurements: Sequence[Measurement] = ()
    notes: Sequence[str] = ()
    drawings: Sequence[Drawing] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """The reduced state of one audit and what is needed to read it."""

    part: Part
    """The audit's own merged state."""
    rows: NDArray[np.int64]
    """Manifest rows that were scored, in order; per-image columns follow them."""
    study: Study


class Audit(Protocol):
    """A map over batches and a reading of the reduced total; everything else is the stream's."""

    name: str

    def settings(self) -> Mapping[str, Any]:
        """Everything that changes what `map` returns, as JSON values; part of the run store's key."""
        ...

    def map(self, context: Context) -> Part:
        """The audit's state after this batch alone."""
        ...

    def measure(self, total: Total) -> Findings:
        """Measurements, notes and figures from the state after all batches."""
        ...
