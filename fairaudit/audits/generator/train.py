"""Train a built-in generator on the user's own manifest, and say what a generator does to a model's evidence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from fairaudit.audits.alignment.heads import classifier_heads
from fairaudit.audits.core.stream.progress import Progress
from fairaudit.audits.core.study.device import pick_device
from fairaudit.audits.core.study.study import target_of
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.counterfactuals.heads import JoinedHeads
from fairaudit.data.loader import Loader
from fairaudit.data.open import open_manifest
from fairaudit.errors import UsageError, suggestion
from fairaudit.generators.autoencoder import Autoencoder, AutoencoderSettings
from fairaudit.generators.checkpoint import save_generator
from fairaudit.generators.cvae import ConditionalVae, Conditioned, CvaeSettings
from fairaudit.generators.sheet import reconstruction_sheet
from fairaudit.generators.train import GeneratorSettings, Keep, LabelledBatch, Trained, train_generator
from fairaudit.generators.train import TrainingProgress as Step
from fairaudit.models.files.container import digest
from fairaudit.models.open import open_model
from fairaudit.results.strict_json import dumps, write_bytes, write_text
from fairaudit.seeds import child_seed

if TYPE_CHECKING:
    from fairaudit.data.manifest import Manifest

Kind = Literal["autoencoder", "cvae"]
IN_MEMORY = 2**31
"""Bytes of decoded images that are kept; beyond that they are decoded again in every epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorRequest:
    """Kind of generator to train."""

    kind: Kind = "autoencoder"
    """autoencoder, or cvae on target and attribute."""
    attributes: tuple[str, ...] = ()
    """Attributes that a conditional VAE is conditioned on."""
    latent: int | None = None
    """Length of the latent vector; the kind's own default if left out."""
    grid: int | None = None
    """Latent vectors along an autoencoder's shorter side at most, 0 for one; its own default when left out."""
    width: int = 24
    """Channels of the first level."""
    keep: tuple[Path, ...] = ()
    """Models whose log-odds the reconstructions are trained to keep."""
    train: GeneratorSettings
    """How it is trained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedGenerator:
    """What was written."""

    file: Path
    """The generator."""
    sheet: Path
    """Held-out images above their reconstructions."""
    trained: Trained
    """How the training went."""
    parameters: int
    """Number of weights."""
    model: Autoencoder | ConditionalVae
    """The generator itself, with its best weights."""
    held_out: NDArray[np.int64]
    """Rows of the manifest that it was not trained on."""


def train_on_manifest(
    config: Config, request: GeneratorRequest, *, base: Path, options: RunOptions, progress: Progress
) -> TrainedGenerator:
    """Train on the rows that the configuration selects and write generator, sheet and facts into the output folder.

    Run again with the same settings, it resumes from the last finished epoch. It trains on the options' device, and the
    generator comes back on the CPU.

    Raises:
        UsageError: a kind, an attribute, a size or a device that cannot be used.
    """
    device = torch.device(pick_device(options.device))
    manifest = open_manifest(config, base=base, limit=options.limit, seed=options.seed)
    _check(request, manifest)
    source = _LearningRows(Loader(manifest, config.preprocess, {}, options.workers), request.attributes)
    model = _model(request, manifest, config.preprocess.channels, source.loader.input_size(), options.seed)
    options.output.mkdir(parents=True, exist_ok=True)
    checkpoint = options.output / "training.safetensors"
    if options.fresh:
        checkpoint.unlink(missing_ok=True)
    keep = _kept(request, config, target_of(manifest).values, options) if request.keep else None
    total = request.train.epochs * source.count
    with progress.task(f"Training {request.kind}", total=total) as advance:

        def step(at: Step) -> None:
            advance(min(total, round(((at.epoch - 1) + at.done / at.total) * source.count)), total, False)

        trained = train_generator(
            model.to(device),
            source.count,
            lambda at: _on(source.fetch(at), device),
            request.train,
            checkpoint=checkpoint,
            keep=keep,
            tag=_tag(request, config, manifest),
            progress=step,
        )
    model.cpu()
    file, sheet = options.output / "generator.safetensors", options.output / "reconstructions.png"
    save_generator(file, model)
    write_bytes(sheet, _sheet(model, source, trained))
    write_text(options.output / "generator.json", dumps(_facts(request, model, trained)))
    parameters = sum(parameter.numel() for parameter in model.parameters())
    held_out = source.rows[np.asarray(trained.held_out, np.int64)]
    return TrainedGenerator(
        file=file, sheet=sheet, trained=trained, parameters=parameters, model=model, held_out=held_out
    )


def _check(request: GeneratorRequest, manifest: Manifest) -> None:
    if request.kind not in ("autoencoder", "cvae"):
        raise UsageError("The kind of generator is unknown", wanted="autoencoder or cvae", found=request.kind)
    unknown = [name for name in request.attributes if name not in manifest.attributes]
    if unknown or (request.kind == "cvae" and not request.attributes):
        found = unknown[0] if unknown else "none"
        raise UsageError(
            "A conditional VAE needs an attribute of the manifest",
            found=found,
            where="--condition",
            advice=suggestion(found, manifest.attributes),
        )
    if len(set(request.attributes)) < len(request.attributes):
        raise UsageError("An attribute is named twice", where="--condition", found=", ".join(request.attributes))


def _tag(request: GeneratorRequest, config: Config, manifest: Manifest) -> str:
    """What a checkpoint must agree on beside the settings: pixels, labels, and the models whose scores are kept."""
    parts = [manifest.digest(), config.preprocess.model_dump_json(), " ".join(request.attributes)]
    if request.keep:
        parts += [config.model.model_dump_json(), *(digest(path) for path in request.keep)]
    return " ".join(parts)


def _kept(request: GeneratorRequest, config: Config, classes: tuple[str, ...], options: RunOptions) -> Keep:
    """Log-odds of all models' outputs, side by side."""
    models = [
        open_model(
            path, config=config.model, preprocess=config.preprocess, classes=classes, trust=options.trust_model,
            device=pick_device(options.device),
        )
        for path in request.keep
    ]  # fmt: skip
    heads = JoinedHeads([classifier_heads(m, [f"{k}/{n}" for n in m.head.names]) for k, m in enumerate(models)])
    return lambda images: heads.steering(heads.outputs(images))


