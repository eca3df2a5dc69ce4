"""The main job, end to end, on the demonstration: what the reports say is checked against other code."""

import json

import jsonschema
import numpy as np
import pytest
import torch
from fairlearn.metrics import MetricFrame, true_positive_rate
from PIL import Image
from typer.testing import CliRunner

from fairaudit.audits.core.report.metrics import ALL
from fairaudit.cli.main import app
from fairaudit.data.tables import read_table
from fairaudit.report.schema import report_schema
from fairaudit.tables.metrics import METRICS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rows(demo):
    """The audited rows as a table of texts."""
    table = read_table(demo.folder / "faces.csv")
    chosen = [row for row, split in enumerate(table.column("split", asked="split")) if split == "test"]
    return {name: np.array(values)[chosen] for name, values in table.columns.items()}


@pytest.fixture(scope="module")
def decisions(demo, rows):
    """Decisions of the biased model, by opening and running it with torch alone."""
    model = torch.jit.load(str(demo.folder / "biased.pt")).eval()
    pixels = np.stack([np.asarray(Image.open(demo.folder / name)) for name in rows["file"]])
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        return (model(images)[:, 0] >= 0).long().numpy()


def one(report, metric, **fields):
    found = [
        m
        for m in report.measurements
        if m.metric == metric
        and all(getattr(m, name) == fields.get(name) for name in ("attribute", "group", "class_", "region", "method"))
        and m.baseline == fields.get("baseline")
    ]
    assert len(found) == 1, (metric, fields, [m.id for m in found])
    return found[0]


def test_the_shortcut_is_found_and_the_other_model_is_cleared(demo):
    assert demo.right
    assert [v.verdict for v in demo.biased.verdicts] == ["unequal and for the wrong reason"]
    assert [v.verdict for v in demo.balanced.verdicts] == ["no evidence"]
    assert (demo.biased.gate.state, demo.biased.gate.exit_code) == ("fail", 3)
    assert (demo.balanced.gate.state, demo.balanced.gate.exit_code) == ("pass", 0)


def test_group_rates_are_those_of_fairlearn_on_decisions_made_without_fairaudit(demo, rows, decisions):
    truth = rows["smiling"].astype(int)
    frame = MetricFrame(metrics=true_positive_rate, y_true=truth, y_pred=decisions, sensitive_features=rows["necktie"])
    for group in ("0", "1"):
        found = one(demo.biased, "tpr", attribute="necktie", group=group, class_="1")
        assert found.value == pytest.approx(frame.by_group[group], abs=1e-12)
        assert found.low < found.value < found.high or found.value in (0.0, 1.0)
    gap = one(demo.biased, "equal_opportunity_difference", attribute="necktie")
    assert gap.value == pytest.approx(frame.difference(), abs=1e-12)
    accuracy = np.mean(
        [(decisions == truth)[(rows["necktie"] == g) & (truth == t)].mean() for g in "01" for t in (0, 1)]
    )
    assert one(demo.biased, "unbiased_accuracy", attribute="necktie").value == pytest.approx(accuracy, abs=1e-12)


def test_relevance_and_intervention_agree_on_both_models(demo):
    for method in ("lrp", "integrated_gradients"):
        assert one(demo.biased, "rrf_lift_absolute", region="necktie", method=method).low > 1.5
        assert one(demo.balanced, "rrf_lift_absolute", region="necktie", method=method).high < 1.5
    assert one(demo.biased, "causal_excess", region="necktie", method="inpaint").low > 0.05
    assert one(demo.balanced, "causal_excess", region="necktie", method="inpaint").high < 0.05


def test_the_effect_of_the_necktie_has_the_sign_of_the_planted_shortcut(demo):
    effect = {
        g: one(demo.biased, "causal_positive", attribute="necktie", group=g, region="necktie", method="inpaint")
        for g in "01"
    }
    assert effect["1"].low > 0.1, "taking a necktie away must lower the smile's score"
    assert abs(effect["0"].value) < effect["1"].value


