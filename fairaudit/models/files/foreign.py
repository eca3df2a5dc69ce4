"""Names of the model files that are not opened here, and how to convert each to one that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_ONNX = "Export it to ONNX"
_TF = "Convert it with `python -m tf2onnx.convert`, and say model.layout: nhwc if its input has channels last."


@dataclass(frozen=True, slots=True)
class Foreign:
    """The kind of a file, and what to do with it."""

    what: str
    """In words."""
    way: str | None = None
    """How to get to a file that is opened, as an instruction."""


_MAGIC: tuple[tuple[int, bytes, Foreign], ...] = (
    (0, b"version https://git-lfs", Foreign("a Git LFS pointer", "Fetch the file itself with `git lfs pull`.")),
    (
        0,
        b"\x89HDF",
        Foreign("an HDF5 file, as Keras writes", f"{_TF} The model has to be saved as a SavedModel first."),
    ),
    (4, b"TFL3", Foreign("a TensorFlow Lite model", "Convert it with `python -m tf2onnx.convert --tflite`.")),
    (0, b"ftrt", Foreign("a TensorRT engine", "Audit the ONNX file that it was built from.")),
    (0, b"ptrt", Foreign("a TensorRT engine", "Audit the ONNX file that it was built from.")),
    (0, b"GGUF", Foreign("a GGUF file", "Audit the checkpoint that it was made from.")),
    (0, b"\x93NUMPY", Foreign("a NumPy array")),
    (0, b"\x1f\x8b", Foreign("a gzip archive", "Unpack it first.")),
    (0, b"\x89PNG", Foreign("a PNG image")),
    (0, b"\xff\xd8\xff", Foreign("a JPEG image")),
    (0, b"%PDF", Foreign("a PDF document")),
)
_OPENVINO = Foreign(
    "an OpenVINO model", f"{_ONNX} from where it was trained: OpenVINO's files cannot be turned back into one."
)
_ARCHIVES: tuple[tuple[str, Foreign], ...] = (
    ("MAR-INF/MANIFEST.json", Foreign("a TorchServe archive (.mar)", "Unzip it and audit the model file inside.")),
    ("metadata.json", Foreign("a Keras model", 'Write it with `model.export("model.onnx", format="onnx")`.')),
    ("Manifest.json", Foreign("a Core ML package", f"{_ONNX} from where it was converted.")),
)
_FOLDERS: tuple[tuple[str, Foreign], ...] = (
    ("saved_model.pb", Foreign("a TensorFlow SavedModel", _TF)),
    ("Manifest.json", Foreign("a Core ML package", f"{_ONNX} from where it was converted.")),
    ("MAR-INF", Foreign("an unzipped TorchServe archive", "Audit the model file inside.")),
)


def of_bytes(path: Path, start: bytes) -> Foreign:
    """What an unsupported file may be, by its first bytes."""
    for place, magic, foreign in _MAGIC:
        if start[place : place + len(magic)] == magic:
            return foreign
    if start.startswith(b"\x80"):
        return _of_pickle(path)
    if start.lstrip().startswith(b"<"):
        return _of_xml(path)
    if path.with_suffix(".xml").is_file() and path.suffix == ".bin":
        return _OPENVINO
    if start and all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in start):
        return Foreign(f"text: {start[:30].decode('ascii')!r}")
    return Foreign(f"bytes that start with {start[:8].hex(' ')}")


def of_archive(names: Sequence[str]) -> Foreign:
    """What a zip archive that torch did not write may be, by the names of its members."""
    for name, foreign in _ARCHIVES:
        if name in names:
            return foreign
    return Foreign(f"a zip archive with {', '.join(names[:3]) or 'nothing'}")


def of_folder(path: Path) -> Foreign:
    """What an unsupported folder may be."""
    for name, foreign in _FOLDERS:
        if (path / name).exists():
            return foreign
    return Foreign("a folder", "Name the file in it, or a folder with config.json and safetensors.")


def _of_pickle(path: Path) -> Foreign:
    with path.open("rb") as file:
        head = file.read(4096)
    if b"sklearn" in head or b"xgboost" in head or b"lightgbm" in head or b"joblib" in head:
        return Foreign(
            "a pickled scikit-learn or boosting model",
            "Such models do not read images: write its decisions to a table for `fairaudit fairness --predictions`.",
        )
    return Foreign(
        "a pickle that torch.save did not write", "Write the model's state_dict with torch.save, or safetensors."
    )


def _of_xml(path: Path) -> Foreign:
    with path.open("rb") as file:
        head = file.read(4096)
    if b"<net" in head and b"<layers" in head:
        return _OPENVINO
    return Foreign("a web page or XML: the download may have failed")
