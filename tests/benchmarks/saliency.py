"""Speed of integrated gradients and LRP against captum and zennit, in one run on the same machine.

By hand: python tests/benchmarks/saliency.py [--images 8] [--device cpu] [--networks demo,resnet18,resnet50]
[--parts lrp,ig] [--demo FOLDER]

Networks have random weights; --demo takes the trained network and the faces of `fairaudit demo -o FOLDER` for `demo`.
Integrated gradients are compared at the same completeness gap of the image at the 90th percentile: captum has one
number of steps for all images, so it takes as many as its hard images need.
"""

import argparse
import resource
import time
from pathlib import Path

import numpy as np
import torch
import torchvision
from captum.attr import IntegratedGradients as CaptumIntegratedGradients
from PIL import Image
from torch import nn
from zennit.composites import EpsilonPlusFlat
from zennit.torchvision import ResNetCanonizer

from fairaudit.demo.network import smile_network
from fairaudit.models.lift import lift
from fairaudit.saliency.integrated_gradients import IntegratedGradients
from fairaudit.saliency.line_integral import Refinement
from fairaudit.saliency.lrp import Lrp

GRID = (8, 16, 32, 64, 96, 128, 192, 256, 384, 512)
QUANTILE = 0.9


class Eager:
    """What attribution needs of a classifier, for an eager network with one output per class, or one in all."""

    def __init__(self, module, images, mean=0.45, std=0.225):
        self.mean, self.std = mean, std
        self.module, self.graph = module, lift(module, self.normalise(images[:1]))
        self.outputs = module(self.normalise(images[:1])).shape[1]

    def normalise(self, images):
        return (images - self.mean) / self.std

    def seed(self, classes):
        return nn.functional.one_hot(classes, self.outputs).float()

    def lifted(self, example):
        return self.graph


def timed(function, device):
    """Seconds of the second of two runs, and the result."""
    for _ in range(2):
        wait(device)
        start = time.perf_counter()
        result = function()
        wait(device)
    return time.perf_counter() - start, result


def wait(device):
    if device.type == "cuda":
        torch.cuda.synchronize()


def picture(count, size, device):
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(count, 3, 8, 8, generator=generator)
    smooth = nn.functional.interpolate(coarse, size=(size, size), mode="bicubic")
    return (smooth + 0.1 * torch.randn(smooth.shape, generator=generator)).clamp(0, 1).to(device)


def faces(folder, count):
    """Evenly chosen faces of a demonstration, [image, channel, row, column]."""
    files = sorted((folder / "faces").glob("*.png"))
    chosen = files[:: max(1, len(files) // count)][:count]
    pixels = np.stack([np.asarray(Image.open(file).convert("RGB")) for file in chosen])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255


def network(name, device):
    """The network, the side of its images, and how many classes are explained."""
    torch.manual_seed(0)
    if name == "demo":
        return smile_network().eval().requires_grad_(False).to(device), 64
    made = torchvision.models.get_model(name, weights=None)
    return settled(made).eval().requires_grad_(False).to(device), 224


def settled(made):
    """Running statistics of batch norm from random images, so that signals keep their scale as after training."""
    with torch.no_grad():
        made.train()
        for _ in range(3):
            made(torch.randn(4, 3, 96, 96))
    return made


def captum(classifier, images, classes, nodes):
    oracle = CaptumIntegratedGradients(classifier.module)
    inputs, start = classifier.normalise(images), classifier.normalise(torch.zeros_like(images))
    return oracle.attribute(
        inputs, start, target=classes, n_steps=nodes, internal_batch_size=16, return_convergence_delta=True
    )


def captum_gap(classifier, images, classes, nodes):
    inputs, start = classifier.normalise(images), classifier.normalise(torch.zeros_like(images))
    _, delta = captum(classifier, images, classes, nodes)
    with torch.no_grad():
        ends = [classifier.module(x).gather(1, classes[:, None])[:, 0] for x in (inputs, start)]
    scale = torch.maximum((ends[0] - ends[1]).abs(), 0.01 * torch.maximum(ends[0].abs(), ends[1].abs()))
    return (delta.abs() / scale).quantile(QUANTILE).item()


def integrated_gradients(name, classifier, images, classes, device):
    refinement = Refinement(most=256)
    seconds, found = timed(
        lambda: IntegratedGradients(refinement=refinement).attribute(classifier, images, classes), device
    )
    own = found.residual.double().quantile(QUANTILE).item()
    goal = max(0.01, own)
    for nodes in GRID:
        gap = captum_gap(classifier, images, classes, nodes)
        if gap <= goal:
            break
    theirs, _ = timed(lambda: captum(classifier, images, classes, nodes), device)
    n = len(images)
    row(name, f"{found.evaluations / n:.1f}", f"{own:.4f}", f"{n / seconds:.2f}")
    reached = f"{nodes}" if gap <= goal else f"> {nodes}"
    row("· captum", reached, f"{gap:.4f}", f"{n / theirs:.2f}", f"{theirs / seconds:.1f} ×")


def relevance(name, classifier, images, classes, device):
    seconds, _ = timed(lambda: Lrp().attribute(classifier, images, classes), device)
    canonizers = [ResNetCanonizer()] if name.startswith("resnet") else []
    composite = EpsilonPlusFlat(canonizers=canonizers)

    def theirs():
        with composite.context(classifier.module) as module:
            inputs = classifier.normalise(images).requires_grad_()
            logits = module(inputs)
            return torch.autograd.grad(logits, inputs, logits.detach() * classifier.seed(classes))

    other, _ = timed(theirs, device)
    n = len(images)
    row(name, f"{n / seconds:.2f}", f"{n / other:.2f}", f"{other / seconds:.1f} ×")


def row(*cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=8)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--networks", default="demo,resnet18,resnet50")
    parser.add_argument("--parts", default="lrp,ig")
    parser.add_argument("--demo", type=Path, help="folder that `fairaudit demo` made")
    options = parser.parse_args()
    device = torch.device(options.device)
    cases = []
    for name in options.networks.split(","):
        if name == "demo" and options.demo is not None:
            module, _ = network(name, device)
            module.load_state_dict(torch.jit.load(str(options.demo / "biased.pt"), map_location=device).state_dict())
            images = faces(options.demo, options.images).to(device)
        else:
            module, size = network(name, device)
            images = picture(options.images, size, device)
        scale = {"mean": 0.0, "std": 1.0} if name == "demo" and options.demo is not None else {}
        classifier = Eager(module, images, **scale)
        cases.append((name, classifier, images, torch.arange(options.images, device=device) % classifier.outputs))
    parts = options.parts.split(",")
    if "lrp" in parts:
        print("| LRP ε-plus-flat | images/s | zennit, with its canonizer | ratio |\n| --- | --- | --- | --- |")
        for case in cases:
            relevance(*case, device)
    if "ig" in parts:
        print("\n| Integrated gradients | evaluations per image | 90 % of gaps below | images/s | ratio |")
        print("| --- | --- | --- | --- | --- |")
        for case in cases:
            integrated_gradients(*case, device)
    if device.type == "cuda":
        print(f"\nPeak memory on the device: {torch.cuda.max_memory_allocated() / 2**20:.0f} MiB")
    print(f"\nPeak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:.0f} MiB")


if __name__ == "__main__":
    main()
