from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fairaudit.config.schema import GateRule
from fairaudit.gate.judge import judge
from fairaudit.measures.alignment.alignment import alignment
from fairaudit.measures.alignment.relative_change import relative_change
from fairaudit.results.measurement import Measurement
from fairaudit.seeds import generator
from fairaudit.tables.reasons.alignment import BaseRow, alignment_measurements


def _row(base: str = "smiling", n: int = 40) -> BaseRow:
    draws = np.random.default_rng(0)
    start, end = np.full(n, 0.9), np.full(n, 0.3)
    before = np.column_stack([start, np.full(n, 0.5)])
    after = np.column_stack([end, 0.5 - 0.3 + draws.normal(0, 0.02, n)])
    change = relative_change(before, after, start, end)
    return BaseRow(
        base=base,
        downstream=["smiling", "necktie"],
        alignment=alignment(change, generator=generator(0)),
        base_change=change.base_change,
        eligible=n + 3,
        dropped={"the base score moved too little (fairaudit cf-align --min-base-change)": 3},
        stops={"base score moved far enough": n},
    )


def _by_id(found: list[Measurement]) -> dict[str, Measurement]:
    return {measurement.id: measurement for measurement in found}


def test_names_and_numbers() -> None:
    found = _by_id(alignment_measurements([_row()], method="latent-shift-fast"))
    key = "attribute=necktie/class=smiling/method=latent-shift-fast"
    pair = found[f"cf-align/relative_change/{key}"]
    assert pair.value == pytest.approx(0.5, abs=0.02)
    assert pair.low is not None
    assert pair.high is not None
    assert pair.low < 0.5 < pair.high
    assert (pair.n, pair.unit, pair.interval, pair.chance) == (40, "pair", "bootstrap", 0.0)
    assert pair.extra["eligible"] == 43
    assert found[f"cf-align/relative_change_ratio_of_sums/{key}"].value == pytest.approx(0.5, abs=0.02)
    base = found["cf-align/base_change/class=smiling/method=latent-shift-fast"]
    assert base.value == pytest.approx(0.6)
    assert base.extra["dropped: the base score moved too little (fairaudit cf-align --min-base-change)"] == 3
    assert base.extra["stop: base score moved far enough"] == 40
    assert len(found) == 5


def test_the_family_is_all_pairs_of_different_classifiers() -> None:
    rows = [_row("smiling"), _row("necktie")]
    found = _by_id(alignment_measurements(rows, method="m"))
    pair = found["cf-align/relative_change/attribute=necktie/class=smiling/method=m"]
    # Two of the four cells are a classifier with itself, so Holm's first factor is 2.
    assert pair.extra["p_adjusted"] == pytest.approx(2 * (pair.p_value or 0.0))
    assert found["cf-align/relative_change/attribute=smiling/class=smiling/method=m"].extra["p_adjusted"] is None


def test_no_positive_prediction_is_undefined_with_a_reason() -> None:
    change = relative_change(np.zeros((0, 1)), np.zeros((0, 1)), np.zeros(0), np.zeros(0))
    row = BaseRow(
        base="hat",
        downstream=["necktie"],
        alignment=alignment(change, generator=generator(0)),
        base_change=change.base_change,
        eligible=0,
        dropped={},
        stops={},
    )
    found = alignment_measurements([row], method="m", clustered=True)
    assert [measurement.status for measurement in found] == ["undefined"] * 3
    assert all("no image is predicted as hat" in (measurement.reason or "") for measurement in found)


def test_a_downstream_classifier_that_the_generator_loses_is_unusable_and_the_others_are_not() -> None:
    row = replace(_row(), balanced_auc={"necktie": 0.75})
    found = _by_id(alignment_measurements([row], method="m", lost={"necktie": "reconstruction alone moves necktie"}))
    for metric in ("relative_change", "relative_change_ratio_of_sums"):
        pair = found[f"cf-align/{metric}/attribute=necktie/class=smiling/method=m"]
        assert (pair.status, pair.reason) == ("unusable", "reconstruction alone moves necktie")
        assert pair.value == pytest.approx(0.5, abs=0.02)
        assert found[f"cf-align/{metric}/attribute=smiling/class=smiling/method=m"].status == "ok"
    assert found["cf-align/base_change/class=smiling/method=m"].status == "ok"
    assert found["cf-align/relative_change/attribute=necktie/class=smiling/method=m"].extra["balanced_auc"] == 0.75


@pytest.mark.parametrize(("n", "state"), [(3, "inconclusive"), (40, "pass")])
def test_a_gate_on_three_images_is_no_pass(n: int, state: str) -> None:
    """The number keeps to its limit by far, and three images prove nothing."""
    rule = GateRule.model_validate(
        {"metric": "relative_change", "attribute": "necktie", "class": "smiling", "max": 0.9}
    )
    found = alignment_measurements([_row(n=n)], method="m")
    pair = next(m for m in found if m.metric == "relative_change" and m.attribute == "necktie")
    assert pair.value is not None
    assert pair.value < 0.6
    assert pair.n == n
    assert judge([rule], found).state == state
