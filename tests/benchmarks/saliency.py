"""Attribution and region metrics against captum, zennit and Quantus: speed and peak memory, in one run.

By hand, with the `oracles` extra: python tests/benchmarks/saliency.py [--parts ig,lrp,regions]
[--networks demo,resnet18,resnet50] [--images 4] [--demo FOLDER] [--threads 1] [--reference 0]
[--device cuda] [--precision bf16] [--compile] [--theirs-channels-last]

Every figure comes from a process of its own, so that each has its own peak memory: what it took beyond the loaded
libraries, network and images. On a CPU the clock counts the process's computing time, which other work on the machine
does not stretch; with one thread it is the time on a quiet machine. Networks have random weights with settled batch
norms; --demo takes the trained network and the faces of `fairaudit demo -o FOLDER` for `demo`.

Integrated gradients are compared at equal completeness gap of the image at the 90th percentile. captum has one number
of steps for all images and gets the smallest of a doubling grid that reaches the gap and still does with twice as many
(few images meet it by chance at some number and lose it again at the next); --reference N adds how far both
maps are from those of N steps, because a small gap alone does not make an accurate map. captum and zennit run on the
plain network, as a user calls them; --compile and --precision hold for both sides, and --theirs-channels-last gives
captum the faster memory layout too.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import csv
import multiprocessing
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import regions
import torch
from PIL import Image
from torch import nn

from fairaudit.engine.memory import peak_memory_bytes
from fairaudit.errors import LiftError

GRID = (8, 16, 32, 64, 128, 256, 512)
QUANTILE = 0.9
FLOOR = 0.1
"""As Refinement: the gap's scale is at least this share of the evidence at either end."""


@dataclass(frozen=True)
class Case:
    """One network of one run."""

    name: str
    options: argparse.Namespace

    @property
    def device(self):
        return torch.device(self.options.device)

    @property
    def trained(self):
        return self.options.demo is not None and (self.name == "demo" or self.options.epochs > 0)


class Eager:
    """What attribution needs of a classifier, for an eager network with one output per class, or one in all."""

    def __init__(self, module, images, mean=0.45, std=0.225):
        from fairaudit.models.lift.lift import lift

        self.mean, self.std = mean, std
        self.module, self.graph = module, lift(module, self.normalise(images[:1]))
        self.outputs = module(self.normalise(images[:1])).shape[1]

    def normalise(self, images):
        return (images - self.mean) / self.std

    def seed(self, classes):
        return nn.functional.one_hot(classes, self.outputs).float()

    def lifted(self, example):
        return self.graph


class Compiled(Eager):
    """The prepared module, compiled; it is not lifted again."""

    def __init__(self, classifier, images):
        from fairaudit.saliency.prepare import prepared

        self.mean, self.std, self.outputs = classifier.mean, classifier.std, classifier.outputs
        self.module = torch.compile(prepared(classifier, images), dynamic=True)

    def lifted(self, example):
        raise LiftError("It is compiled")


def picture(count, size):
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(count, 3, 8, 8, generator=generator)
    smooth = nn.functional.interpolate(coarse, size=(size, size), mode="bicubic")
    return (smooth + 0.1 * torch.randn(smooth.shape, generator=generator)).clamp(0, 1)


