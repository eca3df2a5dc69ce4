"""Which model files are meant by files, folders and patterns on the command line."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from fairaudit.errors import UsageError

SUFFIXES: Final = frozenset((".pt", ".pth", ".pt2", ".ts", ".ckpt", ".safetensors", ".onnx", ".bin", ".jit"))
"""Suffixes of files in a folder that are taken for models; a file that is named itself may have any."""
_CONFIG: Final = "config.json"


def model_files(arguments: Sequence[Path]) -> list[Path]:
    """The model files, in the order of the arguments, those of a folder or pattern by name; each file once.

    A folder means the model files and the Hugging Face or timm folders that lie directly in it, unless it is such a
    folder itself. A pattern with `*`, `?` or `[` is for shells that do not expand it; `**` goes through all folders.

    Raises:
        UsageError: a folder or a pattern holds no model.
    """
    found: dict[Path, Path] = {}
    for argument in arguments:
        for path in _meant(argument):
            found.setdefault(path.absolute(), path)
    return list(found.values())


def _meant(argument: Path) -> Iterator[Path]:
    if argument.is_dir() and not _is_model_folder(argument):
        inside = sorted(path for path in argument.iterdir() if _is_model(path))
        yield from _some(inside, f"{argument} is a folder without a model")
    elif not argument.exists() and _is_pattern(str(argument)):
        matches = sorted(Path(text) for text in glob.glob(str(argument), recursive=True))  # noqa: PTH207 (absolute too)
        named = [path for path in matches if path.is_file() or _is_model_folder(path)]
        yield from _some(named, f'No model file matches "{argument}"')
    else:
        yield argument


def _some(paths: Sequence[Path], problem: str) -> Sequence[Path]:
    if not paths:
        raise UsageError(
            problem,
            wanted="files that end with " + ", ".join(sorted(SUFFIXES)) + ", or folders with a config.json",
            advice="Name the files one by one if their names end otherwise.",
        )
    return paths


def _is_model(path: Path) -> bool:
    if path.name.startswith("."):
        return False
    return path.suffix.lower() in SUFFIXES if path.is_file() else _is_model_folder(path)


def _is_model_folder(path: Path) -> bool:
    return path.is_dir() and (path / _CONFIG).is_file() and any(path.glob("*.safetensors"))


def _is_pattern(text: str) -> bool:
    """Whether a text is a pattern and no expression over outputs, which has a # or spaces around its signs."""
    return any(sign in text for sign in "*?[") and "#" not in text and " " not in text
