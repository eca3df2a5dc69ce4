"""`fairaudit selftest` end to end on a tiny network: what it finds, what it writes, how it goes on, what it refuses."""

import json
import signal
import time

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

pytestmark = pytest.mark.drawn
QUICK = (
    "--seeds",
    "1",
    "--rho",
    "1",
    "--epochs",
    "8",
    "--audit-images",
    "80",
    "--train-images",
    "160",
    "--learning-rate",
    "0.02",
)
NETWORK = """
from torch import nn


def factory(width=4):
    return nn.Sequential(
        nn.Conv2d(3, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.Dropout(0.1),
        nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(16 * width, 1),
    )
"""


@pytest.fixture(scope="module")
def wide(tmp_path_factory, make_lab):
    """240 pictures in which the label hardly shows; tests write to folders of their own."""
    made = make_lab(tmp_path_factory.mktemp("selftest"), 240)
    draw = np.random.default_rng(0)
    for row in made.rows():
        noise = draw.integers(60, 160, (16, 16, 3)) + 4 * int(row["label"])
        made.picture(row["file"], noise.astype(np.uint8), compress_level=1)
    return made


@pytest.fixture(scope="module")
def report(wide):
    """One patch model and one control of the scripted network."""
    done = wide.run("selftest", "model.pt", "-o", "out", "--json", *QUICK)
    assert done.code == 0, done.err
    return done.report()


def share(report, metric, method, group=None):
    found = [m for m in report["measurements"] if (m["metric"], m["method"], m["group"]) == (metric, method, group)]
    assert len(found) == 1, (metric, method, group)
    return found[0]


def test_a_shortcut_at_full_strength_is_found_by_every_audit(report):
    # The patch alone decides at ρ = 1; what the model is at chance without it shows in its gap.
    for audit in ("fairness", "causal"):
        power = share(report, "detection_power", audit)
        assert (power["value"], power["numerator"], power["denominator"], power["n"]) == (1.0, 1.0, 1.0, 1)
        assert power["interval"] == "wilson"
        assert power["low"] == pytest.approx(1 / (1 + 1.959964**2))  # Wilson's lower end of 1 of 1: 1 / (1 + z²)
    gap = next(m for m in report["measurements"] if m["metric"] == "planted_gap" and m["group"] == "rho 1")
    assert gap["value"] > 0.5


def test_the_control_is_cleared_by_the_causal_check_and_the_joint_verdict(report):
    for audit in ("causal", "joint verdict"):
        assert share(report, "false_alarm_rate", audit)["value"] == 0.0
    assert {m["audit"] for m in report["measurements"]} == {"selftest"}
    audits = {m["method"] for m in report["measurements"] if m["metric"] == "false_alarm_rate"}
    looks, moves = {"cue alignment gradient", "relevance gradient"}, {"content swap", "causal"}
    assert audits >= {"fairness", *looks, *moves, "joint verdict", "discovery gradient"}


def test_power_by_strength_adds_up_to_the_whole(report):
    for m in report["measurements"]:
        if m["metric"] == "detection_power" and m["group"] is None:
            parts = [share(report, "detection_power", m["method"], "rho 1")]
            assert m["numerator"] == sum(part["numerator"] for part in parts)
            assert m["denominator"] == sum(part["denominator"] for part in parts)


def test_what_is_written(wide, report):
    before = (wide.folder / "model.pt").read_bytes()
    folder = wide.folder / "out"
    weights = [load_file(folder / "models" / f"patch-{name}-seed-0.safetensors") for name in ("control", "rho-1")]
    assert weights[0].keys() == weights[1].keys()
    assert any(not torch.equal(value, weights[1][name]) for name, value in weights[0].items())
    assert [figure["file"] for figure in report["figures"]] == ["figures/power-planted-patch.png"]
    assert (folder / "figures" / "power-planted-patch.png").stat().st_size > 5000
    assert "detection_power" in (folder / "report.md").read_text(encoding="utf-8")
    assert (wide.folder / "model.pt").read_bytes() == before
    assert report["models"][0]["file"] == "model.pt"
    cells = report["data"]["cells"]["planted_patch"]  # ρ = 0.5 + 0.2 · 0.5 = 0.6 of every class
    assert {group: sum(row.values()) for group, row in cells.items()}.keys() == {"0", "1"}
    for code, value in enumerate(("0", "1")):
        total = sum(cells[group][value] for group in cells)
        assert cells[value][value] == int(total * 0.6), code


