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
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mitigate_data import REPLICATES, Sizes, draw_interpolations, prepare
from mitigate_table import SHOWN, table, times_of

if TYPE_CHECKING:
    pass


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
    from fairaudit.audits.mitigation.fits.fit import VANILLA, fit_all
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
    from fairaudit.audits.mitigation.compared.read import columns_of
    from fairaudit.audits.mitigation.compared.statistics import Images, replicated
    from fairaudit.audits.mitigation.fits.merit import choosing_counts

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
