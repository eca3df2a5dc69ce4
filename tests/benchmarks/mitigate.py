"""What every mitigation method does to the demonstration's smile detector, over seeds, as Markdown tables.

    python tests/benchmarks/mitigate.py --seeds 0 1 2 --processes 3 --out mitigate
    python tests/benchmarks/mitigate.py --device cuda --out mitigate --work /tmp/mitigate
    python tests/benchmarks/mitigate.py --mnist MNIST --rho 0.9 --out mitigate-digits      # Biased-MNIST

For every seed: faces are drawn, a detector is trained where smiling and neckties go together (φ = .9), a conditional
VAE is trained on other faces of the same φ that the detector never saw, every method is fitted on them, and all are
compared on balanced faces that have exact twins. The best on the choosing part is written, opened again and audited.
Seeds run side by side. What is there already is not made again. `--faces 240 --epochs 1` is a trial in miniature.
`--search` tries every method's values of λ and five layers first; other passes and a search keep their fits apart.

Every fit is a few lines of `fits.jsonl` as soon as it is made; `mitigate.md` and `mitigate.json` are written again
after every seed that was compared. After `--minutes` no further method is begun, and what there is is compared.

`--mnist` takes Biased-MNIST in place of faces: ten digits in ten colours, the same digit in the next colour as its
twin, and no region. A folder with train-* files beside t10k-* gives 22,000 digits in place of 10,000.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mitigate_table import SHOWN, table, times_of

if TYPE_CHECKING:
    import numpy as np

PHI = 0.9
REPLICATES = 20_000
"""With all methods and fewer, no change of a gap could stand after Holm: about 270 tests."""


@dataclass(frozen=True)
class Sizes:
    """How large the trial is, and where it runs."""

    faces: int = 1800
    """Faces to train on, as many to learn from, half as many balanced ones, a third to choose on and to report on."""
    epochs: int = 6
    """Passes of every method."""
    train_epochs: int = 12
    """Passes of the detector."""
    draw_epochs: int = 20
    """Passes of the conditional VAE at most; 0 for none."""
    mnist: Path | None = None
    """Folder of the digits; None for faces."""
    rho: float = 0.9
    """Share of the digits to train on and to learn from in their class's own colour."""
    search: bool = False
    """Try every method's values of λ, and five layers, on the choosing part first."""
    device: str = "cpu"
    """Where training, fitting and measuring compute; the audit of the written model is on the processor."""
    threads: int = 1
    """Threads of every process."""
    replicates: int = REPLICATES
    """Bootstrap replicates of the comparison."""

    @property
    def folder(self) -> str:
        """Folder of a seed's fits."""
        return f"mitigate-{self.epochs}{'-search' if self.search else ''}"


def prepare(folder: Path, seed: int, sizes: Sizes) -> Path:
    """Faces and the trained detector of one seed."""
    import torch

    from fairaudit.data.synthetic.draw import draw
    from fairaudit.data.synthetic.faces import write
    from fairaudit.data.synthetic.scene import make_scene
    from fairaudit.demo.make import CONFIG
    from fairaudit.demo.network import smile_network
    from fairaudit.demo.train import build
    from fairaudit.seeds import child_seed

    torch.set_num_threads(sizes.threads)
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
    _train(build(smile_network, seed=seed), draw(scenes["trained"]).images, scenes["trained"].labels["smiling"], place,
           seed=seed, sizes=sizes)  # fmt: skip
    return place


def _train(network: Any, images: np.ndarray, target: np.ndarray, place: Path, *, seed: int, sizes: Sizes) -> None:
    """Train the seed's model on the device and write it."""
    import torch

    from fairaudit.demo.train import save_script, train

    rows, codes = (torch.from_numpy(each).to(sizes.device) for each in (images, target))
    train(network.to(sizes.device), rows, codes, seed=seed, epochs=sizes.train_epochs)
    save_script(network.cpu(), place / "biased.pt")


