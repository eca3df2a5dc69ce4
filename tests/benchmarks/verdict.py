"""Does the joint verdict accuse the right models? A simulation with drawn faces, whose truth is known.

    python tests/benchmarks/verdict.py --seeds 0-9 --processes 12 --out verdict-benchmark

Per seed it draws faces, trains the demo's two smile detectors (necktie tied to the smile, or not) and audits both on
200, 400 and 1,000 faces, for regions {necktie, mouth, front = mouth + necktie, hat, face = the whole image, three
random boxes} × attributes {necktie, hat, skin}. It needs no network and no other data. Results are appended to
OUT/results.jsonl as they come, and OUT/table.md is written anew after each. `--read OUT` prints the table of what is
there.

Truth. Every face has exact twins in which one attribute is changed and nothing else. An attribute counts as used by a
model if changing it moves the score by .07 or more, averaged over classes with equal weight, and as not used below .03;
what lies between is not judged. An attribute that is used is shown in a region that holds nine tenths of its box, and
not in one that holds less than a tenth; others are not judged. Skin shows in every part of a face: where it is used,
only the whole image is judged.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from fairaudit.audits.causal.audit import CausalAudit
from fairaudit.audits.core.plan import AuditPlan
from fairaudit.audits.core.run import checked_material, mapped_study, measured
from fairaudit.audits.core.stream.progress import Silent
from fairaudit.audits.core.study.methods import methods_of
from fairaudit.audits.core.study.study import Study, open_classifier
from fairaudit.audits.fairness.audit import FairnessAudit
from fairaudit.audits.joint import verdict as joint
from fairaudit.audits.regions.audit import RegionAudit
from fairaudit.audits.swap.audit import SwapAudit
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.data.synthetic.draw import boxes, draw
from fairaudit.data.synthetic.faces import write
from fairaudit.data.synthetic.labels import VALUES
from fairaudit.data.synthetic.scene import Scene, twin
from fairaudit.demo.make import Recipe, demo_scenes
from fairaudit.demo.network import smile_network
from fairaudit.demo.train import build, save_script, train
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import Verdict
from fairaudit.seeds import generator

ATTRIBUTES = ("necktie", "hat", "skin")
MODELS = ("biased", "balanced")
FRONT = (0.30, 0.45, 0.70, 1.0)
USED, UNUSED = 0.07, 0.03
SHOWN, HIDDEN = 0.9, 0.1
ACCUSES = ("unequal and for the wrong reason", "spurious but equal")
SIDE = 64

Row = dict[str, Any]


def random_boxes(seed: int) -> dict[str, tuple[float, float, float, float]]:
    """Three boxes of a quarter to a half of each side, anywhere in the image."""
    draws, found = generator(seed, "verdict benchmark", "boxes"), {}
    for number in range(3):
        width, height = draws.uniform(0.25, 0.5, 2)
        left, top = draws.uniform(0, 1 - width), draws.uniform(0, 1 - height)
        found[f"random {number + 1}"] = tuple(round(float(v), 3) for v in (left, top, left + width, top + height))
    return found  # type: ignore[return-value]


def regions_of(seed: int) -> dict[str, dict[str, Any]]:
    """The configuration of every region."""
    boxed = {
        part: {"columns": [f"{part}_{corner}" for corner in ("x0", "y0", "x1", "y1")], "units": "pixel"}
        for part in ("necktie", "mouth", "hat")
    }
    fixed = {"front": FRONT, "face": (0.0, 0.0, 1.0, 1.0), **random_boxes(seed)}
    return {**boxed, **{name: {"box": list(box), "units": "fraction"} for name, box in fixed.items()}}


def shown_share(scene: Scene, attribute: str, region: str, seed: int) -> float:
    """Mean share of the attribute's own box that a region holds; NaN for skin, except in the whole image."""
    if region == "face":
        return 1.0
    if attribute == "skin":
        return float("nan")
    places = boxes(scene)
    own = places[attribute].astype(float)
    if region in places:
        other = places[region].astype(float)
    else:
        fixed = {"front": FRONT, **random_boxes(seed)}
        other = np.tile(np.asarray(fixed[region]) * SIDE, (len(own), 1))
    width = np.minimum(own[:, 2], other[:, 2]) - np.maximum(own[:, 0], other[:, 0])
    height = np.minimum(own[:, 3], other[:, 3]) - np.maximum(own[:, 1], other[:, 1])
    area = (own[:, 2] - own[:, 0]) * (own[:, 3] - own[:, 1])
    return float((np.clip(width, 0, None) * np.clip(height, 0, None) / area).mean())


