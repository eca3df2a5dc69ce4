"""Whether decisions go with the labels at all: a model whose answers were misread treats all groups alike."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fairaudit.data.categorical import Categorical
from fairaudit.gate.alike import Unlike
from fairaudit.measures.counts.association import contingency

_BEYOND: Final = 4.0
"""Standard errors below chance from which a model decides against the labels and not by accident."""
_ENOUGH: Final = 2.0
"""Standard errors above chance that decisions which go with the labels have."""
_MANY: Final = 50
"""Images from which decisions that go with the labels stand out."""


def unlike_labels(decisions: NDArray[np.integer], target: Categorical) -> Unlike | None:
    """Why the decisions are probably not answers to the question that the labels ask; None where they go with them.

    With a_k images of class k and b_k decisions for it, decisions that are drawn blindly agree with Σ a_k b_k / n
    labels on average; how far the agreement lies from that, in standard errors of the hypergeometric distribution, says
    whether they know the labels. Outputs in another order, or labels of another question, lie below or at it, and
    then no gap between groups says anything about the model. Decisions or labels that do not vary say nothing here.

    Args:
        decisions: decided class of every scored row, [image].
        target: true class, at the same rows.

    >>> label = Categorical(name="smile", values=("no", "yes"), codes=np.array([0, 1] * 50, np.int32))
    >>> unlike_labels(label.codes, label)
    >>> print(unlike_labels(1 - label.codes, label).sentence)
    Only 0 % of 100 images are decided as they are labelled, where blind decisions would give 50 %: the classes are \
probably in another order than the model's outputs, or the labels mean the opposite.
    """
    size = len(target.values)
    table = contingency(target.codes, np.asarray(decisions), rows=size, columns=size).astype(np.float64)
    count, agreed = table.sum(), float(np.trace(table))
    truth, decided = table.sum(axis=1), table.sum(axis=0)
    blind, spread = float(truth @ decided) / count if count else 0.0, _spread(truth, decided)
    if spread == 0:
        return None
    distance = (agreed - blind) / spread
    shares = f"{_percent(agreed / count)} of {int(count):,} images are decided as they are labelled"
    chance = f"where blind decisions would give {_percent(blind / count)}"
    if distance < -_BEYOND:
        return Unlike(
            sentence=f"Only {shares}, {chance}: the classes are probably in another order than the model's outputs, "
            "or the labels mean the opposite.",
            against=True,
        )
    if distance < _ENOUGH and count >= _MANY:
        return Unlike(
            sentence=f"{shares}, {chance}: no sign that the model answers this question. Look "
            "at the order of the classes, at the target and at how images are prepared.",
            against=False,
        )
    return None


def _spread(truth: NDArray[np.float64], decided: NDArray[np.float64]) -> float:
    """Standard deviation of the agreement where decisions and labels are shuffled against each other."""
    count = truth.sum()
    if count < 2:
        return 0.0
    product = truth * decided
    own = product @ ((count - truth) * (count - decided))
    pairs = product.sum() ** 2 - product @ product
    return math.sqrt(float(own + pairs) / (count * count * (count - 1)))


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
