"""Where Grad-CAM takes its map from."""

import torch
from torch import nn

from fairaudit.models.lift.lift import lift


class Permuted(nn.Module):
    """Channels last in between, and back by a function, so that no module returns the last map."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 3), nn.LayerNorm(4)
        self.pool, self.head = nn.AdaptiveAvgPool2d(1), nn.Linear(4, 2)

    def forward(self, x):
        x = self.norm(self.conv(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return self.head(self.pool(x).flatten(1))


def captured(lifted, images):
    maps = []
    handle = lifted.module.get_submodule(lifted.features).register_forward_hook(lambda m, i, o: maps.append(o))
    lifted.module(images)
    handle.remove()
    return maps[0]


def test_the_map_before_any_pooling_is_taken():
    layers = [nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(7), nn.Flatten(), nn.Linear(196, 2)]
    model = nn.Sequential(*layers).eval()
    images = torch.randn(2, 3, 10, 12)
    torch.testing.assert_close(captured(lift(model, images), images), model[1](model[0](images)))


def test_a_map_that_no_module_returns_gets_an_identity():
    model = Permuted().eval()
    images = torch.randn(2, 3, 10, 12)
    lifted = lift(model, images)
    wanted = model.norm(model.conv(images).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    torch.testing.assert_close(captured(lifted, images), wanted)
    torch.testing.assert_close(lifted.module(images), model(images))
