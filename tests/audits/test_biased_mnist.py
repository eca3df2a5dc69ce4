"""Biased-MNIST, end to end: real digits, a colour tied to the class in training, and the shipped configuration."""

import contextlib
import json
import shutil
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from fairaudit.cli.main import app
from fairaudit.config.load import load_config
from fairaudit.config.options import RunOptions
from fairaudit.data.open import open_manifest
from fairaudit.report.schema import report_schema

pytestmark = pytest.mark.slow
CONFIGS = Path(__file__).parents[2] / "example_configs"
METHODS = ("lrp_epsilon_gamma_box", "integrated_gradients")


@pytest.fixture(scope="module")
def trained(tmp_path_factory, biased_mnist):
    """The model, the held-out digits and the configuration, made by the shipped script."""
    folder = tmp_path_factory.mktemp("biased")
    shutil.copytree(biased_mnist, folder / "biased_mnist")
    text = (CONFIGS / "biased_mnist.yaml").read_text()
    (folder / "fairaudit.yaml").write_text(text.replace("\naudit:\n", "\naudit:\n  replicates: 300\n"))
    return folder


def fairaudit(folder, *arguments):
    with contextlib.chdir(folder):
        done = CliRunner().invoke(app, [*arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture(scope="module")
def audited(trained):
    """The shipped configuration on all digits; its second method, the slow one, is searched with below."""
    done = fairaudit(trained, "audit", "biased_mnist/biased_mnist.pt", "--method", METHODS[0], "-o", "out", "-q")
    return done, json.loads((trained / "out" / "report.json").read_text())


def value(report, metric, **fields):
    names = ("attribute", "group", "class", "region", "method")
    found = [m for m in report["measurements"] if m["metric"] == metric and all(m[n] == fields.get(n) for n in names)]
    assert len(found) == 1, (metric, fields)
    return found[0]


def test_the_gap_between_aligned_and_conflicting_digits_is_reported_and_right(trained, audited):
    done, report = audited
    assert done.exit_code == 3, done.stderr
    assert [rule["state"] for rule in report["gate"]["rules"]] == ["fail", "fail"], "both that are shipped"
    config, base = load_config(trained / "fairaudit.yaml", folder=trained, overrides={})
    manifest = open_manifest(config, base=base, seed=RunOptions().seed)
    pixels = np.stack([np.asarray(manifest.source.read(row)) for row in range(len(manifest))])
    # 2 x 2 average pooling and the configured normalisation, written out once more with torch alone.
    images = torch.nn.functional.avg_pool2d(torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255, 2)
    model = torch.jit.load(str(trained / "biased_mnist" / "biased_mnist.pt")).eval()
    with torch.no_grad():
        decided = model((images - 0.5) / 0.5).argmax(1).numpy()
    truth, colour = manifest.target.codes, manifest.attributes["colour"].codes
    right = decided == truth
    cells = np.array([[right[(colour == g) & (truth == t)].mean() for t in range(10)] for g in range(10)])
    aligned = value(report, "bias_aligned_accuracy", attribute="colour")
    conflicting = value(report, "bias_conflict_accuracy", attribute="colour")
    assert aligned["value"] == pytest.approx(np.diag(cells).mean(), abs=2e-3)
    assert conflicting["value"] == pytest.approx(cells[~np.eye(10, dtype=bool)].mean(), abs=2e-3)
    assert aligned["low"] - conflicting["high"] > 0.15, "the gap is huge"


def test_ten_groups_of_ten_classes_are_measured_and_drawn(audited):
    _, report = audited
    for digit in range(10):
        gap = value(report, "tpr_difference", attribute="colour", **{"class": str(digit)})
        assert gap["low"] <= gap["value"] <= gap["high"]
    worst = value(report, "equalized_odds_difference", attribute="colour")
    assert worst["low"] > 0.1, "the colour decides"
    assert 0 <= value(report, "cramers_v", attribute="colour")["value"] <= 1
    figures = {figure["file"] for figure in report["figures"]}
    assert {"figures/confusion-colour.png", "figures/gate.png", "figures/theory-colour.png"} <= figures
    assert value(report, "bias_aligned_share", attribute="colour")["value"] == pytest.approx(0.95), (
        "the training's, not the test's"
    )
    assert value(report, "model_biasedness", attribute="colour")["low"] > 0.15, "conflicting digits follow the colour"
    soft = value(report, "soft_dp_mi", attribute="colour")
    assert soft["low"] <= soft["value"] <= soft["high"]
    assert "figures/roc-colour.png" not in figures, "no threshold decides among ten classes"


def test_relevance_and_intervention_see_the_colour(audited):
    _, report = audited
    found = value(report, "cue_alignment", attribute="colour", region="background", method=METHODS[0])
    assert found["low"] > 0.05
    assert value(report, "rrf", region="background", method=METHODS[0])["low"] is not None
    assert value(report, "causal_excess", region="background", method="swap")["low"] > 0.05


def searched(folder, model):
    """Both methods' region numbers and windows on 600 digits; the methods' trials are left to the audit."""
    text = (folder / "fairaudit.yaml").read_text()
    (folder / "quick.yaml").write_text(text.split("gates:")[0].replace("audit:\n", "audit:\n  faithfulness: false\n"))
    command = [
        "roi-metrics",
        model,
        "-c",
        "quick.yaml",
        "--discover",
        "--limit",
        "600",
        "--format",
        "csv",
        "-q",
        "--json",
    ]
    done = fairaudit(folder, *command, "-o", f"found-{Path(model).parent.name}")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def windows(report, method):
    """What relevance and the score agree on, as (x0, y0, x1, y1) and the effect's lower end."""
    rows = [m for m in report["measurements"] if m["metric"] in ("discovery", "discovery_alignment")]
    names = ("x0", "y0", "x1", "y1", "effect_low")
    return [tuple(m["extra"][n] for n in names) for m in rows if m["method"] == method and m["value"] is not None]


def test_discovery_finds_the_background_without_being_told(trained):
    report = searched(trained, "biased_mnist/biased_mnist.pt")
    for method in METHODS:
        assert value(report, "rrf", region="background", method=method)["low"] is not None
        found = windows(report, method)
        assert found, method
        for x0, y0, x1, y1, effect in found:
            assert effect > 0.05
            # Digits are in the middle: whatever reaches a corner or an edge has background.
            assert min(x0, y0) <= 0.3 or max(x1, y1) >= 0.7


def repainted(folder, model):
    """What painting the backgrounds in other colours changes, by drawing the digits once more: no swap, no seam."""
    config, base = load_config(folder / "fairaudit.yaml", folder=folder, overrides={})
    first, second = (open_manifest(config, base=base, seed=seed) for seed in (0, 1))  # the seed draws the colours
    colours = [manifest.attributes["colour"].codes for manifest in (first, second)]
    rows = np.flatnonzero(colours[0] != colours[1])[:600]
    network = torch.jit.load(str(folder / model)).eval()
    scores = []
    for manifest in (first, second):
        pixels = np.stack([np.asarray(manifest.source.read(int(row))) for row in rows])
        images = torch.nn.functional.avg_pool2d(torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255, 2)
        with torch.no_grad():
            scores.append(network((images - 0.5) / 0.5).softmax(1).double())
    return float((scores[0] - scores[1]).abs().sum(1).mean() / 2)


def test_a_model_that_learnt_without_the_colours_help_is_cleared(trained, mnist_folder, script, trained_digits):
    digits = ["--mnist", str(mnist_folder), "--rho", "0.1", "--epochs", "8", "--out", str(trained / "even")]
    with trained_digits("even"):
        assert script(CONFIGS / "train_biased_mnist.py").main(digits) == 0
    report = searched(trained, "even/biased_mnist.pt")
    for method in METHODS:
        found = value(report, "cue_alignment", attribute="colour", region="background", method=method)
        # A hundred cells of few digits: where one holds less than two, there is no number, and nobody is accused by it.
        assert "fewer than two" in found["reason"] if found["value"] is None else found["low"] < 0.05
        assert windows(report, method) == []
        # Relevance does differ by colour, as bright pixels draw more of it: told, and not as a finding.
        assert [m for m in report["measurements"] if m["metric"] == "discovery_unconfirmed" and m["method"] == method]
    effect = value(report, "causal_excess", region="background", method="swap")
    assert effect["high"] < 0.05
    assert repainted(trained, "even/biased_mnist.pt") < 0.05  # what painting the backgrounds anew says, without a swap


def test_the_report_follows_the_schema(audited):
    report = audited[1]
    # Of thousands that differ in nothing but their numbers and names, one of every metric and kind of fields.
    kinds = {
        (m["metric"], *map(type, m.values()), *m["extra"], *map(type, m["extra"].values())): m
        for m in report["measurements"]
    }
    assert {m["metric"] for m in kinds.values()} == {m["metric"] for m in report["measurements"]}
    jsonschema.Draft202012Validator(report_schema()).validate({**report, "measurements": list(kinds.values())})


@pytest.mark.parametrize(
    ("rule", "limit", "code"),
    [
        ("{metric: bias_conflict_accuracy, min: 0.3}", "600", 0),
        ("{metric: bias_conflict_accuracy, min: 0.7}", "60", 4),
    ],
)
def test_exit_codes_of_gates_that_must_pass_or_stay_open(trained, rule, limit, code):
    text = (trained / "fairaudit.yaml").read_text()
    (trained / "gate.yaml").write_text(f"{text.split('gates:')[0]}gates:\n  - {rule}\n")
    more = ["--limit", limit] if limit else []
    done = fairaudit(
        trained,
        "fairness",
        "biased_mnist/biased_mnist.pt",
        "-c",
        "gate.yaml",
        "-o",
        f"gate{code}",
        "-q",
        "--format",
        "csv",
        *more,
    )
    assert done.exit_code == code, done.stdout + done.stderr