def _on(batch: LabelledBatch, device: torch.device) -> LabelledBatch:
    target, attribute = (None if codes is None else codes.to(device) for codes in (batch.target, batch.attribute))
    return LabelledBatch(images=batch.images.to(device), target=target, attribute=attribute)


class _LearningRows:
    """Readable rows with everything a generator learns from; kept as bytes where they fit in memory."""

    def __init__(self, loader: Loader, attributes: tuple[str, ...]) -> None:
        self.loader = loader
        manifest = loader.manifest
        known = np.ones(len(manifest.ids), bool)
        self.attribute = (
            np.stack([manifest.attributes[name].codes for name in attributes], axis=1) if attributes else None
        )
        if self.attribute is not None and manifest.target is not None:
            known = (self.attribute >= 0).all(axis=1) & (manifest.target.codes >= 0)
        self.rows = np.flatnonzero(known)
        height, width = loader.input_size()
        self.kept: torch.Tensor | None = None
        if len(self.rows) * loader.preprocess.channels * height * width <= IN_MEMORY:
            batches = [loader.load(self.rows[at : at + 256].tolist()) for at in range(0, len(self.rows), 256)]
            self.kept = torch.cat([(batch.images * 255).round().byte() for batch in batches])
            self.rows = np.concatenate([batch.rows for batch in batches])
        self.count = len(self.rows)

    def fetch(self, at: NDArray[np.int64]) -> LabelledBatch:
        rows = self.rows[at]
        if self.kept is not None:
            images = self.kept[torch.from_numpy(at)].float() / 255
        else:
            batch = self.loader.load(rows.tolist())
            images, rows = batch.images, batch.rows
        target = self.loader.manifest.target
        return LabelledBatch(
            images=images,
            target=None if target is None else torch.from_numpy(target.codes[rows]).long(),
            attribute=None if self.attribute is None else torch.from_numpy(self.attribute[rows]).long(),
        )


def _model(
    request: GeneratorRequest, manifest: Manifest, channels: int, size: tuple[int, int], seed: int
) -> Autoencoder | ConditionalVae:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(child_seed(seed, "generator", "weights"))
        if request.kind == "autoencoder":
            latent, grid = request.latent or AutoencoderSettings().latent, request.grid or 0
            shape = AutoencoderSettings(channels=channels, size=size, latent=latent, grid=grid, width=request.width)
            return Autoencoder(shape)
        return ConditionalVae(
            CvaeSettings(
                channels=channels,
                size=size,
                latent=request.latent or CvaeSettings().latent,
                width=request.width,
                target_name=target_of(manifest).name,
                attribute_name=request.attributes[0],
                target=target_of(manifest).values,
                attribute=manifest.attributes[request.attributes[0]].values,
                more=tuple((name, manifest.attributes[name].values) for name in request.attributes[1:]),
            )
        )


def _sheet(model: Autoencoder | ConditionalVae, source: _LearningRows, trained: Trained) -> bytes:
    import io

    from PIL import Image

    examples = source.fetch(np.asarray(trained.held_out[:16], np.int64))
    if isinstance(model, ConditionalVae):
        if examples.target is None or examples.attribute is None:
            raise UsageError("A conditional generator needs the target and the attribute of every image")
        shown = reconstruction_sheet(
            Conditioned(model, model.condition(examples.target, examples.attribute)), examples.images
        )
    else:
        shown = reconstruction_sheet(model, examples.images)
    buffer = io.BytesIO()
    Image.fromarray(shown).resize((shown.shape[1] * 2, shown.shape[0] * 2), Image.Resampling.NEAREST).save(
        buffer, "PNG"
    )
    return buffer.getvalue()


def _facts(request: GeneratorRequest, model: Autoencoder | ConditionalVae, trained: Trained) -> dict[str, Any]:
    return {
        "kind": request.kind,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "epochs": len(trained.history),
        "best_epoch": trained.best_epoch,
        "stopped_early": trained.stopped_early,
        "resumed_epochs": trained.resumed_from,
        "held_out_loss": [loss for _, loss in trained.history],
        "training_loss": [loss for loss, _ in trained.history],
    }
