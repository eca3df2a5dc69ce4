"""`fairaudit roi-metrics` through the command line: kinds of region, unchanged models, unusable methods, discovery."""

import json
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from PIL import Image

from fairaudit.saliency.gradients.gradient import Gradient, InputXGradient
from fairaudit.saliency.method import Attribution, TakesLabels
from fairaudit.saliency.registry import METHODS, method

ALONE = [name for name in METHODS if not isinstance(method(name), TakesLabels)]

CONTROL = "random"


def found(done, metric, **fields):
    return [
        m
        for m in done.report()["measurements"]
        if m["metric"] == metric and all(m[name] == value for name, value in fields.items())
    ]


def over_all(done, metric, **fields):
    rows = found(done, metric, attribute=None, group=None, **{"class": None}, **fields)
    assert len(rows) == 1, (metric, fields, rows)
    return rows[0]


@pytest.mark.slow
def test_an_unchanged_model_has_no_adr_no_dif_and_no_significant_drop_for_every_method(lab):
    asked = [word for name in ALONE for word in ("--method", name)]
    few = ("--limit", "12", "--format", "csv", "-o", "out", "--json")
    done = lab.run("roi-metrics", "model.pt", "--baseline", "model.pt", *asked, *few)
    assert done.code == 0, done.err
    wanted = ("adr", "dif", "rddt", "rrf_change")
    rows = [m for m in done.report()["measurements"] if m["metric"] in wanted and not (m["group"] or m["class"])]
    values = {(m["metric"], m["method"]): m["value"] for m in rows}
    assert len(values) == len(rows) == len(wanted) * len(ALONE)
    for name in ALONE:
        assert values["adr", name] == values["dif", name] == values["rrf_change", name] == 0
        assert values["rddt", name] != 1


@pytest.mark.slow
def test_changes_of_the_causal_check_are_differences_of_both_models_own_numbers(lab):
    old = lab.network()
    with torch.no_grad():
        for weight in old.parameters():
            weight.mul_(2)
    lab.save(old, "old.pt")
    both = lab.run("roi-metrics", "model.pt", "--baseline", "old.pt", "--method", "gradient", "-o", "both", "--json")
    alone = {
        name: lab.run("roi-metrics", f"{name}.pt", "--method", "gradient", "-o", name, "--json")
        for name in ("model", "old")
    }
    for metric in ("causal_shift", "causal_excess", "causal_flip"):
        change = over_all(both, f"{metric}_change")
        new, old = (over_all(alone[name], metric)["value"] for name in ("model", "old"))
        assert change["value"] == pytest.approx(new - old, abs=1e-6), metric
        assert change["low"] <= change["value"] <= change["high"]
        assert change["baseline"] == "old.pt"
    assert over_all(both, "causal_shift_change")["value"] != 0


@pytest.mark.slow
def test_every_kind_of_region_at_once(lab):
    mask = np.zeros((16, 16), np.uint8)
    mask[4:12, 8:14] = 255
    lab.picture("mask.png", mask)
    patch = [8 / 16, 4 / 16, 14 / 16, 12 / 16]
    lab.configure(
        regions={
            "box": {"box": patch},
            "polygon": {"polygon": [[8, 4], [14, 4], [14, 12], [8, 12]], "units": "pixel"},
            "file": {"mask": "mask.png"},
            "marks": {"landmarks": [["x0", "y0"], ["x1", "y1"]], "margin": 0.0, "units": "pixel"},
            "rest": {"complement": "box"},
            "left": {"box": [0, 0, 0.25, 1]},
            "both": {"union": ["box", "left"]},
        },
        audit={"region": ["patch", "box", "polygon", "file", "marks", "rest", "left", "both"]},
    )
    done = lab.run("roi-metrics", "model.pt", "-o", "out", "--json")
    assert done.code == 0, done.err
    share = {region: over_all(done, "rrf", region=region)["value"] for region in ("patch", "box", "rest", "left")}
    for same in ("box", "polygon", "file", "marks"):
        assert over_all(done, "rrf", region=same)["value"] == pytest.approx(share["patch"], rel=1e-9), same
    assert share["rest"] == pytest.approx(1 - share["box"], rel=1e-9)
    assert over_all(done, "rrf", region="both")["value"] == pytest.approx(share["box"] + share["left"], rel=1e-9)
    named = {figure["file"] for figure in done.report()["figures"]}
    assert {f"figures/region-{name}.png" for name in ("patch", "polygon", "both")} <= named


