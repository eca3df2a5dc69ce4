"""A tiny folder to audit, and the command line run in it."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from tests.cli.forked import Forked

SIDE = 16
ROWS = 24
HEADER = ["file", "id", "split", "label", "group", "x0", "y0", "x1", "y1"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def report(self):
        """The JSON that stdout holds, and nothing else."""
        return json.loads(self.out)

    def refused(self, *words: str, code: int = 2) -> str:
        """Assert that the command ended as bad input does: one paragraph on stderr with these words; returns it."""
        assert self.code == code, (self.code, self.out, self.err)
        assert self.out == ""
        assert "Traceback" not in self.err
        assert self.err.startswith("Error: "), self.err
        assert self.err.endswith(".\n") or self.err.endswith("?\n"), self.err
        assert "\n\n" not in self.err
        text = " ".join(self.err.split())
        for word in words:
            assert word in text, f"{word!r} is not in: {text}"
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A folder with pictures, a manifest, a model and a fairaudit.yaml, changed by a test before it runs something."""

    folder: Path

    def run(self, *arguments: str, quiet: bool = True) -> Ran:
        """`fairaudit` with these arguments in the folder, inside this process; anything unexpected is raised.

        What it says on stderr may name its own options, those of a command that it names with them, and what was given.
        """
        from typer.testing import CliRunner

        from fairaudit.cli.main import app
        from tests.cli.reach import foreign

        with contextlib.chdir(self.folder):
            done = CliRunner().invoke(app, [*arguments, *(["--quiet"] if quiet else [])], env={"COLUMNS": "80"})
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        named = foreign(done.stderr, " ".join(arguments[: 1 + (arguments[0] == "generator")]))
        wrong = [option for option in named if option not in arguments]
        assert not wrong, f"fairaudit {arguments[0]} lacks {wrong}, which it names: {done.stderr}"
        return Ran(code=done.exit_code, out=done.stdout, err=done.stderr)

    def start(self, *arguments: str, env: dict[str, str] | None = None, file_size: int | None = None) -> Forked:
        """`fairaudit` with these arguments in the folder, as a process of its own in which all is imported already.

        No file can grow beyond `file_size` bytes.
        """
        return Forked(arguments, folder=self.folder, env={**_environment(), **(env or {})}, file_size=file_size)

    def start_anew(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """As `start`, from a Python that has imported nothing."""
        return subprocess.Popen(
            [sys.executable, "-m", "fairaudit", *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**_environment(), **(env or {})},
            preexec_fn=_heed_interrupts,
        )

    def configure(self, **sections) -> None:
        """Change sections of fairaudit.yaml, key by key; a list or an empty section replaces it."""
        path = self.folder / "fairaudit.yaml"
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name, values in sections.items():
            if isinstance(values, dict) and values:
                config.setdefault(name, {}).update(values)
            else:
                config[name] = values
        path.write_text(yaml.safe_dump(config), encoding="utf-8")

    def rows(self) -> list[dict[str, str]]:
        """The manifest's rows."""
        lines = (self.folder / "faces.csv").read_text(encoding="utf-8").splitlines()
        return [dict(zip(HEADER, line.split(","), strict=True)) for line in lines[1:]]

    def write_rows(self, rows: list[dict[str, str]]) -> None:
        """Write the manifest anew."""
        write_manifest(self.folder / "faces.csv", rows)

    def network(self, outputs: int = 1, *, size: int = SIDE):
        """An untrained CNN of two layers."""
        return make_network(outputs, size=size)

    def save(self, network, name: str = "model.pt") -> Path:
        """Write a network as TorchScript."""
        return save_script(network, self.folder / name)

    def picture(self, name: str, values: np.ndarray, mode: str | None = None, **options) -> Path:
        """Write an array as a picture."""
        path = self.folder / name
        image = Image.fromarray(values)
        (image if mode is None else image.convert(mode)).save(path, **options)
        return path


def _environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "80"}


def _heed_interrupts() -> None:
    """A job in a shell's background is started deaf to SIGINT, and so would be its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def pixels(label: int, seed: int) -> np.ndarray:
    """A noisy picture, brighter on the left for label 1, [16, 16, 3] of uint8."""
    draw = np.random.default_rng(seed)
    image = draw.integers(40, 120, (SIDE, SIDE, 3))
    image[:, : SIDE // 2] += 90 * label
    return image.astype(np.uint8)


@functools.cache
def _png(label: int, seed: int) -> bytes:
    """Those pixels as a file; every lab has the same."""
    file = io.BytesIO()
    Image.fromarray(pixels(label, seed)).save(file, "PNG", compress_level=1)
    return file.getvalue()


def write_manifest(path: Path, rows: list[dict[str, str]]) -> None:
    lines = [",".join(HEADER), *(",".join(str(row[name]) for name in HEADER) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def make_rows(folder: Path, count: int) -> list[dict[str, str]]:
    """Pictures in `folder/faces` and their rows: label and group in every combination."""
    (folder / "faces").mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(count):
        label, group = number % 2, "ab"[number // 2 % 2]
        name = f"faces/{number:05d}.png"
        (folder / name).write_bytes(_png(label, number))
        rows.append(
            {"file": name, "id": f"r{number}", "split": "test", "label": str(label), "group": group}
            | {"x0": "8", "y0": "4", "x1": "14", "y1": "12"}
        )  # fmt: skip
    return rows


def make_network(outputs: int = 1, *, size: int = SIDE):
    """A CNN of two layers with a flat head, so that it takes one size of input only; its decisions vary."""
    import torch
    from torch import nn

    torch.manual_seed(3)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(4, 4, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(4 * (size // 2) ** 2, outputs),
    )
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(16, 3, size, size, generator=generator) * torch.linspace(0.2, 1, 16)[:, None, None, None]
    with torch.no_grad():  # an untrained network decides everything alike, which no gate passes
        network[-1].bias -= network(images).median(0).values
    return network.eval()


def save_script(network, path: Path) -> Path:
    import torch

    torch.jit.save(torch.jit.script(network), str(path))
    return path


CONFIG = {
    "data": {
        "manifest": "faces.csv",
        "image": "file",
        "id": "id",
        "target": "label",
        "attributes": ["group"],
        "split": {"column": "split", "use": "test"},
    },
    "preprocess": {"size": [SIDE, SIDE]},
    "model": {"output": "sigmoid"},
    "regions": {"patch": {"columns": ["x0", "y0", "x1", "y1"], "units": "pixel"}},
    "audit": {
        "attribute": "group",
        "region": "patch",
        "saliency": ["gradient"],
        "faithfulness": False,
        "replicates": 100,
    },
}


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory) -> Path:
    """The scripted two-layer CNN."""
    return save_script(make_network(), tmp_path_factory.mktemp("model") / "model.pt")


@pytest.fixture(scope="session")
def make_lab(tiny_model):
    """Makes a lab of so many pictures in a folder."""

    def make(folder: Path, count: int) -> Lab:
        write_manifest(folder / "faces.csv", make_rows(folder, count))
        (folder / "fairaudit.yaml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
        (folder / "model.pt").write_bytes(tiny_model.read_bytes())
        return Lab(folder=folder)

    return make


@pytest.fixture
def lab(tmp_path, make_lab) -> Lab:
    """24 pictures, six of every label and group, and a model."""
    return make_lab(tmp_path, ROWS)


@pytest.fixture
def large_lab(tmp_path, make_lab) -> Lab:
    """400 pictures: four chunks."""
    return make_lab(tmp_path, 400)
