"""Folders of Hugging Face and timm, always offline: the architecture, classes and preprocessing from config.json."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import nn

from fairaudit.config.schema import ModelConfig, PreprocessConfig
from fairaudit.errors import ModelError
from fairaudit.files import read_bytes
from fairaudit.models.files.arch import Arch, build
from fairaudit.models.files.checkpoint import load_weights
from fairaudit.models.files.preset import Preset, differs, in_yaml, timm_preset, transformers_preset

CONFIG, PREPROCESSOR, WEIGHTS = "config.json", "preprocessor_config.json", "model.safetensors"
_KEPT = ("global_pool", "img_size", "in_chans", "patch_size", "act_layer", "class_token")


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What the files of a folder say about its model."""

    architecture: str
    """Name in timm, or a class of transformers."""
    of_timm: bool
    """Whether timm builds it."""
    classes: tuple[str, ...]
    """Names of the outputs, in order; empty where there are none."""
    mean: tuple[float, ...] | None
    """Subtracted from the images."""
    std: tuple[float, ...] | None
    """Divided by."""
    size: tuple[int, int] | None
    """Height and width of the input."""
    preset: Preset = field(default_factory=dict)
    """How it says that images are resized and cropped."""
    outputs: int | None = None
    """Number of outputs."""
    arguments: Mapping[str, object]
    """Literal arguments of timm's builder."""


def is_hub_folder(path: Path) -> bool:
    """Whether a folder holds a model of Hugging Face or timm as safetensors."""
    return path.is_dir() and (path / CONFIG).is_file() and any(file.is_file() for file in path.glob("*.safetensors"))


def describe(folder: Path) -> Description:
    """What config.json and preprocessor_config.json say.

    Raises:
        ModelError: they cannot be read, or name no image classifier.
    """
    config = _json(folder / CONFIG)
    if isinstance(config.get("architecture"), str):
        return _of_timm(config)
    names = config.get("architectures")
    name = str(names[0]) if isinstance(names, list) and names else ""
    if not name.endswith("ForImageClassification") or (folder / "adapter_config.json").exists():
        raise ModelError(
            "The folder holds no image classifier that can be opened",
            wanted="a model of timm, or a class of transformers whose name ends in ForImageClassification",
            found=name or "a config.json without an architecture",
            where=str(folder),
        )
    return _of_transformers(name, config, folder)


def load_hub(folder: Path, found: Description) -> tuple[nn.Module, tuple[str, ...]]:
    """The model with its weights, in evaluation mode, and notes on what was left over.

    Nothing is downloaded, no code of the folder is run, and weights are read from safetensors only.

    Raises:
        ModelError: timm or transformers is not here, or the weights do not fit.
    """
    return _by_timm(folder, found) if found.of_timm else _by_transformers(folder)


def digest_of_folder(folder: Path) -> str:
    """SHA-256, in hex, of the digests of every file that decides what the model computes, by name."""
    files = [folder / CONFIG, folder / PREPROCESSOR, *sorted(folder.glob("*.safetensors*"))]
    lines = []
    for file in files:
        if file.is_file():
            with file.open("rb") as stream:
                lines.append(f"{file.name} {hashlib.file_digest(stream, 'sha256').hexdigest()}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def with_classes(
    config: ModelConfig, found: Description, values: Sequence[str] | None
) -> tuple[ModelConfig, tuple[str, ...]]:
    """How outputs are read, with the folder's own class names: by name in the order of the target's values.

    Returns:
        The configuration, and a note where the order had to be assumed.
    """
    labels = found.classes
    if not labels or config.classes or config.pick is not None:
        return config, ()
    named = config.model_copy(update={"classes": list(labels)})
    if values is None or tuple(values) == labels or len(values) != len(labels):
        return named, ()
    if set(values) == set(labels) and len(labels) > 1:
        return named.model_copy(update={"pick": list(values)}), ()
    note = (
        f"The classes of the folder ({', '.join(labels[:5])}) are not the target's values ({', '.join(values[:5])}): "
        "they are taken in the same order. Name them in order in model.classes if the model means another."
    )
    return named, (note,)


def with_normalisation(preprocess: PreprocessConfig, found: Description) -> tuple[PreprocessConfig, tuple[str, ...]]:
    """The preprocessing, with the folder's mean and std where none is declared."""
    declared = preprocess.model_fields_set
    update: dict[str, Any] = {}
    for name, value in (("mean", found.mean), ("std", found.std)):
        if name not in declared and value is not None and len(value) in (1, preprocess.channels):
            update[name] = value
    notes = []
    if differs(preprocess, found.preset):
        notes.append(f"The model's folder prepares images otherwise than here; as it does: {in_yaml(found.preset)}")
    if update:
        shown = ", ".join(f"{name} {list(value)}" for name, value in update.items())
        notes.append(f"Taken from the model's folder: {shown}.")
    return preprocess.model_copy(update=update), tuple(notes)