def test_the_effect_of_flipping_the_necktie_is_that_of_the_twins_without_fairaudit(demo, rows):
    def scores(name, column):
        model = torch.jit.load(str(demo.folder / name)).eval()
        pixels = np.stack([np.asarray(Image.open(demo.folder / file)) for file in rows[column]])
        with torch.no_grad():
            return model(torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255)[:, 0].sigmoid().numpy()

    for report, name in ((demo.biased, "biased.pt"), (demo.balanced, "balanced.pt")):
        change = scores(name, "file") - scores(name, "twin")
        found = one(report, "attribute_flip_effect", attribute="necktie", method="twins")
        assert found.value == pytest.approx(np.abs(change).mean(), abs=1e-5)
        worn = one(report, "attribute_flip_signed", attribute="necktie", group="1", method="twins")
        assert worn.value == pytest.approx(change[rows["necktie"] == "1"].mean(), abs=1e-5)
        assert found.id in report.verdicts[0].evidence
    assert one(demo.biased, "attribute_flip_effect", attribute="necktie", method="twins").low > 0.05
    assert one(demo.balanced, "attribute_flip_effect", attribute="necktie", method="twins").high < 0.05


def test_against_the_baseline_reliance_and_gap_are_higher(demo):
    compared = {"region": "necktie", "baseline": "balanced.pt"}
    assert one(demo.biased, "rrf_lift_change", method="lrp", **compared).low > 0
    gap = one(demo.biased, "equalized_odds_difference_change", attribute="necktie", baseline="balanced.pt")
    assert gap.low > 0.1


def test_methods_have_earned_their_vote(demo):
    for method in ("lrp", "integrated_gradients"):
        deletion = one(demo.biased, "deletion_auc", method=method)
        assert deletion.value < deletion.chance
        assert one(demo.biased, "randomisation_similarity", method=method).value < 0.5
    assert one(demo.biased, "completeness_gap", method="integrated_gradients").value < 0.05
    assert one(demo.biased, "conservation_ratio_bias_free", method="lrp").value == pytest.approx(1, abs=0.02)


def test_every_group_measure_and_figure_is_there(demo):
    made = {m.metric for m in demo.biased.measurements}
    assert {"equalized_odds_difference", "impact_ratio", "auc", "ece", "brier", "equalized_odds_threshold"} <= made
    figures = {figure.file for figure in demo.biased.figures}
    assert {f"figures/{n}-necktie.png" for n in ("confusion", "roc", "reliability", "sweep", "scores")} <= figures
    assert "figures/gate.png" in figures
    assert any("would equalize odds over necktie" in note for note in demo.biased.notes)


@pytest.mark.parametrize("name", ["report", "report-balanced"])
def test_the_written_report_follows_the_published_schema(demo, name):
    document = json.loads((demo.folder / name / "report.json").read_text())
    jsonschema.Draft202012Validator(report_schema()).validate(document)
    assert document["data"]["rows"] == document["data"]["scored"] + len(document["excluded"]) == 300
    for figure in document["figures"]:
        with Image.open(demo.folder / name / figure["file"]) as picture:
            assert min(picture.size) > 100 or name == "report-balanced"
    assert (demo.folder / name / "report.md").read_text().startswith("# ")


def test_every_metric_is_one_that_a_gate_may_name(demo):
    made = {m.metric for report in (demo.biased, demo.balanced) for m in report.measurements}
    assert made <= ALL


def test_every_number_lies_in_the_range_that_its_metric_is_said_to_have(demo):
    """Gates take the ends of ranges for certain."""
    for m in [*demo.biased.measurements, *demo.balanced.measurements]:
        values = METRICS[m.metric].range
        assert all(values.low - 1e-9 <= x <= values.high + 1e-9 for x in (m.value, m.low, m.high) if x is not None), (
            m.id
        )


def test_ids_are_unique(demo):
    for report in (demo.biased, demo.balanced):
        ids = [m.id for m in report.measurements]
        assert len(ids) == len(set(ids))


def test_the_command_prints_a_screen_for_each_model_and_what_they_show(demo, monkeypatch):
    monkeypatch.setattr("fairaudit.audits.demo.demo.run_demo", lambda *_args, **_given: demo)
    answer = CliRunner().invoke(app, ["demo"])
    assert answer.exit_code == 0, answer.output
    first, second, told = answer.stdout.split("\n\n")
    assert "DO NOT RELEASE." in first
    assert "NOTHING FOUND AGAINST A RELEASE." in second
    assert max(first.count("\n"), second.count("\n")) < 24
    assert told == "\n".join([*demo.conclusion, ""])
    for name in ("report", "report-balanced"):
        assert str(demo.folder / name / "report.html") in "".join(answer.stderr.split())
