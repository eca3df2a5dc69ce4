"""`fairaudit prune` from the command line: what it writes, what it refuses, and that a killed run goes on."""

import json
import signal
import time

import pytest
import torch
from safetensors.torch import load_file

pytestmark = pytest.mark.slow
QUICK = ("--epochs", "1", "--levels", "2", "--fail-on", "never")


@pytest.fixture
def wide(tmp_path, make_lab):
    """80 pictures, so that every part has every label and group."""
    return make_lab(tmp_path, 80)


def test_it_writes_the_model_the_mask_and_one_report(wide):
    wide.configure(audit={"aligned": {"pairs": {"group": {"a": "0", "b": "1"}}, "rho": {"group": 0.8}}})
    done = wide.run("prune", "model.pt", "-o", "out", "--json", "--gamma", "3,0", *QUICK)
    assert done.code == 0, done.err
    report = done.report()
    assert [model["role"] for model in report["models"]] == ["candidate", "baseline"]
    assert report["models"][0]["name"] == "model-pruned.pt"
    assert report["models"][0]["format"] == "torchscript"
    rows = {(m["metric"], m["method"]): m for m in report["measurements"] if m["audit"] == "prune" and not m["group"]}
    made = (
        "vanilla",
        "ffw gamma 3",
        "ffw gamma 0",
        "gamma 0",
        "magnitude",
        "random",
        "last layer",
        "fine-tuning",
        "scratch",
    )
    assert {method for metric, method in rows if metric == "task_accuracy"} == set(made)
    assert all(("bias_accuracy_mlp", method) in rows for method in made)
    size = rows["sparsity", "ffw gamma 3"]
    assert rows["sparsity", "magnitude"]["numerator"] == size["numerator"]
    assert {figure["file"] for figure in report["figures"]} >= {
        "figures/sparsity.png",
        "figures/gamma.png",
        "figures/theory.png",
        "figures/gradcam.png",
    }
    masks = load_file(wide.folder / "out" / "mask.safetensors")
    pruned = dict(torch.jit.load(str(wide.folder / "out" / "model-pruned.pt")).named_parameters())
    assert sum(int((~mask).sum()) for mask in masks.values()) == size["numerator"]
    assert all((pruned[f"{layer}.weight"][~mask] == 0).all() for layer, mask in masks.items())
    data = report["data"]
    assert data["rows"] < 80  # the reporting part alone


def test_controls_are_audited_beside_a_pruned_model_that_collapsed(wide):
    """One pass leaves a pruned model that decides every image alike: it has outcomes, and nothing to explain.

    Every leg of a control that did not collapse is in tests/audits/pruning/test_run.py.
    """
    asked = ("--controls", "gamma 0,magnitude", "--audit-controls", "magnitude", "--roi", "patch", "--gamma", "3")
    done = wide.run("prune", "model.pt", "-o", "out", "--json", *asked, *QUICK)
    assert done.code == 0, done.err
    report = done.report()
    folder = wide.folder / "out"
    assert json.loads((folder / "report.json").read_text()) == report
    assert sorted(path.name for path in (folder / "controls").iterdir()) == ["magnitude", "vanilla"]
    vanilla = json.loads((folder / "controls" / "vanilla" / "report.json").read_text())
    effect = [m for m in vanilla["measurements"] if m["metric"] == "causal_excess" and not m["group"]]
    legs = {(m["metric"], m["method"]): m for m in report["measurements"] if m["metric"].startswith("leg_")}
    assert {model.split(",")[0] for _, model in legs} == {"vanilla", "ffw gamma 3", "magnitude"}
    assert legs["leg_effect", "vanilla"]["value"] == next(m["value"] for m in effect if not m["class"])
    for leg in ("leg_outcome", "leg_accuracy"):
        changes = {"change", "change_low", "change_high"}
        assert set(legs[leg, "ffw gamma 3"]["extra"]) == set(legs[leg, "magnitude"]["extra"]) == changes
        assert not legs[leg, "vanilla"]["extra"]
    for model in ("ffw gamma 3", "magnitude"):
        alike = legs["leg_outcome", model]["value"] == 0 and legs["leg_accuracy", model]["value"] == 0.5
        assert (("leg_effect", model) in legs) != alike, model
    files = {figure["file"] for figure in report["figures"]}
    assert "figures/legs.png" in files
    assert all((folder / file).is_file() for file in files)
    assert "Numbers of the audits" in (folder / "report.md").read_text()