def test_the_same_command_goes_on_and_gives_the_same_report(wide, report):
    again = wide.run("selftest", "model.pt", "-o", "out", "--json", *QUICK).report()
    assert again["run"]["resumed_chunks"] == 2
    assert {k: v for k, v in again.items() if k != "run"} == {k: v for k, v in report.items() if k != "run"}


def test_a_killed_run_goes_on_to_the_same_report_and_keeps_its_models(wide, report):
    process = wide.start("selftest", "model.pt", "-o", "killed", "--quiet", *QUICK)
    first = wide.folder / "killed" / "models" / "patch-control-seed-0.safetensors"
    deadline = time.monotonic() + 120
    while not first.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    kept, written = first.read_bytes(), first.stat().st_mtime_ns
    assert wide.run("selftest", "model.pt", "-o", "killed", *QUICK).code == 0
    assert first.read_bytes() == kept
    assert first.stat().st_mtime_ns == written  # not trained again
    found = json.loads((wide.folder / "killed" / "report.json").read_text(encoding="utf-8"))
    assert {k: v for k, v in found.items() if k != "run"} == {k: v for k, v in report.items() if k != "run"}


def test_the_table_and_the_gate(wide, report):
    wide.configure(gates=[{"metric": "detection_power", "method": "causal", "min": 0.8, "on": "value"}])
    try:
        done = wide.run("selftest", "model.pt", "-o", "out", *QUICK)
        assert done.code == 0, done.err
        assert all(len(line) <= 80 for line in done.out.splitlines())
        table = done.out[: done.out.index("\n\n")].splitlines()
        assert table[0].split() == ["planted_patch:", "flagged", "no", "bias", "rho", "1"]
        assert next(line for line in table if line.startswith("  causal")).split() == ["causal", "0/1", "1/1"]
        wide.configure(gates=[{"metric": "detection_power", "method": "no such audit", "min": 0.1, "on": "value"}])
        done = wide.run("selftest", "model.pt", "-o", "out", *QUICK)
        assert (done.code, "1 not judged" in done.out) == (4, True), done.out
        wide.configure(gates=[{"metric": "detection_power", "method": "causal", "min": 0.8}])
        done = wide.run("selftest", "model.pt", "-o", "out", *QUICK)
        assert done.code == 4, done.err  # one model of one: the interval is wide
        # No alarm of one model: were the rate .99, that had probability .01; were it .9, .1, which proves nothing.
        wide.configure(gates=[{"metric": "false_alarm_rate", "method": "causal", "min": 0.9}])
        assert wide.run("selftest", "model.pt", "-o", "out", *QUICK).code == 4
        wide.configure(gates=[{"metric": "false_alarm_rate", "method": "causal", "min": 0.99}])
        done = wide.run("selftest", "model.pt", "-o", "out", *QUICK)
        assert done.code == 3, done.out
    finally:
        wide.configure(gates=[])


