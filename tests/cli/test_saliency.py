"""`fairaudit saliency` through the command line, on a scripted CNN: every method, what is explained, saved maps."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

from fairaudit.saliency.method import TakesLabels
from fairaudit.saliency.registry import METHODS, method

ALONE = [name for name in METHODS if not isinstance(method(name), TakesLabels)]

PATCH = (8, 4, 14, 12)


def maps_of(folder, method="gradient", model="model"):
    files = sorted((folder / "out" / "maps" / model / method).glob("*.npy"))
    return np.concatenate([np.load(file) for file in files])


@pytest.mark.slow
def test_every_method_of_the_registry_runs_on_a_scripted_network(lab):
    asked = [word for name in ALONE for word in ("--method", name)]
    done = lab.run("saliency", "model.pt", *asked, "--save-maps", "--limit", "12", "-o", "out", "--json")
    assert done.code == 0, done.err
    for name in ALONE:
        maps = maps_of(lab.folder, name)
        assert maps.shape == (12, 16, 16)
        assert np.isfinite(maps).all()
        assert np.ptp(maps) > 0
        assert (lab.folder / "out" / "figures" / f"maps-group-{name.replace('_', '-')}.png").is_file()


def test_a_method_that_does_not_exist_is_refused_with_the_nearest_name(lab):
    lab.run("saliency", "model.pt", "--method", "integrated_gradient").refused("integrated_gradients")


def test_grad_cam_of_a_model_without_convolutions_is_refused(lab):
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 16 * 16, 1)).eval()
    lab.save(network, "flat.pt")
    lab.run("saliency", "flat.pt", "--method", "gradcam").refused("gradcam")


@pytest.mark.slow
def test_target_prediction_and_a_named_class_are_explained(lab):
    found = {}
    for explain in ("target", "prediction", "0", "1"):
        done = lab.run("saliency", "model.pt", "--explain", explain, "--save-maps", "-o", "out", "--json")
        assert done.code == 0, done.err
        found[explain] = maps_of(lab.folder)
    truth = np.array([int(row["label"]) for row in lab.rows()])
    model = torch.jit.load(str(lab.folder / "model.pt")).eval()
    pixels = np.stack([np.asarray(Image.open(lab.folder / row["file"])) for row in lab.rows()])
    images = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255).requires_grad_()
    logit = model(images)[:, 0]
    (slope,) = torch.autograd.grad(logit.sum(), images)
    np.testing.assert_allclose(found["1"], slope.sum(1).numpy(), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found["0"], -found["1"], rtol=1e-5)
    sign = np.where(truth == 1, 1, -1)[:, None, None]
    np.testing.assert_allclose(found["target"], sign * found["1"], rtol=1e-5)
    decided = np.where(logit.detach().numpy() >= 0, 1, -1)[:, None, None]
    np.testing.assert_allclose(found["prediction"], decided * found["1"], rtol=1e-5)


def test_channels_become_one_number_as_the_configuration_says(lab):
    lab.configure(audit={"channels": "abs_sum"})
    done = lab.run("saliency", "model.pt", "--save-maps", "-o", "out", "--json")
    assert done.code == 0, done.err
    assert "A pixel's relevance is the sum of magnitudes over its channels" in " ".join(done.report()["notes"])
    model = torch.jit.load(str(lab.folder / "model.pt")).eval()
    pixels = np.stack([np.asarray(Image.open(lab.folder / row["file"])) for row in lab.rows()])
    images = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255).requires_grad_()
    (slope,) = torch.autograd.grad(model(images)[:, 0].sum(), images)
    np.testing.assert_allclose(maps_of(lab.folder), slope.abs().sum(1).numpy(), rtol=1e-4, atol=1e-6)


def test_a_class_that_the_model_does_not_have_is_refused(lab):
    lab.run("saliency", "model.pt", "--explain", "predicton").refused("prediction")


@pytest.mark.slow
def test_saved_maps_give_roi_metrics_the_same_numbers(lab):
    lab.configure(regions={"patch": {"box": list(PATCH), "units": "pixel", "columns": None}})
    other = lab.save(lab.network().requires_grad_(False).apply(_shake), "other.pt")
    asked = ("model.pt", "--baseline", str(other), "--json")
    saved = lab.run("saliency", *asked, "--save-maps", "-o", "out")
    assert saved.code == 0, saved.err
    live = lab.run("roi-metrics", *asked, "-o", "live")
    folder = lab.folder / "out" / "maps" / "model"
    again = lab.run(
        "roi-metrics", "--maps", str(folder / "gradient"), "--baseline-maps", str(folder / "baseline-gradient"),
        "--config", "fairaudit.yaml", "--region-box", "patch=8,4,14,12", "-o", "maps", "--json",
    )  # fmt: skip
    assert again.code == 0, again.err
    for metric in ("rrf", "rrf_lift", "rank_accuracy", "pointing_game", "signed_share", "rrf_contrast"):
        assert values(live, metric)
        assert values(again, metric) == pytest.approx(values(live, metric), rel=1e-5), metric
    for metric in ("rrf", "rrf_lift"):  # controls are drawn by the manifest row's id on both paths
        chance = values(live, metric, field="chance")
        assert None not in chance.values()
        assert values(again, metric, field="chance") == pytest.approx(chance, rel=1e-5), metric
    for metric, rows in (("adr", 9), ("dif", 9), ("rddt_p", 9), ("adr_signed", 4), ("rddt_p_signed", 4)):
        assert len(values(live, metric, baseline=...)) == rows
        assert values(again, metric, baseline=...) == pytest.approx(values(live, metric, baseline=...), rel=1e-4)


def values(done, metric, baseline=None, field="value"):
    return {
        (m["attribute"], m["group"], m["class"]): m[field]
        for m in done.report()["measurements"]
        if m["metric"] == metric and (baseline is ... or m["baseline"] == baseline)
    }


def _shake(module):
    if hasattr(module, "weight"):
        module.weight.data += 0.05 * torch.randn(module.weight.shape, generator=torch.Generator().manual_seed(1))


def test_safetensors_shards_hold_the_same_maps_and_can_be_measured(lab):
    assert lab.run("saliency", "model.pt", "--save-maps", "-o", "out").code == 0
    done = lab.run("saliency", "model.pt", "--save-maps", "--maps-format", "safetensors", "-o", "safe")
    assert done.code == 0, done.err
    (shard,) = (lab.folder / "safe" / "maps" / "model" / "gradient").iterdir()
    with safe_open(shard, framework="numpy") as file:
        np.testing.assert_array_equal(file.get_tensor("maps"), maps_of(lab.folder))
        assert file.get_tensor("rows").tolist() == list(range(24))
        assert json.loads(file.metadata()["ids"]) == [f"r{row}" for row in range(24)]
    measured = lab.run(
        "roi-metrics", "--maps", str(shard.parent), "--config", "fairaudit.yaml", "--region-box", "patch=8,4,14,12",
    )  # fmt: skip
    assert measured.code == 0, measured.err


def test_a_format_of_maps_needs_to_exist_and_maps_to_be_saved(lab):
    lab.run("saliency", "model.pt", "--save-maps", "--maps-format", "npz").refused("npz", "safetensors")
    lab.run("saliency", "model.pt", "--maps-format", "npy").refused("--save-maps")


def test_maps_of_two_runs_in_one_folder_are_refused(lab):
    assert lab.run("saliency", "model.pt", "--save-maps", "-o", "out").code == 0
    rows = lab.folder / "out" / "maps" / "model" / "rows"
    np.save(rows / "00000012.npy", np.arange(12, 24))
    maps = str(lab.folder / "out" / "maps" / "model" / "gradient")
    lab.run("roi-metrics", "--maps", maps, "--config", "fairaudit.yaml", "--region-box", "patch=8,4,14,12").refused(
        "several runs"
    )


@pytest.mark.slow
@pytest.mark.drawn
def test_path_methods_report_where_they_saturate(lab):
    lab.configure(audit={"faithfulness": True})
    methods = ["--method", "integrated_gradients", "--method", "blur_ig", "--method", "gradient"]
    done = lab.run("saliency", "model.pt", *methods, "-o", "out", "--json")
    report = done.report()
    for metric in ("saturation_onset", "saturated_share", "unsaturated_share"):
        found = {m["method"]: m["value"] for m in report["measurements"] if m["metric"] == metric}
        assert set(found) == {"integrated_gradients", "blur_ig"}
        assert all(0 <= value <= 1 for value in found.values())
    assert {"figures/saturation.png", "figures/randomisation.png"} <= {figure["file"] for figure in report["figures"]}
    (similar,) = [
        m for m in report["measurements"] if m["metric"] == "randomisation_similarity" and m["method"] == "gradient"
    ]
    stages = [value for key, value in similar["extra"].items() if key.startswith("down to ")]
    assert len(stages) > 1
    assert stages[-1] == pytest.approx(similar["value"])
    with Image.open(lab.folder / "out" / "figures" / "saturation.png") as picture:
        assert min(picture.size) > 300


def test_maps_that_are_gone_are_missed(lab):
    import shutil

    command = ("saliency", "model.pt", "--method", "gradient", "--save-maps", "-o", "out")
    assert lab.run(*command).code == 0
    shutil.rmtree(lab.folder / "out" / "maps")
    lab.run(*command).refused("Maps that an earlier run wrote are gone", "24 missing", "--fresh")
    assert lab.run(*command, "--fresh").code == 0
    assert (lab.folder / "out" / "maps").is_dir()
