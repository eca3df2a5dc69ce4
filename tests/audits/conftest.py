"""Fixtures of the audits: a pruning experiment made of given decisions."""

import numpy as np
import pytest

from fairaudit.audits.pruning.experiment import Experiment, Variant
from fairaudit.audits.pruning.rows import Reported
from fairaudit.pruning.evaluate import Evaluation


def variant(name, decisions, *, gamma=None, seed=0):
    evaluation = Evaluation(decisions=np.asarray(decisions, np.int64), probes={})
    return Variant(name=name, gamma=gamma, seed=seed, layers=(), evaluation=evaluation)


def reported(target, biases, variants, *, classes, values=None, training=None):
    """Planted biases: value k goes with class k; training rows are [value, class] of the one bias."""
    codes = {name: np.asarray(column, np.int64) for name, column in biases.items()}
    return Reported(
        experiment=Experiment(split=None, masks={}, variants=variants, fitted=variants[0].evaluation),
        biases=tuple(codes),
        rows=np.arange(len(target)),
        target=np.asarray(target, np.int64),
        codes=tuple(codes.values()),
        fit_codes=tuple(codes.values()),
        values=(classes if values is None else values,) * len(codes),
        classes=classes,
        planted=(True,) * len(codes),
        level=0.95,
        training=() if training is None else (np.asarray(training, float),),
    )


@pytest.fixture
def decided():
    """Makes a reported experiment: name → decisions, one variant each, first the unpruned one."""

    def make(target, biases, decisions, **settings):
        made = [variant(name, found, gamma=10.0 if "gamma" in name else None) for name, found in decisions.items()]
        return reported(target, biases, made, **settings)

    return make
