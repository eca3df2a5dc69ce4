"""A planted shortcut in a transformer, a ConvNeXt and an EfficientNet: is it found, and is the even network cleared?

By hand: python tests/benchmarks/planted_architectures.py [--images 96] [--methods lrp,gradcam,integrated_gradients]
[--families vit,convnext,efficientnet] [--script FOLDER]

The networks were trained on the demo's faces (tests/saliency/planted_networks.py): biased ones where smiling people
wear neckties (φ = 0.9), balanced ones where they do not. A line per network and method: relevance in the necktie's box
over its area, on faces with and without one, of positive and of absolute relevance (1 is chance); what the trial says;
seconds of computing.

--script writes each network as TorchScript, for `fairaudit audit`.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from fairaudit.data.synthetic.draw import draw
from fairaudit.demo.make import Recipe, demo_scenes
from fairaudit.demo.train import save_script
from fairaudit.saliency.registry import method
from fairaudit.saliency.trust.usability import judge_method
from tests.saliency.planted_networks import NETWORKS, Smiles, planted


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
        verdict = "usable" if trial.usable else "; ".join(trial.reasons)
        facts = {key: round(float(np.nanmean(values)), 3) for key, values in trial.facts.items() if "ratio" in key}
        cells = [family, data, name, *(f"{value:.2f}" for value in (*with_tie, *without)), f"{seconds:.1f}", verdict]
        print("| " + " | ".join(cells) + " |", facts or "", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=96)
    parser.add_argument("--methods", default="lrp,gradcam,integrated_gradients")
    parser.add_argument("--families", default=",".join(NETWORKS))
    parser.add_argument("--script", type=Path, default=None)
    given = parser.parse_args()
    families = given.families.split(",")
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
