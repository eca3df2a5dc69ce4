"""From a failing model to a written one that passes the whole audit, or an honest no, by one command."""

import csv
import json
import signal
import time

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from torch import nn

from tests.cli.conftest import Lab

SIDE = 16
PARTS = {"debias": (120, 0.95), "choose": (120, 0.5), "balanced": (120, 0.5), "test": (480, 0.5)}
"""Part → images, and the share whose attribute goes with their target."""
CONFIG = {
    "data": {"manifest": "faces.csv", "image": "file", "id": "id", "target": "smile", "attributes": ["tie"],
             "split": {"column": "split", "use": "test"}},
    "preprocess": {"size": [SIDE, SIDE]},
    "model": {"output": "sigmoid", "classes": ["smile"]},
    "regions": {"tie": {"box": [0, 0.5, 1, 1], "units": "fraction"}},
    "audit": {"attribute": "tie", "region": "tie", "saliency": ["lrp"], "faithfulness": False, "replicates": 400,
              "twins": {"tie": "twin"}},
}  # fmt: skip
SPLITS = ("--debias-split", "split=debias", "--choose-split", "split=choose", "--balanced-split", "split=balanced")


def picture(target, tie, noise):
    """The upper half is brighter for a smile, the lower one for a tie, both clearly."""
    shown = noise + 128.0
    shown[: SIDE // 2] += 40 * (2 * target - 1)
    shown[SIDE // 2 :] += 40 * (2 * tie - 1)
    return Image.fromarray(shown.clip(0, 255).astype(np.uint8))


def network():
    """Patches brighter and darker than grey, and a head that reads the lower half more than the upper one."""
    net = nn.Sequential(nn.Conv2d(3, 2, 4, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(32, 1))
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([1.0, -1.0])[:, None, None, None].expand(2, 3, 4, 4) / 48)
        net[0].bias.copy_(torch.tensor([-0.5, 0.5]))
        halves = torch.tensor([2.0, 6.0]).repeat_interleave(8)  # 16 patches, row by row
        net[3].weight.copy_(torch.cat([halves, -halves])[None])
        net[3].bias.zero_()
    return net.eval()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A model that decides by ties, and images of which it has seen none."""
    folder = tmp_path_factory.mktemp("mitigate")
    draw, lines = np.random.default_rng(0), []
    for part, (count, goes) in PARTS.items():
        for row in range(count):
            target = row % 2
            tie = target if row // 2 < goes * count / 2 else 1 - target
            noise = draw.normal(0, 12, (SIDE, SIDE, 3))
            name = f"{part}-{row}"
            picture(target, tie, noise).save(folder / f"{name}.png")
            picture(target, 1 - tie, noise).save(folder / f"{name}-twin.png")
            lines.append([f"{name}.png", name, part, target, tie, f"{name}-twin.png"])
    with (folder / "faces.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["file", "id", "split", "smile", "tie", "twin"], *lines])
    (folder / "fairaudit.yaml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    torch.jit.save(torch.jit.script(network()), folder / "biased.pt")
    return Lab(folder=folder)


def verdict(lab, folder):
    (found,) = json.loads((lab.folder / folder / "report.json").read_text(encoding="utf-8"))["verdicts"]
    return found["verdict"]


def test_from_a_failing_model_to_one_that_passes_the_whole_audit(lab):
    before = lab.run("audit", "biased.pt", "-o", "before")
    assert (before.code, verdict(lab, "before")) == (3, "unequal and for the wrong reason")
    made = lab.run("mitigate", "biased.pt", *SPLITS, "--method", "dfr,thropt", "--write", "best", "-o", "made")
    assert (made.code, verdict(lab, "made")) == (0, "no evidence")
    told = (lab.folder / "made" / "mitigation.md").read_text(encoding="utf-8")
    assert "The best method on the choosing part is dfr." in told
    assert "biased-dfr.pt passes the whole audit" in told
    after = lab.run("audit", "made/models/biased-dfr.pt", "-o", "after")
    assert (after.code, verdict(lab, "after")) == (0, "no evidence")


def test_a_written_model_that_fails_ends_with_the_code_of_its_gate(lab):
    made = lab.run("mitigate", "biased.pt", *SPLITS, "--method", "thropt", "--write", "thropt", "-o", "no")
    assert (made.code, verdict(lab, "no")) == (3, "unequal and for the wrong reason")
    assert "biased-thropt.pt fails the audit" in (lab.folder / "no" / "mitigation.md").read_text(encoding="utf-8")


def test_a_rule_is_written_with_its_decisions_which_are_audited_as_a_table(lab):
    lab.run("mitigate", "biased.pt", *SPLITS, "--method", "thropt-group", "--write", "thropt-group", "-o", "rule")
    text = (lab.folder / "rule" / "mitigation.md").read_text(encoding="utf-8")
    assert "thropt-group is a rule, not a model: biased-thropt-group.json" in text
    rows = json.loads((lab.folder / "rule" / "mitigation.json").read_text(encoding="utf-8"))["rows"]
    (gap,) = [r["value"] for r in rows if (r["method"], r["metric"]) == ("thropt-group", "equalized_odds_difference")]
    table = "rule/models/biased-thropt-group.csv"
    names = ("--truth", "smile", "--prediction", "decision", "--attribute", "tie")
    lab.run("fairness", "--predictions", table, *names, "-o", "table")
    found = json.loads((lab.folder / "table" / "report.json").read_text(encoding="utf-8"))["measurements"]
    (own,) = [m["value"] for m in found if m["metric"] == "equalized_odds_difference"]
    assert own == pytest.approx(gap)


def test_without_twins_swapped_content_decides(lab):
    config = {**CONFIG, "audit": {**CONFIG["audit"], "twins": None}}
    (lab.folder / "plain.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    lab.run("mitigate", "biased.pt", *SPLITS, "--config", "plain.yaml", "--method", "dfr", "-o", "plain")
    rows = json.loads((lab.folder / "plain" / "mitigation.json").read_text(encoding="utf-8"))["rows"]
    found = {row["method"]: row["value"] for row in rows if row["metric"] == "verdict"}
    assert (found["vanilla"], found["dfr"]) == ("unequal and for the wrong reason", "no evidence")


@pytest.mark.parametrize(
    ("name", "methods", "more"), [("seeds", "reweight,dfr", ("--seeds", "2")), ("phi", "dfr", ("--phi", "0,0.5"))]
)
def test_sigkill_between_fits_leaves_the_same_bytes(lab, name, methods, more):
    """Killed as soon as a second fit is stored: the same command goes on and ends where an undisturbed run does."""
    command = ("mitigate", "biased.pt", *SPLITS, "--method", methods, *more, "--maps", "20", "--limit", "160")
    whole, killed = f"whole-{name}", f"killed-{name}"
    lab.run(*command, "-o", whole)
    fits = lab.folder / killed / "fits"
    process = lab.start(*command, "-o", killed, "--quiet")
    while process.poll() is None and len(list(fits.glob("*.safetensors"))) < 2:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    assert process.returncode == -signal.SIGKILL
    stored = {file.name: file.stat().st_mtime_ns for file in fits.glob("*.safetensors")}
    made = {file.name: file.read_bytes() for file in (lab.folder / whole / "fits").glob("*.safetensors")}
    assert 2 <= len(stored) < len(made)
    lab.run(*command, "-o", killed)
    assert {file.name: file.read_bytes() for file in fits.glob("*.safetensors")} == made
    assert {name: (fits / name).stat().st_mtime_ns for name in stored} == stored  # none was made again
    texts = [(lab.folder / folder / "mitigation.json").read_bytes() for folder in (whole, killed)]
    assert texts[0] == texts[1]
