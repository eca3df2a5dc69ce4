"""What an edited model shows for every image, on a network whose scores are its images."""

from types import SimpleNamespace

import numpy as np
import torch
from torch import nn

from fairaudit.audits.mitigation.judge import Judge, choosing, columns
from fairaudit.mitigation.edits import GroupThreshold, GroupThresholds, Weights
from fairaudit.mitigation.samples import InMemory, Samples
from fairaudit.models.outputs.head import Head
from fairaudit.pruning.encoder import CutModel
from fairaudit.pruning.train import TuneSettings

HEAD = Head(link="sigmoid", outputs=1, classes=("0", "1"), names=("1",))


class Plain(nn.Module):
    """The log-odds are the images' mean."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.ones(()))

    def forward(self, images):
        means = images.mean((1, 2, 3))[:, None]
        return means, self.w * means


class Scaled(Plain):
    """What is read is the mean too, times the weight."""

    def forward(self, images):
        read = self.w * images.mean((1, 2, 3))[:, None]
        return read, read


def part(values, twins=None):
    values = torch.tensor(values)
    frames = None if twins is None else torch.tensor(twins).view(-1, 1, 1, 1, 1)
    zeros = torch.arange(len(values)) % 2
    return InMemory(samples=Samples(images=values.view(-1, 1, 1, 1), target=zeros, attribute=zeros, frames=frames),
                    classes=2, groups=2)  # fmt: skip


def judge(report, images=2, network=None, balanced=None):
    split = CutModel(module=network or Plain(), bottleneck="x", layers=(), norms={}, head=None)
    task = SimpleNamespace(
        split=split, head=HEAD, choose=part([1.0, -1.0]), balanced=balanced, train=TuneSettings(seed=3)
    )
    return Judge(model=None, task=task, report=report, images=images)


def test_flips_are_of_images_with_a_twin():
    """Log-odds 2, -2, 1 and twins at -2, -3, none: one decision changes, and scores move by their difference."""
    made = judge(part([2.0, -2.0, 1.0], twins=[-2.0, -3.0, float("nan")]))
    found = columns(made, Weights(values={}))
    assert found["decisions"].tolist() == [1, 0, 1]
    np.testing.assert_array_equal(found["flip_rate"], [1.0, 0.0, np.nan])
    own, other = torch.sigmoid(torch.tensor([2.0, -2.0])), torch.sigmoid(torch.tensor([-2.0, -3.0]))
    np.testing.assert_allclose(found["flip_effect"][:2], (own - other).abs(), atol=1e-6)
    assert found["flip_effect"][2].isnan()


def test_a_rule_decides_and_has_no_flips_of_its_own():
    made = judge(part([2.0, -2.0], twins=[0.0, 0.0]))
    always = GroupThreshold(lower=0.0, upper=0.0, mix=1.0, keep=1.0)
    never = GroupThreshold(lower=2.0, upper=2.0, mix=1.0, keep=1.0)
    found = columns(made, GroupThresholds(groups=(never, always), base_rate=0.5))
    assert found["decisions"].tolist() == [0, 1]  # against their scores
    assert "flip_rate" not in found


def test_columns_of_both_parts_without_region_or_balanced_rows():
    found = columns(judge(part([2.0, -2.0, 1.0])), Weights(values={"w": torch.tensor(-1.0)}))
    assert set(found) == {"scores", "decisions"}
    assert found["decisions"].tolist() == [0, 1, 0]  # the edit turned them round
    chosen = choosing(judge(part([2.0, -2.0, 1.0])), Weights(values={"w": torch.tensor(-1.0)}))
    assert chosen["decisions"].tolist() == [0, 1]


def test_probes_read_what_is_left_by_the_edit():
    report = part([1.0 if number % 2 else -1.0 for number in range(40)])
    made = judge(report, images=0, network=Scaled(), balanced=report)
    kept, turned, gone = (columns(made, Weights(values={"w": torch.tensor(weight)})) for weight in (1.0, -1.0, 0.0))
    for name in ("attribute_probe", "attribute_probe_mlp"):
        assert kept[name].mean() == turned[name].mean() == 1
        assert gone[name].mean() == 0.5, "a constant tells two groups of equal size apart in half of the images"


def test_the_mapped_images_follow_the_seed():
    report = part([float(number) for number in range(20)])
    first = judge(report, images=5).mapped.tolist()
    assert first == judge(report, images=5).mapped.tolist() == sorted(set(first))
    assert len(first) == 5
    assert judge(report, images=99).mapped.tolist() == list(range(20))
