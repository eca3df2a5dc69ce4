"""P-ClArC: the concept is projected out of the features after training (Anders et al., Information Fusion 2022)."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from fairaudit.mitigation.cav import Concept, concept
from fairaudit.mitigation.edits import HeadEdit, Inserted, Noted, edited, head_bias, head_layer
from fairaudit.mitigation.features import BATCH, features_of, folded
from fairaudit.mitigation.layers import best_layer
from fairaudit.mitigation.linear import refit_bias
from fairaudit.mitigation.method import MitigationMethod, Task, need_two_groups


def projection(found: Concept, strength: float = 1.0) -> tuple[Tensor, Tensor]:
    """M = I - α v vᵀ and c = α v vᵀ z of h' = h - α v vᵀ (h - z), z the mean of the attribute's first value.

    >>> v = torch.tensor([1.0, 0.0], dtype=torch.float64)
    >>> one = Concept(layer=None, vector=v, without=torch.tensor([3.0, 4.0]).double(), having=v, accuracy=1.0)
    >>> matrix, offset = projection(one)
    >>> (matrix @ torch.tensor([9.0, 9.0]).double() + offset).tolist()
    [3.0, 9.0]
    """
    outer = strength * torch.outer(found.vector, found.vector)
    return torch.eye(len(outer), dtype=outer.dtype) - outer, outer @ found.without


def inserted(found: Concept, strength: float = 1.0) -> Inserted:
    """The projection as a 1 x 1 convolution behind the concept's layer."""
    matrix, offset = projection(found, strength)
    return Inserted(layer=str(found.layer), weight=matrix, bias=offset)


def p_clarc(task: Task) -> Noted:
    """The projection at the bottleneck, folded into the last layer, whose bias is then fitted to the debias rows again.

    Without that the outputs of all images move by the concept's share of the mean, and many decisions with them.
    """
    need_two_groups(task, "p-clarc")
    found = features_of(task, task.debias)
    vector = concept(task, task.debias, kind=task.cav)
    edit = folded(found, *projection(vector, task.strength))
    shift = refit_bias(task.head, found.values @ edit.weight.t() + edit.bias, found.target)
    row = found.weight[1 if len(found.weight) > 1 else 0] - (found.weight[0] if len(found.weight) > 1 else 0)
    cosine = float(row @ vector.vector / row.norm().clamp(min=1e-12))
    return Noted(
        edit=HeadEdit(weight=edit.weight, bias=edit.bias + shift),
        facts={"concept_accuracy": vector.accuracy, "concept_head_cosine": cosine},
    )


def p_clarc_conv(task: Task) -> Noted:
    """The projection behind a convolution, chosen on the choosing part; the last layer's bias is fitted again."""
    need_two_groups(task, "p-clarc-conv")

    def fit(layer: str) -> Inserted:
        plain = inserted(concept(task, task.debias, kind=task.cav, layer=layer), task.strength)
        own = head_bias(head_layer(task.split))
        if own is None:
            return plain
        shift = refit_bias(task.head, logits_of(task, plain), task.debias.target)
        return replace(plain, head_bias=(own.double().cpu() + shift).to(own))

    return best_layer(task, fit)


@torch.no_grad()
def logits_of(task: Task, edit: Inserted) -> Tensor:
    """Outputs of the edited model on the debias rows, [image, output] float64 on the CPU."""
    module = edited(task.split, edit)
    rows = torch.split(torch.arange(len(task.debias)), BATCH)
    return torch.cat([module(task.debias.take(some).images)[1].double().cpu() for some in rows])


P_CLARC = MitigationMethod(
    name="p-clarc",
    given=("attribute labels",),
    strength=1.0,
    strengths=(0.5, 1.0),
    fit=p_clarc,
)
P_CLARC_CONV = MitigationMethod(
    name="p-clarc-conv",
    given=("attribute labels",),
    strength=1.0,
    strengths=(0.5, 1.0),
    fit=p_clarc_conv,
)