@torch.no_grad()
def true_effects(network: torch.nn.Module, scene: Scene) -> dict[str, float]:
    """Attribute → largest size, over pairs of its values, of the effect that changing it has on the score."""
    target = scene.labels["smiling"]

    def scores(faces: Scene) -> np.ndarray:
        pixels = torch.from_numpy(draw(faces).images).float() / 255
        return np.concatenate([network(part).sigmoid()[:, 0].numpy() for part in pixels.split(250)])

    found = {}
    for attribute in ATTRIBUTES:
        each = [scores(twin(scene, attribute, code)) for code in range(len(VALUES[attribute]))]
        means = np.array([np.mean([one[target == label].mean() for label in (0, 1)]) for one in each])
        found[attribute] = float(means.max() - means.min())
    return found


def config_of(seed: int, regions: Sequence[str] | None = None) -> Config:
    """What is audited."""
    known = regions_of(seed)
    chosen = {name: known[name] for name in (regions or known)}
    return Config.model_validate(
        {
            "data": {
                "manifest": "faces.csv",
                "id": "id",
                "target": "smiling",
                "attributes": list(ATTRIBUTES),
                "split": {"column": "split", "use": "test"},
            },
            "preprocess": {"size": [SIDE, SIDE]},
            "model": {"output": "sigmoid", "classes": ["smiling"]},
            "regions": chosen,
            "audit": {"replicates": 1000, "faithfulness": False},
        }
    )


PLAN = AuditPlan(
    audits_for=lambda study, trials: [
        FairnessAudit(study),
        RegionAudit(study, methods_of(study), trials.unusable),
        CausalAudit(study),
        SwapAudit(study),
    ],
    verdicts_for=joint.verdicts_for,
    methods_for=joint.methods_for,
    metrics=joint.PLAN.metrics,
)


class Judged(NamedTuple):
    """The part of a report that is counted."""

    measurements: Sequence[Measurement]
    verdicts: Sequence[Verdict]


def one_model(seed: int, name: str, sizes: Sequence[int], recipe: Recipe, regions: Sequence[str] | None) -> list[Row]:
    """Draw, train and audit one model: a row per size, attribute and region."""
    torch.set_num_threads(1)
    started = time.perf_counter()
    scenes = demo_scenes(seed=seed, recipe=recipe)
    network = build(smile_network, seed=seed)
    images, target = torch.from_numpy(draw(scenes[name]).images), torch.from_numpy(scenes[name].labels["smiling"])
    train(network, images, target, seed=seed, epochs=recipe.epochs)
    truth = true_effects(network, scenes["test"])
    trained = time.perf_counter() - started
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write(folder, {"test": scenes["test"]}, workers=1)
        save_script(network, folder / f"{name}.pt")
        for size in sizes:
            began = time.perf_counter()
            report = audited(folder, name, size, config_of(seed, regions))
            seconds = {"train": round(trained, 1), "audit": round(time.perf_counter() - began, 1)}
            for row in rows_of(report, scenes["test"], seed):
                rows.append({"seed": seed, "model": name, "size": size, **row, "truth": truth, "seconds": seconds})
    return rows


def audited(folder: Path, name: str, size: int, config: Config) -> Judged:
    """What an audit of so many faces finds; `run_models` without its figures and files."""
    options = RunOptions(output=folder / f"out-{name}-{size}", workers=1, limit=size, formats=(), device="cpu")
    material = checked_material(config, base=folder, options=options, plan=PLAN)
    candidate = open_classifier(folder / f"{name}.pt", config=config, material=material, options=options)
    study = Study(config=config, options=options, material=material, candidate=candidate)
    options.output.mkdir(parents=True)
    audits, streamed = mapped_study(study, PLAN, Silent())
    findings = measured(audits, streamed, Silent())
    return Judged(measurements=findings.measurements, verdicts=joint.verdicts_for(study, findings))


def rows_of(report: Judged, scene: Scene, seed: int) -> Iterator[Row]:
    """What the report says about every attribute and region, with the numbers behind it."""
    known = {m.id: m for m in report.measurements}
    for verdict in report.verdicts:
        region = verdict.region or ""
        yield {
            "attribute": verdict.attribute,
            "region": region,
            "verdict": verdict.verdict,
            "used": verdict.attribute_used,
            "region used": verdict.region_used,
            "why": verdict.why.split(". ")[0],
            "shown": shown_share(scene, verdict.attribute, region, seed),
            "numbers": {_name(known[i]): [known[i].value, known[i].low, known[i].high] for i in verdict.evidence},
        }


