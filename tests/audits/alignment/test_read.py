"""The published tables' AUC: images whose attribute goes against their target value, against scikit-learn."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fairaudit.audits.alignment.read import _conflicting
from fairaudit.config.schema import Aligned
from fairaudit.data.categorical import Categorical


def column(name, codes):
    return Categorical(name=name, values=("0", "1"), codes=np.asarray(codes, np.int32))


def total(smile, tie, aligned):
    manifest = SimpleNamespace(attributes={"tie": column("tie", tie)}, training=None)
    config = SimpleNamespace(audit=SimpleNamespace(aligned=aligned))
    study = SimpleNamespace(target=column("smile", smile), manifest=manifest, config=config)
    return SimpleNamespace(study=study, rows=np.arange(len(smile)))


def drawn(seed=0):
    generator = np.random.default_rng(seed)
    smile, tie = generator.integers(0, 2, (2, 400))
    return smile, tie, 0.3 * smile + 0.5 * tie + generator.normal(scale=0.3, size=400)


PAIRS = Aligned(pairs={"tie": {"0": "0", "1": "1"}})


def test_it_is_the_auc_of_the_images_that_go_against():
    smile, tie, scores = drawn()
    found = _conflicting(total(smile, tie, PAIRS), ("tie", "smile"), smile.astype(float), scores)
    against = smile != tie
    assert found == {"tie": pytest.approx(roc_auc_score(smile[against], scores[against]))}
    assert found["tie"] < 0.5 < roc_auc_score(smile, scores), "the score follows the tie"


def test_without_being_told_or_without_such_images_there_is_none():
    smile, tie, scores = drawn()
    assert _conflicting(total(smile, tie, None), ("tie",), smile.astype(float), scores) == {}
    assert _conflicting(total(smile, smile, PAIRS), ("tie",), smile.astype(float), scores) == {}
