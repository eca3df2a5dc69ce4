"""Pruning and its controls on Biased-MNIST or Multi-Color MNIST, several seeds, as a Markdown table beside the paper's.

    python tests/benchmarks/biased_mnist.py --mnist MNIST --rho 0.99                            # minutes, CPU
    python tests/benchmarks/biased_mnist.py --mnist MNIST --rho 0.99 --rho-right 0.95           # two colours
    python tests/benchmarks/biased_mnist.py --mnist MNIST --rho 0.99 --protocol full --device cuda
    python tests/benchmarks/biased_mnist.py --mnist MNIST --rho 0.9 --at-epoch 1 10 --magnitude 50 75 90 95 97.5

`small` needs the 10,000 test digits only (t10k-*): 6,000 train the model at ρ, 1,500 fit, 500 choose and 2,000 report,
all at ρ = 0.1, no digit in two parts; 14 × 14 pixels and an MLP. `full` is the paper's: 60,000 digits at ρ train its
network of four 7 × 7 convolutions for 80 epochs, 10,000 of the same digits in new colours fit and 10,000 choose, as in
the authors' program, and the 10,000 test digits report. It needs train-* and t10k-* and, for a bearable time, a GPU.
`digits` is the paper's network and training on the parts of `small`: what the 10,000 test digits allow of it.
`--at-epoch` also finds a mask of the model as it was after so many passes (table 6), `--magnitude` prunes so many per
cent of every layer's weights, the smallest first (table 7). `--minutes` begins no further model after so many; those
that cost little come first, and `--json` has them as they come.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from fairaudit.config.schema import Bias, Config, DataConfig, Layout, PreprocessConfig, Split
from fairaudit.data.loader import Loader
from fairaudit.data.manifest import Manifest
from fairaudit.data.open import open_manifest
from fairaudit.data.planted.bias import plant_bias
from fairaudit.demo.train import build
from fairaudit.models.lift.lift import lift
from fairaudit.models.outputs.head import Head
from fairaudit.pruning import controls
from fairaudit.pruning.encoder import CutModel as Cut
from fairaudit.pruning.encoder import split
from fairaudit.pruning.evaluate import Evaluation, evaluate
from fairaudit.pruning.examples import Examples
from fairaudit.pruning.search import MaskSearchSettings, SearchProgress, search
from fairaudit.pruning.sparsity import sparsity
from fairaudit.pruning.train import TuneSettings
from fairaudit.seeds import child_seed

NAMES = tuple("0123456789")
HEAD = Head(link="softmax", outputs=10, classes=NAMES, names=NAMES)
UNBIASED = 0.1
PAPER = {
    0.99: ((88.46, 98.45, None), (97.79, 15.74, 46.5)),
    0.995: ((74.23, 99.75, None), (97.30, 17.14, 44.6)),
    0.997: ((46.04, 99.96, None), (89.36, 27.84, 36.5)),
    0.999: ((10.02, 100.0, None), (22.29, 23.13, 43.1)),
}
"""ρ → task, bias and sparsity in per cent of the unpruned and of the pruned model (table 2 of the paper)."""


@dataclass(frozen=True)
class Protocol:
    """Sizes, network and training of one protocol."""

    network: Callable[[], nn.Module]
    side: int
    """Pixels of a side."""
    sizes: tuple[int, int, int, int]
    """Digits to train, fit, choose and report on."""
    epochs: int
    """Passes of the training of the biased model."""
    sgd: bool
    """SGD at 0.1 with steps (the paper) or Adam at 1e-3 along a cosine."""
    settings: MaskSearchSettings


def mlp() -> nn.Module:
    """588-100-100-100-10."""
    hidden = [layer for size in (588, 100, 100) for layer in (nn.Linear(size, 100), nn.ReLU())]
    return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(100, 10))


def paper_network() -> nn.Module:
    """Four 7 × 7 convolutions of 16 to 128 channels, batch norm, ReLU, at last tanh, global average pooling."""
    widths = (3, 16, 32, 64, 128)
    layers: list[nn.Module] = []
    for channels, out in pairwise(widths):
        layers += [nn.Conv2d(channels, out, 7, padding=3, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
    return nn.Sequential(*layers[:-1], nn.Tanh(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))


PROTOCOLS = {
    "small": Protocol(mlp, 14, (6000, 1500, 500, 2000), 40, False, MaskSearchSettings(patience=20, levels=7)),
    "digits": Protocol(paper_network, 28, (6000, 1500, 500, 2000), 80, True, MaskSearchSettings()),
    "full": Protocol(paper_network, 28, (60000, 10000, 10000, 10000), 80, True, MaskSearchSettings()),
}


def coloured(manifest: Manifest, rho: float, rho_right: float | None, side: int, seed: int, device: str) -> Examples:
    """Digits on backgrounds of one colour, or of two, decoded and centred."""
    kind = "background_colour" if rho_right is None else "two_background_colours"
    shown = plant_bias(manifest, Bias(kind=kind, rho=rho, rho_right=rho_right), seed=seed)
    batch = Loader(shown, PreprocessConfig(size=(side, side), interpolation="box"), {}, 2).load(range(len(shown)))
    names = [name for name in shown.attributes if name not in manifest.attributes]
    return Examples(
        images=((batch.images - 0.5) / 0.5).to(device),
        target=torch.from_numpy(batch.target.astype(np.int64)).to(device),
        biases=tuple(torch.from_numpy(batch.attributes[name].astype(np.int64)).to(device) for name in names),
        values=(10,) * len(names),
    )


def parts(options: argparse.Namespace, protocol: Protocol, seed: int) -> list[Examples]:
    """To train at ρ; to fit, choose and report on without a bias."""
    draw = np.random.default_rng(seed)
    train, fit, choose, report = protocol.sizes
    if options.protocol == "full":
        seen, test = _digits(options.mnist, "train"), _digits(options.mnist, "test")
        order = draw.permutation(len(seen))
        pieces = [seen.take(order[:train]), seen.take(order[:fit]), seen.take(order[fit : fit + choose])]
        pieces.append(test.take(np.arange(len(test))[:report]))
    else:
        test = _digits(options.mnist, "test")
        rows = np.split(draw.permutation(len(test)), np.cumsum(protocol.sizes))
        pieces = [test.take(part) for part in rows[:4]]
    right = options.rho_right
    shares = [(options.rho, right)] + [(UNBIASED, None if right is None else UNBIASED)] * 3
    return [
        coloured(piece, rho, rho_right, protocol.side, child_seed(seed, "part", number), options.device)
        for number, (piece, (rho, rho_right)) in enumerate(zip(pieces, shares, strict=True))
    ]


def missing(folder: Path, protocol: str) -> str:
    """What of the data a protocol needs and the folder lacks, in a sentence; nothing where all of it is there."""
    parts = ("train", "t10k") if protocol == "full" else ("t10k",)
    names = [f"{part}-{kind}-ubyte" for part in parts for kind in ("images-idx3", "labels-idx1")]
    lacking = [name for name in names if not any((folder / f"{name}{end}").is_file() for end in ("", ".gz"))]
    if not lacking:
        return ""
    advice = " With the 10,000 test digits alone, --protocol digits is the same network and training."
    return (
        f"Error: The protocol {protocol} needs files that are not there. Found: no {', '.join(lacking)}. "
        f"Where: {folder}.{advice if protocol == 'full' else ''}"
    )


def _digits(folder: Path, part: str) -> Manifest:
    data = DataConfig(manifest=Layout(layout="mnist", root=str(folder)), split=Split(column="split", use=part))
    return open_manifest(Config(data=data), base=folder)


def trained(protocol: Protocol, examples: Examples, seed: int, early: Sequence[int] = ()) -> dict[int, nn.Module]:
    """Passes → the biased model after them: after the early ones, and after all, which comes last."""
    found: dict[int, nn.Module] = {}
    network = build(protocol.network, seed=seed).to(examples.images.device).train()
    steps = protocol.epochs * -(-len(examples) // 100)
    optimiser: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    if protocol.sgd:
        optimiser = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
        schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, [steps // 2, steps * 3 // 4])
    else:
        optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    order = torch.Generator().manual_seed(child_seed(seed, "order"))
    for passed in range(1, protocol.epochs + 1):
        for rows in torch.split(torch.randperm(len(examples), generator=order), 100):
            batch = examples.take(rows)
            optimiser.zero_grad(set_to_none=True)
            F.cross_entropy(network(batch.images), batch.target).backward()
            optimiser.step()
            schedule.step()
        if passed in early and passed < protocol.epochs:
            found[passed] = copy.deepcopy(network).eval().requires_grad_(False)
    return {**found, protocol.epochs: network.eval().requires_grad_(False)}


def numbers(found: Evaluation, report: Examples, masks: dict[str, torch.Tensor] | None, cut: Cut) -> dict[str, float]:
    """What the table shows of one model, in per cent."""
    right = found.decisions == report.target.cpu().numpy()
    aligned = [(codes == report.target).cpu().numpy() for codes in report.biases]
    row = {"task": float(right.mean())}
    for cell in product((True, False), repeat=len(aligned)):
        inside = np.all([side == wanted for side, wanted in zip(aligned, cell, strict=True)], axis=0)
        name = " & ".join("aligned" if wanted else "conflicting" for wanted in cell)
        row[name] = float(right[inside].mean()) if inside.any() else float("nan")
    for number, kind in product(range(len(report.biases)), ("linear", "mlp")):
        row[f"bias {number + 1} {kind}" if len(aligned) > 1 else f"bias {kind}"] = found.probes[number, kind].accuracy
    if masks is not None:
        row["sparsity"] = sparsity(cut, masks)
    return {name: 100 * value for name, value in row.items()}


def masked(cut: Cut, masks: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights under a mask, without a graph."""
    with torch.no_grad():
        return controls.masked_weights(cut, masks)


