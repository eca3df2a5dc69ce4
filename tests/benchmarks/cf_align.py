"""Counterfactuals per second, and passes per counterfactual, against a straightforward per-image loop.

Run by hand: `python tests/benchmarks/cf_align.py [images of the 64 px case] [images of the 256 px case]`. Prints a
Markdown table. One thread each. Seconds are those that the processor gave to this process, which a busy machine
falsifies less than the clock.

The loop does what the published program does: one image and one rung at a time with autograd on, then every frame and
every downstream classifier on its own through the whole network with 40 outputs. Same generator, same classifier, same
stop rules, same unit of λ. Weights are random; the latents are stretched so that a typical search takes the loop about
25 rungs, as λ ≈ 1000 does with the published step of 10.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from fairaudit.counterfactuals.heads import ModelHeads
from fairaudit.counterfactuals.ladder import LadderSettings, Stop
from fairaudit.counterfactuals.latent_shift import latent_shift
from fairaudit.generators.autoencoder import Autoencoder, AutoencoderSettings
from fairaudit.generators.checkpoint import load_generator, save_generator
from fairaudit.generators.load import open_generator

HEADS, TYPICAL = 40, 1000.0


class Stretched:
    """An autoencoder whose latents are longer by a factor; counts the images it encodes and decodes."""

    def __init__(self, model, factor):
        self.model, self.factor, self.encoded, self.decoded = model, factor, 0, 0

    def encode(self, images):
        self.encoded += len(images)
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


def world(size, images, seed=0, device="cpu"):
    """Images, the generator as the loop and as fairaudit opens it, and a classifier of 40 confident outputs; random."""
    torch.manual_seed(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "generator.safetensors"
        save_generator(path, Autoencoder(AutoencoderSettings(size=(size, size), width=24)))
        model, opened = load_generator(path).to(device), open_generator(path, device=device)
    layers = []
    for before, after in ((3, 16), (16, 32), (32, 64), (64, 64)):
        layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.ReLU()]
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, HEADS)).requires_grad_(False)
    net.to(device)
    pictures = nn.functional.interpolate(torch.rand(images, 3, 8, 8), size=size, mode="bilinear").to(device)
    few = pictures[:16]
    with torch.no_grad():
        logits = net(model(few))
        scale = 1.5 / logits.std(dim=0)
        net[-1].bias.copy_((net[-1].bias - logits.mean(dim=0)) * scale + 2.5)
        net[-1].weight.mul_(scale[:, None])
    heads = ModelHeads(net, [f"h{i}" for i in range(HEADS)], link="sigmoid")
    probe = latent_shift(Stretched(opened, 1.0), heads, few, [(i, 0) for i in range(len(few))], LadderSettings())
    # λ grows with the square of the stretch.
    factor = math.sqrt(TYPICAL / max(float(np.nanmedian(probe.lam)), 1e-6))
    return pictures, Stretched(model, factor), Stretched(opened, factor), Counted(net)


def loop(pictures, generator, net):
    """One image, one rung, one frame and one downstream output at a time; [image, head] changes and [image] λ."""
    found, walked = [], []
    for image in pictures:
        z = generator.encode(image[None]).detach().requires_grad_(True)
        x0 = generator.decode(z)
        p0 = net(x0).sigmoid()[0, 0]
        gradient = torch.autograd.grad(p0, z)[0]
        lam, previous = 0, p0.item()
        while True:
            x = generator.decode(z - lam * gradient)
            p = net(x).sigmoid()[0, 0].item()
            if p > previous or p < 0.05 or p0.item() - p > 0.6 or lam >= 500_000:
                break
            lam, previous = lam + 10 + math.ceil(lam / 10), p
        frames = [generator.decode(z), generator.decode(z - lam * gradient)]
        found.append(
            [net(frames[1]).sigmoid()[0, h].item() - net(frames[0]).sigmoid()[0, h].item() for h in range(HEADS)]
        )
        walked.append(lam)
    return np.asarray(found), np.asarray(walked)


def measured(work, generator, net):
    """Seconds, encoded, decoded and classified images of a piece of work, and what it found."""
    generator.encoded = generator.decoded = net.seen = 0
    start = time.process_time()
    found = work()
    return time.process_time() - start, generator.encoded, generator.decoded, net.seen, found


def case(size, images):
    """The loop, compat and fast on the same images."""
    pictures, plain, opened, net = world(size, images)
    heads = ModelHeads(net, [f"h{i}" for i in range(HEADS)], link="sigmoid")
    pairs = [(i, 0) for i in range(images)]
    loop(pictures[:1], plain, net)
    *spent, (slow, lams) = measured(lambda: loop(pictures, plain, net), plain, net)
    rows, shifts = [("per-image loop", spent)], {}
    for search in ("compat", "fast"):
        settings = LadderSettings(search=search, batch_size=64 if size <= 64 else 16, window=1)
        *spent, shifts[search] = measured(
            lambda s=settings: latent_shift(opened, heads, pictures, pairs, s), opened, net
        )
        rows.append((search, spent))
    base = rows[0][1][0]
    for name, (seconds, encoded, decoded, seen) in rows:
        numbers = " | ".join(f"{value / images:.1f}" for value in (encoded, decoded, seen))
        print(f"| {size} px | {name} | {images / seconds:.1f} | {numbers} | {base / seconds:.1f}× |", flush=True)
    compat, fast = shifts["compat"], shifts["fast"]
    change = compat.after - compat.before
    reached = (compat.stop == Stop.REACHED) & (fast.stop == Stop.REACHED)
    apart = [np.abs((shift.after - shift.before)[reached, 0]) - 0.6 for shift in (compat, fast)]
    worst = np.abs(change - slow).max()
    print(
        f"\n{size} px: compat and the loop differ by at most {worst:.1e} in any score's change and "
        f"in {int((compat.lam != lams).sum())} of {images} λ. Beyond the drop of 0.6, compat goes "
        f"{np.median(apart[0]):.3f} and fast {np.median(apart[1]):.3f} (medians of {int(reached.sum())}).\n"
    )


def main():
    """Both sizes; 0 images leave one out."""
    torch.set_num_threads(1)
    small, large = (int(text) for text in (sys.argv[1:3] or ("64", "16")))
    print("| size | search | counterfactuals/s | encoded each | decoded each | classified each | against the loop |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for size, images in ((64, small), (256, large)):
        if images:
            case(size, images)


if __name__ == "__main__":
    main()
