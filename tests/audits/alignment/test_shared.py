"""What the models of a command share: a probe is fitted once, and single images of every pair are kept by model."""

from types import SimpleNamespace

import numpy as np

from fairaudit.audits.alignment.compare import Single
from fairaudit.audits.alignment.shared import SharedFindings


def single(value):
    return Single(rows=np.array([0]), values=np.array([value]))


def test_a_probe_is_fitted_once_per_attribute(monkeypatch):
    asked = []

    def fit(study, options, attribute):
        asked.append((study, options, attribute))
        return SimpleNamespace(attribute=attribute)

    monkeypatch.setattr("fairaudit.audits.alignment.shared.fit_probe", fit)
    shared = SharedFindings()
    first, other, again = (shared.probe(study, "options", name) for study, name in ((1, "hat"), (1, "tie"), (2, "hat")))
    assert first is again
    assert other.attribute == "tie"
    assert asked == [(1, "options", "hat"), (1, "options", "tie")]
    assert SharedFindings().probes == {}, "another command fits its own"


def test_pairs_of_one_model_are_added_and_measured_again_replaced():
    shared = SharedFindings()
    shared.keep("m", {("a", "b"): single(1.0)})
    shared.keep("m", {("a", "c"): single(2.0)})
    shared.keep("n", {("a", "b"): single(3.0)})
    shared.keep("m", {("a", "b"): single(4.0)})
    values = {model: {pair: each.values[0] for pair, each in pairs.items()} for model, pairs in shared.singles.items()}
    assert values == {"m": {("a", "b"): 4.0, ("a", "c"): 2.0}, "n": {("a", "b"): 3.0}}
