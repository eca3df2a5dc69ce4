"""What an accelerator gives: every costly part of an audit on one CUDA device, beside its peer or its own limit.

By hand, within eight minutes: python tests/benchmarks/gpu.py [--parts forward,gradients,…] [--out gpu.json]
[--device cuda] [--small] [--limit 480]. Prints a Markdown table and writes the same rows as JSON. `--limit` are the
seconds after which no further part begins; those left out are rows that say so. `--small` is the miniature that the
tests run on a CPU: its figures mean nothing, it shows that every part runs. A part that fails is a row with its reason.

Seconds are wall-clock with the device synchronised, the least of some runs after a warm-up. Networks have random
weights with settled batch norms; the audit's model is the demonstration's, trained on the device.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import importlib.util
import json
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import cf_align
import mitigate
import numpy as np
import pruning
import saliency
import torch
import transformer
from gpu_audits import audits, loading, whole
from gpu_row import Row, Setting, network, pictures, seconds, times

from fairaudit.audits.core.study.device import pick_device


def forward(setting: Setting) -> Iterator[Row]:
    """Images per second of one forward pass: what every other figure is held against."""
    count = setting.sized(128, 2)
    images = pictures(count, setting)
    bf16 = {"device_type": setting.device.type, "dtype": torch.bfloat16}
    for name in setting.networks:
        plain = network(name, setting)
        layout = copy.deepcopy(plain).to(memory_format=torch.channels_last)
        last = images.contiguous(memory_format=torch.channels_last)
        ways = [("fp32", plain, images, {}), ("bf16", plain, images, bf16), ("bf16, channels_last", layout, last, bf16)]
        if not setting.small:
            ways.append(("bf16, channels_last, compiled", torch.compile(layout), last, bf16))
        base = 0.0
        for way, module, given, cast in ways:
            context = torch.autocast(**cast) if cast else contextlib.nullcontext()
            with torch.no_grad(), context:
                taken = seconds(lambda m=module, g=given: m(g), setting.device)
            base = base or taken
            yield Row(
                "forward",
                f"{name}, {way}, {count} images",
                f"{count / taken:.0f} images/s",
                "fp32",
                times(base / taken),
            )


def case(name: str, count: int, setting: Setting) -> saliency.Case:
    options = Namespace(
        device=str(setting.device), images=count, demo=None, epochs=0, threads=torch.get_num_threads(),
        reference=0, precision="fp32", compile=False, theirs_channels_last=False,
    )  # fmt: skip
    return saliency.Case(name, options)


def gradients(setting: Setting) -> Iterator[Row]:
    """Integrated gradients at equal completeness gap: ours against captum."""
    for name in ("demo", *(() if setting.small else ("resnet18",))):
        asked = case(name, setting.sized(32, 2), setting)
        ours = saliency.our_gradients(asked)
        theirs = saliency.their_gradients(asked, max(0.01, ours["gap"]))
        what = f"integrated gradients, {name}, 90 % of gaps below {ours['gap']:.3f}, {ours['nodes']} evaluations"
        peer = f"captum, {theirs['nodes']} steps, {memory(theirs)}"
        yield Row("gradients", what, f"{each(asked, ours)}, {memory(ours)}", peer, ratio(theirs, ours))


def relevance(setting: Setting) -> Iterator[Row]:
    """LRP: ours against zennit with its canonizer, and on a transformer against lxt's gradient patches."""
    for name in ("demo", *(() if setting.small else ("resnet18", "resnet50"))):
        asked = case(name, setting.sized(32, 2), setting)
        ours, theirs = saliency.our_relevance(asked), saliency.their_relevance(asked)
        peer = f"zennit, {memory(theirs)}"
        yield Row("relevance", f"LRP, {name}", f"{each(asked, ours)}, {memory(ours)}", peer, ratio(theirs, ours))
    if not setting.small:
        yield from transformer_relevance(setting)


