"""Twins, conditional VAEs and generators through the command line: what works, and what is refused in one paragraph."""

from __future__ import annotations

import pytest


@pytest.fixture
def larger(lab):
    """The lab at 28 × 28 with a model that fits, and an untrained conditional VAE on label and group."""
    import torch

    from fairaudit.generators.checkpoint import save_generator
    from fairaudit.generators.cvae import ConditionalVae, CvaeSettings

    lab.configure(preprocess={"size": [28, 28]})
    lab.save(lab.network(size=28), "model.pt")
    torch.manual_seed(0)
    values = {"target": ("0", "1"), "attribute": ("a", "b")}
    save_generator(
        lab.folder / "cvae.safetensors", ConditionalVae(CvaeSettings(size=(28, 28), latent=4, width=8, **values))
    )
    return lab


@pytest.mark.slow
def test_cgi_is_a_method_like_any_other_once_it_has_a_conditional_vae(larger):
    larger.configure(audit={"faithfulness": True})
    methods = ("--method", "cgi", "--method", "integrated_gradients")
    done = larger.run("saliency", "model.pt", *methods, "--cvae", "cvae.safetensors", "--save-maps", "--json")
    assert done.code == 0, done.err
    shares = {m["method"]: m for m in done.report()["measurements"] if m["metric"] == "unsaturated_share"}
    (gain,) = [m for m in done.report()["measurements"] if m["metric"] == "unsaturated_share_gain"]
    assert set(shares) == {"cgi", "integrated_gradients"}
    assert all(0 < share["value"] <= 0.9 for share in shares.values())
    assert gain["method"] == "cgi against integrated_gradients"
    assert gain["low"] <= gain["value"] <= gain["high"]
    assert gain["value"] == pytest.approx(shares["cgi"]["value"] - shares["integrated_gradients"]["value"])
    assert "figures/saturation.png" in {figure["file"] for figure in done.report()["figures"]}
    (gap,) = [
        m for m in done.report()["measurements"] if m["metric"] == "completeness_gap_all" and m["method"] == "cgi"
    ]
    assert gap["value"] < 0.02
    regions = larger.run(
        *("roi-metrics", "model.pt", "--method", "cgi", "--cvae", "group=cvae.safetensors", "--fail-on", "never"),
        *("--json", "-o", "regions"),
    )
    assert regions.code == 0, regions.err
    assert {m["method"] for m in regions.report()["measurements"] if m["metric"] == "rrf"} == {"cgi"}


def test_cgi_without_a_conditional_vae_is_refused(lab):
    for command in ("saliency", "roi-metrics", "audit"):
        lab.run(command, "model.pt", "--method", "cgi").refused("cgi needs one conditional VAE", "--cvae FILE", "none")


def test_files_and_labels_that_do_not_fit_are_refused(larger):
    cgi = ("saliency", "model.pt", "--method", "cgi", "--cvae")
    larger.run(*cgi, "nowhere.safetensors").refused("nowhere.safetensors")
    larger.run(*cgi, "model.pt").refused("not a generator")
    larger.run(*cgi, "grop=cvae.safetensors").refused('Did you mean "group"?')
    larger.configure(preprocess={"size": [32, 32]})
    larger.save(larger.network(size=32), "model.pt")
    larger.run(*cgi, "cvae.safetensors").refused("other images", "3, 32, 32", "3, 28, 28")
    rows = larger.rows()
    larger.write_rows([row | {"group": {"a": "x", "b": "y"}[row["group"]]} for row in rows])
    larger.configure(preprocess={"size": [28, 28]})
    larger.save(larger.network(size=28), "model.pt")
    larger.run(*cgi, "cvae.safetensors").refused("other values of group", "x, y", "a, b")


def test_options_of_the_leg_that_lack_something_are_refused(lab):
    audit = ("audit", "model.pt")
    lab.run(*audit, "--twins", "twn").refused('The column "twn" is missing', "audit.twins")
    lab.run(*audit, "--twins", "grp=file").refused('Did you mean "group"?')
    lab.run(*audit, "--twins", "a", "--twins", "b").refused("ATTRIBUTE=COLUMN")
    lab.run(*audit, "--train-probe", "group").refused("--generator FILE")
    lab.run(*audit, "--generator", "model.pt").refused("--train-probe ATTRIBUTE")
    lab.run(*audit, "--generator", "model.pt", "--train-probe", "group").refused("without encode and decode")
    lab.configure(data={"attributes": ["group", "split"]}, audit={"attribute": ["group", "split"]})
    lab.run(*audit, "--twins", "file").refused("does not say which attribute", "ATTRIBUTE=file")


def test_nothing_to_compare_is_refused(lab):
    lab.run("cf-align", "model.pt", "--compare", "--generator", "model.pt").refused("nothing to compare")
