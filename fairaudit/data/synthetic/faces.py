"""Synthetic faces as a dataset: a folder with PNG files and a manifest with labels, splits and the boxes of parts.

The target is whether the face smiles. Neckties, hats, glasses, skin tone and hair colour are attributes; each is
independent of the target or tied to it at a chosen φ with exact counts. The truth about every part of every face is
known (box, mask, and the exact twin with one label changed), which no photograph offers.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fairaudit.data.synthetic.draw import BOXED, boxes, draw
from fairaudit.data.synthetic.labels import VALUES
from fairaudit.data.synthetic.scene import Scene, twin
from fairaudit.errors import OutputError

CORNERS = ("x0", "y0", "x1", "y1")
_CHUNK = 256


def write(
    folder: Path,
    splits: Mapping[str, Scene],
    *,
    twins: Mapping[str, str] | None = None,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write faces as `faces/SPLIT_00000.png` and their manifest as `faces.csv`.

    The manifest's columns are file, id, split, every label by the name of its value, and `PART_x0` to `PART_y1` in
    pixels (end-exclusive) for the mouth, necktie, hat and glasses: where the part is, or would be. Last comes `twin`,
    the file `faces/SPLIT_00000_twin.png` of the same face with one label flipped, empty where a split has no twins.

    Args:
        folder: folder to write into; it is made if need be.
        splits: name of each split and its faces.
        twins: name of a split → label that its twins have flipped; no column `twin` without any.
        workers: threads that compress images.
        progress: called with the images done and the images in all.

    Returns:
        The path of the manifest.

    Raises:
        OutputError: a file cannot be written.
    """
    flipped = dict(twins or {})
    kinds = [
        (split, ending, faces)
        for split, scene in splits.items()
        for ending, faces in [("", scene), *([("_twin", twin(scene, flipped[split]))] if split in flipped else [])]
    ]
    total, done = sum(len(faces) for _, _, faces in kinds), 0
    manifest = folder / "faces.csv"
    try:
        (folder / "faces").mkdir(parents=True, exist_ok=True)
        _write_table(manifest, splits, flipped)
        with ThreadPoolExecutor(workers) as pool:
            for split, ending, faces in kinds:
                for start in range(0, len(faces), _CHUNK):
                    images = draw(faces.take(slice(start, start + _CHUNK))).images
                    names = [f"{split}_{start + row:05d}{ending}.png" for row in range(len(images))]
                    list(pool.map(_save, images, [folder / "faces" / name for name in names]))
                    done += len(images)
                    if progress is not None:
                        progress(done, total)
    except OSError as error:
        raise OutputError("The faces cannot be written.", where=str(folder), found=str(error)) from error
    return manifest


def _write_table(path: Path, splits: Mapping[str, Scene], twins: Mapping[str, str]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([*_header(), *(["twin"] if twins else [])])
        for split, scene in splits.items():
            for number, row in enumerate(_rows(split, scene)):
                end = f"faces/{split}_{number:05d}_twin.png" if split in twins else ""
                table.writerow([*row, *([end] if twins else [])])


def _save(image: NDArray[np.uint8], path: Path) -> None:
    # Noise has no repeats to find: coding single bytes is faster than searching for them, and as small.
    Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0))).save(path, compress_type=zlib.Z_HUFFMAN_ONLY)


def _header() -> list[str]:
    return ["file", "id", "split", *VALUES, *(f"{part}_{corner}" for part in BOXED for corner in CORNERS)]


def _rows(split: str, scene: Scene) -> list[list[str | int]]:
    places = boxes(scene)
    rows: list[list[str | int]] = []
    for row in range(len(scene)):
        name = f"{split}_{row:05d}"
        labels = [values[scene.labels[label][row]] for label, values in VALUES.items()]
        corners = chain.from_iterable(places[part][row].tolist() for part in BOXED)
        rows.append([f"faces/{name}.png", name, split, *labels, *corners])
    return rows
