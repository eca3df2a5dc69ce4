"""Counterfactuals per second, and passes per counterfactual, against a straightforward per-image loop.

Run by hand: `python tests/benchmarks/cf_align.py [images of the 64 px case] [images of the 256 px case]`. Prints a
Markdown table. One thread each; the numbers of a busy machine are worth nothing.

The loop does what the published program does: one image and one rung at a time with autograd on, then every frame and
every downstream classifier on its own through the whole network with 40 outputs. Weights are random; the latents are
stretched so that a typical search takes about 25 rungs, as λ ≈ 1000 does with the published step of 10.
"""

from __future__ import annotations

import math
import sys
import time

import numpy as np
import torch
from torch import nn

from fairaudit.counterfactuals.heads import ModelHeads
from fairaudit.counterfactuals.ladder import SearchSettings
from fairaudit.counterfactuals.latent_shift import latent_shift
from fairaudit.generators.autoencoder import Autoencoder, AutoencoderSettings

HEADS, TYPICAL = 40, 1000.0


class Stretched:
    """An autoencoder whose latents are longer by a factor; counts the images it decodes."""

    def __init__(self, model, factor):
        self.model, self.factor, self.decoded = model, factor, 0

    def encode(self, images):
        return self.factor * self.model.encode(images)

    def decode(self, latents):
        self.decoded += len(latents)
        return self.model.decode(latents / self.factor)


class Counted(nn.Module):
    """A classifier that counts the images it sees."""

    def __init__(self, net):
        super().__init__()
        self.net, self.seen = net, 0

    def forward(self, images):
        self.seen += len(images)
        return self.net(images)


def world(size, images, seed=0):
    """Images, a generator and a classifier with 40 confident outputs, all random."""
    torch.manual_seed(seed)
    model = Autoencoder(AutoencoderSettings(size=(size, size), width=24)).eval().requires_grad_(False)
    layers = []
    for before, after in ((3, 16), (16, 32), (32, 64), (64, 64)):
        layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.ReLU()]
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, HEADS)).requires_grad_(False)
    coarse = torch.rand(images, 3, 8, 8)
    pictures = nn.functional.interpolate(coarse, size=size, mode="bilinear")
    with torch.no_grad():
        logits = net(model(pictures))
        scale = 1.5 / logits.std(dim=0)
        net[-1].bias.copy_((net[-1].bias - logits.mean(dim=0)) * scale + 2.5)
        net[-1].weight.mul_(scale[:, None])
    heads = ModelHeads(net, [f"h{i}" for i in range(HEADS)], link="sigmoid")
    probe = latent_shift(
        Stretched(model, 1.0), heads, pictures[:16], [(i, 0) for i in range(min(16, images))], SearchSettings()
    )
    # λ grows with the square of the stretch.
    factor = math.sqrt(TYPICAL / max(float(np.nanmedian(probe.lam)), 1e-6))
    return pictures, Stretched(model, factor), Counted(net)


def loop(pictures, generator, net):
    """One image, one rung, one frame and one downstream output at a time."""
    found = []
    for image in pictures:
        z = generator.encode(image[None]).detach().requires_grad_(True)
        x0 = generator.decode(z)
        p0 = net(x0).sigmoid()[0, 0]
        gradient = torch.autograd.grad(p0, z)[0]
        lam, previous = 0, p0.item()
        while True:
            x = generator.decode(z - lam * gradient)
            p = net(x).sigmoid()[0, 0].item()
            stop = p > previous or p < 0.05 or p0.item() - p > 0.6 or lam >= 500_000
            if stop:
                break
            lam, previous = lam + 10 + math.ceil(lam / 10), p
        frames = [generator.decode(z), generator.decode(z - lam * gradient)]
        changes = [
            net(frames[1]).sigmoid()[0, head].item() - net(frames[0]).sigmoid()[0, head].item() for head in range(HEADS)
        ]
        found.append(changes)
    return np.asarray(found)


def measured(work, generator, net):
    """Seconds, decoded images and classified images of a piece of work."""
    generator.decoded = net.seen = 0
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, generator.decoded, net.seen, found


def case(size, images):
    """The loop, compat and fast on the same images."""
    pictures, generator, net = world(size, images)
    heads = ModelHeads(net, [f"h{i}" for i in range(HEADS)], link="sigmoid")
    pairs = [(i, 0) for i in range(images)]
    few = pictures[: max(2, images // 8)]
    rows = [("per-image loop", len(few), *measured(lambda: loop(few, generator, net), generator, net)[:3])]
    for search in ("compat", "fast"):
        settings = SearchSettings(search=search, batch_size=64 if size <= 64 else 16, window=4)
        took = measured(lambda s=settings: latent_shift(generator, heads, pictures, pairs, s), generator, net)
        rows.append((search, images, *took[:3]))
        shift = took[3]
        if search == "compat":
            change, slow = shift.after - shift.before, loop(few, generator, net)
            difference = np.abs(change[: len(few)] - slow).max()
    base = rows[0][2] / rows[0][1]
    for name, count, seconds, decoded, seen in rows:
        each = seconds / count
        print(
            f"| {size} px | {name} | {1 / each:.1f} | {decoded / count:.1f} | {seen / count:.1f} | {base / each:.1f}× |"
        )
    print(f"\n{size} px: compat and the loop differ by at most {difference:.1e} in any score's change.\n")


def main():
    """Both sizes."""
    torch.set_num_threads(1)
    small, large = (int(text) for text in (sys.argv[1:3] or ("256", "24")))
    print("| size | search | counterfactuals/s | decoded each | classified each | against the loop |")
    print("| --- | --- | --- | --- | --- | --- |")
    case(64, small)
    case(256, large)


if __name__ == "__main__":
    main()
