"""A small part of the joint verdict's benchmark: true effects of fitted models, two verdicts, the table's counts."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from fairaudit.data.synthetic.draw import draw
from fairaudit.data.synthetic.faces import write
from fairaudit.data.synthetic.scene import make_scene
from fairaudit.demo.train import save_script

PROGRAM = Path(__file__).parent / "benchmarks" / "verdict.py"


class Fitted(nn.Module):
    """A linear detector with logit 4 · (least-squares fit of a label by the pixels of some rows) − 2."""

    def __init__(self, weights, rows):
        super().__init__()
        self.rows = rows
        self.layer = nn.Linear(len(weights) - 1, 1)
        with torch.no_grad():
            self.layer.weight.copy_(4 * torch.from_numpy(weights[:-1])[None])
            self.layer.bias.fill_(4 * float(weights[-1]) - 2)

    def forward(self, images):
        return self.layer(images[:, :, self.rows[0] : self.rows[1]].flatten(1))


def fitted(scene, label, rows):
    """Ridge regression, which needs no steps and no seed."""
    pixels = draw(scene).images[:, :, rows[0] : rows[1]].reshape(len(scene), -1) / 255
    known = np.column_stack([pixels, np.ones(len(scene))])
    gram = known @ known.T + 3.0 * np.eye(len(scene))
    weights = known.T @ np.linalg.solve(gram, scene.labels[label].astype(float))
    return Fitted(weights.astype(np.float32), rows).eval()


@pytest.fixture(scope="module")
def verdict(script):
    return script(PROGRAM)


@pytest.fixture(scope="module")
def scenes():
    return make_scene(400, seed=1), make_scene(200, seed=2)


@pytest.fixture(scope="module")
def models(scenes):
    """One that reads where neckties are, one that sees hats only."""
    return {"tie": fitted(scenes[0], "necktie", (40, 64)), "hat": fitted(scenes[0], "hat", (0, 20))}


def test_truths_of_models_that_read_one_place_only(verdict, scenes, models):
    tie, hat = (verdict.true_effects(models[name], scenes[1]) for name in ("tie", "hat"))
    assert tie["necktie"] > 0.3
    assert tie["hat"] == pytest.approx(0.0, abs=1e-3)
    assert hat["hat"] > 0.3
    assert hat["necktie"] == pytest.approx(0.0, abs=1e-3)


def test_what_is_used_is_found_and_what_is_not_is_not(verdict, scenes, models, tmp_path):
    write(tmp_path, {"test": scenes[1]}, workers=1)
    used = {}
    for name, model in models.items():
        save_script(model, tmp_path / f"{name}.pt")
        judged = verdict.audited(tmp_path, name, 200, verdict.config_of(0, ["necktie"]))
        rows = list(verdict.rows_of(judged, scenes[1], 0))
        assert {row["attribute"] for row in rows} == {"necktie", "hat", "skin"}
        used[name] = {row["attribute"]: row["used"] for row in rows}
    assert used["tie"]["necktie"] == "yes"
    assert used["hat"]["necktie"] == "no"
    assert used["tie"]["hat"] != "yes"


def test_shares_of_an_attributes_box(verdict, scenes):
    scene = scenes[1]
    assert verdict.shown_share(scene, "necktie", "necktie", 0) == 1.0
    assert verdict.shown_share(scene, "necktie", "face", 0) == 1.0
    assert verdict.shown_share(scene, "hat", "necktie", 0) < 0.1
    assert np.isnan(verdict.shown_share(scene, "skin", "mouth", 0))


def row(attribute="necktie", effect=0.3, shown=1.0, used="yes", **more):
    truth = {"necktie": 0.0, "hat": 0.0, "skin": 0.0, attribute: effect}
    return {
        "seed": 0,
        "model": "biased",
        "size": 200,
        "attribute": attribute,
        "region": "front",
        "verdict": "undecided",
        "truth": truth,
        "shown": shown,
        "used": used,
        "numbers": {"swap_effect": [0.1, None, 0.2]},
        **more,
    }


def test_what_is_judged_and_how(verdict):
    assert verdict.expected(row()) == "yes"
    assert verdict.expected(row(shown=0.05)) == "no"
    assert verdict.expected(row(shown=0.5)) is None
    assert verdict.expected(row(effect=0.05)) is None
    assert verdict.expected(row(effect=0.02, shown=float("nan"))) == "no"
    assert verdict.expected(row(attribute="skin", shown=float("nan"))) is None


def test_the_table_counts_every_outcome_of_both_halves(verdict):
    rows = [row(), row(used="no"), row(used="open"), row(effect=0.0), row(effect=0.0, used="no", seed=7)]
    lines = verdict.table(rows).splitlines()
    assert lines[2] == "| 0–4 | 200 | 1 of 3 | 1 of 3 | 1 of 3 | 1 of 1 | 0 of 1 | 0 of 1 |"
    assert lines[3] == "| 5–9 | 200 | 0 of 0 | 0 of 0 | 0 of 0 | 0 of 1 | 0 of 1 | 1 of 1 |"
    assert sum(line.startswith("- wrong") for line in lines) == 2
    assert sum(line.startswith("- undecided") for line in lines) == 1
