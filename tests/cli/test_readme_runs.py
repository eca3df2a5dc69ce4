"""Commands of the READMEs' code blocks run as they stand there, README by README, on a small demonstration."""

import shutil
from itertools import pairwise

import numpy as np
import pytest
from typer.testing import CliRunner

from fairaudit.audits.alignment import shared
from fairaudit.cli.main import app
from tests.cli.test_readme_commands import commands
from tests.conftest import made_demo

LONG = {"cf-align", "mitigate", "prune", "selftest"}
"""They train, or search image by image: here up to the plan and the time that it would take."""
PLANNED = [("--format", "html,github,junit"), ("--generator", "generator/generator.safetensors")]
"""As are audits that differ from others that run in what they write or bring only."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What the READMEs take to be there; a gradient is computed once and not along a path, which takes fifty times.

    Intervals are of few replicates: no number is looked at.
    """
    made = made_demo(tmp_path_factory.mktemp("readme") / "demo", train_images=100, test_images=152).folder
    config = made / "fairaudit.yaml"
    text = config.read_text().replace("integrated_gradients", "input_x_gradient")
    config.write_text(text.replace("\naudit:\n", "\naudit:\n  replicates: 500\n"))
    for name in ("model", "candidate"):
        shutil.copy(made / "biased.pt", made / f"{name}.pt")
    shutil.copy(made / "balanced.pt", made / "deployed.pt")
    shutil.copy(made / "faces.csv", made / "data.csv")
    rows = np.random.default_rng(0).integers(0, 2, (60, 3))
    lines = [f"{number},{y},{p},{(p + 0.5) / 2},{'mf'[sex]}" for number, (y, p, sex) in enumerate(rows)]
    (made / "table.csv").write_text("\n".join(["row,y,p,s,sex", *lines]) + "\n")
    return made


@pytest.fixture(scope="module", autouse=True)
def one_probe():
    """Commands that fit a probe for the same attribute of the same faces share the first one's."""
    fitted, fit = {}, shared.fit_probe

    def once(study, options, attribute):
        if attribute not in fitted:
            fitted[attribute] = fit(study, options, attribute)
        return fitted[attribute]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared, "fit_probe", once)
        yield


def blocks():
    """README → its commands, in their order."""
    found = {}
    for readme, words in commands():
        found.setdefault(readme, []).append(words)
    return found


def given(words):
    """The command, and what keeps it short."""
    pairs = set(pairwise(words))
    if words[0] in LONG or pairs & set(PLANNED):
        return [*words, "--dry-run"]
    if words[0] == "generator":
        return [*words, "--epochs", "1"]
    if words[0] == "init":
        return [*words, "--yes", "--force"]
    return list(words)


@pytest.mark.parametrize("readme", blocks())
def test_its_commands_run(readme, folder, monkeypatch):
    monkeypatch.chdir(folder)
    config = folder / "fairaudit.yaml"
    kept = config.read_text()
    if readme.endswith("measures/README.md"):
        assert run(["fairness", "deployed.pt", "-o", "deployed"]).exit_code in (0, 3, 4)
    for words in blocks()[readme]:
        if "--predictions" in words:  # a table of its own, which the configuration is not about
            config.unlink()
        if "--arch" in words:  # another network, of two outputs
            config.write_text(kept.replace("output: sigmoid, classes: [smiling]", "output: softmax"))
        answer = run(given(words))
        assert answer.exit_code in (0, 3, 4), (words, answer.output)
        config.write_text(kept)


def run(words):
    quiet = [] if words[0] == "init" else ["-q"]
    return CliRunner().invoke(app, [*words, *quiet], catch_exceptions=False)
