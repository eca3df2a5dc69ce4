"""Rows of the pruning experiment by counting, and what its notes warn of."""

from types import SimpleNamespace

import numpy as np
import pytest

from fairaudit.audits.pruning.read import _of_all, _sparsities, _told, _variant_rows, read
from fairaudit.pruning.probe import KINDS
from fairaudit.pruning.sparsity import LayerSparsity

TARGET = [0, 0, 0, 1, 1, 1]
BIAS = [0, 0, 1, 1, 1, 0]
DECIDED = [0, 0, 1, 1, 1, 1]


def test_hits_of_known_images_on_all_images():
    assert _of_all([True, False], np.array([False, True, True])).tolist() == [False, True, False]


def test_shares_of_aligned_and_conflicting_images(decided):
    made = decided(TARGET, {"tie": BIAS}, {"vanilla": DECIDED}, classes=2)
    for variant in made.experiment.variants:
        hits = [value == hint for value, hint in zip(BIAS, DECIDED, strict=True)]
        for kind in KINDS:
            variant.evaluation.probes[0, kind] = SimpleNamespace(hits=hits, chance=0.5, accuracy=np.mean(hits))
    found = {m.metric: m for m in _variant_rows(made, "vanilla")}
    assert found["task_accuracy"].value == pytest.approx(5 / 6)
    assert found["aligned_accuracy"].value == 1.0  # four images, all right
    assert found["conflicting_accuracy"].value == 0.5  # of two images one
    assert found["model_biasedness"].value == 0.5  # and one decided as its bias says
    assert found["bias_accuracy_linear"].value == pytest.approx(5 / 6)
    assert found["bias_accuracy_linear"].chance == 0.5


def test_sparsity_of_all_layers_and_of_each():
    layers = [LayerSparsity(layer="a", weights=4, pruned=1), LayerSparsity(layer="b", weights=6, pruned=3)]
    found = list(_sparsities([SimpleNamespace(layers=layers)]))
    assert found == [
        ("sparsity", None, [(4, 10)]),
        ("layer_sparsity", "a", [(1, 4)]),
        ("layer_sparsity", "b", [(3, 6)]),
    ]


def test_what_nobody_said_is_told_to_be_read_from_decisions():
    assert _told(SimpleNamespace(paired=(), biases=("a", "b"))) == [False, False]
    assert _told(SimpleNamespace(paired=(None, np.array([0, 1])), biases=("a", "b"))) == [False, True]
    assert read.__doc__
