"""Trainable copies of a user's model, trained on planted data."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from fairaudit.audits.selftest.options import SelftestOptions
from fairaudit.audits.selftest.weights import read_weights, write_weights
from fairaudit.config.schema import PreprocessConfig
from fairaudit.data.loader import Loader
from fairaudit.data.manifest import Manifest
from fairaudit.demo.train import train
from fairaudit.errors import DataError, ModelError
from fairaudit.models.classifier import Classifier
from fairaudit.models.files.arch import build, parse_arch
from fairaudit.models.lift.lift import source_of
from fairaudit.models.lift.products import Scale, Shift
from fairaudit.models.lift.reset import reset_weights
from fairaudit.models.outputs.adapt import FixedBatch, Logits
from fairaudit.pruning.task import task_loss
from fairaudit.seeds import child_seed

Told = Callable[[int, int], None]
"""Called with the steps done and the steps in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainer:
    """Makes models like the user's."""

    model: Classifier
    """The user's; it is never changed."""
    arch: str | None
    """Factory of an eager model, which draws its own weights; None where there is none."""
    asked: SelftestOptions
    """How to train."""
    preprocess: PreprocessConfig
    """From image to input."""
    workers: int
    """Threads that decode."""
    example: Tensor
    """Some images in [0, 1], to lift a script on."""

    def trainable(self, *, seed: int) -> tuple[nn.Module, tuple[str, ...]]:
        """A copy whose weights can learn, and the names of those that did not start anew although they should have.

        A model with Python classes is copied; a script or an exported program is lifted to modules first.

        Raises:
            LiftError: it cannot be lifted.
            ModelError: it has no weights.
        """
        eager = source_of(self.model.module) == "eager"
        module = copy.deepcopy(self.model.module if eager else self.model.lifted(self.example).module)
        kept: tuple[str, ...] = ()
        if not self.asked.keep_weights:
            kept = self._anew(module, seed) if eager else (*reset_weights(module, seed=seed), *_constants(module))
        parameters = [parameter.requires_grad_(True) for parameter in module.parameters()]
        if not parameters:
            raise ModelError("The model has no weights to train", where=self.model.name)
        return module, kept

    def trained(self, manifest: Manifest, *, seed: int, file: Path, key: str, told: Told) -> Classifier:
        """The model of a file where that belongs to this key, else one that is trained on the rows and written there.

        Raises:
            DataError: no image can be read.
            ModelError: the model cannot be trained.
            OutputError: the file cannot be written.
        """
        module, _ = self.trainable(seed=seed)
        weights = read_weights(file, key)
        if weights is None:
            images, target = self.images(manifest)
            self.fit(module, images, target, epochs=self.asked.epochs, seed=seed, told=told)
            write_weights(file, module, key)
        else:
            module.load_state_dict(weights)
        module.eval().requires_grad_(False)
        return replace(
            self.model,
            name=file.stem,
            path=file,
            sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
            format="safetensors",
            module=module,
            notes=(),
            _lifted={},
        )

    def images(self, manifest: Manifest, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """Readable rows, normalised, and their classes, on the model's device; all rows by default.

        Raises:
            DataError: none can be read.
        """
        batch = Loader(manifest, self.preprocess, {}, self.workers).load(rows or range(len(manifest)))
        if not len(batch):
            raise DataError("No training image can be read", where=manifest.name, found=batch.excluded[0][1])
        with torch.no_grad():
            images = self.model.normalise(batch.images)
        return images, torch.from_numpy(batch.target.astype(np.int64)).to(images.device)

    def fit(self, module: nn.Module, images: Tensor, target: Tensor, *, epochs: int, seed: int, told: Told) -> None:
        """Train a copy in place; dropout and the order of images depend on the seed alone."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(child_seed(seed, "dropout"))
            train(
                module,
                images,
                target,
                seed=seed,
                epochs=epochs,
                batch_size=self.asked.batch_size,
                rate=self.asked.rate,
                loss=partial(task_loss, self.model.head),
                progress=told,
            )
        if not all(bool(torch.isfinite(value).all()) for value in module.state_dict().values()):
            raise ModelError(
                "Training diverged: the model's weights are not finite",
                where=self.model.name,
                advice="Lower --learning-rate.",
            )

    def _anew(self, module: nn.Module, seed: int) -> tuple[str, ...]:
        if self.arch is None:
            return reset_weights(module, seed=seed)
        inner = module.model if isinstance(module, Logits | FixedBatch) else module
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(child_seed(seed, "initial weights"))
            fresh = build(parse_arch(self.arch), inner.state_dict(), size=self.model.input_size)
        inner.load_state_dict(fresh.state_dict())
        return ()


def _constants(module: nn.Module) -> list[str]:
    """Weights outside layers, which a lifted script holds as constants: a class token, factors, position embeddings.

    A factor or an offset without axes is a number that the code writes, such as 1/√d, and no weight.
    """
    found = list(module.named_buffers(recurse=False))
    for name, child in module.named_modules():
        if isinstance(child, Scale | Shift):
            found += [(f"{name}.{own}", value) for own, value in child.named_buffers() if value.dim()]
    return [name for name, value in found if value.is_floating_point()]
