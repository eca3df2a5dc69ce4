"""A planted shortcut in a transformer, a ConvNeXt and an EfficientNet: is it found, and is the even network cleared?

By hand: python tests/benchmarks/planted_architectures.py [--images 96] [--methods lrp,gradcam,integrated_gradients]
[--families vit,convnext,efficientnet] [--script FOLDER]

The networks were trained on the demo's faces (tests/saliency/planted_networks.py): biased ones where smiling people
wear neckties (φ = 0.9), balanced ones where they do not. A line per network and method: relevance in the necktie's box
over its area, on faces with and without one, of positive and of absolute relevance (1 is chance); what the trial says;
seconds of computing.

--script writes each network as TorchScript, for `fairaudit audit`. --train FOLDER trains the biased ViT and
EfficientNet on as many faces as the demo's own model (2,400, φ = 0.9), few times over: with more of them, the 5 % of
faces that go against the necktie teach these two the mouth, and the necktie moves hardly a decision.

--audit DEMO [--limit 400] audits each network from end to end on the faces of a folder that `fairaudit demo` made: as
TorchScript and as ONNX, without twins, with LRP, Grad-CAM and integrated gradients. A line per network and file: the
verdict on the necktie, what each method's relevance lift is and whether it gated, the exit code, seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parents[2]))

from fairaudit.data.synthetic.draw import draw
from fairaudit.demo.make import Recipe, demo_scenes
from fairaudit.demo.train import build, save_script, train
from fairaudit.saliency.registry import method
from fairaudit.saliency.trust.usability import judge_method
from tests.saliency.planted_networks import NETWORKS, Smiles, halved, planted

SHORT = {"vit": (8, 8e-4), "efficientnet": (5, 4e-3)}
"""Family → passes over the faces and the highest learning rate."""


def trained(family):
    """The biased network of a family."""
    scene = demo_scenes(seed=0, recipe=Recipe(test_images=8))["biased"]
    network = build(NETWORKS[family], seed=0)
    epochs, rate = SHORT[family]
    images, target = torch.from_numpy(draw(scene).images), torch.from_numpy(scene.labels["smiling"])
    train(network, images, target, seed=0, epochs=epochs, rate=rate)
    return network.eval().requires_grad_(False)


def lifts(maps, masks):
    """Mean share of positive and of absolute relevance in the masks, over their share of the area."""
    found = []
    for relevance in (maps.clamp(min=0), maps.abs()):
        share = (relevance * masks).sum((1, 2)) / relevance.sum((1, 2)).clamp(min=1e-12)
        found.append(float((share / masks.mean((1, 2))).mean()))
    return found


def report(family, data, names, drawing, worn):
    images = torch.from_numpy(drawing.images).float() / 255
    masks = torch.from_numpy(drawing.masks["necktie"]).float()
    classifier = Smiles(planted(family, data), images[:2])
    with torch.no_grad():
        decisions = (classifier.module(images)[:, 0] > 0).long()
    for name in names:
        start = time.process_time()
        maps = method(name).attribute(classifier, images, decisions).maps
        seconds = time.process_time() - start
        with_tie, without = lifts(maps[worn], masks[worn]), lifts(maps[~worn], masks[~worn])
        trial = judge_method(method(name), classifier, images[:48], decisions[:48])
        verdict = "; ".join(trial.reasons) or "usable"
        facts = {key: round(float(np.nanmean(values)), 3) for key, values in trial.facts.items() if "ratio" in key}
        cells = [family, data, name, *(f"{value:.2f}" for value in (*with_tie, *without)), f"{seconds:.1f}", verdict]
        print("| " + " | ".join(cells) + " |", facts or "", flush=True)


CONFIGURATION = """
data:
  manifest: {faces}/faces.csv
  root: {faces}
  image: file
  id: id
  target: smiling
  attributes: [necktie]
  split: {{column: split, use: test}}
