"""Folding against the equation w' = s w, b' = s (b - mean) + beta, and where it must not happen."""

import copy

import pytest
import torch
from torch import nn

from fairaudit.models.lift.fold import fold_batch_norm
from fairaudit.models.lift.lift import lift


def trained(*layers):
    torch.manual_seed(5)
    model = nn.Sequential(*layers)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
            if module.affine:
                nn.init.normal_(module.weight)
                nn.init.normal_(module.bias)
    return model.eval()


def norms(model):
    return sum(isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) for module in model.modules())


def test_the_folded_weights_follow_the_equation():
    model = trained(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4 * 36, 2))
    folded = fold_batch_norm(lift(model, torch.randn(2, 3, 8, 8)).module)
    conv, norm = model[0], model[1]
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    found = folded.get_submodule("0")
    torch.testing.assert_close(found.weight, (conv.weight * scale.view(-1, 1, 1, 1)).detach())
    torch.testing.assert_close(found.bias, (scale * (conv.bias - norm.running_mean) + norm.bias).detach())
    assert norms(folded) == 0


@pytest.mark.parametrize(
    "layers",
    [
        (nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2)),
        (nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, affine=False), nn.Flatten(), nn.Linear(144, 2)),
        (nn.ConvTranspose2d(3, 4, 3, stride=2), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        (nn.Flatten(), nn.Linear(192, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 2)),
        (nn.Conv2d(3, 6, 3, groups=3, padding=1, dilation=2), nn.BatchNorm2d(6), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    ],
)
def test_folding_changes_no_output(layers):
    model = trained(*copy.deepcopy(layers))
    images = torch.randn(2, 3, 8, 8)
    folded = fold_batch_norm(lift(model, images).module)
    torch.testing.assert_close(folded(images), model(images), atol=1e-5, rtol=1e-4)
    assert norms(folded) == 0


def test_a_batch_norm_before_its_layer_or_on_a_shared_result_stays():
    first = trained(nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    images = torch.randn(2, 3, 8, 8)
    assert norms(fold_batch_norm(lift(first, images).module)) == 1

    class Shared(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)

        def forward(self, x):
            y = self.conv(x)
            return (self.norm(y) + y).mean(dim=(2, 3))

    shared = trained(Shared())
    folded = fold_batch_norm(lift(shared, images).module)
    assert norms(folded) == 1
    torch.testing.assert_close(folded(images), shared(images))


def test_the_lifted_graph_itself_is_left_alone():
    model = trained(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    images = torch.randn(2, 3, 8, 8)
    lifted = lift(model, images).module
    before = {key: value.clone() for key, value in lifted.state_dict().items()}
    fold_batch_norm(lifted)
    assert all(torch.equal(value, before[key]) for key, value in lifted.state_dict().items())
    assert norms(lifted) == 1
