"""Write an edited model as the kind of file it came from, and prove the file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor

from fairaudit.errors import ModelError
from fairaudit.mitigation.edits import Edit, GroupThresholds, Inserted, edited, values_of
from fairaudit.models.classifier import Classifier
from fairaudit.models.lift.lift import TOLERANCE
from fairaudit.pruning.encoder import CutModel, LogitsOnly
from fairaudit.pruning.export import Exported, export_values, write_small
from fairaudit.results.strict_json import dumps, write_text

INSERTED = "A layer was inserted, which the file's own kind cannot hold: the edited model is a TorchScript trace."


def write_edit(
    classifier: Classifier,
    split: CutModel,
    edit: Edit,
    path: Path,
    *,
    images: Tensor,
    reopen: Callable[[Path], Classifier],
) -> Exported:
    """Write a model with its edit, open the file again and compare it on the probe images.

    Weights and heads keep the kind of file. An inserted layer makes it a TorchScript archive, with the suffix .pt. A
    rule is no model: it is written as JSON and nothing is opened again.

    Args:
        classifier: the model as it was opened.
        split: the same, lifted and cut.
        edit: what a method changed.
        path: file to write.
        images: probe images in [0, 1].
        reopen: opens a file as the original was opened.

    Raises:
        ModelError: the file cannot hold the edit, or computes something else.
        OutputError: it cannot be written.
    """
    if isinstance(edit, GroupThresholds):
        rules = {"rules": [asdict(each) for each in edit.groups], "base_rate": edit.base_rate}
        place = path.with_suffix(".json")
        write_text(place, dumps(rules))
        return Exported(path=place, deviation=0.0, notes=("a rule per group, which needs the attribute: no model",))
    if not isinstance(edit, Inserted):
        return export_values(classifier, split, values_of(split, edit) or {}, path, images=images, reopen=reopen)
    place = path.with_suffix(".pt")
    module = edited(split, edit)
    place.parent.mkdir(parents=True, exist_ok=True)
    write_small(module, place, classifier.normalise(images))
    with torch.no_grad():
        wanted = module(classifier.normalise(images))[1]
        found = reopen(place).logits(images).to(wanted)
    deviation = float((wanted - found).abs().max() / wanted.abs().max().clamp(min=1e-12))
    if not deviation <= TOLERANCE:
        raise ModelError("The written model is not the edited one", found=f"a difference of {deviation:.3g}")
    return Exported(path=place, deviation=deviation, notes=(INSERTED,))


def as_edited(model: Classifier, split: CutModel, edit: Edit, name: str) -> Classifier:
    """The model with its edit as a classifier in memory; the model itself stays as it is.

    Args:
        model: the classifier that was cut.
        split: the same, cut.
        edit: what a method changed; a rule leaves the model as it is.
        name: what it is called in reports.
    """
    module = edited(split, edit)
    digest = hashlib.sha256(model.sha256.encode())
    for key, value in sorted(module.state_dict().items()):
        digest.update(key.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return replace(model, name=name, sha256=digest.hexdigest(), module=LogitsOnly(module).eval(), notes=(), _lifted={})