def test_a_region_that_the_crop_cuts_off_in_all_images_is_refused(lab):
    lab.configure(
        preprocess={"crop": [16, 8], "size": [16, 16]},  # columns 4 to 11 are left
        regions={"edge": {"box": [0, 0, 3, 16], "units": "pixel"}},
        audit={"region": ["edge"]},
    )
    lab.run("roi-metrics", "model.pt").refused('The region "edge" is empty in all 24 images', "preprocess.crop")


def test_a_region_of_everything_holds_everything_and_leaves_no_place_for_a_control(lab):
    lab.configure(regions={"all": {"box": [0, 0, 1, 1]}}, audit={"region": ["all"], "fills": ["mean"]})
    done = lab.run("roi-metrics", "model.pt", "-o", "out", "--json")
    assert done.code == 0, done.err
    for metric in ("rrf", "area_share", "pointing_game", "rank_accuracy"):
        assert over_all(done, metric, region="all")["value"] == 1
    for metric in ("inside_outside_ratio", "rrf_lift", "rrf_lift_absolute"):  # the lift would be 1 whatever the map
        row = over_all(done, metric, region="all")
        assert (row["value"], row["status"]) == (None, "undefined")
        assert row["reason"]
    assert over_all(done, "causal_shift_control", region="all")["value"] is None
    assert any("no room for a control region" in note for note in done.report()["notes"])


@pytest.mark.slow
def test_contrasts_have_a_permutation_p_value_and_regions_a_matched_control(lab):
    done = lab.run("roi-metrics", "model.pt", "-o", "out", "--json")
    contrast = found(done, "rrf_contrast", attribute="group", group="a", **{"class": None})[0]
    assert 1 / 101 <= contrast["p_value"] <= 1
    assert contrast["low"] <= contrast["value"] <= contrast["high"]
    own = over_all(done, "rrf")
    assert 0 < own["chance"] < 1
    assert 0 < own["p_value"] <= 1
    for group in "ab":
        for label in "01":
            assert len(found(done, "rrf", attribute="group", group=group, **{"class": label})) == 1


@pytest.mark.slow
@pytest.mark.parametrize("convention", ["absolute", "paper"])
def test_the_convention_is_asked_for_and_told(lab, convention):
    done = lab.run("roi-metrics", "model.pt", "--convention", convention, "-o", "out", "--json")
    assert over_all(done, "rrf")["extra"]["convention"] == convention
    assert over_all(done, "rrf")["value"] != over_all(lab.run("roi-metrics", "model.pt", "--json"), "rrf")["value"]
    lab.run("roi-metrics", "model.pt", "--convention", "papper").refused("paper")


