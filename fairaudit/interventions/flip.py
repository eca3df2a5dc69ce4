"""What flipping the attribute does: paired changes between an image and its twin."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Floats = NDArray[np.float64]


class Decider(Protocol):
    """The part of a classifier that is needed."""

    def decide(self, scores: Tensor) -> Tensor:
        """Decided class, `[image]`."""
        ...


def flip_effect(classifier: Decider, own: Tensor, flipped: Tensor) -> dict[str, Floats]:
    """Paired change of every image when its attribute is flipped and nothing else; 0 where the model does not read it.

    `attribute_flip_effect`: size of the change, ½ Σ_k |p_k(x) − p_k(x′)|, which is |Δp| for two classes; in [0, 1],
    lower is better. It does not cancel between images whose score rises and falls. `attribute_flip_signed`: change of
    the last class's probability from the twin to the image, in [−1, 1]. `attribute_flip_rate`: 1 where the decision
    changes. This is eq. 3 of counterfactual interpolation augmentation, p(ŷ | s) = p(ŷ | s′) given y, per image.

    >>> class Half:
    ...     def decide(self, scores): return (scores[:, 1] >= 0.5).long()
    >>> found = flip_effect(Half(), torch.tensor([[0.25, 0.75]]), torch.tensor([[0.75, 0.25]]))
    >>> {name: values.tolist() for name, values in found.items()}
    {'attribute_flip_effect': [0.5], 'attribute_flip_signed': [0.5], 'attribute_flip_rate': [1.0]}

    Args:
        classifier: decides from probabilities.
        own: probabilities of the images `[image, class]`.
        flipped: probabilities of their twins.
    """
    change = own.double() - flipped.double()
    flips = classifier.decide(own) != classifier.decide(flipped)
    columns = {
        "attribute_flip_effect": change.abs().sum(dim=1) / 2,
        "attribute_flip_signed": change[:, -1],
        "attribute_flip_rate": flips.to(torch.float64),
    }
    return {name: values.cpu().numpy() for name, values in columns.items()}
