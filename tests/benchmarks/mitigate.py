"""What every mitigation method does to the demonstration's smile detector, over seeds, as Markdown tables.

    python tests/benchmarks/mitigate.py --seeds 0 1 2 --processes 12 --out mitigate
    python tests/benchmarks/mitigate.py --mnist MNIST --rho 0.9 --out mitigate-digits      # Biased-MNIST

For every seed: faces are drawn, a detector is trained where smiling and neckties go together (φ = .9), every method is
fitted on other faces of the same φ that the detector never saw, and all are compared on balanced faces that have exact
twins. The best on the choosing part is written, opened again and audited. Then the time of a training step of every
method is measured against a plain step. What is there already is not made again. `--faces 240 --epochs 1` is a trial in
miniature. `--search` tries every method's values of λ and five layers first, and keeps its fits in a folder of its own.

`--mnist` takes Biased-MNIST in place of faces, from the 10,000 test digits (t10k-*): ten digits in ten colours, the
same digit in the next colour as its twin, and no region.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

PHI = 0.9
HALVED = ("equalized_odds_difference", "flip_rate")


@dataclass(frozen=True)
class Sizes:
    """How large the trial is."""

    faces: int = 1800
    """Faces to train on, as many to learn from, half as many balanced ones, a third to choose on and to report on."""
    epochs: int = 6
    """Passes of every method; the detector has twice as many."""
    mnist: Path | None = None
    """Folder of the digits; None for faces."""
    rho: float = 0.9
    """Share of the digits to train on and to learn from in their class's own colour."""
    search: bool = False
    """Try every method's values of λ, and five layers, on the choosing part first."""

    @property
    def folder(self) -> str:
        """Folder of a seed's fits."""
        return "mitigate-search" if self.search else "mitigate"


