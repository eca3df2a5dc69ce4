"""Whole commands on an accelerator: against the processor, against their counted passes, and how long it waits."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import saliency
import torch
from gpu_row import Row, Setting, network, pictures, seconds, times
from PIL import Image
from torch import nn

PATCH = {"x0": 60, "y0": 140, "x1": 130, "y1": 210}
"""A box of pictures of 224 pixels, the same in all."""


def demonstration(folder: Path, setting: Setting) -> Path:
    """A demonstration's faces and models in a folder."""
    from fairaudit.demo.make import Recipe, make_demo

    recipe = Recipe(
        train_images=setting.sized(1600, 64), test_images=setting.sized(400, 16), epochs=setting.sized(8, 1)
    )
    paths = make_demo(folder, seed=0, recipe=recipe)
    if setting.small:  # no figure of the miniature is looked at, and `whole` tries the methods
        text = paths.config.read_text(encoding="utf-8").replace("integrated_gradients", "input_x_gradient")
        text = text.replace("\naudit:\n", "\naudit:\n  replicates: 200\n  faithfulness: false\n")
        paths.config.write_text(text, encoding="utf-8")
    return paths.folder


def audited(
    folder: Path, model: str, device: str, command: str = "audit", *more: str
) -> tuple[float, dict[str, object]]:
    """Seconds of a command, and its report."""
    with tempfile.TemporaryDirectory() as out:
        start = time.perf_counter()
        said(folder, [command, model, "--device", device, "-o", out, "-q", "--workers", "8", *more])
        return time.perf_counter() - start, json.loads((Path(out) / "report.json").read_text(encoding="utf-8"))


def said(folder: Path, arguments: list[str]) -> str:
    """What a command prints that runs in a folder, in this process."""
    from fairaudit.cli.main import run

    before, given, printed = Path.cwd(), sys.argv, io.StringIO()
    os.chdir(folder)
    sys.argv = ["fairaudit", *arguments]
    try:
        with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
            run()
    finally:
        sys.argv = given
        os.chdir(before)
    return printed.getvalue()


def audits(setting: Setting) -> Iterator[Row]:
    """Whole commands on the device and on the processor: time, and whether both say the same."""
    with tempfile.TemporaryDirectory() as name:
        folder = demonstration(Path(name), setting)
        for model in ("biased.pt",) if setting.small else ("biased.pt", "balanced.pt"):
            there, found = audited(folder, model, str(setting.device))
            again = there if setting.small else audited(folder, model, str(setting.device))[0]  # all is loaded by now
            here, wanted = audited(folder, model, "cpu")
            agree = "the same verdicts" if verdicts(found) == verdicts(wanted) else "OTHER VERDICTS"
            what = f"audit {model}, {agree}, values apart by at most {apart(found, wanted):.1e}"
            yield Row("audits", what, f"{there:.1f} s, again {again:.1f} s", f"CPU {here:.1f} s", times(here / again))


def verdicts(report: dict[str, object]) -> list[tuple[object, ...]]:
    return [(v["attribute"], v["region"], v["verdict"]) for v in report["verdicts"]]


def apart(found: dict[str, object], wanted: dict[str, object]) -> float:
    """The largest difference of any value that both reports have."""
    values = {row["id"]: row["value"] for row in wanted["measurements"]}
    gaps = [
        abs(row["value"] - values[row["id"]])
        for row in found["measurements"]
        if row["value"] is not None and values.get(row["id"]) is not None
    ]
    return max(gaps, default=float("nan"))


