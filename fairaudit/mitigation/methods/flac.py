"""FLAC: features are made alike where the attribute differs, and apart where it does not (Sarridis et al. 2023).

Pairs are masked by labels: same target and different attribute should be alike, different target and same attribute
should not. The published loss is a sum over all pairs of probabilities that shrink with the square of the batch, which
is why its α is in the tens of thousands; here it is a mean over pairs, and λ is of the size of the loss.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fairaudit.mitigation.edits import Edit
from fairaudit.mitigation.features import features_of
from fairaudit.mitigation.learn import learnt
from fairaudit.mitigation.linear import refit
from fairaudit.mitigation.losses import each_loss
from fairaudit.mitigation.method import MitigationMethod, Task, known_rows
from fairaudit.mitigation.samples import Samples
from fairaudit.models.outputs.head import Head

FLOOR = 1e-6


def similarity(values: Tensor) -> Tensor:
    """1 / (1 + distance) of every pair, [image, image] in (0, 1]; differentiable, also where two rows are equal."""
    squares = (values[:, None] - values[None, :]).square().mean(-1)
    return 1 / (1 + (squares + FLOOR).sqrt())


def pair_loss(features: Tensor, readings: Tensor, target: Tensor, attribute: Tensor) -> Tensor:
    """Mean Jeffreys divergence between the features' similarity and the dissimilarity of the attribute's readings.

    (s - d) (log s - log d) over pairs (same target, other attribute) and (other target, same attribute), s = similarity
    of the features, d = 1 - similarity of the readings. From 0; 0 too for a batch without such a pair.

    Args:
        features: [image, feature].
        readings: what a reader of the attribute says [image, value]; no gradient reaches it.
        target: codes [image].
        attribute: codes [image], -1 unknown: such images are in no pair.
    """
    known = attribute >= 0
    t, a = target[known], attribute[known]
    same_t, same_a = t[:, None] == t[None, :], a[:, None] == a[None, :]
    pairs = same_t != same_a
    if not bool(pairs.any()):
        return features.sum() * 0.0
    s = similarity(features[known])[pairs].clamp(FLOOR, 1 - FLOOR)
    d = (1 - similarity(readings[known].detach()))[pairs].clamp(FLOOR, 1 - FLOOR)
    return ((s - d) * (s.log() - d.log())).mean()


def flac(task: Task) -> Edit:
    """The reader of the attribute is a linear one on the model's own bottleneck, fitted once on the debias rows."""
    part = task.debias
    found = features_of(task, part)
    known = known_rows(part)
    values = found.values[known]
    names = tuple(str(value) for value in range(part.groups))
    head = Head(link="softmax", outputs=part.groups, classes=names, names=names)
    start = torch.zeros(part.groups, values.shape[1]), torch.zeros(part.groups)
    weight, bias = refit(head, start, values, found.attribute[known], penalty=1e-3)

    def loss(module: nn.Module, batch: Samples) -> Tensor:
        with torch.no_grad():
            own = task.split.features(batch.images)[0]
        readings = own @ weight.to(own).t() + bias.to(own)
        bottleneck, logits = module(batch.images)
        penalty = pair_loss(bottleneck.flatten(1), readings, batch.target, batch.attribute)
        return each_loss(task.head, logits, batch.target).mean() + task.strength * penalty

    return learnt(task, loss)


FLAC = MitigationMethod(
    name="flac",
    given=("attribute labels",),
    strength=1.0,
    strengths=(0.3, 1.0, 3.0),
    fit=flac,
)