def _name(m: Measurement) -> str:
    return f"{m.metric} {m.method}" if m.metric in ("cue_alignment", "rrf_lift_absolute") else m.metric


def expected(row: Row) -> str | None:
    """yes or no: whether the model uses the attribute there; None where that is not judged."""
    effect, shown = row["truth"][row["attribute"]], row["shown"]
    if effect < UNUSED:
        return "no"
    if effect < USED or shown is None or np.isnan(shown):
        return None
    return "yes" if shown >= SHOWN else ("no" if shown < HIDDEN else None)


def table(rows: Sequence[Row]) -> str:
    """Detections, false accusations and undecided verdicts, each out of how many, as Markdown."""
    lines = [
        "| seeds | faces | used: detected | used: undecided | used: cleared | not used: accused | not used: undecided "
        "| not used: cleared |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    sizes = sorted({row["size"] for row in rows})
    halves = [("0–4", range(5)), ("5–9", range(5, 10))]
    for words, seeds in halves:
        for size in sizes:
            own = [row for row in rows if row["seed"] in seeds and row["size"] == size]
            if own:
                lines.append(f"| {words} | {size:,} | " + " | ".join(_cells(own)) + " |")
    return "\n".join([*lines, "", *_details(rows)]) + "\n"


def _cells(rows: Sequence[Row]) -> Iterator[str]:
    for wanted, outcomes in (("yes", ("yes", "open", "no")), ("no", ("yes", "open", "no"))):
        judged = [row for row in rows if expected(row) == wanted]
        counts = Counter(_outcome(row) for row in judged)
        for outcome in outcomes:
            yield f"{counts[outcome]} of {len(judged)}"


def _outcome(row: Row) -> str:
    return row["used"] if row["used"] in ("yes", "no") else "open"


def _details(rows: Sequence[Row]) -> Iterator[str]:
    """Every wrong answer, and why the largest audits stayed undecided."""
    for row in rows:
        wrong = expected(row) is not None and _outcome(row) not in ("open", expected(row))
        if wrong:
            told = {name: [None if v is None else round(v, 3) for v in found] for name, found in row["numbers"].items()}
            place = f"seed {row['seed']}, {row['model']}, {row['size']}: {row['attribute']} × {row['region']}"
            yield f"- wrong: {place}: {row['used']} ({row['verdict']}); truth {row['truth']}; {told}"
    largest = max((row["size"] for row in rows), default=0)
    open_ = [row for row in rows if row["size"] == largest and _outcome(row) == "open" and expected(row) is not None]
    reasons = Counter((row["used"], row["attribute"], row["region"].split(" ")[0], row["model"]) for row in open_)
    for (used, attribute, region, model), count in reasons.most_common():
        yield f"- undecided at {largest:,} ({used}): {model}, {attribute} × {region}: {count}"


def numbers_of(text: str) -> list[int]:
    """0-4 or 0,2,5."""
    first, dash, last = text.partition("-")
    return list(range(int(first), int(last) + 1)) if dash else [int(part) for part in text.split(",")]


def read(folder: Path) -> list[Row]:
    """The rows of a results file."""
    lines = (folder / "results.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the simulation, or read one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0", help="0-9, or 0,3,5")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--sizes", default="200,400,1000", help="faces to audit")
    parser.add_argument("--regions", default="", help="some of the regions")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("verdict-benchmark"))
    parser.add_argument("--train-images", type=int, default=2400)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--read", type=Path, help="folder of an earlier run")
    options = parser.parse_args(arguments)
    if options.read:
        sys.stdout.write(table(read(options.read)))
        return 0
    sizes = numbers_of(options.sizes)
    recipe = Recipe(train_images=options.train_images, test_images=max(1000, *sizes), epochs=options.epochs)
    chosen = [name for name in options.regions.split(",") if name] or None
    jobs = [(seed, name) for seed in numbers_of(options.seeds) for name in options.models.split(",")]
    options.out.mkdir(parents=True, exist_ok=True)
    results = options.out / "results.jsonl"
    results.write_text("", encoding="utf-8")
    rows: list[Row] = []
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(one_model, seed, name, sizes, recipe, chosen): (seed, name) for seed, name in jobs}
        for done in as_completed(running):
            found = done.result()
            rows += found
            with results.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(row) + "\n" for row in found)
            (options.out / "table.md").write_text(table(rows), encoding="utf-8")
            sys.stderr.write(f"{running[done]}: {found[0]['seconds'] if found else 'nothing'}\n")
    sys.stdout.write(table(rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