def transformer_relevance(setting: Setting) -> Iterator[Row]:
    """LRP of ViT-B/16 against one forward and backward pass, the least that any gradient method costs, and lxt."""
    from fairaudit.saliency.lrp.method import Lrp

    images = pictures(16, setting)
    module = network("vit_b_16", setting)
    classifier = saliency.Eager(module, images)
    classes = torch.arange(len(images), device=setting.device)

    def plain() -> torch.Tensor:
        given = classifier.normalise(images).requires_grad_()
        return torch.autograd.grad(module(given).gather(1, classes[:, None]).sum(), given)[0]

    limit, peer = seconds(plain, setting.device), "one forward and backward pass (limit)"
    for rule, method in (("γ", Lrp()), ("ε", Lrp(composite="epsilon"))):
        ours = seconds(lambda m=method: m.attribute(classifier, images, classes), setting.device)
        figure = f"{len(images) / ours:.0f} images/s"
        yield Row("relevance", f"LRP-{rule}, vit_b_16", figure, peer, times(limit / ours))
    if importlib.util.find_spec("lxt"):
        theirs = transformer.patched(module)
        taken = seconds(lambda: transformer.authors(theirs, images), setting.device)
        yield Row("relevance", "LRP-ε, vit_b_16", figure, "lxt", times(taken / ours))


def each(asked: saliency.Case, found: dict[str, float]) -> str:
    return f"{asked.options.images / found['seconds']:.1f} images/s"


def memory(found: dict[str, float]) -> str:
    return f"{found['bytes'] / 2**20:.0f} MiB"


def ratio(theirs: dict[str, float], ours: dict[str, float]) -> str:
    return times(theirs["seconds"] / ours["seconds"])