def _of_timm(config: Mapping[str, Any]) -> Description:
    nested = config.get("pretrained_cfg")
    facts: Mapping[str, Any] = nested if isinstance(nested, Mapping) else config
    labels = config.get("label_names") or facts.get("label_names") or ()
    side = facts.get("input_size")
    given = config.get("model_args")
    arguments = {key: value for key, value in (given or {}).items() if key in _KEPT and isinstance(value, str | int)}
    outputs = config.get("num_classes", facts.get("num_classes"))
    return Description(
        architecture=str(config["architecture"]),
        of_timm=True,
        classes=tuple(str(label) for label in labels) if isinstance(labels, list | tuple) else (),
        mean=_numbers(facts.get("mean")),
        std=_numbers(facts.get("std")),
        size=(int(side[1]), int(side[2])) if isinstance(side, list) and len(side) == 3 else None,
        preset=timm_preset(facts),
        outputs=outputs if isinstance(outputs, int) else None,
        arguments=arguments,
    )


def _of_transformers(name: str, config: Mapping[str, Any], folder: Path) -> Description:
    labels = config.get("id2label")
    ordered = sorted(labels.items(), key=lambda item: int(item[0])) if isinstance(labels, Mapping) else []
    classes = tuple(str(label) for _, label in ordered)
    path = folder / PREPROCESSOR
    facts = _json(path) if path.is_file() else {}
    normalised = facts.get("do_normalize", True)
    return Description(
        architecture=name,
        of_timm=False,
        classes=() if classes == tuple(f"LABEL_{number}" for number in range(len(classes))) else classes,
        mean=_numbers(facts.get("image_mean")) if normalised else None,
        std=_numbers(facts.get("image_std")) if normalised else None,
        size=_size(facts),
        preset=transformers_preset(facts),
        arguments={},
    )


def _size(facts: Mapping[str, Any]) -> tuple[int, int] | None:
    """The size after resizing and cropping."""
    for key in ("crop_size", "size") if facts.get("do_center_crop") else ("size",):
        value = facts.get(key)
        if isinstance(value, int):
            return value, value
        if isinstance(value, Mapping) and {"height", "width"} <= value.keys():
            return int(value["height"]), int(value["width"])
        if isinstance(value, Mapping) and isinstance(value.get("shortest_edge"), int):
            return value["shortest_edge"], value["shortest_edge"]
    return None


def _by_timm(folder: Path, found: Description) -> tuple[nn.Module, tuple[str, ...]]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    arguments = {**found.arguments} | ({} if found.outputs is None else {"num_classes": found.outputs})
    arch = Arch(source="timm", name=found.architecture, arguments=arguments)
    model = build(arch)
    path = (
        folder / WEIGHTS
        if (folder / WEIGHTS).is_file()
        else sorted(file for file in folder.glob("*.safetensors") if file.is_file())[0]
    )
    try:
        weights = load_file(path)
    except (SafetensorError, OSError) as error:
        raise _unreadable(path, error) from error
    notes = load_weights(model, weights, arch=str(arch), where=str(path))
    return model.eval(), notes


def _by_transformers(folder: Path) -> tuple[nn.Module, tuple[str, ...]]:
    try:
        from transformers import AutoModelForImageClassification
    except ImportError as error:
        raise ModelError(
            "A folder of Hugging Face needs the package transformers",
            found=str(error),
            where=str(folder),
            advice="Install it with `pip install fairaudit[hub]`.",
        ) from error
    try:
        model, facts = AutoModelForImageClassification.from_pretrained(
            str(folder.resolve()),
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except Exception as error:  # transformers raises nearly anything on a damaged folder
        raise _unreadable(folder, error) from error
    missing = sorted(str(key) for key in facts.get("missing_keys", ()))
    if missing:
        raise ModelError(
            "The weights do not fit the architecture",
            found=f"{len(missing)} missing ({', '.join(missing[:3])}): transformers would draw them at random",
            where=str(folder),
        )
    return model.eval(), ()


def _numbers(value: object) -> tuple[float, ...] | None:
    if isinstance(value, list | tuple) and value and all(isinstance(each, int | float) for each in value):
        return tuple(float(each) for each in value)
    return None


def _json(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(read_bytes(path, what="The model's description", error=ModelError))
    except (ValueError, RecursionError) as error:
        raise _unreadable(path, error) from error
    if not isinstance(found, dict):
        raise ModelError("The model's description cannot be read", wanted="a JSON object", where=str(path))
    return found


def _unreadable(path: Path, error: Exception) -> ModelError:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return ModelError("The model's folder cannot be read", found=lines[0][:200], where=str(path))
