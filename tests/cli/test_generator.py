from __future__ import annotations

import csv
import json
import re

import pytest
from PIL import Image


@pytest.fixture
def larger(lab):
    """The lab at 28 × 28, with models that fit."""
    lab.configure(preprocess={"size": [28, 28]})
    lab.save(lab.network(size=28), "model.pt")
    lab.save(lab.network(size=28), "other.pt")
    return lab


def _frames_and_size(path):
    with Image.open(path) as picture:
        return getattr(picture, "n_frames", 1), picture.size


@pytest.mark.slow
def test_train_look_and_use(larger):
    ran = larger.run("generator", "train", "--epochs", "2", "--width", "8", "--latent", "6", "-o", "gen")
    assert ran.code == 4  # no model was named, so it was not judged
    assert "generator.safetensors" in ran.out
    folder = larger.folder / "gen"
    facts = json.loads((folder / "generator.json").read_text())
    assert (facts["kind"], facts["epochs"], facts["resumed_epochs"]) == ("autoencoder", 2, 0)
    assert (folder / "reconstructions.png").stat().st_size > 100

    again = larger.run("generator", "train", "--epochs", "2", "--width", "8", "--latent", "6", "-o", "gen")
    assert again.code == 4
    assert json.loads((folder / "generator.json").read_text())["resumed_epochs"] == 2

    info = larger.run("generator", "info", "gen/generator.safetensors", quiet=False)
    assert info.code == 0
    assert "autoencoder (fairaudit)" in info.out
    assert "3 x 28 x 28" in info.out

    used = larger.run(
        *("cf-align", "model.pt", "--generator", "gen/generator.safetensors", "--downstream", "twin=other.pt"),
        *("--drift", "1", "--min-base-change", "0", "--fail-on", "never", "--json"),
    )
    assert used.code == 0
    metrics = {measurement["metric"] for measurement in used.report()["measurements"]}
    assert metrics == {"base_change", "relative_change", "relative_change_ratio_of_sums"}


@pytest.mark.slow
def test_a_conditional_vae_needs_an_attribute(larger):
    larger.run("generator", "train", "--kind", "cvae", "--epochs", "1", "-o", "gen").refused(
        "conditional VAE needs an attribute"
    )
    ran = larger.run(
        *("generator", "train", "--kind", "cvae", "--condition", "group", "--epochs", "1", "--width", "8", "-o", "gen")
    )
    assert ran.code == 4
    larger.run(
        "cf-align", "model.pt", "--generator", "gen/generator.safetensors", "--downstream", "twin=other.pt"
    ).refused("cannot be used here", "train an autoencoder")


@pytest.mark.slow
def test_matched_counterfactuals_are_a_manifest_of_their_own(larger):
    larger.run(
        *("generator", "train", "--kind", "cvae", "--condition", "group", "--epochs", "1", "--width", "8", "-o", "gen")
    )
    file = "gen/generator.safetensors"
    ran = larger.run("generator", "interpolate", file, "--condition", "group", "--animation", "webp", "-o", "pairs")
    assert ran.code == 0
    folder = larger.folder / "pairs"
    with (folder / "counterfactuals.csv").open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) % 8 == 0
    assert f"{len(rows) // 8} pairs" in ran.out
    between = [row for row in rows if row["kind"].startswith("between")]
    assert len(between) == 6 * len(rows) // 8
    assert {(row["group"], row["delta"]) for row in between} == {("", f"{n / 7:.6g}") for n in range(1, 7)}
    assert all((folder / row["file"]).is_file() for row in between)
    for own, other in zip(rows[::8], rows[7::8], strict=True):
        assert (own["delta"], other["delta"]) == ("0", "1")
        assert (own["kind"], other["kind"], own["pair"]) == ("factual", "counterfactual", other["pair"])
        assert own["group"] != other["group"]
        assert own["label"] == other["label"]
        assert all(_frames_and_size(folder / row["file"]) == (1, (28, 28)) for row in (own, other))
    assert _frames_and_size(folder / "interpolations.webp")[0] == 14
    info = larger.run("generator", "info", file, quiet=False)
    assert "cvae (fairaudit)" in info.out

    larger.run("generator", "interpolate", file, "--condition", "gruop").refused('no attribute "gruop"', '"group"')
    larger.run("generator", "interpolate", file, "--condition", "group", "--to", "x").refused('group is never "x"')
    larger.run("generator", "interpolate", file, "--condition", "group", "--frames", "1").refused(
        "--frames", "2 or more"
    )
    larger.configure(preprocess={"size": [32, 32]})
    larger.run("generator", "interpolate", file, "--condition", "group").refused("another size", "[3, 28, 28]")