def whole(setting: Setting) -> Iterator[Row]:
    """An audit of ImageNet networks over the passes that it counts, each pass as fast as it is measured alone."""
    count = setting.sized(1500, 8)
    with tempfile.TemporaryDirectory() as name:
        folder = photographs(Path(name), count, 224 if not setting.small else 64, setting)
        for architecture in setting.networks:
            module = network(architecture, setting, classes=2)
            saved(module, folder / f"{architecture}.pt", 224 if not setting.small else 64)
            for precision in ("fp32",) if setting.small else ("fp32", "bf16"):
                given = ("--precision", precision, "--limit", str(count))
                device = str(setting.device)
                asked = json.loads(said(folder, ["audit", f"{architecture}.pt", "--device", device, *given,
                                                 "--dry-run", "--json"]))  # fmt: skip
                passes = asked["passes"] + sum(asked["extra_passes"].values())
                warm = ("--limit", str(min(48, count)), *given[:2])
                if not setting.small:
                    audited(folder, f"{architecture}.pt", device, "audit", *warm)
                taken, _ = audited(folder, f"{architecture}.pt", device, "audit", *given)
                forward, maps = alone(module, precision, setting, 224 if not setting.small else 64)
                counted = count * (passes * forward + maps)
                yield Row(
                    "whole",
                    f"audit {architecture}, {precision}, {count} JPEGs of 224 px, {taken:.1f} s",
                    f"{count / taken:.0f} images/s",
                    f"{passes} forward passes and one map an image, {counted:.1f} s",
                    f"{taken / counted:.2f} of them",
                )


def alone(module: nn.Module, precision: str, setting: Setting, side: int) -> tuple[float, float]:
    """Seconds an image of a forward pass and of an LRP map, everything on the device."""
    from fairaudit.saliency.lrp.method import Lrp

    images = pictures(setting.sized(128, 4), setting, side)
    cast = torch.autocast(setting.device.type, torch.bfloat16, enabled=precision == "bf16")
    with torch.no_grad(), cast:
        forward = seconds(lambda: module(images), setting.device) / len(images)
    few = images[: setting.sized(32, 4)]
    classifier, classes = saliency.Eager(module, few), torch.zeros(len(few), dtype=torch.long, device=setting.device)
    maps = seconds(lambda: Lrp().attribute(classifier, few, classes), setting.device) / len(few)
    return forward, maps


def loading(setting: Setting) -> Iterator[Row]:
    """Decoding beside computing: what share of the time the device waits for images."""
    count, side = setting.sized(2000, 8), setting.sized(224, 64)
    with tempfile.TemporaryDirectory() as name:
        folder = photographs(Path(name), count, side, setting)
        made = network("squeezenet1_1" if setting.small else "resnet50", setting, classes=2)
        saved(made, folder / "model.pt", side)
        audited(folder, "model.pt", str(setting.device), "fairness")  # warms up
        taken, _ = audited(folder, "model.pt", str(setting.device), "fairness")
        images = pictures(128 if not setting.small else 4, setting, side)
        with torch.no_grad():
            once = seconds(lambda: made(images), setting.device) / len(images)
        what = f"fairness of {count} JPEGs of {side} px"
        yield Row("loading", what, f"{count / taken:.0f} images/s", "device busy", f"{once * count / taken:.0%}")


def photographs(folder: Path, count: int, side: int, setting: Setting) -> Path:
    """JPEGs, their table with a box, and a configuration."""
    pixels = (pictures(8, setting, side).permute(0, 2, 3, 1).cpu().numpy() * 255).astype(np.uint8)
    box = [value * side // 224 for value in PATCH.values()]
    lines = ["file,smiling,necktie," + ",".join(f"patch_{name}" for name in PATCH)]
    for index in range(count):
        noise = np.random.default_rng(index).integers(-20, 20, (side, side, 3))
        Image.fromarray((pixels[index % 8] + noise).clip(0, 255).astype(np.uint8)).save(folder / f"{index}.jpg")
        lines.append(f"{index}.jpg,{index % 2},{index // 2 % 2}," + ",".join(map(str, box)))
    (folder / "faces.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "fairaudit.yaml").write_text(
        "data: {manifest: faces.csv, image: file, target: smiling, attributes: [necktie]}\n"
        f"preprocess: {{size: [{side}, {side}]}}\nmodel: {{output: softmax, classes: ['0', '1']}}\n"
        f"regions: {{patch: {{columns: [{', '.join(f'patch_{name}' for name in PATCH)}], units: pixel}}}}\n"
        "audit: {attribute: necktie, region: patch, saliency: [lrp]}\n",
        encoding="utf-8",
    )
    return folder


def saved(module: nn.Module, path: Path, side: int) -> None:
    """A traced file of a network."""
    device = next(module.parameters()).device
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(module, torch.rand(2, 3, side, side, device=device)).save(str(path))