@pytest.mark.slow
def test_a_method_that_fails_its_trial_is_unusable_and_cannot_gate(lab):
    lab.configure(
        audit={"faithfulness": True, "saliency": [CONTROL]},
        gates=[{"metric": "rrf_lift", "region": "patch", "method": CONTROL, "max": 100.0}],
    )
    done = lab.run("roi-metrics", "model.pt", "-o", "out", "--json")
    row = over_all(done, "rrf_lift", region="patch")
    assert row["status"] == "unusable"
    assert "control" in row["reason"]
    assert done.report()["gate"]["state"] in ("inconclusive", "incomplete")
    assert done.code in (4, 5)
    assert "control" in done.report()["gate"]["rules"][0]["why"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """A method with a fault, under the name of a good one: its trial has to find the fault."""

    fault: str
    name: str = "gradient"
    family: str = "gradient"

    def attribute(self, classifier, images, classes, *, seed=0):
        honest = Gradient().attribute(classifier, images, classes).maps
        if self.fault == "painted":  # the same picture whatever the model
            ramp = torch.linspace(0, 1, images.shape[3], dtype=honest.dtype).expand_as(honest)
            return Attribution(maps=ramp + images.mean(dim=(1, 2, 3)).to(ramp)[:, None, None], evaluations=0)
        if self.fault == "backwards":
            return Attribution(maps=-InputXGradient().attribute(classifier, images, classes).maps, evaluations=1)
        if self.fault == "noisy":
            noise = torch.randn(honest.shape, generator=torch.Generator().manual_seed(seed), dtype=honest.dtype)
            return Attribution(maps=noise, evaluations=0)
        return Attribution(maps=honest, residual=torch.full((len(images),), 0.5), evaluations=1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("painted", "survive randomisation"),
        ("backwards", "no better than the random map at deletion"),
        ("noisy", "differ from run to run"),
        ("incomplete", "relevance is incomplete"),
    ],
)
def test_a_bad_method_is_caught_and_keeps_the_gate_open(lab, monkeypatch, fault, reason):
    monkeypatch.setattr("fairaudit.audits.core.study.methods.make_method", lambda name: Bad(fault=fault))
    lab.configure(audit={"faithfulness": True}, gates=[{"metric": "rrf_lift", "region": "patch", "max": 100.0}])
    done = lab.run("roi-metrics", "model.pt", "-o", "out", "--json")
    row = over_all(done, "rrf_lift", region="patch")
    assert row["status"] == "unusable"
    assert reason in row["reason"]
    assert row["high"] < 100, "the number alone would pass"
    assert done.code == 4
    assert done.report()["gate"]["state"] == "inconclusive"


@pytest.mark.slow
def test_a_good_method_earns_its_vote(lab):
    lab.configure(
        audit={"faithfulness": True, "saliency": ["integrated_gradients"]},
        gates=[{"metric": "rrf_lift", "region": "patch", "max": 100.0}],
    )
    done = lab.run("roi-metrics", "model.pt", "-o", "out", "--json")
    assert over_all(done, "rrf_lift", region="patch")["status"] == "ok", done.report()["notes"]
    assert done.code == 0


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["causal_excess", "causal_flip", "rrf_contrast"])
def test_causal_numbers_and_contrasts_may_be_gated(lab, metric):
    rule = {"metric": metric, "region": "patch", "max": 1.0, "on": "value"}
    if metric == "rrf_contrast":
        rule |= {
            "attribute": "group",
            "group": "b",
        }  # whose decisions vary; those of "a" are all alike and prove nothing
    lab.configure(gates=[rule])
    done = lab.run("roi-metrics", "model.pt", "-o", "out", "--json")
    assert done.code == 0, done.err
    assert done.report()["gate"]["state"] == "pass"


@pytest.mark.slow
def test_swapped_content_does_not_depend_on_the_batch_that_an_image_is_in(lab):
    lab.configure(audit={"fills": ["swap"]})
    rows = [
        {
            (m["metric"], m["group"], m["class"]): m["value"]
            for m in lab.run("roi-metrics", "model.pt", "--batch-size", size, "-o", f"out{size}", "--json").report()[
                "measurements"
            ]
            if m["metric"].startswith("causal")
        }
        for size in ("24", "7", "1")
    ]
    assert rows[0]["causal_shift", None, None] > 0
    assert rows[0]["causal_shift_control", None, None] > 0
    for other in rows[1:]:
        assert other == pytest.approx(rows[0], abs=1e-6)


def planted(lab, count=24):
    """Maps of noise, with relevance in the patch for one group; for the other way, of the other sign."""
    draw = np.random.default_rng(0)
    maps = np.abs(draw.normal(size=(count, 16, 16))) * 0.1
    groups = np.array([row["group"] for row in lab.rows()])
    maps[groups == "b", 4:12, 8:14] += 2.0
    np.save(lab.folder / "maps.npy", maps)
    return maps