def draw_interpolations(place: Path, seed: int, sizes: Sizes) -> Path | None:
    """The conditional VAE of one seed, trained on the debias part to keep the detector's scores; None without one."""
    from fairaudit.audits.core.stream.progress import Silent
    from fairaudit.audits.generator.train import GeneratorRequest, train_on_manifest
    from fairaudit.config.load import load_config
    from fairaudit.config.options import RunOptions
    from fairaudit.generators.train import GeneratorSettings

    file = place / "cvae" / "generator.safetensors"
    if sizes.mnist is not None or not sizes.draw_epochs or file.is_file():
        return file if file.is_file() else None
    override = {"data": {"split": {"column": "split", "use": "debias"}}}
    config, base = load_config(place / "fairaudit.yaml", folder=place, overrides=override)
    wanted = GeneratorRequest(
        kind="cvae", attributes=("necktie",), keep=(place / "biased.pt",),
        train=GeneratorSettings(epochs=sizes.draw_epochs, patience=sizes.draw_epochs, seed=seed),
    )  # fmt: skip
    options = RunOptions(output=place / "cvae", device=sizes.device, seed=seed, workers=1)
    return train_on_manifest(config, wanted, base=base, options=options, progress=Silent()).file


DIGITS = {"trained": 4000, "debias": 2500, "choose": 500, "balanced": 1500, "test": 1500}
"""Part → digits of the 10,000 of t10k-*; no digit is in two."""
MORE_DIGITS = {"trained": 8000, "debias": 6000, "choose": 1500, "balanced": 1500, "test": 5000}
"""Part → digits where train-* is there too."""
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
    from fairaudit.demo.network import digit_network
    from fairaudit.demo.train import build

    (place / "images").mkdir(parents=True, exist_ok=True)
    write_digits(place, seed, sizes, mnist)
    (place / "fairaudit.yaml").write_text(DIGITS_CONFIG, encoding="utf-8")
    _train(build(digit_network, seed=seed), *loaded(place, "trained"), place, seed=seed, sizes=sizes)
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
    order = _different(data.source, generator(seed, "mitigation digits").permutation(len(labels)))
    lines, start = [], 0
    for part, count in (DIGITS if len(labels) < 22_000 else MORE_DIGITS).items():
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


def _different(source: Any, rows: np.ndarray) -> np.ndarray:
    """The rows without those whose figure is another one's: a few ones are the same when they are black or white."""
    import numpy as np

    figures = {}
    for row in rows.tolist():
        figures.setdefault((np.asarray(source.read(row).convert("L")) > 0).tobytes(), row)
    return np.array(list(figures.values()))


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

    audit: dict[str, Any] = {"attribute": "necktie", "region": "necktie", "saliency": ["lrp"]}
    if sizes.mnist is not None:
        audit = {"attribute": "colour"}
    vae = place / "cvae" / "generator.safetensors"
    audit |= {"faithfulness": False, "replicates": sizes.replicates, **({"cvae": str(vae)} if vae.is_file() else {})}
    config, base = load_config(place / "fairaudit.yaml", folder=place, overrides={"audit": audit})
    asked = MitigateOptions(
        methods=methods, debias=Split(column="split", use="debias"), choose=Split(column="split", use="choose"),
        balanced=Split(column="split", use="balanced"), epochs=sizes.epochs, rate=1e-3, batch_size=64, write=write,
        maps=200, search=sizes.search,
    )  # fmt: skip
    options = RunOptions(output=place / sizes.folder, device=sizes.device, fail_on="never", workers=2)
    return {"path": place / "biased.pt", "config": config, "base": base, "options": options, "asked": asked}


