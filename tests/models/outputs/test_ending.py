"""What a model does last, for every way of writing it; and the logits that come before."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fairaudit.models.outputs.ending import find_ending
from fairaudit.models.record import record

IMAGES = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))


class Net(nn.Module):
    def __init__(self, end, outputs=2):
        super().__init__()
        torch.manual_seed(1)
        self.layer = nn.Linear(48, outputs)
        self.end = end

    def forward(self, x):
        return self.end(self.layer(x.flatten(1)))


ENDS = {
    "sigmoid": [
        torch.sigmoid,
        lambda z: z.sigmoid()[:, :1],
        lambda z: torch.sigmoid_(z * 1.0),
        lambda z: torch.cat([torch.sigmoid(z[:, 1:]), torch.sigmoid(z[:, :1])], dim=1),
        lambda z: torch.special.expit(z).unsqueeze(2).flatten(1),
        lambda z: F.logsigmoid(z).exp(),
    ],
    "softmax": [
        lambda z: z.softmax(dim=1),
        lambda z: F.softmax(z, dim=-1).contiguous(),
        lambda z: F.log_softmax(z, dim=1).exp(),
    ],
    "log_softmax": [lambda z: z.log_softmax(dim=1), lambda z: z.softmax(dim=1).log()],
    "log_sigmoid": [F.logsigmoid, lambda z: z.sigmoid().log()],
    "label": [
        lambda z: z.argmax(dim=1),
        lambda z: z > 0,
        lambda z: (z > 0).long(),
        lambda z: (z.sigmoid() >= 0.5).float(),
        lambda z: z.sigmoid().round(),
        lambda z: z.max(dim=1).indices,
        lambda z: z.topk(1, dim=1).indices,
    ],
    "layer": [
        lambda z: z,
        lambda z: z / 1.5,
        lambda z: (z * 2.0 + 1.0)[:, :1].squeeze(1),
        lambda z: -z,
    ],
    "other": [
        lambda z: 1 / (1 + (-z).exp()),
        lambda z: z.exp() / z.exp().sum(dim=1, keepdim=True),
        lambda z: torch.stack([z.sigmoid(), z], dim=1).flatten(1),
        lambda z: (z.sigmoid() + (z + 1).sigmoid()) / 2,
        lambda z: z.clamp(0, 1),
        lambda z: z.max(dim=1).values,
    ],
}


@pytest.mark.parametrize(("kind", "end"), [(kind, end) for kind, ends in ENDS.items() for end in ends])
@pytest.mark.parametrize("traced", [False, True])
def test_the_last_operation_is_found(kind, end, traced):
    net = Net(end).eval()
    if traced:
        net = torch.jit.trace(net, IMAGES, check_trace=False)
    ending = find_ending(record(net, IMAGES))
    assert ending.kind == kind
    assert ending.squash == (kind if kind in ("sigmoid", "softmax", "log_softmax", "log_sigmoid") else None)
    assert bool(ending.cuts) == (ending.squash is not None)


@pytest.mark.parametrize("kind", ["sigmoid", "softmax", "log_softmax", "log_sigmoid"])
def test_the_cut_leads_to_the_logits(kind):
    net = Net(ENDS[kind][0]).eval()
    recording = record(net, IMAGES)
    ((_, before),) = find_ending(recording).cuts
    assert torch.allclose(recording.calls[before.call].outputs[0], net.layer(IMAGES.flatten(1)))