def faces(folder, count):
    """Evenly chosen faces of a demonstration, [image, channel, row, column]."""
    files = sorted((folder / "faces").glob("*.png"))
    return pixels_of(files[:: max(1, len(files) // count)][:count])


def pixels_of(files):
    pixels = np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255


def enlarged(images, size=224):
    return nn.functional.interpolate(images, size=(size, size), mode="bilinear")


def trained(name, folder, epochs, threads):
    """The network after some passes over the balanced training faces; kept beside them."""
    kept = folder / f"{name}-{epochs}.benchmark.pt"
    torch.manual_seed(0)
    module = torchvision_network(name, classes=2)
    if kept.exists():
        module.load_state_dict(torch.load(kept))
        return module.eval()
    with (folder / "faces.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "balanced"][:800]
    images, smiling = pixels_of([folder / row["file"] for row in rows]), torch.tensor([int(r["smiling"]) for r in rows])
    torch.set_num_threads(threads)
    optimiser = torch.optim.Adam(module.parameters(), 3e-4)
    for _ in range(epochs):
        for chosen in torch.randperm(len(rows)).split(32):
            inputs = (enlarged(images[chosen]) - 0.45) / 0.225
            loss = nn.functional.cross_entropy(module.train()(inputs), smiling[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    with torch.no_grad():
        module.eval()
        right = [module((enlarged(part) - 0.45) / 0.225).argmax(1) for part in images[:200].split(50)]
    print(f"{name}: {(torch.cat(right) == smiling[:200]).float().mean():.1%} of 200 training faces right", flush=True)
    torch.save(module.state_dict(), kept)
    return module


def torchvision_network(name, **arguments):
    import torchvision

    return torchvision.models.get_model(name, weights=None, num_classes=arguments.get("classes", 1000))


def network(name):
    """The network and the side of its images."""
    torch.manual_seed(0)
    if name == "demo":
        from fairaudit.demo.network import smile_network

        return smile_network(), 64
    return settled(torchvision_network(name)), 224


def settled(made):
    """Running statistics of batch norm from random images, so that signals keep their scale as after training."""
    with torch.no_grad():
        made.train()
        for _ in range(3):
            made(torch.randn(4, 3, 96, 96))
    return made


def opened(case):
    """The classifier, its images and the classes that are explained."""
    torch.set_num_threads(case.options.threads)
    module, size = network(case.name)
    images, scale = picture(case.options.images, size), {}
    if case.trained and case.name != "demo":
        module = trained(case.name, case.options.demo, case.options.epochs, case.options.threads)
        images = enlarged(faces(case.options.demo, case.options.images))
    elif case.trained:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module.load_state_dict(torch.jit.load(str(case.options.demo / "biased.pt")).state_dict())
        images, scale = faces(case.options.demo, case.options.images), {"mean": 0.0, "std": 1.0}
    module, images = module.eval().requires_grad_(False).to(case.device), images.to(case.device)
    classifier = Eager(module, images, **scale)
    return classifier, images, torch.arange(len(images), device=case.device) % classifier.outputs


def precision(case):
    if case.options.precision == "bf16":
        return torch.autocast(case.device.type, torch.bfloat16)
    return contextlib.nullcontext()


def timed(function, case, runs=2):
    """Seconds of the last of some runs (the first ones warm up), the result, and the bytes that they took."""
    cuda = case.device.type == "cuda"
    clock = time.perf_counter if cuda else time.process_time
    before = torch.cuda.memory_allocated() if cuda else peak_memory_bytes()
    if cuda:
        torch.cuda.reset_peak_memory_stats()
    for _ in range(runs):
        start = clock()
        with precision(case):
            result = function()
        if cuda:
            torch.cuda.synchronize()
        seconds = clock() - start
    after = torch.cuda.max_memory_allocated() if cuda else peak_memory_bytes()
    return seconds, result, after - before


def our_gradients(case):
    from fairaudit.saliency.gradients.integrated_gradients import IntegratedGradients

    classifier, images, classes = opened(case)
    used = Compiled(classifier, images) if case.options.compile else classifier
    seconds, found, taken = timed(lambda: IntegratedGradients().attribute(used, images, classes), case)
    gap = found.residual.double().quantile(QUANTILE).item()
    nodes, error = found.evaluations / len(images), far_off(case, found.maps, classifier, images, classes)
    return {"seconds": seconds, "gap": gap, "nodes": f"{nodes:.1f}", "bytes": taken, "error": error}


def their_gradients(case, goal):
    classifier, images, classes = opened(case)
    plain = classifier.module
    if case.options.theirs_channels_last:
        plain = copy.deepcopy(plain).to(memory_format=torch.channels_last)
    module = torch.compile(plain, dynamic=True) if case.options.compile else plain
    tried = []
    for steps in GRID:
        seconds, found, taken = timed(lambda n=steps: captum(module, classifier, images, classes, n), case, runs=1)
        tried.append((steps, seconds, found, taken, relative_gap(classifier, images, classes, found[1])))
        if len(tried) > 1 and max(tried[-2][4], tried[-1][4]) <= goal:
            break
    stays = len(tried) > 1 and max(tried[-2][4], tried[-1][4]) <= goal
    steps, seconds, found, taken, gap = tried[-2] if stays else tried[-1]
    if case.device.type == "cpu":
        taken = sum(
            each[3] for each in tried
        )  # a process's peak only rises: fewer steps came first, and took their part
    reached = f"{steps}" if gap <= goal else f"> {steps}"
    error = far_off(case, found[0].sum(1), classifier, images, classes)
    return {"seconds": seconds, "gap": gap, "nodes": reached, "bytes": taken, "error": error}


def captum(module, classifier, images, classes, steps):
    from captum.attr import IntegratedGradients

    inputs, start = classifier.normalise(images), classifier.normalise(torch.zeros_like(images))
    return IntegratedGradients(module).attribute(
        inputs, start, target=classes, n_steps=steps, internal_batch_size=16, return_convergence_delta=True
    )


def relative_gap(classifier, images, classes, delta):
    inputs, start = classifier.normalise(images), classifier.normalise(torch.zeros_like(images))
    with torch.no_grad():
        last, first = (classifier.module(x).gather(1, classes[:, None])[:, 0].double() for x in (inputs, start))
    scale = torch.maximum((last - first).abs(), FLOOR * torch.maximum(last.abs(), first.abs()))
    return (delta.double().abs() / scale).quantile(QUANTILE).item()


def far_off(case, maps, classifier, images, classes):
    """‖map − map of many steps‖ / ‖map of many steps‖, the image at the 90th percentile."""
    if not case.options.reference:
        return ""
    wanted = captum(classifier.module, classifier, images, classes, case.options.reference)[0].sum(1)
    apart = (maps - wanted).flatten(1).norm(dim=1) / wanted.flatten(1).norm(dim=1)
    return f"{apart.quantile(QUANTILE).item():.3f}"


def our_relevance(case):
    from fairaudit.saliency.lrp.method import Lrp

    classifier, images, classes = opened(case)
    seconds, _, taken = timed(lambda: Lrp().attribute(classifier, images, classes), case, runs=3)
    return {"seconds": seconds, "bytes": taken}


def their_relevance(case):
    from zennit.composites import EpsilonPlusFlat
    from zennit.torchvision import ResNetCanonizer

    classifier, images, classes = opened(case)
    canonizers = [ResNetCanonizer()] if case.name.startswith("resnet") else []
    composite = EpsilonPlusFlat(canonizers=canonizers)

    def run():
        with composite.context(classifier.module) as module:
            inputs = classifier.normalise(images).requires_grad_()
            logits = module(inputs)
            return torch.autograd.grad(logits, inputs, logits.detach() * classifier.seed(classes))

    seconds, _, taken = timed(run, case, runs=3)
    return {"seconds": seconds, "bytes": taken}


def alone(function, *arguments):
    """The function's result from a fresh process."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=fresh) as pool:
        return pool.submit(function, *arguments).result()


def row(*cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def speed(case, found):
    return f"{case.options.images / found['seconds']:.2f}"


def memory(found):
    return f"{found['bytes'] / 2**20:.0f} MiB"


def gradients_table(cases):
    error = "| map off by " if cases[0].options.reference else ""
    print(f"\n| Integrated gradients | evaluations per image | 90 % of gaps below {error}| images/s | memory | ratio |")
    print("| --- " * (7 if error else 6) + "|")
    for case in cases:
        ours = alone(our_gradients, case)
        theirs = alone(their_gradients, case, max(0.01, ours["gap"]))
        for name, found, ratio in (
            (case.name, ours, f"{theirs['seconds'] / ours['seconds']:.1f} ×"),
            ("· captum", theirs, ""),
        ):
            off = [found["error"]] if error else []
            row(name, found["nodes"], f"{found['gap']:.4f}", *off, speed(case, found), memory(found), ratio)


def relevance_table(cases):
    print("\n| LRP ε-plus-flat | images/s | memory | zennit, with its canonizer: images/s | memory | ratio |")
    print("| --- " * 6 + "|")
    for case in cases:
        ours, theirs = alone(our_relevance, case), alone(their_relevance, case)
        ratio = f"{theirs['seconds'] / ours['seconds']:.1f} ×"
        row(case.name, speed(case, ours), memory(ours), speed(case, theirs), memory(theirs), ratio)


def options_of():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default="ig,lrp,regions")
    parser.add_argument("--networks", default="demo,resnet18,resnet50")
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--demo", type=Path, help="folder that `fairaudit demo` made")
    parser.add_argument("--epochs", type=int, default=0, help="training of the other networks, on those faces")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--reference", type=int, default=0, help="steps of the map that is taken as true; 0: none")
    parser.add_argument("--maps", type=int, default=2000, help="of the region metrics")
    parser.add_argument("--side", type=int, default=64, help="of those maps, in pixels")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--compile", action="store_true", help="torch.compile, for both sides of ig")
    parser.add_argument("--theirs-channels-last", action="store_true")
    return parser.parse_args()


def main():
    options = options_of()
    cases = [Case(name, options) for name in options.networks.split(",")]
    where = torch.cuda.get_device_name() if options.device.startswith("cuda") else f"CPU, {options.threads} thread(s)"
    print(f"{where}, torch {torch.__version__}, {options.precision}, {options.images} images")
    for case in cases:  # before the clock and the memory of any table
        if case.trained and case.name != "demo":
            alone(trained, case.name, options.demo, options.epochs, options.threads)
    parts = options.parts.split(",")
    if "ig" in parts:
        gradients_table(cases)
    if "lrp" in parts:
        relevance_table(cases)
    if "regions" in parts:
        print()
        taken = alone(regions.main, options.maps, options.side)
        print(f"\nMemory of the region metrics, Quantus and fairaudit together: {taken / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()
