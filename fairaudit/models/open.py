"""Open a model file, whatever it is, as a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from fairaudit.config.schema import ModelConfig, PreprocessConfig
from fairaudit.errors import ModelError
from fairaudit.models.answer import Answer, read_answer
from fairaudit.models.classifier import Classifier, Format, normalised
from fairaudit.models.files.container import Container, container, digest
from fairaudit.models.files.formats import (
    Loaded,
    count,
    load_exported,
    load_onnx_file,
    load_safetensors,
    load_script,
    load_state,
)
from fairaudit.models.files.hub import describe, digest_of_folder, load_hub, with_classes, with_normalisation
from fairaudit.models.probe import probe
from fairaudit.models.trouble import told


@told
def open_model(
    path: Path,
    *,
    config: ModelConfig,
    preprocess: PreprocessConfig,
    classes: Sequence[str] | None = None,
    trust: bool = False,
    device: str = "cpu",
    examples: Tensor | None = None,
) -> Classifier:
    """A classifier from a file.

    TorchScript archives and, with `config.arch`, checkpoints and safetensors open as they are. A pickled module and an
    exported program can run code when they are loaded, so they need `trust`. A TorchScript archive runs its own
    operations when it is opened (`__setstate__`) and when it computes, but no Python; one whose code reaches files
    needs `trust` too (`script_code.py`).

    Args:
        path: the file; what it is follows from its content and not from its suffix.
        config: architecture, key of the weights, and how outputs are read.
        preprocess: size, channels, mean and std of the input.
        classes: values of the target that the outputs must match.
        trust: whether the file may run code.
        device: torch device, such as cpu or cuda:0.
        examples: a few of the images to be audited, [image, channel, row, column] in [0, 1]: what the outputs are is
            judged on them beside noise.

    Raises:
        TrustError: opening the file could run code, and it is not trusted.
        ModelError: it cannot be opened, or what it computes cannot be audited.
    """
    kind = container(path)
    place = _device(device)
    more: tuple[str, ...] = ()
    if kind == "hub":
        found_there = describe(path)
        config, assumed = with_classes(config, found_there, classes)
        preprocess, taken = with_normalisation(preprocess, found_there)
        more = (*assumed, *taken)
    loaded = _load(kind, path, config=config, preprocess=preprocess, trust=trust, device=place)
    module = _still(loaded.module if kind in _PLACED else loaded.module.to(place))
    found = probe(
        module,
        channels=preprocess.channels,
        size=preprocess.size or loaded.size,
        device=place,
        name=path.name,
        batch=loaded.batch,
        head=config.head,
        takes=loaded.takes,
        nhwc=config.layout == "nhwc",
    )
    audited = normalised(examples.to(place), preprocess.mean, preprocess.std) if examples is not None else None
    answer = read_answer(
        found, config=config, classes=classes, audited=audited, channels=preprocess.channels, name=path.name
    )
    notes = (*loaded.notes, *more, *found.notes, *answer.notes)
    return _classifier(path, kind, loaded, answer, preprocess=preprocess, device=place, notes=notes)


_PLACED = ("torchscript", "exported-program")
_FORMATS: dict[Container, Format] = {
    "torchscript": "torchscript",
    "safetensors": "safetensors",
    "exported-program": "exported-program",
    "onnx": "onnx",
    "hub": "safetensors",
}


def _load(
    kind: Container,
    path: Path,
    *,
    config: ModelConfig,
    preprocess: PreprocessConfig,
    trust: bool,
    device: torch.device,
) -> Loaded:
    if kind == "torchscript":
        return load_script(path, device=device, trust=trust)
    if kind == "exported-program":
        return load_exported(path, device=device, trust=trust)
    if kind == "onnx":
        return load_onnx_file(path, config=config, channels=preprocess.channels, size=preprocess.size)
    if kind == "hub":
        module, notes = load_hub(path, describe(path))
        return Loaded(module=module, parameters=count(module), notes=notes, sha256=digest_of_folder(path))
    if kind == "safetensors":
        return load_safetensors(path, config=config, size=preprocess.size)
    return load_state(path, config=config, size=preprocess.size, trust=trust)


def _classifier(
    path: Path,
    kind: Container,
    loaded: Loaded,
    answer: Answer,
    *,
    preprocess: PreprocessConfig,
    device: torch.device,
    notes: tuple[str, ...],
) -> Classifier:
    written_as: Format = _FORMATS.get(kind, "pickle" if loaded.pickled else "state-dict")
    return Classifier(
        name=path.name,
        path=path,
        sha256=loaded.sha256 or digest(path),
        format=written_as,
        head=answer.head,
        module=answer.module,
        mean=preprocess.mean,
        std=preprocess.std,
        input_size=preprocess.size,
        channels=preprocess.channels,
        parameters=loaded.parameters,
        device=device,
        notes=notes,
    )


def _device(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        advice = "Use --device cpu, or auto."
        raise ModelError(
            "The device cannot be used", found=str(error).splitlines()[0], where=name, advice=advice
        ) from error
    return device


def _still(module: nn.Module) -> nn.Module:
    """The module without gradients for its parameters: audits differentiate with respect to images only."""
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    return module