def test_a_structured_mask_is_also_written_as_a_smaller_model(wide):
    done = wide.run("prune", "model.pt", "-o", "out", "--json", "--mode", "structured", "--controls", "none", *QUICK)
    assert done.code == 0, done.err
    small, pruned = (torch.jit.load(str(wide.folder / "out" / f"model-{name}.pt")) for name in ("small", "pruned"))
    images = torch.rand(5, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(small(images), pruned(images), rtol=1e-4, atol=1e-5)
    sizes = [sum(value.numel() for value in model.parameters()) for model in (small, pruned)]
    assert sizes[0] < sizes[1]
    assert any("model-small.pt" in note and f"{sizes[0]:,} of {sizes[1]:,}" in note for note in done.report()["notes"])


def test_several_seeds_give_mean_and_deviation(wide):
    done = wide.run("prune", "model.pt", "-o", "out", "--json", "--seeds", "2", "--controls", "random, scratch", *QUICK)
    methods = {m["method"] for m in done.report()["measurements"] if m["metric"] == "task_accuracy"}
    assert methods == {"vanilla", "ffw gamma 10", "random", "scratch"}  # the other controls are left out
    sparsity = next(m for m in done.report()["measurements"] if m["metric"] == "sparsity")
    assert sparsity["extra"]["seeds"] == 2
    assert sparsity["extra"]["sd"] >= 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--bottleneck", "nowhere"), ("no module called", "nowhere")),
        (("--controls", "magnitud"), ("no control", "magnitude")),
        (("--controls", "random", "--audit-controls", "magnitude"), ("magnitude", "not among", "random")),
        (("--gamma", "much"), ("--gamma", "much")),
        (("--mode", "both"), ("--mode", "both")),
        (("--attribute", "gruop"), ("no attribute", "group")),
        (("--fit-split", "split=train"), ('"train" has no rows',)),
        (("--fit-split", "split=test"), ("overlap",)),
    ],
)
def test_bad_input_is_told(lab, arguments, words):
    lab.run("prune", "model.pt", "-o", "out", *QUICK, *arguments).refused(*words)


def test_no_unbiased_images_is_told_and_can_be_gone_without(wide):
    rows = wide.rows()
    for row in rows:
        row["group"] = "b" if row["label"] == "1" else row["group"]  # no positive in group a
    wide.write_rows(rows)
    wide.run("prune", "model.pt", "-o", "out", *QUICK).refused("no unbiased images", "--unbalanced")
    done = wide.run("prune", "model.pt", "-o", "out", "--json", "--unbalanced", "--controls", "none", *QUICK)
    assert any("not balanced" in note for note in done.report()["notes"])


def test_a_killed_run_goes_on_to_the_same_mask(wide):
    settings = ("--epochs", "3", "--levels", "4", "--controls", "none", "--fail-on", "never", "--quiet")
    assert wide.run("prune", "model.pt", "-o", "whole", *settings, quiet=False).code == 0
    process = wide.start("prune", "model.pt", "-o", "killed", *settings)
    checkpoint = wide.folder / "killed" / "search" / "gamma-10-seed-0.safetensors"
    deadline = time.monotonic() + 120
    while not checkpoint.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert checkpoint.exists()
    assert wide.run("prune", "model.pt", "-o", "killed", *settings, quiet=False).code == 0
    whole, again = (load_file(wide.folder / name / "mask.safetensors") for name in ("whole", "killed"))
    assert set(whole) == set(again)
    assert all(torch.equal(whole[layer], again[layer]) for layer in whole)
    files = [(wide.folder / name / "mask.safetensors").read_bytes() for name in ("whole", "killed")]
    assert files[0] == files[1]


@pytest.mark.parametrize("command", ["prune", "mitigate"])
def test_a_dry_run_is_of_the_reporting_part_and_refuses_what_the_run_would(wide, command):
    plan = wide.run(command, "model.pt", "--dry-run", "--json").report()
    assert plan["rows"] < 80
    assert plan["besides"]
    wide.configure(gates=[{"metric": "tpr", "group": "z", "min": 0.5}])
    wide.run(command, "model.pt", "--dry-run").refused('"z", which the data does not have')
    wide.run(command, "model.pt").refused('"z", which the data does not have')  # before the search, not after it
    split = {"prune": "--fit-split", "mitigate": "--debias-split"}[command]
    wide.run(command, "model.pt", "--dry-run", split, "nowhere=x").refused("nowhere")