def study(folder: Path, seed: int, sizes: Sizes, methods: tuple[str, ...], out: Path, until: float) -> dict[str, Any]:
    """Everything about one seed: model, conditional VAE, fits until the time is up, comparison, written model."""
    begun = time.time()

    def say(what: str) -> None:
        sys.stderr.write(f"seed {seed}: {what} after {time.time() - begun:.0f} s\n")

    place = prepare(folder, seed, sizes)
    say("model")
    if "cia-cvae" in methods:
        draw_interpolations(place, seed, sizes)
        say("conditional VAE")
    done = fit(place, seed, sizes, methods, out, until)
    say(f"{len(done)} of {len(methods)} methods")
    found = conclude(place, sizes, tuple(done))
    say("comparison")
    return found


def fit(
    place: Path, seed: int, sizes: Sizes, methods: Sequence[str], out: Path | None, until: float = float("inf")
) -> list[str]:
    """Fit one method after the other into the store of the seed's run; which were begun before the time was up."""
    import torch

    from fairaudit.audits.core.stream.progress import Silent
    from fairaudit.audits.mitigation.fit import VANILLA, fit_all
    from fairaudit.audits.mitigation.run import open_run

    torch.set_num_threads(sizes.threads)
    arguments = request(place, sizes, tuple(methods), None)
    opened = open_run(arguments.pop("path"), **arguments)
    done: list[str] = []
    for name in methods:
        if time.time() > until:
            break
        fits = fit_all(opened.judge, replace(arguments["asked"], methods=(name,)), opened.store, Silent())
        new = fits.by_method[name] if done else [fits.vanilla, *fits.by_method[name]]
        done.append(name)
        if out is not None:
            lines = [line for each in new for line in _lines(opened, each, seed, each.unit.method == VANILLA)]
            with out.open("a", encoding="utf-8") as file:  # one write, so that processes do not mix their lines
                file.write("".join(json.dumps(line) + "\n" for line in lines))
    return done


def _lines(opened: Any, made: Any, seed: int, vanilla: bool) -> list[dict[str, Any]]:
    """Metric, method, seed and value of one fit, without intervals, and what it decides on the choosing part."""
    from fairaudit.audits.mitigation.merit import choosing_counts
    from fairaudit.audits.mitigation.read import columns_of
    from fairaudit.audits.mitigation.statistics import Images, replicated

    place = {"method": made.unit.method, "seed": seed, "lambda": made.unit.strength, "seconds": round(made.seconds, 3)}
    if made.edit is None:
        return [{**place, "metric": "failed", "value": None, "reason": made.reason}]
    part = opened.parts.report
    images = Images(target=part.target.numpy(), attribute=part.attribute.numpy(), classes=part.classes,
                    groups=part.groups)  # fmt: skip
    values = replicated(images, {"one": [columns_of(made)]}, seed=0, replicates=0)["one"]
    facts = {} if vanilla else dict(made.facts)
    counts = choosing_counts(made, opened.judge.task.choose)
    chosen = {**place, "metric": "choosing_counts", "value": None, "counts": counts.tolist()}
    return [{**place, "metric": name, "value": float(value[0]), **facts} for name, value in values.items()
            if name in SHOWN] + [chosen]  # fmt: skip


def conclude(place: Path, sizes: Sizes, methods: tuple[str, ...]) -> dict[str, Any]:
    """Compare the methods of one seed, write the best and audit it, all on the processor."""
    import torch

    from fairaudit.audits.core.stream.progress import Silent
    from fairaudit.audits.mitigation.run import run_mitigate

    torch.set_num_threads(sizes.threads)
    arguments = request(place, replace(sizes, device="cpu"), methods, "best")
    outcome = run_mitigate(arguments.pop("path"), **arguments, progress=Silent())
    found = json.loads((place / sizes.folder / "mitigation.json").read_text(encoding="utf-8"))
    verdicts = outcome.report.verdicts if outcome.report else []
    return {**found, "verdicts": [v.verdict for v in verdicts], "needed": [v.needed for v in verdicts]}


