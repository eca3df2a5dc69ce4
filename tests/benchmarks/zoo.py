"""Many models in one command against one command per model: processor time, time and memory.

    python tests/benchmarks/zoo.py --models 20 --images 2000 --singles 2
    python tests/benchmarks/zoo.py --killed --models 500 --images 500 --side 16
    python tests/benchmarks/zoo.py --growth --models 500 --images 500 --side 16

`--killed` audits in two processes, is killed when half of the models are done, goes on with the same command, and
compares every byte outside `run` of `--sample` models with a run that nobody disturbed. `--growth` shows whether time
and memory grow with images and models as the work does. `--format csv` draws no figures, which would be most of it.

Single runs are measured `--singles` times and counted for all models. Each run is a process of its own, imports
included; the folder with pictures and models is made new. A table in Markdown goes to stdout.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
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
"""Pixels of the models' input, and no more than those of the pictures."""
CONFIG = """
data: {manifest: faces.csv, image: file, target: label, attributes: [group]}
preprocess: {size: [SIZE, SIZE]}
model: {output: sigmoid}
audit: {replicates: 1000}
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
    size = min(side, SIDE)
    (folder / "fairaudit.yaml").write_text(CONFIG.replace("SIZE", str(size)), encoding="utf-8")
    for number in range(models):
        torch.manual_seed(number)
        network = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 1),
        )  # fmt: skip
        with torch.no_grad():
            network[-1].bias -= network(torch.rand(64, 3, size, size)).median()
        torch.jit.save(torch.jit.script(network.eval()), str(folder / f"zoo/m{number:05d}.pt"))


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "fairaudit", "fairness", *arguments, "--format", "csv", "--quiet"]


def run(folder: Path, *arguments: str) -> Cost:
    """`fairaudit fairness` as a process of its own."""
    began = time.perf_counter()
    process = subprocess.Popen(command(*arguments), cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    return Cost(
        cpu=usage.ru_utime + usage.ru_stime,
        wall=time.perf_counter() - began,
        peak=usage.ru_maxrss / 1024,
        code=os.waitstatus_to_exitcode(status),
    )


def digest(folder: Path) -> str:
    """SHA-256 of every file of a model's folder, the report without the facts of its run."""
    state = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if path.name == "report.json":
            content = json.dumps({**json.loads(content), "run": None}).encode()
        state.update(f"{path.relative_to(folder)} {hashlib.sha256(content).hexdigest()}\n".encode())
    return state.hexdigest()


def killed(folder: Path, *, models: int, sample: int) -> None:
    """A run in two processes, killed half-way and continued; every byte of a sample against an undisturbed process."""
    print("| run | processor s | wall s | peak MiB | exit |\n| --- | --- | --- | --- | --- |", flush=True)
    began = time.perf_counter()
    process = subprocess.Popen(command("zoo", "-o", "killed", "--jobs", "2"), cwd=folder, stdout=subprocess.DEVNULL)
    while len(list((folder / "killed").glob("*/report.json"))) < models // 2 and process.poll() is None:
        time.sleep(0.5)
    done = len(list((folder / "killed").glob("*/report.json")))
    process.send_signal(signal.SIGKILL)
    process.wait()
    print(f"| SIGKILL after {done} reports | | {time.perf_counter() - began:.0f} | | |", flush=True)
    again = run(folder, "zoo", "-o", "killed", "--jobs", "2")
    print(
        f"| the same command again | {again.cpu:.0f} | {again.wall:.0f} | {again.peak:.0f} | {again.code} |", flush=True
    )
    names = [f"m{number * models // sample:05d}" for number in range(sample)]
    alone = run(folder, *(f"zoo/{name}.pt" for name in names), "-o", "alone")
    print(f"| {sample} of them in one process | {alone.cpu:.0f} | {alone.wall:.0f} | {alone.peak:.0f} | {alone.code} |")
    there = [name for name in names if (folder / "alone" / name / "report.json").is_file()]
    same = sum(digest(folder / "alone" / name) == digest(folder / "killed" / name) for name in there)
    reports = len(list((folder / "killed").glob("*/report.json")))
    print(
        f"\n{reports} reports of {models}; {same} of {len(there)} compared are the same bytes outside `run`.",
        flush=True,
    )


def growth(folder: Path, *, models: int, images: int, side: int) -> None:
    """Time and memory of one process, over models and over images."""
    print("| models | images | processor s | wall s | peak MiB |\n| --- | --- | --- | --- | --- |", flush=True)
    counts = [count for count in (1, 10, 100, 500) if count <= models]
    for count in counts:
        one = run(folder, *(f"zoo/m{n:05d}.pt" for n in range(count)), "-o", f"m{count}")
        print(f"| {count} | {images} | {one.cpu:.1f} | {one.wall:.0f} | {one.peak:.0f} |", flush=True)
    for many in (2_000, 10_000, 40_000):
        with tempfile.TemporaryDirectory() as name:
            write(Path(name), models=1, images=many, side=side)
            one = run(Path(name), "zoo/m00000.pt", "-o", "one")
            print(f"| 1 | {many} | {one.cpu:.1f} | {one.wall:.0f} | {one.peak:.0f} |", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=20)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--side", type=int, default=256, help="pixels of the pictures before they are resized")
    parser.add_argument("--singles", type=int, default=2)
    parser.add_argument("--killed", action="store_true")
    parser.add_argument("--sample", type=int, default=50, help="models compared with an undisturbed run (--killed)")
    parser.add_argument("--growth", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, models=given.models, images=given.images, side=given.side)
        if given.killed:
            killed(folder, models=given.models, sample=min(given.sample, given.models))
        if given.growth:
            growth(folder, models=given.models, images=given.images, side=given.side)
        if given.killed or given.growth:
            return
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
