"""Detection power and false alarms from what every model showed: counts by hand, Wilson's and Student's intervals."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from fairaudit.audits.selftest.options import Case
from fairaudit.audits.selftest.read import read_selftest
from fairaudit.engine.part import Part

CASES = [Case(bias=0, kind="patch", rho=rho, seed=seed) for rho in (None, 0.9, 0.99) for seed in range(3)]
FLAGGED = {"fairness": "001101111", "relevance lrp": "000000110"}


def parts(flagged=FLAGGED, reasons=None, right=((27, 18),) * 3 + ((30, 5),) * 3 + ((30, 0), (30, 2), (30, 4))):
    names, cases = list(flagged), range(len(CASES))
    flags = Part(
        columns={
            "case": np.repeat(cases, len(names)).astype(np.int64),
            "audit": np.array([name for _ in cases for name in names]),
            "attribute": np.full(len(CASES) * len(names), "tie"),
            "region": np.full(len(CASES) * len(names), "patch"),
            "flagged": np.array([flagged[name][case] == "1" for case in cases for name in names]),
            "reason": np.array([(reasons or {}).get((name, case), "") for case in cases for name in names]),
        }
    )
    counts = Part(
        columns={
            "case": np.arange(len(CASES)),
            "planted": np.full(len(CASES), "tie"),
            "aligned_right": np.array([a for a, _ in right]),
            "aligned": np.full(len(CASES), 30),
            "conflicting_right": np.array([c for _, c in right]),
            "conflicting": np.full(len(CASES), 20),
        }
    )
    return flags, counts


def read(*args, classes=2, **kwargs):
    return read_selftest(*parts(*args, **kwargs), CASES, chance={"tie": 0.5}, classes=classes, level=0.95)


def one(found, metric, method=None, group=None):
    (hit,) = [m for m in found.measurements if (m.metric, m.method, m.group) == (metric, method, group)]
    return hit


@pytest.mark.parametrize(
    ("metric", "method", "group", "hits", "models"),
    [
        ("false_alarm_rate", "fairness", None, 1, 3),
        ("detection_power", "fairness", "rho 0.9", 2, 3),
        ("detection_power", "fairness", "rho 0.99", 3, 3),
        ("detection_power", "fairness", None, 5, 6),
        ("false_alarm_rate", "relevance lrp", None, 0, 3),
        ("detection_power", "relevance lrp", "rho 0.9", 0, 3),
        ("detection_power", "relevance lrp", None, 2, 6),
    ],
)
def test_shares_are_counts_with_wilsons_interval(metric, method, group, hits, models):
    found = one(read(), metric, method, group)
    assert (found.numerator, found.denominator, found.n, found.unit) == (hits, models, models, "model")
    assert found.value == pytest.approx(hits / models)
    expected = binomtest(hits, models).proportion_ci(0.95, method="wilson")
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=1e-9)
    assert found.better == ("lower" if metric == "false_alarm_rate" else "higher")
    assert (found.attribute, found.region) == ("tie", "patch")


def test_gaps_and_accuracies_by_hand():
    found = read()
    # ρ 0.99: aligned 30/30 in all; conflicting 0, 2, 4 of 20: gaps 1, 0.9, 0.8; mean 0.9, sd 0.1, t₂(0.975) = 4.3027.
    gap = one(found, "planted_gap", group="rho 0.99")
    half = 4.302652729911275 * 0.1 / math.sqrt(3)
    assert (gap.value, gap.low, gap.high) == pytest.approx((0.9, 0.9 - half, min(1.0, 0.9 + half)))
    # As if half of the images were aligned: (1 + 0) / 2, (1 + 0.1) / 2, (1 + 0.2) / 2.
    assert one(found, "trained_accuracy", group="rho 0.99").value == pytest.approx(0.55)
    control = one(found, "planted_gap", group="control")
    assert (control.value, control.low, control.high) == pytest.approx((0.0, 0.0, 0.0))


def test_one_model_has_no_interval_of_a_mean():
    flags, counts = parts()
    keep = counts.columns["case"] % 3 == 0
    some = Part(columns={name: values[keep] for name, values in counts.columns.items()})
    found = read_selftest(flags, some, CASES, chance={"tie": 0.5}, classes=2, level=0.95)
    assert one(found, "planted_gap", group="control").low is None


def test_without_conflicting_images_the_gap_is_undefined_and_never_0():
    flags, counts = parts()
    columns = {**counts.columns, "conflicting": np.zeros(9, np.int64), "conflicting_right": np.zeros(9, np.int64)}
    found = read_selftest(flags, Part(columns=columns), CASES, chance={"tie": 0.5}, classes=2, level=0.95)
    gap = one(found, "planted_gap", group="control")
    assert (gap.value, gap.status) == (None, "undefined")
    assert gap.reason


def test_what_could_not_be_said_is_counted_and_told():
    found = read(reasons={("relevance lrp", 4): "the method is not usable here."})
    assert one(found, "detection_power", "relevance lrp").extra == {"without an answer": 1}
    (note,) = [note for note in found.notes if "no answer" in note]
    assert note.startswith("relevance lrp of tie: no answer on 1 of 9 models; the first, patch-rho-0.9-seed-1:")
    assert note.endswith(": the method is not usable here.")


def test_a_bias_that_was_not_learnt_and_controls_that_learnt_nothing_are_told():
    weak = read(right=((15, 10),) * 3 + ((27, 18),) * 3 + ((30, 0),) * 3)
    assert any("rho 0.9: the models hardly learnt it (gap in accuracy 0.000)" in note for note in weak.notes)
    assert any("have hardly learnt the task (accuracy 0.50)" in note for note in weak.notes)
    assert not any("rho 0.99: the models hardly" in note for note in weak.notes)
    assert not any("hardly" in note for note in read(right=((27, 18),) * 3 + ((30, 5),) * 6).notes)


def test_the_figure_shows_controls_at_chance():
    (drawing,) = read().drawings
    panels = drawing.draw.args[0]
    assert [panel.audit for panel in panels] == list(FLAGGED)
    assert [(p.rho, p.control) for p in panels[0].points] == [(0.5, True), (0.9, False), (0.99, False)]
    assert [p.share for p in panels[0].points] == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert drawing.draw().startswith(b"\x89PNG")
