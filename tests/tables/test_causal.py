"""Causal measurements: paired differences, undefined without controls, and the right chance levels."""

import numpy as np
import pytest

from fairaudit.measures.images.means import Labels
from fairaudit.measures.intervals.proportion import wilson
from fairaudit.measures.regions.causal import PAIRED, excess
from fairaudit.tables.reasons.regions import region_measurements
from fairaudit.tables.specs import ImageSpec
from fairaudit.tables.statistics import Statistics

QUESTION = ImageSpec(region="tie", method="inpaint", statistics=Statistics(replicates=500))


def scene(n: int = 100):
    generator = np.random.default_rng(0)
    group = Labels(name="necktie", values=("0", "1"), codes=np.repeat([0, 1], n // 2))
    effect = np.where(group.codes == 1, 0.3, 0.01) + generator.normal(scale=0.02, size=n)
    control = generator.normal(scale=0.02, size=n)
    columns = {
        "causal_effect": effect,
        "causal_effect_control": control,
        "causal_positive": -effect,
        "causal_positive_control": -control,
        "causal_shift": np.abs(effect),
        "causal_shift_control": np.abs(control),
        "causal_flip": (group.codes == 1).astype(float),
        "causal_flip_control": np.zeros(n),
    }
    return columns, group


def measured(columns, question, *, group):
    table = {**columns, "causal_excess": excess(columns)}
    controls = {name: columns[f"{name}_control"] for name in PAIRED if name in columns}
    return region_measurements(table, question, group=group, controls=controls)


def rows(measurements):
    return {(row.metric, row.group, row.class_): row for row in measurements}


def test_excess_is_the_paired_difference_per_group():
    columns, group = scene()
    found = rows(measured(columns, QUESTION, group=group))
    for code in (0, 1):
        own = group.codes == code
        wanted = np.mean(np.abs(columns["causal_effect"][own]) - np.abs(columns["causal_effect_control"][own]))
        assert found["causal_excess", str(code), None].value == pytest.approx(wanted)
    assert found["causal_excess", "1", None].low > 0.25
    assert found["causal_excess", "0", None].high < 0.05
    contrast = found["causal_excess_contrast", "1", None]
    assert contrast.value == pytest.approx(
        found["causal_excess", "1", None].value - found["causal_excess", "0", None].value
    )
    assert contrast.p_value == pytest.approx(1 / 501)


def test_chance_is_that_of_the_controls_and_flips_have_wilson_intervals():
    columns, group = scene()
    found = rows(measured(columns, QUESTION, group=group))
    assert found["causal_effect", "1", None].chance == pytest.approx(columns["causal_effect_control"][50:].mean())
    flips = found["causal_flip", "1", None]
    low, high = wilson(50, 50)
    assert (flips.value, flips.interval, flips.chance) == (1.0, "wilson", 0.0)
    assert (flips.low, flips.high) == (pytest.approx(low), pytest.approx(high))


def test_without_controls_there_is_an_effect_but_no_excess():
    columns, group = scene()
    columns["causal_shift_control"] = np.full(100, np.nan)
    question = ImageSpec(
        region="tie", method="inpaint", statistics=Statistics(replicates=200), reason="no place for a control region"
    )
    found = rows(measured(columns, question, group=group))
    assert found["causal_shift", "1", None].value == pytest.approx(np.abs(columns["causal_effect"][50:]).mean())
    missing = found["causal_excess", "1", None]
    assert (missing.value, missing.status, missing.reason) == (None, "undefined", "no place for a control region")
