"""A variant of a model as a classifier of its own, in memory: so that audits can treat it like any other model."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from fairaudit.models.classifier import Classifier
from fairaudit.pruning.encoder import CutModel, LogitsOnly


def as_classifier(model: Classifier, split: CutModel, weights: Mapping[str, Tensor], name: str) -> Classifier:
    """The model with other weights, in memory; the model itself stays as it is.

    Its digest is made of the file's and the weights', so that stored results of other weights are never taken for its
    own.

    Args:
        model: the classifier that was cut.
        split: the same, cut.
        weights: name of a parameter or buffer of the cut module → its value.
        name: what it is called in reports.
    """
    module = copy.deepcopy(split.module)
    own = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    digest = hashlib.sha256(model.sha256.encode())
    with torch.no_grad():
        for key, value in sorted(weights.items()):
            own[key].copy_(value)
            digest.update(key.encode())
            digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return replace(model, name=name, sha256=digest.hexdigest(), module=LogitsOnly(module).eval(), notes=(), _lifted={})
