"""The last layer and its features, and models whose outputs are not that layer's."""

from dataclasses import replace

import pytest
import torch

from fairaudit.errors import MethodError
from fairaudit.mitigation.features import Features, features_of, folded
from fairaudit.models.outputs.head import Head


def test_the_head_reads_the_features_as_the_model_does(task):
    found = features_of(task, task.choose)
    with torch.no_grad():
        wanted = task.split.module(task.choose.samples.images)[1]
    assert found.values.shape == (300, 10)
    assert torch.allclose(found.logits(), wanted.double(), atol=1e-5)


def test_a_folded_map_is_read_by_the_new_head():
    """M h + c by hand: h = (1, 2), M = [[0, 1], [1, 0]], c = (10, 0): (12, 1), read by (2, 3) and 4: 31."""
    found = Features(values=torch.tensor([[1.0, 2.0]]), target=torch.zeros(1), attribute=torch.zeros(1),
                     weight=torch.tensor([[2.0, 3.0]]), bias=torch.tensor([4.0]))  # fmt: skip
    edit = folded(found, torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.tensor([10.0, 0.0]))
    assert (found.values @ edit.weight.t() + edit.bias).tolist() == [[31.0]]


def test_outputs_that_are_not_the_last_layers_are_refused(task):
    module = task.split.module

    class Other(torch.nn.Module):
        fc = module.get_submodule(task.split.head)

        def get_submodule(self, name):
            return self.fc

        def forward(self, images):
            bottleneck, logits = module(images)
            return bottleneck, logits * 1.01

    split = replace(task.split, module=Other())
    with pytest.raises(MethodError, match="last linear layer"):
        features_of(replace(task, split=split), task.choose)
    likely = Head(link="probability", outputs=1, classes=("0", "1"), names=("1",))
    with pytest.raises(MethodError, match="probabilities"):
        features_of(replace(task, head=likely), task.choose)