def regions(setting: Setting) -> Iterator[Row]:
    """Region metrics of maps that are on the device already, their way to the processor included."""
    from fairaudit.measures.regions.metrics import score_regions

    count, side = setting.sized(2000, 20), setting.sized(224, 32)
    maps = torch.rand(count, side, side, device=setting.device)
    masks = np.zeros((count, side, side), bool)
    masks[:, side // 4 : side // 2, side // 4 : side // 2] = True
    moved = seconds(lambda: maps.cpu().numpy(), setting.device)
    taken = seconds(lambda: score_regions(maps.cpu().numpy(), masks), setting.device, runs=1)
    figure, share = f"{count / taken:.0f} maps/s", f"{moved / taken:.0%} of it is the transfer"
    yield Row("regions", f"six region metrics, {count} maps of {side}²", figure, share)


def counterfactuals(setting: Setting) -> Iterator[Row]:
    """Latent-shift searches against a per-image loop, everything on the device."""
    from fairaudit.counterfactuals.heads import ModelHeads
    from fairaudit.counterfactuals.ladder import LadderSettings
    from fairaudit.counterfactuals.latent_shift import latent_shift

    count, looped = setting.sized(256, 4), setting.sized(8, 1)
    images, plain, opened, net = cf_align.world(64, count, device=setting.device)
    heads = ModelHeads(net, [f"h{i}" for i in range(cf_align.HEADS)], link="sigmoid")
    pairs = [(i, 0) for i in range(count)]
    slow = seconds(lambda: cf_align.loop(images[:looped], plain, net), setting.device, runs=1) / looped
    for search in ("compat", "fast"):
        settings = LadderSettings(search=search, batch_size=setting.sized(256, 4), window=1)
        taken = (
            seconds(lambda s=settings: latent_shift(opened, heads, images, pairs, s), setting.device, runs=1) / count
        )
        what = f"counterfactual search, {search}, 64 px, {cf_align.HEADS} outputs"
        yield Row("counterfactuals", what, f"{1 / taken:.0f} images/s", "per-image loop", times(slow / taken))


def masks(setting: Setting) -> Iterator[Row]:
    """A mask step of pruning beside a plain training step of the same network."""
    from fairaudit.models.lift.lift import lift
    from fairaudit.pruning.encoder import split
    from fairaudit.pruning.examples import Examples

    count = setting.sized(256, 4)
    made = saliency.torchvision_network("resnet18", classes=pruning.CLASSES).eval().to(setting.device)
    images = torch.randn(count, 3, pruning.SIDE, pruning.SIDE, device=setting.device)
    codes = torch.arange(count, device=setting.device) % pruning.CLASSES
    batch = Examples(images=images, target=codes, biases=(codes.flip(0),), values=(pruning.CLASSES,))
    lifted = lift(made, images[:4]).module
    cut = split(lifted)
    base = seconds(pruning.plain_step(lifted, batch), setting.device)
    for mode in ("unstructured", "structured"):
        taken = seconds(pruning.mask_step(cut, batch, mode), setting.device)
        figure = f"{taken * 1e3:.1f} ms"
        yield Row(
            "masks", f"mask step, {mode}, resnet18, {count} images", figure, "plain step", f"{taken / base:.2f} of it"
        )


def mitigation(setting: Setting) -> Iterator[Row]:
    """A pass of mitigation methods over the same rows, beside a pass of the control that only goes on training."""
    from fairaudit.audits.mitigation.run import open_run
    from fairaudit.mitigation.registry import CONTROL, METHODS
    from fairaudit.mitigation.samples import Chosen

    methods = ("groupdro",) if setting.small else ("groupdro", "flac", "zhang-al", "rr-clarc", "ffw")
    sizes = mitigate.Sizes(faces=setting.sized(1200, 60), epochs=1)
    with tempfile.TemporaryDirectory() as name:
        arguments = mitigate.request(mitigate.prepare(Path(name), 0, sizes), sizes, methods, None)
        arguments["options"] = replace(arguments["options"], device=str(setting.device))
        task = open_run(arguments.pop("path"), **arguments).judge.task
        small = Chosen(base=task.debias, rows=torch.arange(min(setting.sized(1024, 32), len(task.debias))))
        task = replace(task, debias=small, train=replace(task.train, epochs=1))
        base = 0.0
        for method in (CONTROL, *methods):
            asked = replace(task, strength=METHODS[method].strength)
            taken = seconds(lambda m=method, t=asked: METHODS[m].fit(t), setting.device, runs=1)
            base = base or taken
            what = f"{method}, a pass over {len(small.rows)} images of 64 px"
            yield Row("mitigation", what, f"{taken:.2f} s", "control", f"{taken / base:.2f} of it")


PARTS: dict[str, Callable[[Setting], Iterator[Row]]] = {
    "forward": forward, "gradients": gradients, "relevance": relevance, "regions": regions,
    "counterfactuals": counterfactuals, "masks": masks, "mitigation": mitigation, "audits": audits,
    "whole": whole, "loading": loading,
}  # fmt: skip


def measured(parts: list[str], setting: Setting, limit: float) -> Iterator[Row]:
    """Every row; a part that fails, or that would begin too late, is one with its reason."""
    began = time.perf_counter()
    for part in parts:
        start = time.perf_counter()
        if start - began > limit:
            yield Row(part, "not run", f"{limit:.0f} s are over (--limit)")
            continue
        try:
            yield from PARTS[part](setting)
        except Exception as error:
            yield Row(
                part, "failed", f"{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}"
            )
        print(f"({part}: {time.perf_counter() - start:.0f} s)", flush=True)


def main(arguments: list[str] | None = None) -> list[Row]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--limit", type=float, default=480, help="seconds after which no further part begins")
    options = parser.parse_args(arguments)
    # As a command does, without TF32.
    setting = Setting(device=torch.device(pick_device(options.device)), small=options.small)
    name = torch.cuda.get_device_name() if setting.device.type == "cuda" else "CPU"
    rows: list[Row] = []
    for row in measured(options.parts.split(","), setting, options.limit):
        rows.append(row)
        print(f"{row.part}: {row.what}: {row.figure} {row.against} {row.ratio}", flush=True)
        if options.out:
            found = {"device": name, "torch": torch.__version__, "rows": [asdict(each) for each in rows]}
            options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(
        f"\n{name}, torch {torch.__version__}\n\n"
        "| part | what | figure | against | ratio |\n| --- | --- | --- | --- | --- |"
    )
    for row in rows:
        print(f"| {row.part} | {row.what} | {row.figure} | {row.against} | {row.ratio} |")
    return rows


if __name__ == "__main__":
    main()