@pytest.mark.slow
def test_info_says_what_a_generator_does_to_a_model(larger):
    larger.run("generator", "train", "--epochs", "1", "--width", "8", "--latent", "6", "-o", "gen")
    file = "gen/generator.safetensors"
    ran = larger.run("generator", "info", file, "--model", "model.pt", "--drift", "1", quiet=False)
    assert ran.code == 0
    assert "prediction drift" in ran.out
    assert "may be used as evidence" in ran.out
    strict = larger.run("generator", "info", file, "--model", "model.pt", "--drift", "0", quiet=False)
    assert strict.code == 3
    assert "refused as evidence: reconstruction alone moves a score" in strict.out
    larger.run("generator", "interpolate", file, "--condition", "group").refused("draws no attribute")


def test_wrong_input_is_one_paragraph(lab):
    lab.run("generator", "train", "--epochs", "1", "-o", "gen").refused("28 to 256 pixels", "16 x 16")
    lab.run("generator", "train", "--kind", "gan", "-o", "gen").refused("'autoencoder', 'cvae'", "gan", "--kind")
    lab.run("generator", "train", "--condition", "grup", "-o", "gen").refused('Did you mean "group"?')
    lab.run("generator", "train", "--learning-rate", "-1", "-o", "gen").refused("--learning-rate", "a number above 0")
    lab.run("generator", "interpolate", "gone.pt", "--condition", "group").refused("The model file does not exist")
    lab.run("generator", "interpolate", ".", "--condition", "group").refused("Found: a folder", "Name the file in it")
    lab.run("cf-align", "model.pt", "--generator", "nowhere.pt").refused("The model file does not exist")
    lab.run("cf-align", "model.pt", "--generator", "model.pt").refused("without encode and decode")
    lab.run("cf-align", "model.pt", "--generator", "g", "--find", "a").refused("BASE,DOWNSTREAM")
    lab.run("cf-align", "model.pt", "--generator", "g", "--animation", "mp4").refused("'gif', 'webp'", "--animation")
    lab.run("cf-align", "model.pt", "--generator", "g", "--search", "slow").refused("'compat'", "'fast'", "--search")
    lab.run("cf-align", "model.pt", "--generator", "g", "--correction", "x").refused(
        "'holm', 'fdr', 'none'", "--correction"
    )


@pytest.mark.slow
def test_another_attribute_of_the_same_values_or_other_pixels_are_not_gone_on_with(larger):
    larger.configure(data={"attributes": ["group", "x0"]})
    rows = larger.rows()
    larger.write_rows([{**row, "group": "78"[n % 2], "x0": "78"[n // 4 % 2]} for n, row in enumerate(rows)])
    train = ("generator", "train", "--kind", "cvae", "--epochs", "1", "--width", "8", "-o", "gen", "--condition")
    assert larger.run(*train, "group").code == 4
    larger.run(*train, "x0").refused("belongs to another training")
    larger.configure(preprocess={"resize": "pad", "mean": [0.4]})
    larger.run(*train, "group").refused("belongs to another training")
    assert larger.run(*train, "x0", "--fresh").code == 4


def test_labels_that_are_called_like_columns_of_the_written_manifest_are_refused():
    from fairaudit.audits.generator.interpolate import _check_names
    from fairaudit.errors import UsageError

    _check_names("group", "label")
    with pytest.raises(UsageError, match="another name than id, pair, file, kind, delta"):
        _check_names("kind", "label")


def test_training_ends_with_what_it_may_serve_for(tmp_path, make_lab):
    """On the rows that were held out; three images are no evidence, whatever they say, and neither is no model."""
    larger = make_lab(tmp_path, 120)
    larger.configure(preprocess={"size": [28, 28]})
    larger.save(larger.network(size=28), "model.pt")
    settings = ("generator", "train", "--epochs", "1", "--width", "4", "--latent", "2")
    passed = larger.run(*settings, "--model", "model.pt", "--drift", "1", "-o", "gen")
    assert (passed.code, "may be used as evidence" in passed.out) == (0, True)
    assert re.search(r"drift \d\.\d+ \[\d\.\d+, \d\.\d+\] of label on 12 images that were held out", passed.out)
    refused = larger.run(*settings, "--keep", "model.pt", "--drift", "0", "-o", "kept")
    assert (refused.code, "refused as evidence: reconstruction alone moves" in refused.out) == (3, True)
    assert "Train afresh (--fresh), longer or larger: --epochs 2, --width 8.\n" in refused.out  # --keep was given
    few = larger.run(*settings, "--model", "model.pt", "--drift", "1", "--limit", "24", "-o", "few")
    assert (few.code, "undecided: 2 images are too few" in few.out) == (4, True)
    alone = larger.run(*settings, "-o", "alone")
    assert (alone.code, "Not judged" in alone.out, "generator info" in alone.out) == (4, True, True)
    pairs = larger.run(
        *settings, "--kind", "cvae", "--condition", "group", "--model", "model.pt", "--drift", "1", "-o", "p"
    )
    assert (pairs.code, "may be used as evidence" in pairs.out) == (0, True)
    info = larger.run("generator", "info", "gen", "--model", "model.pt", "--drift", "1", quiet=False)
    assert (info.code, "model.pt on 120 images" in info.out) == (0, True)
