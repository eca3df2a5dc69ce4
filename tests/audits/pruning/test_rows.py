"""Shares of the pruning audit: their sampling unit, and which class goes with a bias value."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from fairaudit.audits.pruning.data import Decoded, told
from fairaudit.audits.pruning.rows import share
from fairaudit.audits.pruning.run import _key
from fairaudit.config.schema import Config
from fairaudit.measures.intervals.proportion import wilson

TRUTH = np.tile([0, 1], 100)


@pytest.fixture
def made(decided):
    return decided(TRUTH, {"hat": TRUTH, "tie": 1 - TRUTH}, {"vanilla": TRUTH}, classes=2)


def test_without_clusters_a_share_has_the_wilson_interval_of_its_images(made):
    hit = np.arange(200) < 150
    row = share("task_accuracy", [hit], np.ones(200, bool), reported=made, method="m")
    low, high = wilson(150, 200, level=0.95)
    assert (row.value, row.unit, row.n) == (0.75, "image", 200)
    assert (row.low, row.high) == (pytest.approx(float(low)), pytest.approx(float(high)))


def test_clusters_whose_images_say_the_same_count_once(made):
    hit = np.repeat(np.arange(20) < 15, 10)
    clustered = replace(made, clusters=np.repeat(np.arange(20), 10))
    row = share("task_accuracy", [hit], np.ones(200, bool), reported=clustered, method="m")
    assert (row.value, row.unit, row.n) == (0.75, "cluster", 200)
    # 15 of 20 independent ones, and a bit wider for Student's quantile.
    low, high = wilson(15, 20, level=0.95)
    assert row.high - row.low >= float(high - low) * 0.98
    assert row.high - row.low <= float(high - low) * 1.2
    some = share("task_accuracy", [hit], np.arange(200) % 2 == 0, reported=clustered, method="m")
    assert some.n == 100
    assert share("task_accuracy", [hit], np.zeros(200, bool), reported=clustered, method="m").value is None


def test_only_what_is_planted_goes_with_its_class_by_construction(made):
    both = replace(made, planted=(True, True))
    assert both.associated(1).tolist() == [0, 1]
    own = replace(made, planted=(True, False))
    assert own.associated(0).tolist() == [0, 1]
    assert own.associated(1).tolist() == [1, 0], "the model calls everyone with tie 0 class 1"


def test_what_the_configuration_tells_outranks_what_the_model_decides(made):
    told = replace(made, planted=(True, False), paired=(None, np.array([0, -1])))
    assert told.associated(0).tolist() == [0, 1]
    assert told.associated(1).tolist() == [0, -1]
    assert set(told.hints(1).tolist()) <= {0, -1}


def test_another_output_of_the_model_is_another_search():
    def key(pick):
        config = Config.model_validate(
            {"data": {"manifest": "m.csv"}, "model": {"output": "multilabel", "classes": ["a", "b"], "pick": pick}}
        )
        part = SimpleNamespace(digest=lambda: "rows")
        data = SimpleNamespace(parts=SimpleNamespace(fit=part, choose=part), biases=("hat",))
        return _key(SimpleNamespace(sha256="model"), data, config)

    assert key("a") == key("a")
    assert key("a") != key("b")


def test_rows_that_a_part_loses_are_told():
    def part(rows, lost=()):
        return Decoded(examples=None, rows=np.arange(rows), lost=lost)

    sizes, note = told(part(76, ("The image is broken.",) * 3), part(39), part(75, ("gone",)))
    assert sizes == "pruning fits on 76 images, chooses on 39, reports on 75"
    assert note == "3 rows of the fitting part left out; the first: The image is broken."


def test_what_cannot_be_written_is_told_before_the_search(tmp_path, monkeypatch):
    from torch import nn

    from fairaudit.audits.pruning.run import rehearse
    from fairaudit.errors import ModelError
    from fairaudit.models.lift.lift import lift

    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 4), nn.ReLU(), nn.Linear(4, 2)).eval()
    images = torch.rand(3, 3, 2, 2)
    model = SimpleNamespace(
        lifted=lambda some: lift(network, some), path=tmp_path / "m.pth", format="expression", name="a + b"
    )
    with pytest.raises(ModelError, match="cannot be written as one model"):
        rehearse(model, images, None, tmp_path, reopen=lambda path: model)
    assert not list(tmp_path.iterdir())