Row = dict[str, float]
Weights = dict[str, torch.Tensor]
Step = tuple[str, Callable[[], Row]]


def one_seed(
    options: argparse.Namespace, protocol: Protocol, seed: int, keep: Callable[[dict[str, Row]], None]
) -> None:
    """Model → its numbers, kept as they come: what costs little first, and nothing is begun after the time limit."""
    train, fit, choose, report = parts(options, protocol, seed)
    *early, (_, network) = trained(protocol, train, seed, options.at_epoch).items()
    cut = split(lift(network, fit.images[:4]).module)
    told(options, f"seed {seed}: the biased model is trained")
    found: dict[str, Row] = {}

    def judge(weights: Weights, masks: Weights | None = None, cut: Cut = cut) -> Row:
        return numbers(evaluate(cut, HEAD, weights, fit, report, seed=seed), report, masks, cut)

    def searched(gamma: float, cut: Cut = cut) -> Weights:
        changed = {"seed": seed, "epochs": options.epochs, "gamma": gamma}
        settings = MaskSearchSettings(**{**asdict(protocol.settings), **changed})
        return search(cut, HEAD, fit, choose, settings, progress=lambda at: shown(options, seed, gamma, at)).masks

    for name, step in steps(options, seed, cut, early, (fit, judge, searched)):
        if time.monotonic() > options.began + 60 * options.minutes:
            told(options, f"seed {seed}: {name}: not begun after {options.minutes:g} minutes (--minutes)")
            continue
        found[name] = step()
        told(options, f"seed {seed}: {name}: " + ", ".join(f"{key} {value:.1f}" for key, value in found[name].items()))
        keep(found)


