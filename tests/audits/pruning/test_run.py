"""Pruning the demonstration's biased model: every leg of the audit sees less of the necktie; magnitude does not."""

from pathlib import Path

import pytest

from fairaudit.audits.core.stream.progress import Silent
from fairaudit.audits.pruning.options import PruneOptions
from fairaudit.audits.pruning.run import run_prune
from fairaudit.config.load import load_config
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Split

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    return tmp_path_factory.mktemp("prune")


def run(demo_files, output, methods, *, limit=None, audited=()):
    audit = {"attribute": "necktie", "region": "necktie", "saliency": methods, "faithfulness": False}
    audit |= {"aligned": {"pairs": {"necktie": {"0": "0", "1": "1"}}, "rho": {"necktie": 0.95}}}  # φ = 0.9 in training
    config, base = load_config(
        demo_files.folder / "fairaudit.yaml", folder=Path(demo_files.folder), overrides={"audit": audit}
    )
    asked = PruneOptions(
        epochs=2,
        levels=8,
        controls=("magnitude", "random"),
        audited=audited,
        fit=Split(column="split", use="balanced"),
    )
    options = RunOptions(output=output, device="cpu", fail_on="never", limit=limit)
    outcome = run_prune(
        demo_files.folder / "biased.pt", config=config, base=base, options=options, asked=asked, progress=Silent()
    )
    return outcome.report


@pytest.fixture(scope="module")
def report(demo_files, output):
    return run(demo_files, output, ["lrp"])


@pytest.fixture(scope="module")
def legs(report, demo_files, output):
    """Model → leg → measurement; the same mask, and magnitude pruning audited as fully, on fewer images."""
    assert report is not None  # its search is gone on with, which is over
    found = run(demo_files, output, ["lrp", "integrated_gradients"], limit=160, audited=("magnitude",))
    table = {}
    for m in found.measurements:
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
    for kind in ("linear", "mlp"):
        metric = f"bias_accuracy_{kind}"
        assert value(report, metric, method="vanilla").value > 0.9
        assert value(report, metric, method="ffw gamma 10").value < 0.75


def test_every_leg_of_the_audit_sees_less_of_the_necktie(report):
    assert (
        value(report, "model_biasedness", method="ffw gamma 10").high
        < value(report, "model_biasedness", method="vanilla").low
    )
    gap = value(report, "equalized_odds_difference_change", attribute="necktie")
    assert gap.high < -0.1
    lift = next(
        m
        for m in report.measurements
        if m.metric == "rrf_lift" and m.region == "necktie" and not (m.attribute or m.group or m.class_ or m.baseline)
    )
    assert lift.high < 1.0
    effect = next(
        m
        for m in report.measurements
        if m.metric == "causal_effect" and not (m.attribute or m.group or m.class_ or m.baseline)
    )
    assert effect.high < 0.05
    assert [verdict.verdict for verdict in report.verdicts] == ["no evidence"]


RELIANCE = ("leg_outcome", "leg_lift lrp", "leg_lift integrated_gradients", "leg_effect")
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
        assert worse_task or value(report, "bias_accuracy_linear", method=name).value > 0.85


def test_the_theory_is_where_eq_15_says(report):
    # With one bias and one kind of error the decisions' information, at the training's ρ, is what ρ and φ imply.
    expected = value(report, "bias_information_expected", method="vanilla")
    assert expected.extra["observed"] == pytest.approx(expected.value, abs=0.03)
    assert expected.extra["rho"] == pytest.approx(0.95)
    # On the reporting part, where neckties are even, they hold less.
    assert value(report, "bias_information", method="vanilla").value < expected.value - 0.2
