"""Deep feature reweighting: only the last layer is retrained, on balanced rows (Kirichenko et al., ICLR 2023).

It shows whether the features hold what the target needs: where it helps, the encoder was not the problem.
"""

from __future__ import annotations

import torch

from fairaudit.mitigation.edits import Edit, HeadEdit
from fairaudit.mitigation.features import features_of
from fairaudit.mitigation.linear import refit, standardised
from fairaudit.mitigation.method import MitigationMethod, Task
from fairaudit.mitigation.samples import undersampled

SUBSETS = 10
"""Balanced subsets whose last layers are averaged."""


def dfr(task: Task) -> Edit:
    """Mean of the last layers that L-BFGS finds on balanced subsets; λ is the weight of ‖W‖² on standardised features.

    The paper's L1 penalty makes L-BFGS diverge; L2 has one minimum, which it finds.
    """
    part = task.balanced_part()
    found = features_of(task, part)
    values, mean, spread = standardised(found)
    draws = task.generator("dfr")
    # As the features are scaled, so is the layer to start from; outputs that do not predict the target keep it.
    start = (found.weight * spread, found.bias + found.weight @ mean)
    layers = []
    for _ in range(SUBSETS):
        rows = undersampled(part, draws).rows
        layers.append(refit(task.head, start, values[rows], found.target[rows], penalty=task.strength))
    weight = torch.stack([layer[0] for layer in layers]).mean(0) / spread
    bias = torch.stack([layer[1] for layer in layers]).mean(0)
    return HeadEdit(weight=weight, bias=bias - weight @ mean)


DFR = MitigationMethod(
    name="dfr",
    given=("attribute labels", "balanced data"),
    strength=0.01,
    strengths=(0.001, 0.01, 0.1),
    fit=dfr,
)