def steps(
    options: argparse.Namespace,
    seed: int,
    cut: Cut,
    early: Sequence[tuple[int, nn.Module]],
    tools: tuple[Examples, Callable[..., Row], Callable[..., Weights]],
) -> Iterator[Step]:
    """Every model of the table and how it is made and judged; masks of equal size are as the first γ's is."""
    fit, judge, searched = tools
    masks: Weights = {}

    def by_search(gamma: float, cut: Cut = cut) -> Row:
        made = searched(gamma, cut)
        masks.update({} if masks else made)
        return judge(masked(cut, made), made, cut)

    def by_rule(rule: Callable[[], Weights]) -> Row:
        made = rule()
        return judge(masked(cut, made), made)

    yield "unpruned", lambda: judge({})
    for gamma in options.gamma:
        yield f"γ = {gamma:g}", partial(by_search, gamma)
    if masks:
        yield "magnitude, same size", lambda: by_rule(lambda: controls.magnitude_masks(cut, masks))
        yield "random, same size", lambda: by_rule(lambda: controls.random_masks(cut, masks, seed=seed))
        for percent in options.magnitude:
            kept = {name: share_kept(mask, percent) for name, mask in masks.items()}
            yield f"magnitude {percent:g} %", partial(by_rule, partial(controls.magnitude_masks, cut, kept))
    training = TuneSettings(seed=seed, epochs=options.control_epochs)
    yield "last layer retrained", lambda: judge(controls.retrained_head(cut, HEAD, fit, training))
    yield "fine-tuned", lambda: judge(controls.fine_tuned(cut, HEAD, fit, training))
    yield "trained from scratch", lambda: judge(controls.from_scratch(cut, HEAD, fit, training))
    yield "γ = 0", partial(by_search, 0.0)
    for passed, model in early:
        young = split(lift(model, fit.images[:4]).module)
        yield f"unpruned, pass {passed}", partial(judge, {}, None, young)
        yield f"γ = {options.gamma[0]:g}, pass {passed}", partial(by_search, options.gamma[0], young)


