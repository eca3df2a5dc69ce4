"""Peak memory of an audit on few and on many rows: it must not grow with the number of images.

Run by hand: `python tests/benchmarks/memory.py [few] [many]` (2,000 and 40,000 rows by default; some
minutes). Draws noise, audits it with a small CNN in a process of its own, and prints a Markdown table. Two sources tell
where memory goes: MNIST's files are read into memory as a whole (784 bytes per image, and 2,352 when colours are
planted), pictures in files are read one chunk at a time.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import yaml
from PIL import Image

SIDE = 28
PROGRAM = """
import sys
from fairaudit.cli.main import app
from fairaudit.engine.memory import peak_memory_bytes
try:
    app(sys.argv[1:])
finally:
    sys.stderr.write(f"peak {peak_memory_bytes()}\\n")
"""


def write_mnist(folder, rows):
    """Two files of noise with a stroke, in MNIST's layout, each as large as it would be with real digits."""
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 10, rows).astype(np.uint8)
    header = b"\0\0\x08\x03" + b"".join(size.to_bytes(4, "big") for size in (rows, SIDE, SIDE))
    with (folder / "t10k-images-idx3-ubyte").open("wb") as file:
        file.write(header)
        for label in labels:
            image = np.zeros((SIDE, SIDE), np.uint8)
            image[4:24, 2 * label + 4 : 2 * label + 8] = 255
            file.write(image.tobytes())
    (folder / "t10k-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01" + rows.to_bytes(4, "big") + labels.tobytes())
    data = {"manifest": {"layout": "mnist", "root": "."}, "bias": {"kind": "background_colour", "rho": 0.1}}
    return {"data": data, "audit": {"attribute": "colour"}}


def write_files(folder, rows):
    """A CSV manifest and one small PNG file per row."""
    draw = np.random.default_rng(0)
    lines = ["file,label,group"]
    (folder / "faces").mkdir()
    for row in range(rows):
        name = f"faces/{row:06d}.png"
        Image.fromarray(draw.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)).save(folder / name, compress_level=0)
        lines.append(f"{name},{row % 10},{'ab'[row // 10 % 2]}")
    (folder / "faces.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {"data": {"manifest": "faces.csv", "target": "label", "attributes": ["group"]}, "audit": {}}


def write_model(path):
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(4),
        torch.nn.Flatten(),
        torch.nn.Linear(128, 10),
    )
    torch.jit.save(torch.jit.script(network.eval()), str(path))


def measure(write, command, rows):
    """Peak resident bytes and seconds of one command on so many rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = write(folder, rows)
        config["preprocess"] = {"size": [SIDE, SIDE]}
        config["regions"] = {"corner": {"box": [0.0, 0.0, 0.3, 0.3]}}
        config["audit"] |= {"saliency": ["gradient"], "faithfulness": False, "replicates": 1000}
        (folder / "fairaudit.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        write_model(folder / "model.pt")
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, command, "model.pt", "--quiet", "--workers", "1"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        if done.returncode not in (0, 4):
            raise SystemExit(done.stderr)
        peak = int(re.search(r"peak (\d+)", done.stderr).group(1))
        return (
            peak,
            time.perf_counter() - started,
            (folder / ".fairaudit" / "fairaudit-report" / "run.sqlite").stat().st_size,
        )


def main():
    few, many = (int(text) for text in (*sys.argv[1:], "2000", "40000")[:2])
    print("| command | images from | rows | peak memory | per row more | run store | seconds |")
    print("|---|---|---|---|---|---|---|")
    for command in ("fairness", "audit"):
        for kind, write in (("MNIST's two files", write_mnist), ("PNG files", write_files)):
            before = None
            for rows in (few, many):
                peak, seconds, store = measure(write, command, rows)
                more = "" if before is None else f"{(peak - before) / (many - few):,.0f} bytes"
                print(
                    f"| {command} | {kind} | {rows:,} | {peak / 2**20:,.0f} MiB | {more} | {store / 2**20:,.1f} MiB "
                    f"| {seconds:,.0f} |",
                    flush=True,
                )
                before = peak


if __name__ == "__main__":
    main()
