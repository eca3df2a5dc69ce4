"""Pruning the demonstration's biased model: every leg of the audit sees less of the necktie; magnitude does not."""

from pathlib import Path

import pytest

from fairaudit.audits.core.run import run_models
from fairaudit.audits.core.stream.progress import Silent
from fairaudit.audits.joint.verdict import PLAN
from fairaudit.audits.pruning.options import PruneOptions
from fairaudit.audits.pruning.run import run_prune
from fairaudit.config.load import load_config
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Split
from fairaudit.results.store import read_report

pytestmark = pytest.mark.slow


METHODS = ("lrp", "input_x_gradient")


def configured(demo_files, methods):
    audit = {"attribute": "necktie", "region": "necktie", "saliency": list(methods), "faithfulness": False}
    audit |= {"replicates": 2000}
    audit |= {"aligned": {"pairs": {"necktie": {"0": "0", "1": "1"}}, "rho": {"necktie": 0.95}}}  # φ = 0.9 in training
    audit |= {"tolerance": 0.25}  # 400 faces tell a gap of a half from one of a tenth, and not a tenth from none
    folder = Path(demo_files.folder)
    return load_config(folder / "fairaudit.yaml", folder=folder, overrides={"audit": audit, "gates": []})


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    return tmp_path_factory.mktemp("prune")


@pytest.fixture(scope="module")
def report(demo_files, output):
    """A search, magnitude pruning audited as fully as the model that it gives, and random pruning."""
    config, base = configured(demo_files, METHODS)
    asked = PruneOptions(
        epochs=2,
        levels=8,
        controls=("magnitude", "random"),
        audited=("magnitude",),
        fit=Split(column="split", use="balanced"),
    )
    options = RunOptions(output=output, formats=(), device="cpu", fail_on="never")
    outcome = run_prune(
        demo_files.folder / "biased.pt", config=config, base=base, options=options, asked=asked, progress=Silent()
    )
    return outcome.report


@pytest.fixture(scope="module")
def legs(report):
    """Model → leg → measurement."""
    table = {}
    for m in report.measurements:
        if m.metric.startswith("leg_") or (m.metric.startswith("bias_accuracy_") and m.audit == "prune"):
            model, _, by = m.method.partition(", ")
            table.setdefault(model, {})[f"{m.metric} {by}".strip()] = m
    return table


def value(report, metric, **fields):
    found = [
        m
        for m in report.measurements
        if m.metric == metric
        and m.group is None
        and m.class_ is None
        and all(getattr(m, k) == v for k, v in fields.items())
    ]
    assert len(found) == 1, (metric, fields, [m.id for m in found])
    return found[0]


def test_the_task_stays_and_the_bias_can_no_longer_be_read(report):
    before, after = (value(report, "task_accuracy", method=name) for name in ("vanilla", "ffw gamma 10"))
    assert after.value > before.value - 0.02
    for kind, readable in (("linear", 0.75), ("mlp", 0.9)):
        metric = f"bias_accuracy_{kind}"
        assert value(report, metric, method="vanilla").value > readable
        assert value(report, metric, method="ffw gamma 10").high < 0.7


def test_every_leg_of_the_audit_sees_less_of_the_necktie(report, output):
    assert (
        value(report, "model_biasedness", method="ffw gamma 10").high
        < value(report, "model_biasedness", method="vanilla").low
    )
    gap = value(report, "equalized_odds_difference_change", attribute="necktie")
    assert gap.high < -0.1
    for method in METHODS:
        names = {"region": "necktie", "attribute": None, "baseline": None, "method": method}
        assert value(report, "rrf_lift", **names).high < 1.0
    effect = next(
        m
        for m in report.measurements
        if m.metric == "causal_effect" and not (m.attribute or m.group or m.class_ or m.baseline)
    )
    assert effect.high < 0.05
    assert [verdict.verdict for verdict in report.verdicts] == ["no evidence"]
    before = read_report(output / "controls" / "vanilla")
    assert [verdict.verdict for verdict in before.verdicts] == ["unequal and for the wrong reason"]


def test_so_does_the_relevance_of_integrated_gradients(report, demo_files, output, tmp_path):
    """Of few faces: the lift falls from two to less than one, and the method takes long."""
    config, base = configured(demo_files, ["integrated_gradients"])
    (outcome,) = run_models(
        [output / "biased-pruned.pt"],
        baseline=demo_files.folder / "biased.pt",
        config=config,
        base=base,
        options=RunOptions(output=tmp_path / "regions", limit=32, formats=(), fail_on="never", device="cpu"),
        plan=PLAN,
        progress=Silent(),
    )
    assert value(outcome.report, "rrf_lift", region="necktie", attribute=None, baseline=None).high < 1.0
    assert value(outcome.report, "rrf_lift_change", region="necktie", attribute=None).high < -0.5


RELIANCE = ("leg_outcome", "leg_lift lrp", "leg_lift input_x_gradient", "leg_effect")
PROBES = ("bias_accuracy_linear", "bias_accuracy_mlp")


def test_every_leg_falls_at_less_than_two_points_of_accuracy(legs):
    pruned, before = legs["ffw gamma 10"], legs["vanilla"]
    for leg in RELIANCE:
        assert pruned[leg].extra["change_high"] < 0, leg
    for leg in ("leg_outcome", "leg_effect"):  # the change is that between the two models' own reports
        assert pruned[leg].value == pytest.approx(before[leg].value + pruned[leg].extra["change"], abs=1e-9)
    for probe in PROBES:
        assert pruned[probe].high < before[probe].low, probe
    assert pruned["leg_accuracy"].extra["change"] > -0.02


def test_magnitude_pruning_of_equal_size_does_not_do_that(legs):
    magnitude, before = legs["magnitude"], legs["vanilla"]
    fell = [magnitude[leg].extra["change_high"] < 0 for leg in RELIANCE]
    fell += [magnitude[probe].high < before[probe].low for probe in PROBES]
    assert not (all(fell) and magnitude["leg_accuracy"].extra["change"] > -0.02)


def test_magnitude_and_random_pruning_of_equal_size_do_not(report):
    size = value(report, "sparsity", method="ffw gamma 10").numerator
    for name in ("magnitude", "random"):
        assert value(report, "sparsity", method=name).numerator == size
        worse_task = (
            value(report, "task_accuracy", method=name).value
            < value(report, "task_accuracy", method="vanilla").value - 0.1
        )
        assert worse_task or value(report, "bias_accuracy_mlp", method=name).value > 0.85


def test_the_theory_is_where_eq_15_says(report):
    # With one bias and one kind of error the decisions' information, at the training's ρ, is what ρ and φ imply.
    expected = value(report, "bias_information_expected", method="vanilla")
    assert expected.extra["observed"] == pytest.approx(expected.value, abs=0.03)
    assert expected.extra["rho"] == pytest.approx(0.95)
    # On the reporting part, where neckties are even, they hold less.
    assert value(report, "bias_information", method="vanilla").value < expected.value - 0.2
