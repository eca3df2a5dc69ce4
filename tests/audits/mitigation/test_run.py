"""A whole run in miniature: rows, paired changes, a failing method, the written model, and going on after a kill."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fairaudit.audits.core.stream.progress import Silent
from fairaudit.audits.mitigation import drawn
from fairaudit.audits.mitigation.options import MitigateOptions
from fairaudit.audits.mitigation.run import run_mitigate
from fairaudit.config.load import load_config
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Split
from fairaudit.demo.make import Recipe, make_demo
from fairaudit.errors import ModelError, UsageError
from fairaudit.generators.checkpoint import save_generator
from fairaudit.generators.checks import Tolerance
from fairaudit.generators.cvae import ConditionalVae, CvaeSettings
from fairaudit.results.report import VERDICTS_WORST_FIRST

METHODS = ("fine-tune", "reweight", "dfr", "thropt", "thropt-group", "cia")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Few faces and a detector that was hardly trained: what is tested is the run, not the methods."""
    place = tmp_path_factory.mktemp("demo")
    make_demo(place, recipe=Recipe(train_images=160, test_images=60, epochs=1))
    return place


def run(folder, output, *, methods=METHODS, write="reweight", gates=(), audit=None, **changes):
    settings = {"attribute": "necktie", "region": "necktie", "saliency": ["lrp"], "faithfulness": False,
                "replicates": 400} | (audit or {})  # fmt: skip
    config, base = load_config(folder / "fairaudit.yaml", folder=folder, overrides={"audit": settings})
    config = config.model_copy(update={"gates": list(gates)})
    asked = MitigateOptions(
        methods=methods, debias=Split(column="split", use="biased"), balanced=Split(column="split", use="balanced"),
        write=write, batch_size=32, rate=1e-3, maps=80,
    )  # fmt: skip
    options = RunOptions(output=output, device="cpu", fail_on="never", workers=1)
    return run_mitigate(
        folder / "biased.pt", config=config, base=base, options=options, asked=replace(asked, **changes),
        progress=Silent(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    return tmp_path_factory.mktemp("mitigate")


@pytest.fixture(scope="module")
def report(folder, output):
    return run(folder, output).report


def one(report, metric, method, baseline=None):
    return next(
        m for m in report.measurements
        if (m.audit, m.metric, m.method, m.baseline) == ("mitigate", metric, method, baseline)
    )  # fmt: skip


def test_every_method_has_its_rows(report):
    for method in ("vanilla", "fine-tune", "reweight", "dfr", "thropt"):
        for metric in ("unbiased_accuracy", "worst_cell_accuracy", "equalized_odds_difference", "relevance_lift"):
            found = one(report, metric, method)
            assert found.low <= found.value + 0.15  # extremes are biased under resampling, and stay near
            assert found.extra["seeds"] == 1


def test_a_failing_method_is_a_row_with_its_reason(report):
    found = one(report, "worst_cell_accuracy", "cia")
    assert found.value is None
    assert "attribute changed" in found.reason


def test_a_threshold_moves_no_map(report):
    assert one(report, "relevance_fall", "thropt").value == pytest.approx(0.0, abs=1e-9)
    assert one(report, "relevance_fall_share", "thropt").value == 0.0
    assert one(report, "relevance_lift_change", "thropt", "vanilla").value == pytest.approx(0.0, abs=1e-9)


def test_changes_are_to_the_unchanged_model_and_to_the_control(report):
    for metric in ("worst_cell_accuracy", "equalized_odds_difference"):
        for baseline, other in (("vanilla", "vanilla"), ("control", "fine-tune")):
            change = one(report, f"{metric}_change", "reweight", baseline)
            assert change.value == pytest.approx(
                one(report, metric, "reweight").value - one(report, metric, other).value
            )
            assert change.extra["holm"]
            assert change.p_value >= change.extra["p_single"]


def test_the_written_model_is_audited_in_the_same_report(report, output):
    written = list((output / "models").iterdir())
    assert [file.name for file in written] == ["biased-reweight.pt"]
    assert [model.name for model in report.models] == ["biased-reweight.pt", "biased.pt"]
    assert report.verdicts
    assert any(m.audit == "fairness" for m in report.measurements)


@pytest.mark.parametrize("leg", ["cue_alignment", "swap_effect"])
def test_the_legs_of_a_variant_are_those_of_its_audit(report, leg):
    own = one(report, f"variant_{leg}", "reweight")
    audited = next(m for m in report.measurements if m.metric == leg and m.baseline is None)
    assert (own.value, own.low, own.high) == pytest.approx((audited.value, audited.low, audited.high), abs=1e-5)


def test_a_killed_run_goes_on_to_the_same_bytes(folder, report, output, tmp_path):
    assert report is not None
    wanted = {file.name: file.read_bytes() for file in (output / "fits").glob("*.safetensors")}
    again = tmp_path / "again"
    run(folder, again, methods=("fine-tune", "dfr"), write=None)  # as far as a killed run may have come
    kept = {file.name: file.stat().st_mtime_ns for file in (again / "fits").glob("*.safetensors")}
    run(folder, again, write=None)
    found = {file.name: file.read_bytes() for file in (again / "fits").glob("*.safetensors")}
    assert found == wanted
    assert {name: (again / "fits" / name).stat().st_mtime_ns for name in kept} == kept
    texts = [json.loads((place / "mitigation.json").read_text(encoding="utf-8")) for place in (again, output)]
    assert texts[0]["rows"] == texts[1]["rows"]
    assert texts[0]["measurements"] == texts[1]["measurements"]


def test_the_files_hold_rows_by_seed_and_one_table(report, output):
    assert report is not None
    found = json.loads(Path(output / "mitigation.json").read_text(encoding="utf-8"))
    assert {"method", "seed", "lambda", "metric", "value"} <= set(found["rows"][0])
    assert {row["phi"] for row in found["rows"]} == {found["rows"][0]["phi"]}
    assert {row["value"] for row in found["rows"] if row["metric"] == "verdict"} <= set(VERDICTS_WORST_FIRST)
    text = (output / "mitigation.md").read_text(encoding="utf-8")
    assert "| cia | twins |" in text
    assert "Raise audit.replicates" in text  # 400 of them are too few for so many tests
    assert "failed:" in text
    page = (output / "mitigation.html").read_text(encoding="utf-8")
    assert page.count("<figure>") == 4  # without a search of λ there is no trade-off


def test_the_answer_says_whether_the_written_model_passes(report, output):
    found = json.loads(Path(output / "mitigation.json").read_text(encoding="utf-8"))["audit"]
    assert found["model"] == "biased-reweight.pt"
    assert found["gate"] == report.gate.state
    assert "biased-reweight.pt" in (output / "mitigation.md").read_text(encoding="utf-8").split("Every number")[0]


def test_several_lambdas_are_tried_and_drawn(folder, tmp_path):
    report = run(folder, tmp_path, methods=("dfr",), write=None, strengths=(0.1, 1.0, 10.0)).report
    assert "trade-off.png" in {Path(figure.file).name for figure in report.figures}
    rows = json.loads((tmp_path / "mitigation.json").read_text(encoding="utf-8"))["rows"]
    assert {row["lambda"] for row in rows if row["method"] == "dfr"} == {0.1, 1.0, 10.0}
    assert len({row["lambda"] for row in rows if row["method"] == "dfr" and row["chosen"]}) == 1


def test_gates_ask_about_a_method_against_the_control(folder, tmp_path):
    from fairaudit.config.schema import GateRule

    rule = GateRule(metric="worst_cell_accuracy_change", method="reweight", against="control", min=-1, on="value")
    gate = run(folder, tmp_path, methods=("reweight",), write=None, gates=[rule]).report.gate
    (judged,) = [result for result in gate.rules if "against control" in result.rule]
    assert judged.measurement.endswith("method=reweight/baseline=control")
    assert judged.value is not None
    assert judged.state != "fail"  # a model that decides every image alike never passes


def test_unknown_methods_are_refused(folder, tmp_path):
    with pytest.raises(UsageError, match='no mitigation method called "reweigh"'):
        run(folder, tmp_path, methods=("reweigh",))


def test_a_conditional_vae_draws_what_cia_learns_from(folder, tmp_path, monkeypatch):
    torch.manual_seed(0)
    settings = CvaeSettings(size=(64, 64), latent=4, width=8, target_name="smiling", attribute_name="necktie")
    save_generator(tmp_path / "generator.safetensors", ConditionalVae(settings))  # draws noise, the same twice
    monkeypatch.setattr(drawn, "Tolerance", lambda: Tolerance(drift=1.0))
    cvae = {"cvae": str(tmp_path / "generator.safetensors")}
    report = run(folder, tmp_path / "out", methods=("cia-cvae",), write=None, frames=2, maps=0, audit=cvae).report
    assert one(report, "worst_cell_accuracy", "cia-cvae").value is not None
    assert any("2 frames in 1 way" in note for note in report.notes)
    monkeypatch.setattr(drawn, "Tolerance", lambda: Tolerance(drift=0.0))
    with pytest.raises(ModelError, match="cannot augment"):
        run(folder, tmp_path / "out", methods=("cia-cvae",), write=None, audit=cvae)
