"""Rows of a fairness audit made by hand: columns of labels, what is measured of them, and one row of the result."""

import numpy as np
import pytest

from fairaudit.audits.fairness.inputs import FairnessInputs, FairnessView
from fairaudit.config.schema import AuditConfig
from fairaudit.data.categorical import Categorical
from fairaudit.measures.clusters.partition import partition
from fairaudit.measures.counts.confusion import confusion


def _column(name, codes, values=("0", "1")):
    return Categorical(name=name, values=values, codes=np.asarray(codes, np.int32))


def _view(of):
    return FairnessView(inputs=of, grouping=of.groupings[0])


def _inputs(
    groupings,
    target,
    decisions,
    *,
    scores=None,
    baseline=None,
    classes=("0", "1"),
    clusters=None,
    controls=(),
    training=None,
    **audit,
):
    def counts(g):
        decided = np.asarray(decisions, np.int32)
        return confusion(g.codes, target, decided, groups=len(g.values), classes=len(classes)).counts

    return FairnessInputs(
        groupings=groupings,
        counts={g.name: counts(g) for g in groupings},
        target=_column("y", target, classes),
        decisions=np.asarray(decisions, np.int32),
        scores=None if scores is None else np.stack([1 - scores, scores], axis=1),
        baseline_decisions=None if baseline is None else np.asarray(baseline, np.int32),
        clusters=partition(clusters),
        controls=controls,
        audit=AuditConfig(replicates=100, **audit),
        seed=0,
        name="model",
        baseline_name=None if baseline is None else "old",
        single=groupings,
        training=training,
    )


def _one(found, metric, **fields):
    chosen = [m for m in found if m.metric == metric and all(getattr(m, k) == v for k, v in fields.items())]
    assert len(chosen) == 1, [m.id for m in chosen]
    return chosen[0]


@pytest.fixture(scope="package")
def column():
    return _column


@pytest.fixture(scope="package")
def view():
    return _view


@pytest.fixture(scope="package")
def inputs():
    return _inputs


@pytest.fixture(scope="package")
def one():
    return _one


@pytest.fixture(scope="package")
def drawn():
    """Rows of two attributes; the scores of hat 1 are shifted down."""
    rng = np.random.default_rng(4)
    hat, age, truth = rng.integers(0, 2, 600), rng.integers(0, 3, 600), rng.integers(0, 2, 600)
    age = np.where(rng.random(600) < 0.3, hat, age)
    scores = np.clip(0.3 + 0.4 * truth - 0.15 * hat * truth + rng.normal(0, 0.15, 600), 0, 1)
    return hat, age, truth, scores