@pytest.mark.drawn
def test_discovery_on_maps_of_another_tool_finds_the_planted_window(lab):
    planted(lab)
    done = lab.run(
        "roi-metrics", "--maps", "maps.npy", "--manifest", "faces.csv", "--config", "fairaudit.yaml", "--discover",
        "-o", "out", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    best = found(done, "discovery", attribute="group", region="window 1")[0]
    x0, y0, x1, y1 = (16 * best["extra"][name] for name in ("x0", "y0", "x1", "y1"))
    shared = max(0, min(x1, 14) - max(x0, 8)) * max(0, min(y1, 12) - max(y0, 4))
    assert shared / ((x1 - x0) * (y1 - y0)) > 0.5
    assert best["p_value"] < 0.01
    with Image.open(lab.folder / "out" / "figures" / "discovery-group-maps.png") as picture:
        assert min(picture.size) > 100


@pytest.mark.slow
def test_discovery_of_signs_where_the_group_goes_with_the_class(lab):
    rows = [row | {"group": "ab"[int(row["label"])] if n % 6 else "ba"[int(row["label"])]}
            for n, row in enumerate(lab.rows())]  # fmt: skip
    lab.write_rows(rows)
    lab.configure(audit={"aligned": {"pairs": {"group": {"a": "0", "b": "1"}}}})
    maps = np.random.default_rng(0).normal(size=(24, 16, 16)) * 0.1
    goes = np.array(["ab"[int(row["label"])] == row["group"] for row in rows])
    maps[:, 4:12, 8:14] += np.where(goes, 1.0, -1.0)[:, None, None]
    np.save(lab.folder / "maps.npy", maps)
    done = lab.run("roi-metrics", "--maps", "maps.npy", "--config", "fairaudit.yaml", "--discover", "--json")
    best = found(done, "discovery_alignment", attribute="group", region="window 1")[0]
    assert best["extra"]["x0"] >= 6 / 16
    assert best["extra"]["x1"] <= 1
    assert best["p_value"] < 0.05
    maps[:, 4:12, 8:14] = 1.0
    np.save(lab.folder / "maps.npy", maps)
    done = lab.run("roi-metrics", "--maps", "maps.npy", "--config", "fairaudit.yaml", "--discover", "--json")
    assert found(done, "discovery_alignment", attribute="group")[0]["value"] is None


def test_a_configuration_that_maps_leave_unread_is_said_to_be(lab):
    """Its gates are not judged; nobody may take the exit code for their pass."""
    np.save(lab.folder / "some.npy", np.ones((3, 8, 8), np.float32))
    done = lab.run("roi-metrics", "--maps", "some.npy", "--region-box", "a=1,1,3,3", "-o", "out", "--json")
    assert done.code == 0
    assert any("fairaudit.yaml of this folder was not read" in note for note in done.report()["notes"])
    (lab.folder / "fairaudit.yaml").unlink()
    again = lab.run("roi-metrics", "--maps", "some.npy", "--region-box", "a=1,1,3,3", "-o", "again", "--json")
    assert not any("not read" in note for note in again.report()["notes"])


def test_regions_of_the_configuration_lie_on_maps(lab):
    maps = planted(lab)
    done = lab.run("roi-metrics", "--maps", "maps.npy", "--roi", "patch", "-o", "out", "--json")
    assert done.code == 0, done.err
    shares = maps[:, 4:12, 8:14].sum((1, 2)) / maps.sum((1, 2))
    assert over_all(done, "rrf", region="patch")["value"] == pytest.approx(shares.mean(), rel=1e-9)


def test_two_models_maps_and_a_manifest_are_enough_without_images_or_a_configuration(lab):
    maps = planted(lab)
    table = [f"{row['label']},{row['group']}" for row in lab.rows()]
    (lab.folder / "groups.csv").write_text("\n".join(["label,group", *table]) + "\n")
    np.save(lab.folder / "before.npy", maps[::-1])
    (lab.folder / "fairaudit.yaml").unlink()
    done = lab.run(
        "roi-metrics", "--maps", "maps.npy", "--baseline-maps", "before.npy", "--manifest", "groups.csv",
        "--target", "label", "--attribute", "group", "--region-box", "patch=8,4,14,12", "-o", "out", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    shares = maps[:, 4:12, 8:14].sum((1, 2)) / maps.sum((1, 2))
    group = np.array([row["group"] for row in lab.rows()])
    for name in "ab":
        row = found(done, "rrf", attribute="group", group=name, **{"class": None})[0]
        assert row["value"] == pytest.approx(shares[group == name].mean(), rel=1e-9)
    lift = shares / (48 / 256)  # all relevance is positive, so the absolute convention says the same
    assert over_all(done, "rrf_lift_absolute")["value"] == pytest.approx(lift.mean(), rel=1e-9)
    assert over_all(done, "rrf_change")["value"] == pytest.approx((shares - shares[::-1]).mean(), abs=1e-12)
    assert over_all(done, "rrf_change")["baseline"] == "before"


def with_persons(lab):
    """Four persons of six images each, as the configuration's clusters."""
    lines = (lab.folder / "faces.csv").read_text(encoding="utf-8").splitlines()
    persons = ["person", *(f"p{n // 6}" for n in range(24))]
    table = "\n".join(f"{line},{person}" for line, person in zip(lines, persons, strict=True))
    (lab.folder / "faces.csv").write_text(table + "\n", encoding="utf-8")
    lab.configure(data={"cluster": "person"})


@pytest.mark.slow
def test_persons_are_the_units_of_a_models_regions_and_discovery(lab):
    with_persons(lab)
    old = lab.network()
    with torch.no_grad():
        for weight in old.parameters():
            weight.mul_(2)
    lab.save(old, "old.pt")
    done = lab.run(
        "roi-metrics", "model.pt", "--baseline", "old.pt", "--method", "gradient", "--discover", "-o", "out", "--json"
    )
    assert done.code == 0, done.err
    assert over_all(done, "rddt")["extra"]["clusters"] == 4
    assert found(done, "rddt_p", attribute="group", group="a", **{"class": None})[0]["extra"]["clusters"] == 4
    for metric in ("rrf", "rrf_change", "adr", "causal_shift", "causal_shift_change"):
        assert over_all(done, metric)["unit"] == "cluster", metric
    assert "4 clusters are too few" in found(done, "discovery")[0]["reason"]


def test_persons_of_a_manifest_are_the_units_of_maps(lab):
    maps = planted(lab)
    np.save(lab.folder / "before.npy", maps * (1 + np.random.default_rng(1).random(maps.shape)))
    with_persons(lab)
    done = lab.run(
        "roi-metrics", "--maps", "maps.npy", "--baseline-maps", "before.npy", "--manifest", "faces.csv",
        "--config", "fairaudit.yaml", "--region-box", "patch=8,4,14,12", "--discover", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert over_all(done, "rddt")["extra"]["clusters"] == 4
    assert over_all(done, "rrf", region="patch")["unit"] == "cluster"
    assert over_all(done, "rrf", region="patch")["p_value"] >= 0.04  # 2⁻⁴, as sampled
    assert "4 clusters are too few" in found(done, "concentration")[0]["reason"]


def test_what_maps_cannot_be_measured_on(lab):
    planted(lab)
    lab.run("roi-metrics", "--maps", "maps.npy").refused("--discover")
    lab.run("roi-metrics", "model.pt", "--maps", "maps.npy", "--discover").refused("exclude each other")
    np.save(lab.folder / "small.npy", np.ones((24, 8, 8)))
    lab.run("roi-metrics", "--maps", "small.npy", "--roi", "patch").refused("patch", "preprocess.size")
    (lab.folder / "empty").mkdir()
    lab.run("roi-metrics", "--maps", "empty", "--discover").refused("holds no maps")


def test_without_groups_discovery_still_finds_where_relevance_gathers(lab):
    maps = np.full((20, 16, 16), 0.01)
    maps[:, 0:4, 0:4] = 1.0
    np.save(lab.folder / "maps.npy", maps + np.random.default_rng(0).random(maps.shape) * 0.01)
    done = lab.run("roi-metrics", "--maps", "maps.npy", "--discover", "--json")
    best = found(done, "concentration", region="window 1")[0]
    assert best["extra"]["x1"] <= 0.25
    assert best["extra"]["y1"] <= 0.25
    assert best["extra"]["mean_share"] > 2 * best["extra"]["area_share"]


def test_another_attribute_in_the_same_folder_swaps_other_content(lab):
    rows = lab.rows()
    for number, row in enumerate(rows):
        row["x0"] = "78"[number * 7 % 5 % 2]
    lab.write_rows(rows)
    lab.configure(data={"attributes": ["group", "x0"]}, audit={"fills": ["swap"], "attribute": "group"})

    def effect(attribute, folder):
        found = lab.run("roi-metrics", "model.pt", "--attribute", attribute, "-o", folder, "--json").report()
        return next(m["value"] for m in found["measurements"] if m["metric"] == "causal_excess")

    first, then, fresh = effect("group", "out"), effect("x0", "out"), effect("x0", "fresh")
    assert then == fresh
    assert then != first


def test_expected_gradients_do_not_depend_on_the_batch(lab):
    rows = []
    for size in ("24", "1"):
        command = (
            "roi-metrics",
            "model.pt",
            "--method",
            "expected_gradients",
            "--batch-size",
            size,
            "--limit",
            "8",
            "-o",
            f"out{size}",
        )
        rows.append(over_all(lab.run(*command, "--json"), "rrf")["value"])
    assert rows[0] == pytest.approx(rows[1], abs=1e-5)


def test_a_large_region_that_half_of_the_images_have_is_a_large_one(lab):
    rows = lab.rows()
    wide = {"x0": "0", "y0": "0", "x1": "15", "y1": "13"}
    lab.write_rows([{**row, **(wide if n % 4 < 2 else dict.fromkeys(wide, ""))} for n, row in enumerate(rows)])
    report = lab.run("roi-metrics", "model.pt", "--json").report()
    area = next(m for m in report["measurements"] if m["metric"] == "area_share" and not (m["attribute"] or m["class"]))
    assert area["value"] == pytest.approx(15 * 13 / 256)
    assert area["n"] == 12
    assert {m["method"] for m in report["measurements"] if m["metric"] == "causal_excess"} == {"swap"}


def test_maps_of_rows_without_a_target_are_excluded(lab):
    maps = planted(lab)
    table = [f"{row['label'] if n % 5 else ''},{row['group']}" for n, row in enumerate(lab.rows())]
    (lab.folder / "groups.csv").write_text("\n".join(["label,group", *table]) + "\n")
    (lab.folder / "fairaudit.yaml").unlink()
    done = lab.run(
        "roi-metrics", "--maps", "maps.npy", "--manifest", "groups.csv", "--target", "label", "--attribute", "group",
        "--region-box", "patch=8,4,14,12", "-o", "out", "--max-excluded", "5", "--json",
    )  # fmt: skip
    assert done.err == ""
    report = done.report()
    assert [row["row"] for row in report["excluded"]] == [0, 5, 10, 15, 20]
    assert (report["data"]["rows"], report["data"]["scored"]) == (24, 19)
    kept = np.arange(24) % 5 > 0
    shares = maps[:, 4:12, 8:14].sum((1, 2)) / maps.sum((1, 2))
    assert over_all(done, "rrf")["value"] == pytest.approx(shares[kept].mean(), rel=1e-9)


def test_a_model_without_weights_is_audited_and_its_maps_are_unusable(lab):
    import torch
    from torch import nn

    class Rule(nn.Module):
        def forward(self, images):
            return 8 * (images[:, :, :, :8].mean(dim=(1, 2, 3)) - 0.4)[:, None]

    torch.jit.save(torch.jit.script(Rule()), str(lab.folder / "rule.pt"))
    lab.configure(audit={"faithfulness": True})
    report = lab.run("roi-metrics", "rule.pt", "--method", "integrated_gradients", "--json").report()
    told = [m["reason"] for m in report["measurements"] if m["metric"] == "rrf" and m["status"] == "unusable"]
    assert told, [(m["status"], m["reason"]) for m in report["measurements"] if m["metric"] == "rrf"]
    assert "no layer with weights" in told[0]


def test_masks_of_rows_without_a_target_go_with_their_maps(lab):
    maps, rows = planted(lab), lab.rows()
    for n, row in enumerate(rows):
        row["x0"] = "78"[n % 2]
        row["label"] = row["label"] if n % 5 else ""
        row["id"] = f"r{24 - n}"  # maps without ids go by the place of their row, not by the order of ids
    lab.write_rows(rows)
    done = lab.run("roi-metrics", "--maps", "maps.npy", "--roi", "patch", "-o", "out", "--max-excluded", "5", "--json")
    assert done.err == ""
    shares = [maps[n, 4:12, 7 + n % 2 : 14].sum() / maps[n].sum() for n in range(24) if n % 5]
    assert over_all(done, "rrf")["value"] == pytest.approx(np.mean(shares), rel=1e-9)


def test_saved_maps_are_paired_by_id_whatever_the_manifest(lab):
    """Maps of a limited run meet the boxes of their own images, and gates may name the method that made them."""
    lab.run("saliency", "model.pt", "--method", "gradient", "--save-maps", "--limit", "10", "-o", "sv")
    lab.configure(gates=[{"metric": "rrf", "region": "patch", "method": "gradient", "min": 0.0}])
    rows = lab.rows()
    for number, row in enumerate(rows):  # another box for every image
        row |= {"x0": str(number % 5), "x1": str(number % 5 + 6)}
    lab.write_rows(rows)
    found = lab.run("roi-metrics", "--maps", "sv/maps", "--roi", "patch", "-o", "a", "--json")
    assert found.code == 0, found.err
    lab.write_rows(rows[::-1])
    turned = lab.run("roi-metrics", "--maps", "sv/maps", "--roi", "patch", "-o", "b", "--json")

    def value(done):
        return next(m for m in done.report()["measurements"] if m["metric"] == "rrf" and m["group"] is None)["value"]

    assert value(found) == pytest.approx(value(turned), rel=1e-12)
    ids = json.loads(next((lab.folder / "sv" / "maps" / "model" / "rows").glob("*.json")).read_text())
    maps = np.load(next((lab.folder / "sv" / "maps" / "model" / "gradient").glob("*.npy"))).astype(np.float64)
    boxes = {row["id"]: row for row in rows}
    shares = []
    for name, each in zip(ids, np.maximum(maps, 0), strict=True):
        box = [int(boxes[name][key]) for key in ("x0", "y0", "x1", "y1")]
        shares.append(each[box[1] : box[3], box[0] : box[2]].sum() / each.sum())
    assert value(found) == pytest.approx(np.mean(shares), rel=1e-6)
    lab.write_rows([row for row in rows if row["id"] != ids[3]])
    lab.run("roi-metrics", "--maps", "sv/maps", "--roi", "patch", "-o", "c").refused("other images", "1 of 10", ids[3])


@pytest.mark.parametrize("value", [1.0, -3.0])
def test_maps_that_are_the_same_number_everywhere_pass_nothing(lab, value):
    """Their lift would be exactly 1, whatever the model does."""
    rules = [{"metric": "rrf_lift_absolute", "region": "patch", "max": 1.5}]
    lab.configure(gates=rules)
    np.save(lab.folder / "maps.npy", np.full((24, 16, 16), value, np.float32))
    asked = ("roi-metrics", "--maps", "maps.npy", "--config", "fairaudit.yaml", "--region-box", "patch=8,4,14,12")
    done = lab.run(*asked, "--json")
    assert done.report()["gate"]["state"] != "pass"
    assert done.code != 0
    undefined = [m for m in done.report()["measurements"] if not m["metric"].startswith("area_share")]
    assert len({m["metric"] for m in undefined}) > 8
    assert all(m["value"] is None and m["reason"] for m in undefined)
    assert any("24 of 24 maps are constant" in note for note in done.report()["notes"])
