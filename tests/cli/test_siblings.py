"""Every command reads what its sibling wrote, and the configuration that both share need not be changed in between."""

from __future__ import annotations

import csv
import shutil
import warnings

import pytest
import torch
from torch import Tensor, nn


class Blocks(nn.Module):
    """A generator that keeps the means of 2 x 2 pixels."""

    def encode(self, images: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(images, 2)

    def decode(self, latents: Tensor) -> Tensor:
        return nn.functional.interpolate(latents, scale_factor=2.0, mode="nearest")


def blocks(lab) -> str:
    images = torch.rand(2, 3, 16, 16)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace_module(Blocks(), {"encode": images, "decode": images[:, :, :8, :8]})
        torch.jit.save(traced, str(lab.folder / "blocks.pt"))
    return "blocks.pt"


def rules(ran) -> list[tuple[str, str]]:
    return [(rule["state"], rule["measurement"]) for rule in ran.report()["gate"]["rules"]]


def test_a_gate_names_the_classifier_that_a_counterfactual_was_read_by(lab):
    """`--downstream twin=other.pt` makes rows about twin, which is no attribute of the data; a typo judges nothing."""
    shutil.copy(lab.folder / "model.pt", lab.folder / "other.pt")
    command = ("cf-align", "model.pt", "--generator", blocks(lab), "--downstream", "twin=other.pt", "--drift", "1")
    for name in ("twin", "twn"):
        lab.configure(gates=[{"metric": "relative_change", "attribute": name, "max": 9.0}])
        ran = lab.run(*command, "--min-base-change", "0", "-o", "out", "--json", "--format", "csv")
        ((state, measurement),) = rules(ran)
        assert ("twin" in str(measurement)) == (name == "twin"), ran.report()["gate"]
        if name == "twn":
            assert state != "pass"
            assert ran.code in (4, 5)
    lab.configure(gates=[{"metric": "tpr", "attribute": "twin", "min": 0.1}])
    lab.run(*command, "-o", "out").refused('no attribute called "twin"')


def test_maps_that_saliency_saved_are_judged_by_the_rules_of_their_method(lab):
    lab.run("saliency", "model.pt", "--save-maps", "-o", "saved", "--format", "csv")
    lab.configure(gates=[{"metric": "rrf_lift", "region": "patch", "method": "gradient", "max": 99}])
    for folder in ("saved/maps", "saved/maps/model", "saved/maps/model/gradient"):
        ran = lab.run("roi-metrics", "--maps", folder, "--roi", "patch", "-o", "out", "--json", "--format", "csv")
        ((state, measurement),) = rules(ran)
        assert (ran.code, state) == (0, "pass")
        assert measurement.startswith("roi-metrics/rrf_lift/region=patch")


def test_manifests_that_commands_write_fit_the_configuration_they_come_from(large_lab):
    made = {
        "resample": ("resample", "--attribute", "group", "-o", "made.csv"),
        "split": ("split", "--attribute", "group"),
    }
    large_lab.run(*made["resample"], quiet=False)
    large_lab.run(*made["split"], "-o", "parts.csv", quiet=False)
    with (large_lab.folder / "parts.csv").open(newline="") as opened:
        parts = {row["part"] for row in csv.DictReader(opened)}
    assert parts == {"train", "debias", "choose", "report"}
    for arguments in (("--data", "made.csv"), ("--data", "parts.csv", "--split", "part=report")):
        ran = large_lab.run("roi-metrics", "model.pt", "--dry-run", *arguments, "-o", "out")
        assert ran.code == 0, ran.err


@pytest.mark.slow
def test_counterfactuals_that_were_drawn_are_a_manifest(lab):
    lab.configure(preprocess={"size": [28, 28]})
    small = ("--epochs", "1", "--width", "4", "--latent", "2")
    lab.run("generator", "train", "--kind", "cvae", "--condition", "group", *small, "-o", "gen")
    assert lab.run("generator", "info", "gen", quiet=False).code == 0
    lab.run("generator", "interpolate", "gen", "--condition", "group", "--frames", "2", "-o", "pairs")
    lab.save(lab.network(size=28), "larger.pt")
    lab.configure(data={"split": None}, regions={})
    lab.configure(audit={"region": None})
    made = ("--data", "pairs/counterfactuals.csv", "--cluster", "pair")
    ran = lab.run("fairness", "larger.pt", *made, "-o", "out", "--json", "--format", "csv")
    assert ran.code in (0, 4), ran.err
    assert ran.report()["data"]["rows"] == 48


def test_reports_of_parts_and_of_several_models_are_read_by_compare_and_render(lab):
    shutil.copy(lab.folder / "model.pt", lab.folder / "other.pt")
    for part in ("1", "2"):
        lab.run("fairness", "model.pt", "other.pt", "--shard", f"{part}/2", "-o", f"part{part}", "--format", "csv")
    assert lab.run("merge", "part1", "part2", "-o", "whole", quiet=False).code == 0
    compared = lab.run("compare", "whole/model", "whole/other", "-o", "compared", quiet=False)
    assert compared.code == 0, compared.err
    assert lab.run("render", "whole/model", "--format", "md,junit", quiet=False).code == 0
    lab.run("render", "whole", quiet=False).refused("whole/report.json")
