"""Cost of a mask step beside a plain training step of the same network, in CPU time and in memory.

Run by hand: `python tests/benchmarks/pruning.py`. Prints a Markdown table. CPU time and not wall-clock time, so that a
busy machine changes little.
"""

from __future__ import annotations

import copy
import time

import torch
from torch.nn import functional as F
from torchvision.models import resnet18

from fairaudit.models.lift.lift import lift
from fairaudit.models.outputs.head import Head
from fairaudit.pruning.encoder import split
from fairaudit.pruning.examples import Examples
from fairaudit.pruning.search import MaskSearchSettings, gate_step, start

IMAGES, SIDE, CLASSES, REPEATS = 64, 64, 10, 7
HEAD = Head(link="softmax", outputs=CLASSES, classes=tuple("0123456789"), names=tuple("0123456789"))


def seconds(steps):
    """The least CPU time of every step, taken in turns so that a busy moment hits all of them."""
    times = {name: [] for name in steps}
    for repeat in range(REPEATS + 1):
        for name, step in steps.items():
            begun = time.process_time()
            step()
            if repeat:  # the first warms up
                times[name].append(time.process_time() - begun)
    return {name: min(taken) for name, taken in times.items()}


def megabytes(step):
    """Bytes of different tensors that a step keeps for its backward pass; weights are among them."""
    kept = {}

    def pack(tensor):
        kept[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        step()
    return sum(kept.values()) / 1e6


def plain_step(module, batch):
    """Forward, backward and Adam over every weight, in evaluation mode as the gates' phase is."""
    network = copy.deepcopy(module).requires_grad_(True)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-4)

    def step():
        optimiser.zero_grad(set_to_none=True)
        F.cross_entropy(network(batch.images), batch.target).backward()
        optimiser.step()

    return step


def mask_step(cut, batch, mode):
    """One step of the gates and the bias head."""
    settings = MaskSearchSettings(mode=mode)
    state = start(cut, batch, settings)
    return lambda: gate_step(cut, HEAD, batch, state, settings, 0.5)


def main() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    network = resnet18(num_classes=CLASSES).eval()
    images = torch.randn(IMAGES, 3, SIDE, SIDE)
    codes = torch.arange(IMAGES) % CLASSES
    batch = Examples(images=images, target=codes, biases=(codes.flip(0),), values=(CLASSES,))
    lifted = lift(network, images[:4]).module
    cut = split(lifted)
    steps = {"plain training step": plain_step(lifted, batch)}
    steps |= {f"mask step, {mode}": mask_step(cut, batch, mode) for mode in ("unstructured", "structured")}
    print(f"ResNet-18, {IMAGES} images of {SIDE} x {SIDE}, one thread\n")
    print("| step | CPU seconds | of plain | kept for backward, MB |\n| --- | ---: | ---: | ---: |")
    costs = seconds(steps)
    base = costs["plain training step"]
    for name, step in steps.items():
        print(f"| {name} | {costs[name]:.3f} | {costs[name] / base:.2f} | {megabytes(step):.0f} |")


if __name__ == "__main__":
    main()