def prepare(folder: Path, seed: int, sizes: Sizes) -> Path:
    """Faces and the trained detector of one seed."""
    import torch

    from fairaudit.data.synthetic.draw import draw
    from fairaudit.data.synthetic.faces import write
    from fairaudit.data.synthetic.scene import make_scene
    from fairaudit.demo.make import CONFIG
    from fairaudit.demo.network import smile_network
    from fairaudit.demo.train import build, save_script, train
    from fairaudit.seeds import child_seed

    torch.set_num_threads(1)
    place = folder / f"seed-{seed}"
    if (place / "biased.pt").is_file():
        return place
    if sizes.mnist is not None:
        return prepare_digits(place, seed, sizes, sizes.mnist)
    biased = {"necktie": PHI}
    counts = {"trained": (sizes.faces, biased), "debias": (sizes.faces, biased), "choose": (sizes.faces // 3, None),
              "balanced": (sizes.faces // 2, None), "test": (sizes.faces // 3, None)}  # fmt: skip
    scenes = {name: make_scene(count, seed=child_seed(seed, name), **({"phi": phi} if phi else {}))
              for name, (count, phi) in counts.items()}  # fmt: skip
    write(place, scenes, twins={"test": "necktie", "debias": "necktie"})
    (place / "fairaudit.yaml").write_text(CONFIG.partition("gates:")[0], encoding="utf-8")
    network = build(smile_network, seed=seed)
    images = torch.from_numpy(draw(scenes["trained"]).images)
    target = torch.from_numpy(scenes["trained"].labels["smiling"])
    train(network, images, target, seed=seed, epochs=2 * sizes.epochs)
    save_script(network, place / "biased.pt")
    return place


DIGITS = {"trained": 4000, "debias": 2500, "choose": 500, "balanced": 1500, "test": 1500}
"""Part → digits; no digit is in two."""
DIGITS_CONFIG = """
data:
  manifest: digits.csv
  image: file
  id: id
  target: digit
  attributes: [colour]
  split: {column: split, use: test}
preprocess: {size: [14, 14], interpolation: box, mean: [0.5], std: [0.5]}
model: {output: softmax, classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]}
audit: {attribute: colour, twins: {colour: twin}}
"""


def prepare_digits(place: Path, seed: int, sizes: Sizes, mnist: Path) -> Path:
    """Coloured digits as files, their twins, and a classifier of one seed."""
    import torch

    from fairaudit.demo.network import digit_network
    from fairaudit.demo.train import build, save_script, train

    (place / "images").mkdir(parents=True, exist_ok=True)
    write_digits(place, seed, sizes, mnist)
    (place / "fairaudit.yaml").write_text(DIGITS_CONFIG, encoding="utf-8")
    network = build(digit_network, seed=seed)
    images, target = loaded(place, "trained")
    train(network, torch.from_numpy(images), torch.from_numpy(target), seed=seed, epochs=2 * sizes.epochs)
    save_script(network, place / "biased.pt")
    return place


def write_digits(place: Path, seed: int, sizes: Sizes, mnist: Path) -> None:
    """Every digit in its colour, its twin in the next one, and the manifest."""
    import csv

    import numpy as np

    from fairaudit.data.layouts.mnist import read_mnist
    from fairaudit.data.planted.biased_mnist import ColouredSource, draw_colours
    from fairaudit.seeds import child_seed, generator

    data = read_mnist(mnist)
    labels = np.array([int(text) for text in data.table.columns["label"]], np.int32)
    order = generator(seed, "mitigation digits").permutation(len(labels))
    lines, start = [], 0
    for part, count in DIGITS.items():
        rows, start = order[start : start + count], start + count
        rho = sizes.rho if part in ("trained", "debias") else 0.1
        colours = np.zeros(len(labels), np.int32)
        colours[rows] = draw_colours(labels[rows], rho, seed=child_seed(seed, part) % 2**31)
        own, other = (ColouredSource(base=data.source, colours=each) for each in (colours, (colours + 1) % 10))
        for row in rows.tolist():
            own.read(row).save(place / "images" / f"{row}.png")
            twin = f"images/{row}-twin.png" if part in ("debias", "test") else ""
            if twin:
                other.read(row).save(place / twin)
            lines.append([row, f"images/{row}.png", labels[row], colours[row], part, twin])
    with (place / "digits.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["id", "file", "digit", "colour", "split", "twin"], *lines])


def loaded(place: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images as the model sees them, [image, channel, row, column], and targets of one part."""
    import numpy as np

    from fairaudit.config.load import load_config
    from fairaudit.data.loader import Loader
    from fairaudit.data.open import open_manifest

    override = {"data": {"split": {"column": "split", "use": part}}}
    config, base = load_config(place / "fairaudit.yaml", folder=place, overrides=override)
    manifest = open_manifest(config, base=base)
    batch = Loader(manifest, config.preprocess, {}, 2).load(range(len(manifest)))
    return (batch.images.numpy() - 0.5) / 0.5, manifest.target.codes.astype(np.int64)


def request(place: Path, sizes: Sizes, methods: tuple[str, ...], write: str | None) -> dict:
    """Arguments of `run_mitigate`."""
    from fairaudit.audits.mitigation.options import MitigateOptions
    from fairaudit.config.load import load_config
    from fairaudit.config.options import RunOptions
    from fairaudit.config.schema import Split

    audit = {"attribute": "necktie", "region": "necktie", "saliency": ["lrp"], "faithfulness": False}
    if sizes.mnist is not None:
        audit = {"attribute": "colour", "faithfulness": False}
    config, base = load_config(place / "fairaudit.yaml", folder=place, overrides={"audit": audit})
    asked = MitigateOptions(
        methods=methods, debias=Split(column="split", use="debias"), choose=Split(column="split", use="choose"),
        balanced=Split(column="split", use="balanced"), epochs=sizes.epochs, rate=1e-3, batch_size=64, write=write,
        maps=200, search=sizes.search,
    )  # fmt: skip
    options = RunOptions(output=place / sizes.folder, device="cpu", fail_on="never", workers=1)
    return {"path": place / "biased.pt", "config": config, "base": base, "options": options, "asked": asked}


def fit(place: Path, sizes: Sizes, method: str) -> None:
    """Fit one method of one seed into the store of its run."""
    import torch

    from fairaudit.audits.core.stream.progress import Silent
    from fairaudit.audits.mitigation.fit import fit_all
    from fairaudit.audits.mitigation.run import open_run

    torch.set_num_threads(1)
    arguments = request(place, sizes, (method,), None)
    opened = open_run(arguments.pop("path"), **arguments)
    fit_all(opened.judge, arguments["asked"], opened.store, Silent())


def conclude(place: Path, sizes: Sizes, methods: tuple[str, ...]) -> dict:
    """Compare the methods of one seed, write the best and audit it."""
    import torch

    from fairaudit.audits.core.stream.progress import Silent
    from fairaudit.audits.mitigation.run import run_mitigate

    torch.set_num_threads(1)
    arguments = request(place, sizes, methods, "best")
    outcome = run_mitigate(arguments.pop("path"), **arguments, progress=Silent())
    found = json.loads((place / sizes.folder / "mitigation.json").read_text(encoding="utf-8"))
    found["verdicts"] = [v.verdict for v in outcome.report.verdicts] if outcome.report else []
    return found


def costs(place: Path, sizes: Sizes, methods: tuple[str, ...]) -> dict[str, float]:
    """Method → time of a pass over 512 rows in units of the control's, on one thread."""
    import torch

    from fairaudit.audits.mitigation.run import open_run
    from fairaudit.mitigation.registry import CONTROL, METHODS
    from fairaudit.mitigation.samples import Chosen

    torch.set_num_threads(1)
    arguments = request(place, sizes, methods, None)
    opened = open_run(arguments.pop("path"), **arguments)
    task = opened.judge.task
    small = Chosen(base=task.debias, rows=torch.arange(min(512, len(task.debias))))
    task = replace(task, debias=small, train=replace(task.train, epochs=1))
    seconds = {}
    for name in (CONTROL, CONTROL, *methods):  # the control twice: the first warms up
        begun = time.perf_counter()
        try:
            METHODS[name].fit(replace(task, strength=METHODS[name].strength))
        except Exception as error:
            sys.stderr.write(f"{name}: {error}\n")
            continue
        seconds[name] = time.perf_counter() - begun
    return {name: value / seconds[CONTROL] for name, value in seconds.items()}


def table(found: list[dict], cost: dict[str, float]) -> str:
    """A row per variant: mean and range over seeds, and in how many seeds both gaps fell by half or more."""
    shown = {
        "unbiased_accuracy": "mean cell", "worst_cell_accuracy": "worst cell", "equalized_odds_difference": "EO gap",
        "relevance_lift": "lift", "flip_rate": "flips", "conflicting_auc": "AUC conflicting", "ece": "ECE",
        "attribute_probe": "probe", "attribute_probe_mlp": "MLP probe",
    }  # fmt: skip
    numbers: dict[str, dict[str, list[float]]] = {}
    for each in found:
        for row in each["rows"]:
            if row["metric"] in shown and row["value"] is not None and row["chosen"]:
                numbers.setdefault(row["method"], {}).setdefault(row["metric"], []).append(row["value"])
    head = (
        "| method | " + " | ".join(shown.values()) + " | verdicts | both halved | beats the control | cost of a pass |"
    )
    lines = [head, "| --- " * (len(shown) + 5) + "|"]
    for name, metrics in numbers.items():
        cells = [_cell(metrics.get(metric, [])) for metric in shown]
        halved, beaten = _halved(numbers, name, len(found)), _beaten(found, name)
        cells += [_verdicts(found, name), halved, beaten, _cell([cost[name]] if name in cost else [])]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    failed = {row["method"]: row["reason"] for each in found for row in each["rows"] if "reason" in row}
    lines += [f"| {name} | failed: {reason} |" for name, reason in failed.items()]
    for number, each in enumerate(found):
        correlation = next((m for m in each["measurements"] if m["metric"] == "outcome_reason_correlation"), None)
        if correlation is None:
            lines.append(f"\nSeed {number}: best on choose {each['best']}; its audit: {', '.join(each['verdicts'])}.")
        elif correlation["value"] is not None:
            ends = f"{correlation['value']:.2f} [{correlation['low']:.2f}, {correlation['high']:.2f}]"
            lines.append(f"\nSeed {number}: best on choose {each['best']}; its audit: {', '.join(each['verdicts'])}; "
                         f"rank correlation of the changes of gap and lift over methods {ends}.")  # fmt: skip
    return "\n".join(lines)


def _cell(values: list[float]) -> str:
    if not values:
        return "–"
    mean = sum(values) / len(values)
    return f"{mean:.2f}" if len(values) == 1 else f"{mean:.2f} ({min(values):.2f} to {max(values):.2f})"


def _halved(numbers: dict[str, dict[str, list[float]]], name: str, seeds: int) -> str:
    own, before = numbers[name], numbers["vanilla"]
    if name == "vanilla" or any(len(part.get(metric, [])) < seeds for part in (own, before) for metric in HALVED):
        return "–"
    count = sum(all(0.05 < before[m][seed] >= 2 * own[m][seed] for m in HALVED) for seed in range(seeds))
    return f"{count} of {seeds}"


def _verdicts(found: list[dict], name: str) -> str:
    """The joint verdicts on the method's models, with how many seeds have each."""
    told = Counter(
        row["value"] for each in found for row in each["rows"] if (row["metric"], row["method"]) == ("verdict", name)
    )
    return ", ".join(f"{verdict} ({count})" for verdict, count in told.most_common())


def _beaten(found: list[dict], name: str) -> str:
    """Seeds in which the gap's change to the control stands after Holm and is below 0."""
    rows = [
        m for each in found for m in each["measurements"]
        if (m["metric"], m["method"], m["baseline"]) == ("equalized_odds_difference_change", name, "control")
    ]  # fmt: skip
    if not rows:
        return "–"
    good = sum(m["value"] is not None and m["value"] < 0 and m["p_value"] < 0.05 for m in rows)
    return f"{good} of {len(rows)}"


def main(arguments: list[str]) -> int:
    """Read the options, run every seed, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--processes", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--faces", type=int, default=Sizes.faces)
    parser.add_argument("--epochs", type=int, default=Sizes.epochs)
    parser.add_argument("--methods", nargs="+", default=None, help="these alone; all if left out")
    parser.add_argument("--mnist", type=Path, help="folder with t10k-*: Biased-MNIST in place of faces")
    parser.add_argument("--rho", type=float, default=Sizes.rho)
    parser.add_argument("--search", action="store_true", help="search λ and layers first")
    parser.add_argument("--out", type=Path, default=Path("mitigate"), metavar="FOLDER")
    options = parser.parse_args(arguments)
    os.environ["OMP_NUM_THREADS"] = "1"  # the workers are the parallelism
    from fairaudit.mitigation.registry import EVERY

    sizes, folder, begun = (
        Sizes(faces=options.faces, epochs=options.epochs, search=options.search, mnist=options.mnist, rho=options.rho),
        options.out.resolve(),
        time.time(),
    )
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        places = list(pool.map(prepare, [folder] * len(options.seeds), options.seeds, [sizes] * len(options.seeds)))
        sys.stderr.write(f"models after {time.time() - begun:.0f} s\n")
        slow = ("ffw", "a-clarc", "rr-clarc", "cia", "prior-training")
        methods = tuple(options.methods or EVERY)
        names = sorted(methods, key=lambda name: name not in slow)
        jobs = [(place, sizes, name) for name in names for place in places]
        list(pool.map(fit, *zip(*jobs, strict=True)))
        sys.stderr.write(f"fits after {time.time() - begun:.0f} s\n")
        found = list(pool.map(conclude, places, [sizes] * len(places), [methods] * len(places)))
        sys.stderr.write(f"comparisons after {time.time() - begun:.0f} s\n")
    cost = costs(places[0], sizes, methods)
    sys.stdout.write(table(found, cost) + "\n")
    sys.stderr.write(f"{time.time() - begun:.0f} s in all\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
