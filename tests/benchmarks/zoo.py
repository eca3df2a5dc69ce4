"""Many models in one command against one command per model: processor time, time and memory.

    python tests/benchmarks/zoo.py --models 20 --images 2000 --singles 2

Single runs are measured `--singles` times and counted for all models. Each run is a process of its own, imports
included; the folder with pictures and models is made new. A table in Markdown goes to stdout.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

SIDE = 64
CONFIG = f"""
data: {{manifest: faces.csv, image: file, target: label, attributes: [group]}}
preprocess: {{size: [{SIDE}, {SIDE}]}}
model: {{output: sigmoid}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a process took."""

    cpu: float
    """Seconds of the processor, all threads."""
    wall: float
    """Seconds."""
    peak: float
    """Largest resident memory in MiB."""
    code: int
    """Exit code."""


def write(folder: Path, *, models: int, images: int, side: int) -> None:
    """Pictures of `side` pixels, their table, and models that differ by noise."""
    draw = np.random.default_rng(0)
    (folder / "faces").mkdir(parents=True)
    (folder / "zoo").mkdir()
    lines = ["file,label,group"]
    for number in range(images):
        label, group = int(draw.integers(2)), int(draw.integers(2))
        pixels = draw.integers(0, 150, (side, side, 3)) + 80 * label
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"faces/{number:06d}.jpg", quality=90)
        lines.append(f"faces/{number:06d}.jpg,{label},{group}")
    (folder / "faces.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "fairaudit.yaml").write_text(CONFIG, encoding="utf-8")
    for number in range(models):
        torch.manual_seed(number)
        network = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 1),
        )  # fmt: skip
        with torch.no_grad():
            network[-1].bias -= network(torch.rand(64, 3, SIDE, SIDE)).median()
        torch.jit.save(torch.jit.script(network.eval()), str(folder / f"zoo/m{number:05d}.pt"))


def run(folder: Path, *arguments: str) -> Cost:
    """`fairaudit fairness` as a process of its own."""
    command = [sys.executable, "-m", "fairaudit", "fairness", *arguments, "--format", "csv", "--quiet"]
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    return Cost(
        cpu=usage.ru_utime + usage.ru_stime,
        wall=time.perf_counter() - began,
        peak=usage.ru_maxrss / 1024,
        code=os.waitstatus_to_exitcode(status),
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=20)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--side", type=int, default=256, help="pixels of the pictures before they are resized")
    parser.add_argument("--singles", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, models=given.models, images=given.images, side=given.side)
        singles = [run(folder, f"zoo/m{n:05d}.pt", "-o", f"single{n}") for n in range(given.singles)]
        many = {
            "one command, decoded once": run(folder, "zoo", "-o", "once"),
            "one command, decoded for each": run(folder, "zoo", "-o", "each", "--cache", "0"),
        }
    each = Cost(
        cpu=given.models * sum(cost.cpu for cost in singles) / len(singles),
        wall=given.models * sum(cost.wall for cost in singles) / len(singles),
        peak=max(cost.peak for cost in singles),
        code=max(cost.code for cost in singles),
    )
    print("| way | processor s | share | wall s | peak MiB | exit |\n| --- | --- | --- | --- | --- | --- |")
    for way, cost in {f"{given.models} commands (from {given.singles})": each, **many}.items():
        print(
            f"| {way} | {cost.cpu:.0f} | {cost.cpu / each.cpu:.2f} | {cost.wall:.0f} | {cost.peak:.0f} | {cost.code} |"
        )


if __name__ == "__main__":
    main()
