"""From a file of each format to a module, and the arguments for trusting it or not."""

from __future__ import annotations

import argparse
import importlib.util
import pickle
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import SimpleNamespace
from typing import Any, cast

import torch
from torch import nn

from fairaudit.config.schema import ModelConfig
from fairaudit.errors import ModelError, TrustError, last_line
from fairaudit.models.files.arch import FORMS, build, parse_arch
from fairaudit.models.files.checkpoint import alternatives, find_weights, load_weights
from fairaudit.models.files.script_code import check_script


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A module from a file."""

    module: nn.Module
    """In evaluation mode."""
    parameters: int
    """Number of weights."""
    notes: tuple[str, ...] = ()
    """What a reader of the report should know."""
    pickled: bool = False
    """Whether the file held a whole pickled module."""
    batch: int | None = None
    """The one batch size it takes, where that is so."""
    takes: torch.dtype | None = None
    """Type that the images are cast to; None for float32."""
    size: tuple[int, int] | None = None
    """Height and width of the input, where the file fixes them."""
    sha256: str | None = None
    """Digest, where other files belong to it; None for that of the file alone."""


def load_script(path: Path, *, device: torch.device, trust: bool) -> Loaded:
    """A TorchScript archive, straight onto the device: the constants of a frozen one would not follow `.to`.

    Raises:
        TrustError: its code reaches files, or could, and it is not trusted.
        ModelError: the archive cannot be loaded.
    """
    if not trust:
        check_script(path)
    with warnings.catch_warnings():
        # Deprecated by torch for torch.export since 2.11, and still what release pipelines ship.
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            module = _script(path, device)
        except Exception as error:  # torch.jit.load raises nearly anything on a damaged archive
            raise _damaged(path, error) from error
        constants = _constants(module)
        parameters = sum(value.numel() for value in module.parameters()) or sum(each.numel() for each in constants)
        module.eval()
    takes = _precision([*module.parameters(), *module.buffers(), *constants])
    if takes is None:
        return Loaded(module=module, parameters=parameters)
    note = (
        f"{path.name} computes in {str(takes).removeprefix('torch.')}: images are cast to it, and outputs to float32."
    )
    return Loaded(module=module, parameters=parameters, takes=takes, notes=(note,))


def _script(path: Path, device: torch.device) -> torch.jit.ScriptModule:
    """The archive as a module; operations of torchvision are known once it is imported, which few archives need."""
    try:
        module = torch.jit.load(str(path), map_location=device)  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        if "torchvision::" not in str(error) or importlib.util.find_spec("torchvision") is None:
            raise
        importlib.import_module("torchvision")
        module = torch.jit.load(str(path), map_location=device)  # type: ignore[no-untyped-call]
    return cast(torch.jit.ScriptModule, module)


def load_state(path: Path, *, config: ModelConfig, size: tuple[int, int] | None, trust: bool) -> Loaded:
    """A checkpoint written by torch.save: weights for the named architecture or, with trust, a whole module.

    Raises:
        TrustError: it holds more than weights and plain values, and is not trusted.
        ModelError: it cannot be read, or its weights do not fit.
    """
    checkpoint = _unpickled(path, trust=trust)
    module = _pickled_module(checkpoint, config.weights)
    if module is not None:
        return Loaded(module=module.eval(), parameters=count(module), pickled=True)
    weights = find_weights(checkpoint, where=str(path), name=config.weights)
    loaded, notes = _with_arch(path, weights, config, size)
    notes += _other_copies(path, checkpoint, config)
    return Loaded(module=loaded, parameters=count(loaded), notes=notes)


def load_safetensors(path: Path, *, config: ModelConfig, size: tuple[int, int] | None) -> Loaded:
    """Weights in a safetensors file for the named architecture.

    Raises:
        ModelError: it cannot be read, or its weights do not fit.
    """
    from safetensors.torch import load_file

    try:
        weights: dict[str, torch.Tensor] = load_file(path)
    except Exception as error:  # safetensors and JSON of a damaged header
        raise _damaged(path, error) from error
    module, notes = _with_arch(path, weights, config, size)
    return Loaded(module=module, parameters=count(module), notes=notes)


def load_exported(path: Path, *, device: torch.device, trust: bool) -> Loaded:
    """A program of torch.export; loading one can run code that it carries.

    Raises:
        TrustError: it is not trusted.
        ModelError: it cannot be loaded.
    """
    if not trust:
        raise TrustError(
            "This is an exported program (.pt2), and loading one can run code that it carries",
            wanted="--trust-model, if you know where the file comes from",
            found="torch.export.load falls back to unpickling without limits for some entries of the archive",
            where=str(path),
            advice="The safe alternative is safetensors with --arch.",
        )
    if importlib.util.find_spec("torchvision") is not None:
        importlib.import_module("torchvision")  # its operations may be in the program
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The given buffer is not writable")  # torch's own, up to 2.12
            program = torch.export.load(str(path))
    except Exception as error:  # torch.export.load raises nearly anything on a damaged archive
        raise _damaged(path, error) from error
    if device.type != "cpu":
        from torch.export.passes import move_to_device_pass

        program = move_to_device_pass(program, device)
    module = program.module()
    parameters = sum(value.numel() for value in program.parameters())
    return Loaded(module=module, parameters=parameters, batch=_static_batch(program))


def load_onnx_file(path: Path, *, config: ModelConfig, channels: int, size: tuple[int, int] | None) -> Loaded:
    """An ONNX file, computed by torch and proven against another implementation; opening one runs no code.

    Raises:
        ModelError: the package onnx is not here, or the file cannot be read, computed or proven.
    """
    from fairaudit.models.onnx.load import load_onnx

    found = load_onnx(path, nhwc=config.layout == "nhwc", channels=channels, size=size)
    return Loaded(
        module=found.module,
        parameters=found.parameters,
        notes=found.notes,
        batch=found.batch,
        takes=found.takes,
        size=found.size,
        sha256=found.sha256,
    )


def count(module: nn.Module) -> int:
    """Number of weights."""
    return sum(value.numel() for value in module.parameters())


def _unpickled(path: Path, *, trust: bool) -> object:
    try:
        with torch.serialization.safe_globals(_plain_values()):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if not trust:
            raise _untrusted(path, error) from error
    except Exception as error:  # torch raises nearly anything on a damaged file
        raise _damaged(path, error) from error
    try:
        return torch.load(path, map_location="cpu", weights_only=False)  # asked for with --trust-model
    except (ImportError, AttributeError) as error:
        raise ModelError(
            "The pickled model needs code that is not installed",
            found=last_line(error),
            where=str(path),
            advice="Install the package that defines it, or run from the folder that holds its code.",
        ) from error
    except Exception as error:
        raise _damaged(path, error) from error


def _plain_values() -> list[Any]:
    """Classes that training programs leave in checkpoints and that cannot do anything: options, paths, NumPy values.

    An array is made by NumPy's own `_reconstruct`, of which only arrays can be asked here, and filled with bytes whose
    number is checked; the elements of an object array come through the same restricted unpickler.
    """
    import numpy as np

    dtypes = [kind for kind in vars(np.dtypes).values() if isinstance(kind, type)]
    scalar = np.float64(0).__reduce__()[0]  # the function that pickles of NumPy numbers call, under both its names
    rebuild = np.zeros(1).__reduce__()[0]
    old = [(scalar, "numpy.core.multiarray.scalar"), (rebuild, "numpy.core.multiarray._reconstruct")]
    # A path is parts of a name; a Windows one is read as a plain one here.
    paths: list[Any] = [PurePosixPath, PureWindowsPath]
    paths += [(PurePosixPath, f"{module}.PosixPath") for module in ("pathlib", "pathlib._local")]
    paths += [(PureWindowsPath, f"{module}.WindowsPath") for module in ("pathlib", "pathlib._local")]
    return [argparse.Namespace, SimpleNamespace, np.dtype, np.ndarray, scalar, rebuild, *old, *dtypes, *paths]


def _untrusted(path: Path, error: Exception) -> TrustError:
    try:
        with torch.serialization.safe_globals(_plain_values()):
            names = sorted(torch.serialization.get_unsafe_globals_in_checkpoint(path))
    except (ValueError, RuntimeError, pickle.UnpicklingError):
        names = []
    shown = f"{', '.join(names[:4])}{', …' if len(names) > 4 else ''}" if names else last_line(error)
    return TrustError(
        "This is a pickled Python object, and unpickling it can run code that it carries",
        wanted="a file with nothing but weights, or --trust-model if you know where it comes from",
        found=shown,
        where=str(path),
        advice="The safe alternative is its state_dict, or safetensors, with --arch.",
    )


def _damaged(path: Path, error: Exception) -> ModelError:
    return ModelError(
        "The model file is cut short or damaged",
        found=last_line(error),
        where=str(path),
        advice="Copy or download it again, or write it with a version of torch that is not newer than this one.",
    )


def _pickled_module(checkpoint: object, name: str | None) -> nn.Module | None:
    if isinstance(checkpoint, nn.Module):
        return checkpoint
    if isinstance(checkpoint, Mapping):
        keys = [name] if name is not None else ["model", "net", "network", "module"]
        found = next((checkpoint[key] for key in keys if isinstance(checkpoint.get(key), nn.Module)), None)
        return cast("nn.Module | None", found)
    return None


def _with_arch(
    path: Path, weights: Mapping[str, torch.Tensor], config: ModelConfig, size: tuple[int, int] | None
) -> tuple[nn.Module, tuple[str, ...]]:
    """The architecture with the weights, and notes on what was left over."""
    if config.arch is None:
        raise ModelError(
            "The file holds weights only, and they need an architecture",
            wanted=f"--arch {FORMS}",
            found=f"{len(weights)} tensors, such as {', '.join(list(weights)[:3])}",
            where=str(path),
        )
    arch = parse_arch(config.arch)
    module = build(arch, weights, size=size)
    notes = load_weights(module, weights, arch=str(arch), where=str(path))
    return module.eval(), notes


def _other_copies(path: Path, checkpoint: object, config: ModelConfig) -> tuple[str, ...]:
    others = alternatives(checkpoint) if config.weights is None else ()
    if not others:
        return ()
    return (f"{path.name} also holds {', '.join(others)}, which was not used; model.weights names another copy.",)


def _constants(module: torch.jit.ScriptModule) -> list[torch.Tensor]:
    """The tensors that freezing turned into constants of the graph; a generator may have no forward."""
    methods = [getattr(module, name, None) for name in ("forward", "encode", "decode")]
    graphs: list[Any] = [getattr(method, "inlined_graph", None) for method in methods]
    nodes = [node for graph in graphs if graph is not None for node in graph.findAllNodes("prim::Constant")]
    return [node.t("value") for node in nodes if node.hasAttribute("value") and node.kindOf("value") == "t"]


def _precision(tensors: Sequence[torch.Tensor]) -> torch.dtype | None:
    """The type of a script's first weight, where that is not float32; None for float32 and for no weights."""
    first = next((each.dtype for each in tensors if each.is_floating_point() and each.dim() > 1), torch.float32)
    return None if first == torch.float32 else first


def _static_batch(program: torch.export.ExportedProgram) -> int | None:
    """The batch size that the program was specialised to, or None when it is dynamic."""
    inputs = set(program.graph_signature.user_inputs)
    for node in program.graph.nodes:
        if node.op == "placeholder" and node.name in inputs:
            first = node.meta["val"].shape[0]
            return first if isinstance(first, int) else None
    return None
