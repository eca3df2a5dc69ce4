import pytest
import torch
from torch import nn

from fairaudit.demo.network import digit_network, smile_network


@pytest.mark.parametrize(("factory", "side", "outputs"), [(smile_network, 64, 1), (digit_network, 14, 10)])
def test_outputs_and_parts(factory, side, outputs):
    network = factory().eval()
    assert network(torch.rand(2, 3, side, side)).shape == (2, outputs)
    plain = (nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.Tanh, nn.AdaptiveAvgPool2d, nn.Flatten, nn.Linear)
    assert all(isinstance(module, plain) for module in network)


def test_smile_network_is_as_small_as_it_says():
    assert 40_000 < sum(parameter.numel() for parameter in smile_network().parameters()) < 46_000


def test_digit_network_has_the_stated_widths():
    widths = [module.out_channels for module in digit_network() if isinstance(module, nn.Conv2d)]
    assert widths == [8, 16, 32, 64]
