"""A-ClArC: training goes on with the concept added to every image's features, and nothing is added afterwards."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from fairaudit.mitigation.cav import Concept, concept, hooked
from fairaudit.mitigation.edits import Noted, Weights
from fairaudit.mitigation.layers import best_layer
from fairaudit.mitigation.learn import learnt
from fairaudit.mitigation.losses import each_loss
from fairaudit.mitigation.method import MitigationMethod, Task, need_two_groups
from fairaudit.mitigation.samples import Samples


def adding(found: Concept, strength: float, like: Tensor) -> Callable[..., Tensor]:
    """A hook that makes h' = h - α v vᵀ (h - z) at every place, z the mean of the attribute's second value."""
    v, z = found.vector.to(like), found.having.to(like)

    def hook(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        shape = (1, -1, *([1] * (output.dim() - 2)))
        along = ((output - z.view(shape)) * v.view(shape)).sum(1, keepdim=True)
        return output - strength * along * v.view(shape)

    return hook


def a_clarc(task: Task) -> Noted:
    """At the convolution that does best on the choosing part; the hook is in place only while a loss is computed."""
    need_two_groups(task, "a-clarc")
    like = next(task.split.module.parameters())

    def fit(layer: str) -> Weights:
        hook = adding(concept(task, task.debias, kind=task.cav, layer=layer), task.strength, like)

        def loss(module: nn.Module, batch: Samples) -> Tensor:
            with hooked(module, layer, hook):
                _, logits = module(batch.images)
            return each_loss(task.head, logits, batch.target).mean()

        return learnt(task, loss)

    return best_layer(task, fit)


A_CLARC = MitigationMethod(
    name="a-clarc",
    given=("attribute labels",),
    strength=1.0,
    strengths=(0.5, 1.0, 2.0),
    fit=a_clarc,
)
