"""Small datasets that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

MNIST = Path(__file__).resolve().parents[3] / "shared" / "data" / "mnist"


@pytest.fixture
def mnist_folder() -> Path:
    """The 10,000 real test digits, which lie beside the repository and are not part of it."""
    if not MNIST.is_dir():
        pytest.skip(f"the MNIST test files are not at {MNIST}")
    return MNIST


@pytest.fixture
def picture() -> Callable[..., Path]:
    """Writes a random picture of the given width and height and returns its path."""

    def write(path: Path, width: int = 12, height: int = 8, seed: int = 0, **options) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path, **options)
        return path

    return write


@pytest.fixture
def faces(tmp_path: Path, picture: Callable[..., Path]) -> Path:
    """A folder with faces.csv and eight pictures of 12 x 8 pixels; cells of smile and tie: 2 each."""
    lines = ["file,smile,tie,age,person,split,x0,y0,x1,y1"]
    for row in range(8):
        picture(tmp_path / "images" / f"{row}.png", seed=row)
        split = "train" if row >= 6 else "test"
        lines.append(
            f"images/{row}.png,{row % 2},{1 if row // 2 % 2 else -1},{20 + row % 3},p{row // 2},{split},1,2,5,6"
        )
    (tmp_path / "faces.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path