def share_kept(mask: torch.Tensor, percent: float) -> torch.Tensor:
    """A mask of the same shape that prunes so many per cent of its weights."""
    pruned = round(mask.numel() * percent / 100)
    return (torch.arange(mask.numel()) >= pruned).view(mask.shape)


def table(seeds: Sequence[dict[str, dict[str, float]]], rho: float) -> str:
    """Mean ± standard deviation over seeds, in Markdown, and the paper's rows where it has this ρ."""
    columns = list(dict.fromkeys(key for found in seeds for row in found.values() for key in row))
    lines = ["| | " + " | ".join(f"{name} %" for name in columns) + " |", "| --- " * (len(columns) + 1) + "|"]
    for name in seeds[0]:
        values = ([found.get(name, {}).get(key) for found in seeds] for key in columns)
        lines.append(f"| {name} | " + " | ".join(map(cell, values)) + " |")
    known = PAPER.get(rho, ()) if "bias linear" in columns else ()
    for name, (task, bias, pruned) in zip(("unpruned", "γ = 10"), known, strict=False):
        theirs = {"task": task, "bias linear": bias, "sparsity": pruned}
        printed = ("" if theirs.get(key) is None else f"{theirs[key]:g}" for key in columns)
        lines.append(f"| paper, {name} | " + " | ".join(printed) + " |")
    return "\n".join(lines)


def cell(values: Sequence[float | None]) -> str:
    """Mean ± standard deviation of what is there."""
    there = [value for value in values if value is not None and not np.isnan(value)]
    if not there:
        return ""
    return f"{np.mean(there):.1f}" + (f" ± {np.std(there, ddof=1):.1f}" if len(there) > 1 else "")


def told(options: argparse.Namespace, text: str) -> None:
    """A line of progress, with the seconds since the start."""
    sys.stderr.write(f"{time.monotonic() - options.began:.0f} s: {text}\n")


def shown(options: argparse.Namespace, seed: int, gamma: float, at: SearchProgress) -> None:
    """A line of progress of a search, one for every temperature."""
    if at.epoch == 1:
        told(options, f"seed {seed}: γ = {gamma:g}, temperature {at.tau:g}, agreement {at.agreement:.3f}")


def main(arguments: list[str] | None = None, protocols: dict[str, Protocol] | None = None) -> int:
    """Read the options, run every seed, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", type=Path, required=True, metavar="FOLDER", help="folder with MNIST's IDX files")
    parser.add_argument("--protocol", choices=tuple(PROTOCOLS), default="small")
    parser.add_argument("--rho", type=float, default=0.99, help="share of training digits in their class's own colour")
    parser.add_argument("--rho-right", type=float, help="two colours: ρ of the right half; --rho is the left's")
    parser.add_argument("--gamma", type=float, nargs="+", default=[10.0], help="weights of the information term")
    parser.add_argument("--at-epoch", type=int, nargs="+", default=[], help="passes after which a mask is found too")
    parser.add_argument("--magnitude", type=float, nargs="+", default=[], help="per cent of weights to prune by size")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=20, help="passes of the search at most, per temperature")
    parser.add_argument("--control-epochs", type=int, default=60, help="passes of the controls that train")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="no further model is begun after so many")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every seed's numbers, as they come")
    options = parser.parse_args(arguments)
    options.began = time.monotonic()
    options.mnist = options.mnist.resolve()  # a root that is not absolute would be looked for below the folder itself
    protocol = (protocols or PROTOCOLS)[options.protocol]
    problem = missing(options.mnist, options.protocol)
    if problem:
        told(options, problem)
        return 2
    seeds: list[dict[str, Row]] = []
    for seed in range(options.seeds):
        seeds.append({})

        def keep(found: dict[str, Row]) -> None:
            seeds[-1] = dict(found)
            if options.json:
                options.json.write_text(json.dumps(seeds, indent=1), encoding="utf-8")

        one_seed(options, protocol, seed, keep)
    sys.stdout.write(table(seeds, options.rho) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
