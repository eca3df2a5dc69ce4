"""The layer that a method works at, and the cell that it is chosen by."""

from dataclasses import replace

import pytest
import torch

from fairaudit.mitigation.edits import Weights
from fairaudit.mitigation.layers import best_layer, candidate_layers, worst_cell


@pytest.mark.parametrize("kind", ["mean", "logistic"])
def test_layers_are_tried_as_deep_as_asked_for(task, kind):
    assert candidate_layers(replace(task, layers=1)) == candidate_layers(replace(task, layers=9))[:1]
    tried = []

    def fit(layer):
        tried.append(layer)
        return Weights(values={})

    found = best_layer(replace(task, layers=9, cav=kind), fit)
    assert tried == candidate_layers(replace(task, layers=9))
    assert found.facts["layer_from_the_end"] == 0.0  # among equals the last one


def test_the_worst_cell_by_counting(task):
    samples = task.choose.samples
    with torch.no_grad():
        right = (task.split.module(samples.images)[1][:, 0] > 0).long() == samples.target
    cells = {}
    for row, hit in enumerate(right.tolist()):
        cells.setdefault((int(samples.attribute[row]), int(samples.target[row])), []).append(hit)
    wanted = min(sum(hits) / len(hits) for hits in cells.values())
    assert worst_cell(task, Weights(values={})) == pytest.approx(wanted)
    unknown = replace(task.choose, samples=replace(samples, attribute=torch.full((300,), -1)))
    found = worst_cell(replace(task, choose=unknown), Weights(values={}))
    assert found == pytest.approx(float(right.double().mean()))  # no cell is known: of all rows