preprocess: {{size: [64, 64]}}
model: {{output: sigmoid, classes: [smiling]}}
regions:
  necktie: {{columns: [necktie_x0, necktie_y0, necktie_x1, necktie_y1], units: pixel}}
audit: {{attribute: necktie, region: necktie, saliency: [{methods}]}}
"""


def written(folder, network, kind):
    """The network as a file of a kind."""
    path = folder / f"model.{kind}"
    if kind == "pt":
        save_script(network, path)
    else:
        # Attention's fused path has no ONNX.
        torch.backends.mha.set_fastpath_enabled(False)
        batch = {"images": {0: "batch"}}
        torch.onnx.export(
            network,
            (torch.zeros(2, 3, 64, 64),),
            path,
            dynamo=False,
            opset_version=17,
            input_names=["images"],
            dynamic_axes=batch,
        )
    return path


def audited(family, data, kind, given):
    """One audit by the command line, as a row of the table."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        path = written(folder, planted(family, data), kind)
        text = CONFIGURATION.format(faces=given.audit.resolve(), methods=given.methods.replace(",", ", "))
        (folder / "fairaudit.yaml").write_text(text, encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "fairaudit",
            "audit",
            str(path),
            "--limit",
            str(given.limit),
            "-q",
            "-o",
            "out",
        ]
        start = time.perf_counter()
        root = str(Path(__file__).parents[2])
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": root}
        )
        seconds = time.perf_counter() - start
        if done.returncode not in (0, 3, 4):
            print(f"| {family} | {data} | {kind} | {done.stderr.strip()} | | {done.returncode} | {seconds:.0f} |")
            return
        report = json.loads((folder / "out" / "report.json").read_text(encoding="utf-8"))
    lifts = {
        m["method"]: m
        for m in report["measurements"]
        if m["metric"] == "rrf_lift_absolute" and m["attribute"] is m["group"] is m["class"] is None
    }
    told = []
    for name, m in lifts.items():
        value = "–" if m["value"] is None else format(m["value"], ".2f")
        told.append(f"{name} {value}" if m["status"] == "ok" else f"{name} {value} ({m['status']})")
    (verdict,) = report["verdicts"]
    cells = (family, data, kind, verdict["verdict"], ", ".join(told), str(done.returncode), f"{seconds:.0f}")
    print("| " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=96)
    parser.add_argument("--methods", default="lrp,gradcam,integrated_gradients")
    parser.add_argument("--families", default=",".join(NETWORKS))
    parser.add_argument("--script", type=Path, default=None)
    parser.add_argument("--train", type=Path, default=None)
    parser.add_argument("--audit", type=Path, default=None, metavar="DEMO")
    parser.add_argument("--limit", type=int, default=400)
    given = parser.parse_args()
    families = given.families.split(",")
    if given.train is not None:
        for family in sorted(set(families) & set(SHORT)):
            save_file(halved(trained(family)), given.train / f"{family}-biased.safetensors")
        return
    if given.audit is not None:
        print("| network | trained on | file | verdict | lift of absolute relevance | exit code | seconds |")
        print("|" + " --- |" * 7)
        for family in families:
            for data in ("biased", "balanced"):
                for kind in ("pt", "onnx"):
                    audited(family, data, kind, given)
        return
    if given.script is not None:
        for family in families:
            for data in ("biased", "balanced"):
                save_script(planted(family, data), given.script / f"{family}-{data}.pt")
        return
    scene = demo_scenes(seed=0, recipe=Recipe(train_images=48, test_images=given.images))["test"]
    worn = torch.from_numpy(scene.labels["necktie"]).bool()
    heads = ("network", "trained on", "method", "tie: positive", "absolute", "no tie: positive", "absolute")
    print("| " + " | ".join((*heads, "seconds", "trial")) + " |")
    print("|" + " --- |" * 9)
    for family in families:
        for data in ("biased", "balanced"):
            report(family, data, given.methods.split(","), draw(scene, masks=("necktie",)), worn)


if __name__ == "__main__":
    main()
