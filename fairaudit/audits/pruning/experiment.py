"""The experiment behind `fairaudit prune`: search masks, run the controls, evaluate all of them alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fairaudit.audits.core.stream.progress import Progress
from fairaudit.audits.pruning.options import PruneOptions
from fairaudit.errors import UsageError, suggestion
from fairaudit.models.classifier import Classifier
from fairaudit.pruning import controls
from fairaudit.pruning.encoder import CutModel, split
from fairaudit.pruning.evaluate import Evaluation, evaluate
from fairaudit.pruning.examples import Examples
from fairaudit.pruning.search import FoundMask, MaskSearchSettings, SearchProgress, search
from fairaudit.pruning.sparsity import LayerSparsity, layer_sparsity
from fairaudit.pruning.train import TuneSettings

DRAWN = "magnitude"
"""The control whose maps are drawn beside those of the unpruned and the pruned model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One model that was made in the run, and what it does."""

    name: str
    """vanilla, "ffw gamma 10" or a control."""
    gamma: float | None
    """γ of a search; None for everything else."""
    seed: int
    """Seed it was made with."""
    layers: Sequence[LayerSparsity]
    """Pruned weights per layer; empty where nothing is pruned."""
    evaluation: Evaluation
    """On the reporting part."""
    agreed: bool | None = None
    """Whether the search ended because soft and hard model agreed; None without a search."""
    weights: Mapping[str, Tensor] = field(default_factory=dict, repr=False)
    """What it has instead of the model's own weights, kept where it is looked at again."""

    @property
    def sparsity(self) -> float | None:
        """Share of pruned weights; None where nothing is pruned."""
        weights = sum(layer.weights for layer in self.layers)
        return sum(layer.pruned for layer in self.layers) / weights if weights else None

    @property
    def collapsed(self) -> bool:
        """Whether it decides every image of the reporting part alike."""
        return len(np.unique(self.evaluation.decisions)) < 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """Everything that was made."""

    split: CutModel
    """The model, cut."""
    masks: dict[str, Tensor]
    """Mask of the first γ and the first seed: the one that is written."""
    variants: Sequence[Variant]
    """The model as it is, then searches, then controls."""
    fitted: Evaluation
    """The model as it is on the fitting part, from which associations are read."""

    @property
    def written(self) -> str:
        """Name of the variant that is written: the first search."""
        return next(variant.name for variant in self.variants if variant.gamma is not None)


def run_experiment(
    model: Classifier,
    images: Tensor,
    parts: tuple[Examples, Examples, Examples],
    asked: PruneOptions,
    *,
    seed: int,
    folder: Path,
    key: str,
    fresh: bool,
    progress: Progress,
) -> Experiment:
    """Search, control, evaluate.

    Args:
        model: the classifier.
        images: some images in [0, 1], to lift it on.
        parts: fit, choose and report.
        asked: what to do.
        seed: the first seed.
        folder: where checkpoints of the searches are kept.
        key: what the checkpoints depend on beside the settings.
        fresh: start over.
        progress: shows how far it is.

    Raises:
        UsageError: an unknown control.
        ModelError: the model cannot be lifted, cut or searched.
    """
    check_controls(asked)
    cut = split(model.lifted(images).module, asked.bottleneck)
    bench = _Bench(model=model, cut=cut, parts=parts, asked=asked, folder=folder, key=key, fresh=fresh, seed=seed)
    fit = parts[0]
    variants = [bench.variant("vanilla", {}, seed=seed)]
    first: FoundMask | None = None
    for gamma in asked.gammas:
        for number in range(asked.seeds):
            found = bench.search(gamma, seed + number, progress)
            first = found if first is None else first
            variants.append(bench.pruned(f"ffw gamma {gamma:g}", gamma, seed + number, found))
    if first is None:
        raise UsageError("There is nothing to search", wanted="at least one --gamma and one seed")
    variants += bench.controls(first.masks, progress)
    fitted = evaluate(cut, model.head, {}, fit, fit, seed=seed, kinds=())
    return Experiment(split=cut, masks=first.masks, variants=variants, fitted=fitted)


