"""Paired changes of images with a twin, NaN for the others, against scores computed by hand."""

from types import SimpleNamespace

import numpy as np
import torch

from fairaudit.audits.core.stream.audit import Context
from fairaudit.audits.core.stream.columns import column
from fairaudit.audits.flips import audit
from fairaudit.audits.flips.audit import FLIP_COLUMNS, TWINS, FlipAudit, _spread


class Model:
    """One output: the image's number is its probability of the second class."""

    head = SimpleNamespace(classes=("0", "1"))

    def logits(self, images):
        return images

    def scores(self, logits):
        values = logits.flatten(1)[:, 0]
        return torch.stack([1 - values, values], 1)

    def decide(self, scores):
        return (scores[:, 1] >= 0.5).long()


def test_columns_over_a_whole_batch():
    found = _spread(4, np.array([2, 0]), {"a": np.array([5.0, 6.0])}, "candidate", "tie", names=("a", "b"))
    np.testing.assert_array_equal(found[column("candidate", "tie", "a")], [6.0, np.nan, 5.0, np.nan])
    assert np.isnan(found[column("candidate", "tie", "b")]).all()


def test_changes_between_an_image_and_its_twin(monkeypatch):
    """Scores .2, .9, .4; twins of the first and the last score .6 and .3."""
    monkeypatch.setattr(audit, "opened_cvaes", lambda study: {})
    twins = SimpleNamespace(
        load=lambda rows: SimpleNamespace(rows=np.array([10, 12]), images=torch.tensor([[0.6], [0.3]]))
    )
    monkeypatch.setattr(audit, "twin_loaders", lambda study: {"tie": twins})
    own = np.array([0.2, 0.9, 0.4])
    candidate = SimpleNamespace(model=Model(), scores=np.stack([1 - own, own], 1))
    context = Context(batch=SimpleNamespace(rows=np.array([10, 11, 12])), images=torch.zeros(3, 1),
                      candidate=candidate, baseline=None, explained=np.zeros(3, np.int64))  # fmt: skip
    made = FlipAudit(SimpleNamespace(attributes=["tie"]))
    assert made.ways == [("tie", TWINS)]
    columns = made.map(context).columns
    effect, signed, rate = (columns[column("candidate", "tie", TWINS, name)] for name in FLIP_COLUMNS)
    np.testing.assert_allclose(np.abs(signed), effect)
    np.testing.assert_allclose(effect, [0.4, np.nan, 0.1], atol=1e-6)
    np.testing.assert_array_equal(rate, [1.0, np.nan, 0.0])


def test_settings_name_what_changes_the_numbers(monkeypatch):
    opened = {"tie": SimpleNamespace(sha256="s"), "hat": SimpleNamespace(sha256="t")}
    monkeypatch.setattr(audit, "opened_cvaes", lambda study: opened)
    monkeypatch.setattr(audit, "twin_loaders", lambda study: {"hat": None})
    made = FlipAudit(SimpleNamespace(attributes=["tie"]), {"tie": SimpleNamespace(digest="p")})
    assert made.settings() == {"twins": ["hat"], "cvaes": {"tie": "s"}, "probes": {"tie": "p"}}
