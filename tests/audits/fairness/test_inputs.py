"""What fairness is measured from, at the scored rows alone."""

from types import SimpleNamespace

import numpy as np
import pytest

from fairaudit.audits.core.stream.audit import Total
from fairaudit.audits.fairness.inputs import fairness_inputs, views
from fairaudit.config.schema import AuditConfig
from fairaudit.engine.part import Part


@pytest.mark.parametrize("baseline", [None, SimpleNamespace(name="old")])
def test_rows_that_were_scored_in_their_order(column, baseline):
    hat, both = column("hat", [0, 1, 1, 0]), column("hat & tie", [3, 1, 0, 2], ("a", "b", "c", "d"))
    columns = {("candidate", "decision"): np.array([1, 0])} | (
        {("baseline", "decision"): np.array([0, 0])} if baseline else {}
    )
    sums = {("counts", name): np.ones((2, 2, 2)) for name in ("hat", "hat & tie")}
    manifest = SimpleNamespace(attributes={"hat": hat, "age": column("age", [1, 1, 0, 0])}, training=None)
    study = SimpleNamespace(
        target=column("y", [0, 1, 0, 1]), clusters=lambda rows: rows // 2, attributes=["hat"], controls=["age"],
        config=SimpleNamespace(audit=AuditConfig()), options=SimpleNamespace(seed=7), manifest=manifest,
        candidate=SimpleNamespace(name="new"), baseline=baseline,
    )  # fmt: skip
    total = Total(part=Part(sums=sums, columns=columns), rows=np.array([3, 1]), study=study)
    found = fairness_inputs(total, [hat, both])
    assert [view.grouping.codes.tolist() for view in views(found)] == [[0, 1], [2, 1]]
    assert (found.target.codes.tolist(), found.clusters.tolist()) == ([1, 1], [1, 0])
    assert [each.codes.tolist() for each in (*found.single, *found.controls)] == [[0, 1], [0, 1]]
    assert found.counts["hat"].dtype == np.int64
    assert found.scores is None
    assert (found.baseline_name, found.baseline_decisions is None) == (("old", False) if baseline else (None, True))
    assert found.is_single(hat)
    assert not found.is_single(both)
    assert found.alignment(hat).cells is None  # nobody said which goes with which
