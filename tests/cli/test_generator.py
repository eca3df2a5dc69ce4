from __future__ import annotations

import json

import pytest


@pytest.fixture
def larger(lab):
    """The lab at 28 × 28, with models that fit."""
    lab.configure(preprocess={"size": [28, 28]})
    lab.save(lab.network(size=28), "model.pt")
    lab.save(lab.network(size=28), "other.pt")
    return lab


@pytest.mark.slow
def test_train_look_and_use(larger):
    ran = larger.run("generator", "train", "--epochs", "2", "--width", "8", "--latent", "6", "-o", "gen")
    assert ran.code == 0
    assert "generator.safetensors" in ran.out
    folder = larger.folder / "gen"
    facts = json.loads((folder / "generator.json").read_text())
    assert (facts["kind"], facts["epochs"], facts["resumed_epochs"]) == ("autoencoder", 2, 0)
    assert (folder / "reconstructions.png").stat().st_size > 100

    again = larger.run("generator", "train", "--epochs", "2", "--width", "8", "--latent", "6", "-o", "gen")
    assert again.code == 0
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
    assert ran.code == 0
    larger.run(
        "cf-align", "model.pt", "--generator", "gen/generator.safetensors", "--downstream", "twin=other.pt"
    ).refused("no plain generator", "train an autoencoder")


def test_wrong_input_is_one_paragraph(lab):
    lab.run("generator", "train", "--epochs", "1", "-o", "gen").refused("28 to 256 pixels", "16 x 16")
    lab.run("generator", "train", "--kind", "gan", "-o", "gen").refused("autoencoder or cvae", "gan")
    lab.run("cf-align", "model.pt", "--generator", "nowhere.pt").refused("There is no such model file")
    lab.run("cf-align", "model.pt", "--generator", "model.pt").refused("without encode and decode")
    lab.run("cf-align", "model.pt", "--generator", "g", "--find", "a").refused("BASE,DOWNSTREAM")
    lab.run("cf-align", "model.pt", "--generator", "g", "--search", "slow").refused("compat or fast")
    lab.run("cf-align", "model.pt", "--generator", "g", "--correction", "x").refused("holm, fdr, none")