def costs(place: Path, sizes: Sizes, methods: tuple[str, ...]) -> dict[str, float]:
    """Method → time of a pass over 512 rows in units of the control's, on one thread."""
    import torch

    from fairaudit.audits.mitigation.run import open_run
    from fairaudit.mitigation.registry import CONTROL, METHODS
    from fairaudit.mitigation.samples import Chosen

    torch.set_num_threads(1)
    arguments = request(place, replace(sizes, device="cpu"), methods, None)
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


def publish(out: Path, found: dict[int, dict[str, Any]], cost: dict[str, float], command: str) -> str:
    """Write the table and the rows of the seeds that are done; without a cost, with the times of the fits."""
    from fairaudit.mitigation.registry import CONTROL

    fits = [json.loads(line) for line in (out / "fits.jsonl").read_text(encoding="utf-8").splitlines()]
    times = {name: [value] for name, value in cost.items()} or times_of(fits, CONTROL)
    text = table([found[seed] for seed in sorted(found)], times)
    kept = ("rows", "measurements", "best", "audit", "verdicts", "needed", "attribute")
    small = [{"seed": seed, **{name: found[seed].get(name) for name in kept}} for seed in sorted(found)]
    (out / "mitigate.json").write_text(json.dumps({"command": command, "seeds": small}), encoding="utf-8")
    (out / "mitigate.md").write_text(f"`{command}`\n\n{text}\n", encoding="utf-8")
    return text


def main(arguments: list[str]) -> int:
    """Read the options, run every seed, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--processes", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--faces", type=int, default=Sizes.faces)
    parser.add_argument("--epochs", type=int, default=Sizes.epochs, help="passes of every method")
    parser.add_argument("--train-epochs", type=int, default=Sizes.train_epochs, help="passes of the detector")
    parser.add_argument("--draw-epochs", type=int, default=Sizes.draw_epochs, help="passes of the conditional VAE")
    parser.add_argument("--methods", nargs="+", default=None, help="these alone; all if left out")
    parser.add_argument("--mnist", type=Path, help="folder with t10k-*: Biased-MNIST in place of faces")
    parser.add_argument("--rho", type=float, default=Sizes.rho)
    parser.add_argument("--search", action="store_true", help="search λ and layers first")
    parser.add_argument("--device", default=Sizes.device)
    parser.add_argument("--replicates", type=int, default=REPLICATES)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no method after so long")
    parser.add_argument("--cost", action="store_true", help="time a pass of every method on one thread at the end")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="for faces, models and fits; --out if left out")
    parser.add_argument("--out", type=Path, default=Path("mitigate"), metavar="FOLDER")
    options = parser.parse_args(arguments)
    from fairaudit.mitigation.registry import EVERY

    processes = min(options.processes, len(options.seeds))
    threads = max(1, (os.cpu_count() or 2) // (2 * processes)) if options.device != "cpu" else 1
    os.environ["OMP_NUM_THREADS"] = str(threads)  # the processes are the parallelism
    sizes = Sizes(
        faces=options.faces, epochs=options.epochs, train_epochs=options.train_epochs, draw_epochs=options.draw_epochs,
        mnist=options.mnist, rho=options.rho, search=options.search, device=options.device, threads=threads,
        replicates=options.replicates,
    )  # fmt: skip
    out, begun = options.out.resolve(), time.time()
    work = (options.work or options.out).resolve()
    out.mkdir(parents=True, exist_ok=True)
    (out / "fits.jsonl").unlink(missing_ok=True)
    methods, until = tuple(options.methods or EVERY), begun + 60 * options.minutes
    command, found = " ".join(["python tests/benchmarks/mitigate.py", *arguments]), {}
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        jobs = {
            pool.submit(study, work, seed, sizes, methods, out / "fits.jsonl", until): seed for seed in options.seeds
        }
        for job in as_completed(jobs):
            found[jobs[job]] = job.result()
            text = publish(out, found, {}, command)
    if options.cost:
        text = publish(out, found, costs(work / f"seed-{options.seeds[0]}", sizes, methods), command)
    sys.stdout.write(text + "\n")
    sys.stderr.write(f"{time.time() - begun:.0f} s in all\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
