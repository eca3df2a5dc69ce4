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

    from fairaudit.audits.core.study.recall import Recall
    from fairaudit.audits.core.study.study import Study
    from fairaudit.data.batch import Batch
    from fairaudit.engine.part import Array
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
    recall: Recall | None = None
    """What the baseline answered in audits of other models."""

    def attribution(self, method: Method, predictions: Predictions) -> Attribution:
        """The method's attribution for one model, made once per batch however many audits ask."""
        role = "candidate" if predictions is self.candidate else "baseline"
        key = (method.name, role)
        if key not in self.maps:
            self.maps[key] = self._attributed(method, predictions)
        return self.maps[key]

    def recalled(
        self, predictions: Predictions, what: Mapping[str, Any], compute: Callable[[], Mapping[str, Array]]
    ) -> Mapping[str, Array]:
        """What a model answers about this batch, from another model's audit where it has been asked before.

        Args:
            predictions: of the model that is asked.
            what: JSON values that say what is asked, with all settings of it.
            compute: asks the model.
        """
        if self.recall is None or not self.recall.keeps(predictions.model.sha256):
            return compute()
        return self.recall.recalled(what, (self.batch.rows, self.explained), compute)

    def _attributed(self, method: Method, predictions: Predictions) -> Attribution:
        import torch

        from fairaudit.saliency.method import Attribution

        def attribute() -> Attribution:
            classes = torch.from_numpy(self.explained).to(self.images.device)
            return bound(method, self.batch).attribute(predictions.model, self.images, classes)

        if self.recall is None or not self.recall.keeps(predictions.model.sha256):
            return attribute()
        asked = {"attribution": repr(method)}
        kept = self.recalled(predictions, asked, lambda: attribute().arrays())
        return Attribution.of(kept, self.images.device)


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
