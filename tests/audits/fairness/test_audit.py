"""What the fairness audit keeps of a batch: counts that are a partition, and scores where they are few enough."""

from types import SimpleNamespace

import numpy as np
import pytest

from fairaudit.audits.fairness import audit
from fairaudit.audits.fairness.audit import FairnessAudit


def predictions(decisions, scored=True):
    model = SimpleNamespace(head=SimpleNamespace(scored=scored))
    return SimpleNamespace(model=model, decisions=np.array(decisions, np.int32), scores=np.eye(2)[decisions])


@pytest.fixture
def study(column, monkeypatch):
    hat = column("hat", [0, 1, 1, -1, 0, 1])
    monkeypatch.setattr(audit, "groupings", lambda study: [hat])
    return SimpleNamespace(target=column("y", [0, 1, 0, 1, 1, -1]))


def context(rows, decisions, baseline=None, **more):
    target = np.array([0, 1, 0, 1, 1, -1], np.int32)[rows]
    return SimpleNamespace(batch=SimpleNamespace(rows=np.array(rows), target=target), baseline=baseline,
                           candidate=predictions(decisions, **more))  # fmt: skip


def test_counts_of_batches_add_up_to_those_of_all(study):
    made = FairnessAudit(study)
    whole = made.map(context(list(range(6)), [0, 1, 1, 1, 0, 0]))
    parts = [made.map(context(rows, decided)) for rows, decided in (([5, 0, 3], [0, 0, 1]), ([1, 4, 2], [1, 0, 1]))]
    for name, total in whole.sums.items():
        assert np.array_equal(sum(part.sums[name] for part in parts), total), name
    # hat 0: row 0 (0 decided 0) and row 4 (1 decided 0); hat 1: row 1 (1 as 1), row 2 (0 as 1); others are in no cell.
    assert whole.sums["counts", "hat"].tolist() == [[[1, 0], [1, 0]], [[0, 1], [0, 1]]]


def test_scores_are_kept_of_few_classes_and_models_that_have_them(study, monkeypatch):
    made = FairnessAudit(study)
    assert set(made.map(context([0, 1], [0, 1])).columns) == {("candidate", "decision"), ("candidate", "scores")}
    assert set(made.map(context([0, 1], [0, 1], scored=False)).columns) == {("candidate", "decision")}
    both = made.map(context([0, 1], [0, 1], baseline=predictions([1, 1], scored=False)))
    assert both.columns["baseline", "decision"].tolist() == [1, 1]
    assert ("baseline", "scores") not in both.columns
    monkeypatch.setattr(audit, "MOST_SCORES", 1)
    assert set(made.map(context([0, 1], [0, 1])).columns) == {("candidate", "decision")}
    assert made.settings() == {"groupings": ["hat"]}
