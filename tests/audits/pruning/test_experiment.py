"""Which controls can be asked for, and what a variant says of itself."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from fairaudit.audits.pruning.experiment import DRAWN, Experiment, Variant, _Bench, check_controls
from fairaudit.audits.pruning.options import PruneOptions
from fairaudit.errors import UsageError
from fairaudit.pruning.sparsity import LayerSparsity


def variant(decisions=(0, 1), layers=(), **more):
    evaluation = SimpleNamespace(decisions=np.array(decisions))
    return Variant(**{"name": "v", "gamma": None, "seed": 0, "layers": layers, "evaluation": evaluation, **more})


def test_controls_that_do_not_exist_or_are_not_made_are_refused():
    check_controls(PruneOptions(controls=("random", "scratch"), audited=("scratch",)))
    with pytest.raises(UsageError, match=r'no control called "randon".*"random"'):
        check_controls(PruneOptions(controls=("randon",)))
    with pytest.raises(UsageError, match=r"not among those to be made.*Found: random"):
        check_controls(PruneOptions(controls=("random",), audited=("scratch",)))


def test_sparsity_is_over_weights_and_not_over_layers():
    layers = [LayerSparsity(layer="a", weights=90, pruned=9), LayerSparsity(layer="b", weights=10, pruned=10)]
    assert variant(layers=layers).sparsity == 0.19
    assert variant().sparsity is None


def test_a_model_that_decides_all_alike_has_collapsed():
    assert variant(decisions=(1, 1, 1)).collapsed
    assert not variant(decisions=(1, 0, 1)).collapsed


def test_the_first_search_is_written():
    made = [variant(name="vanilla"), variant(name="ffw gamma 2", gamma=2.0), variant(name="ffw gamma 9", gamma=9.0)]
    assert Experiment(split=None, masks={}, variants=made, fitted=None).written == "ffw gamma 2"


def test_weights_are_kept_of_what_is_looked_at_again():
    asked = PruneOptions(audited=("scratch",), mode="structured", epochs=3)
    bench = _Bench(model=None, cut=None, parts=None, asked=asked, folder=None, key="k", fresh=False, seed=1)
    kept = {name: bench._kept(name, {"w": 1}) for name in (DRAWN, "scratch", "random")}
    assert kept == {DRAWN: {"w": 1}, "scratch": {"w": 1}, "random": {}}
    settings = bench.settings(4.0, 7)
    assert (settings.gamma, settings.seed, settings.mode, settings.epochs) == (4.0, 7, "structured", 3)
    assert json.dumps(settings.gamma) == "4.0"
