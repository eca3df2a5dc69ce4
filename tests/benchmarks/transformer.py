"""Speed and memory of the lift and of layer-wise relevance propagation on ViT-B/16, against forward passes and lxt.

By hand: python tests/benchmarks/transformer.py [--images 4] [--rounds 3]

All in one process and one run, in processor time, methods in turn; the median of the rounds. lxt is the package of
AttnLRP's authors (extra oracles): its gradient × input with weights of attention and σ constant, which `lrp_epsilon`
equals. Peak memory is measured in a process of its own for each.
"""

from __future__ import annotations

import argparse
import copy
import ctypes
import gc
import importlib.util
import subprocess
import sys
import time
from pathlib import Path
from types import MethodType, ModuleType

import numpy as np
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parents[2]))

from fairaudit.models.lift.lift import lift
from fairaudit.saliency.lrp.method import Lrp


def network():
    torch.manual_seed(0)
    model = torchvision.models.vit_b_16(weights=None, num_classes=2)
    nn.init.normal_(model.heads.head.weight, 0, 0.02)
    return model.eval().requires_grad_(False)


class Known:
    """What attribution needs of a classifier with two logits."""

    def __init__(self, module, images):
        self.module, self.graph = module, lift(module, images)

    def normalise(self, images):
        return images

    def seed(self, classes):
        return F.one_hot(classes, 2).float()

    def scores(self, logits):
        return logits.double().softmax(1)

    def lifted(self, example):
        return self.graph


def patched(model):
    """The network with lxt's gradient patches."""
    spec = importlib.util.find_spec("lxt")
    bare = ModuleType("lxt.efficient")  # its __init__ imports language models of one version of transformers
    bare.__path__ = [f"{spec.submodule_search_locations[0]}/efficient"]
    sys.modules.setdefault("lxt.efficient", bare)
    from lxt.efficient import patches

    model = copy.deepcopy(model)
    for layer in model.modules():
        if isinstance(layer, nn.LayerNorm):
            layer.forward = MethodType(patches.layer_norm_forward, layer)
        elif isinstance(layer, nn.GELU | nn.MultiheadAttention):
            gelu = isinstance(layer, nn.GELU)
            patch = patches.non_linear_forward if gelu else patches.cp_multi_head_attention_forward
            layer.original_forward, layer.forward = layer.forward, MethodType(patch, layer)
    return model


def authors(model, images):
    x = images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model(x)[:, 0].sum(), x)
    return (x * gradient).sum(1).detach()


def plain(model, images):
    with torch.no_grad():
        return model(images)


def ways(images):
    """Name → what is done, after everything that is done once."""
    model = network()
    known, classes = Known(model, images[:1]), torch.zeros(len(images), dtype=torch.long)
    found = {
        "forward": lambda: plain(model, images),
        "lift": lambda: lift(model, images[:1]),
        "lrp_epsilon": lambda: Lrp(composite="epsilon").attribute(known, images, classes).maps,
        "lrp": lambda: Lrp().attribute(known, images, classes).maps,
    }
    if importlib.util.find_spec("lxt"):
        theirs = patched(model)
        found["lxt"] = lambda: authors(theirs, images)
    return found


def size(field):
    """KiB of this process: VmRSS now, VmHWM at most since the mark was set back."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def taken(name, count):
    """Print the MiB that one way takes at most beyond what the process holds before it, when it has been run once."""
    torch.manual_seed(0)
    way = ways(torch.randn(count, 3, 224, 224))[name]
    way()
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before = size("VmRSS")
    way()
    print((size("VmHWM") - before) / 1024)


def peak(name, count):
    """What `taken` prints in a process of its own."""
    code = f"import sys; sys.path.insert(0, sys.argv[1]); from transformer import taken; taken({name!r}, {count})"
    command = [sys.executable, "-c", code, str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", action="store_true")
    given = parser.parse_args()
    images = torch.randn(given.images, 3, 224, 224)
    found = ways(images)
    times = {name: [] for name in found}
    maps = {}
    for turn in range(given.rounds + 1):
        for name, way in found.items():
            start = time.process_time()
            maps[name] = way()
            if turn:
                times[name].append(time.process_time() - start)
    median = {name: float(np.median(values)) for name, values in times.items()}
    print("| what | processor s | forward passes | over lxt's time | peak MiB |\n| --- | --- | --- | --- | --- |")
    for name, value in median.items():
        share = f"{median['lxt'] / value:.2f} ×" if "lxt" in median and name.startswith("l") and name != "lift" else ""
        memory = f"{peak(name, given.images):.0f}" if given.memory else ""
        print(f"| {name} | {value:.2f} | {value / median['forward']:.2f} | {share} | {memory} |", flush=True)
    if "lxt" in maps:
        both = np.corrcoef(maps["lxt"].flatten(), maps["lrp_epsilon"].flatten())[0, 1]
        print(f"\ncorrelation of lrp_epsilon with lxt: {both:.8f}")


if __name__ == "__main__":
    main()