def check_controls(asked: PruneOptions) -> None:
    """Refuse a control that does not exist, and one that is to be audited without being made.

    Raises:
        UsageError: such a control is named.
    """
    for name in (*asked.controls, *asked.audited):
        if name not in controls.CONTROLS:
            problem = f'There is no control called "{name}"'
            raise UsageError(problem, advice=suggestion(name, controls.CONTROLS))
    for name in asked.audited:
        if name not in asked.controls:
            raise UsageError(
                f'The control "{name}" is to be audited, but is not among those to be made',
                wanted="controls of --controls",
                found=", ".join(asked.controls) or "none",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """Makes and evaluates variants of one model on the same parts."""

    model: Classifier
    cut: CutModel
    parts: tuple[Examples, Examples, Examples]
    asked: PruneOptions
    folder: Path
    key: str
    fresh: bool
    seed: int

    def settings(self, gamma: float, seed: int) -> MaskSearchSettings:
        """Settings of one search."""
        asked = self.asked
        return MaskSearchSettings(
            gamma=gamma, mode=asked.mode, epochs=asked.epochs, levels=asked.levels, sparsity=asked.sparsity, seed=seed
        )

    def search(self, gamma: float, seed: int, progress: Progress) -> FoundMask:
        """One search, from its checkpoint where there is one."""
        settings = self.settings(gamma, seed)
        checkpoint = self.folder / f"gamma-{gamma:g}-seed-{seed}.safetensors"
        if self.fresh:
            checkpoint.unlink(missing_ok=True)
        key = f"{self.key} {self.cut.bottleneck} {json.dumps(asdict(settings), sort_keys=True)}"
        total = settings.levels * settings.epochs
        with progress.task(f"Searching a mask (γ {gamma:g}, seed {seed})", total=total) as advance:

            def told(step: SearchProgress) -> None:
                advance(min(total, step.level * settings.epochs + step.epoch + 1), total, False)

            fit, choose, _ = self.parts
            return search(
                self.cut, self.model.head, fit, choose, settings, checkpoint=checkpoint, key=key, progress=told
            )

    def variant(self, name: str, weights: Mapping[str, Tensor], *, seed: int) -> Variant:
        """Evaluate weights that nothing was pruned from."""
        fit, _, report = self.parts
        found = evaluate(self.cut, self.model.head, weights, fit, report, seed=seed)
        return Variant(name=name, gamma=None, seed=seed, layers=(), evaluation=found, weights=self._kept(name, weights))

    def _kept(self, name: str, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The weights of what is audited or drawn beside the pruned model; of others nothing, they may be large."""
        return weights if name == DRAWN or name in self.asked.audited else {}

    def pruned(self, name: str, gamma: float | None, seed: int, found: FoundMask) -> Variant:
        """Evaluate a mask that was found."""
        return self._masked(name, found.masks, gamma=gamma, seed=seed, agreed=found.agreed)

    def controls(self, masks: Mapping[str, Tensor], progress: Progress) -> list[Variant]:
        """Every control that was asked for."""
        makers: Mapping[str, Callable[[], Variant]] = {
            "gamma 0": lambda: self.pruned("gamma 0", None, self.seed, self.search(0.0, self.seed, progress)),
            "magnitude": lambda: self._masked("magnitude", controls.magnitude_masks(self.cut, masks)),
            "random": lambda: self._masked("random", controls.random_masks(self.cut, masks, seed=self.seed)),
            "last layer": lambda: self._trained("last layer", controls.retrained_head),
            "fine-tuning": lambda: self._trained("fine-tuning", controls.fine_tuned),
            "scratch": lambda: self._trained("scratch", controls.from_scratch),
        }
        made = []
        with progress.task("Controls", total=len(self.asked.controls)) as advance:
            for number, name in enumerate(self.asked.controls, start=1):
                made.append(makers[name]())
                advance(number, len(self.asked.controls), False)
        return made

    def _masked(
        self,
        name: str,
        masks: Mapping[str, Tensor],
        *,
        gamma: float | None = None,
        seed: int | None = None,
        agreed: bool | None = None,
    ) -> Variant:
        fit, _, report = self.parts
        seed = self.seed if seed is None else seed
        with torch.no_grad():
            weights = controls.masked_weights(self.cut, masks)
        found = evaluate(self.cut, self.model.head, weights, fit, report, seed=seed)
        layers = layer_sparsity(self.cut, masks)
        return Variant(
            name=name,
            gamma=gamma,
            seed=seed,
            layers=layers,
            evaluation=found,
            agreed=agreed,
            weights=self._kept(name, weights),
        )

    def _trained(self, name: str, control: Callable[..., dict[str, Tensor]]) -> Variant:
        settings = TuneSettings(seed=self.seed)
        return self.variant(name, control(self.cut, self.model.head, self.parts[0], settings), seed=self.seed)
