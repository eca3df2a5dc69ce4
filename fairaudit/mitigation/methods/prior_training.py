"""Prior training: an adversary on the attribute, and prior knowledge of where the evidence is (Wang et al., 2021).

The comparison that names it says little about the prior. Here it is that the evidence lies outside the region that
shows the attribute: the input gradient inside it is penalised beside the adversary.
"""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor, nn

from fairaudit.mitigation.edits import Edit
from fairaudit.mitigation.learn import learnt
from fairaudit.mitigation.method import MitigationMethod, Task
from fairaudit.mitigation.methods.laftr import adversarial_loss
from fairaudit.mitigation.methods.region_gradient import region_gradient
from fairaudit.mitigation.penalty import PenaltyScale
from fairaudit.mitigation.samples import Samples

ADVERSARY = 1.0
"""Strength of the adversary; λ is that of the prior."""


def prior_training(task: Task) -> Edit:
    """Cross-entropy, the adversary of LAFTR, and λ times the gradient inside the region."""
    adversarial, scale = adversarial_loss(replace(task, strength=ADVERSARY)), PenaltyScale(task.strength)

    def loss(module: nn.Module, batch: Samples) -> Tensor:
        own = adversarial(module, batch)
        _, penalty = region_gradient(module, task.head, batch)
        return own + scale.factor(module, own, penalty) * penalty.to(own)

    return learnt(task, loss)


PRIOR_TRAINING = MitigationMethod(
    name="prior-training",
    given=("attribute labels", "regions"),
    strength=1.0,
    strengths=(0.1, 1.0, 10.0),
    fit=prior_training,
)