def test_an_architecture_without_a_file_and_two_biases(wide):
    (wide.folder / "selfnet.py").write_text(NETWORK, encoding="utf-8")
    options = ("--arch", "selfnet:factory(width=3)", "--bias", "patch,corruption", "--no-discover", "--prune", *QUICK)
    done = wide.run("selftest", "-o", "arch", "--json", *options)
    assert done.code == 0, done.err
    report = done.report()
    assert report["models"][0]["file"] == "start.safetensors"
    audits = [
        (m["attribute"], m["region"], m["method"]) for m in report["measurements"] if m["metric"] == "false_alarm_rate"
    ]
    assert audits == [
        ("planted_patch", "planted_patch", "fairness"),
        ("planted_patch", "planted_patch", "cue alignment gradient"),
        ("planted_patch", "planted_patch", "relevance gradient"),
        ("planted_patch", "planted_patch", "causal"),
        ("planted_patch", "planted_patch", "content swap"),
        ("planted_patch", "planted_patch", "joint verdict"),
        ("planted_patch", "planted_patch", "prune"),
        ("planted_corruption", None, "fairness"),  # a corruption is everywhere: no region to look at
        ("planted_corruption", None, "joint verdict"),
        ("planted_corruption", None, "prune"),
    ]


def test_keeping_the_weights_starts_from_them(wide):
    options = ("--keep-weights", "--no-discover", *QUICK, "--epochs", "1", "--learning-rate", "1e-9")
    assert wide.run("selftest", "model.pt", "-o", "kept", *options).code == 0
    own = torch.jit.load(str(wide.folder / "model.pt")).state_dict()
    found = load_file(wide.folder / "kept" / "models" / "patch-rho-1-seed-0.safetensors")
    assert sorted(value.shape for value in found.values()) == sorted(value.shape for value in own.values())
    for value in own.values():
        assert any(value.shape == other.shape and torch.allclose(value, other, atol=1e-5) for other in found.values())


def test_a_dry_run_trains_nothing(wide):
    done = wide.run("selftest", "model.pt", "-o", "dry", "--dry-run", *QUICK)
    assert done.code == 0, done.err
    assert done.out.startswith("2 models: patch at rho 1\n1 of them")
    assert "Each sees 160 images 8 times and is audited on 80 others." in done.out
    assert not (wide.folder / "dry").exists()
    plan = json.loads(wide.run("selftest", "model.pt", "--dry-run", "--json", *QUICK).out)
    assert plan["models"] == 2
    assert plan["seconds"] > 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--bias", "pach"), ('no bias called "pach"', "patch")),
        (("--bias", "patch,patch"), ("nothing to plant",)),
        (("--rho", "1.5"), ("--rho", "1.5")),
        (("--rho", "0"), ("--rho",)),
        (("--train-split", "split"), ("--train-split", "COLUMN=VALUE")),
        (("--train-split", "split=test"), ("overlap",)),
        (("--audit-images", "9"), ("too few images to audit", "at least 8 of every class")),
        (("--split", "split=train"), ('"train" has no rows',)),
    ],
)
def test_bad_input_is_told(wide, arguments, words):
    wide.run("selftest", "model.pt", "-o", "bad", *QUICK, *arguments).refused(*words)


def test_a_single_class_is_told(lab):
    rows = [row | {"label": "1"} for row in lab.rows()]
    lab.write_rows(rows)
    lab.run("selftest", "model.pt", "-o", "bad", *QUICK).refused("one value only", "label")


def test_without_model_and_architecture_it_says_what_to_give(wide):
    wide.run("selftest", "-o", "bad", *QUICK).refused("no model", "--arch")


def test_a_script_that_does_not_lift_is_told(wide):
    class Deciding(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(3, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.linear(x.mean(dim=(2, 3)))
            if bool(x[0, 0, 0, 0] > 0.5):
                y = y + 1e-7
            return y

    torch.manual_seed(0)
    wide.save(Deciding().eval(), "deciding.pt")
    wide.run("selftest", "deciding.pt", "-o", "bad", *QUICK).refused("cannot be turned into modules")


def test_an_unknown_rule_is_told_before_anything_is_trained(wide):
    wide.configure(gates=[{"metric": "detection_pover", "min": 0.8}])
    try:
        wide.run("selftest", "model.pt", "-o", "never", *QUICK).refused("detection_power")
    finally:
        wide.configure(gates=[])
    assert not (wide.folder / "never").exists()
