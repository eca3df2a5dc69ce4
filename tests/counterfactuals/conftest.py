"""Small generators and heads whose answers are known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn


class LinearGenerator:
    """x = D z with a fixed matrix of orthonormal columns, so E = Dᵀ gives z back."""

    def __init__(self, latent: int = 4, shape: tuple[int, int, int] = (1, 3, 4), seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        pixels = shape[0] * shape[1] * shape[2]
        self.shape = shape
        self.matrix = torch.linalg.qr(torch.randn(pixels, latent, generator=generator)).Q.contiguous()

    def encode(self, images: Tensor) -> Tensor:
        return images.flatten(1) @ self.matrix

    def decode(self, latents: Tensor) -> Tensor:
        return (latents @ self.matrix.T).reshape(-1, *self.shape)


class LinearHeads:
    """f_i(x) = w_i · x + b, no link; `odds` makes it a sigmoid of that."""

    def __init__(self, weights: Tensor, *, bias: float = 0.0, odds: bool = False) -> None:
        self.weights, self.bias, self.odds = weights, bias, odds
        self.names = tuple(f"f{i}" for i in range(len(weights)))
        self.width = len(weights)

    def outputs(self, images: Tensor) -> Tensor:
        return images.flatten(1) @ self.weights.T + self.bias

    def values(self, outputs: Tensor) -> Tensor:
        return outputs.sigmoid() if self.odds else outputs

    def steering(self, outputs: Tensor) -> Tensor:
        return outputs

    def is_probability(self, head: int) -> bool:
        return self.odds


class ConvGenerator(nn.Module):
    """An untrained autoencoder without any layer that mixes images; long latents, so that λ is long too."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.GroupNorm(2, 8), nn.SiLU(), nn.Conv2d(8, 4, 3, 2, 1))
        self.up = nn.Sequential(nn.ConvTranspose2d(4, 8, 4, 2, 1), nn.SiLU(), nn.ConvTranspose2d(8, 3, 4, 2, 1))

    def encode(self, images: Tensor) -> Tensor:
        return 30.0 * self.down(images - 0.5)

    def decode(self, latents: Tensor) -> Tensor:
        return (20.0 * self.up(latents / 30.0)).sigmoid()


@pytest.fixture
def conv() -> ConvGenerator:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return ConvGenerator().eval().requires_grad_(False)


@pytest.fixture
def classifier(conv: ConvGenerator, faces: Tensor) -> nn.Module:
    """Three logits of a small network, spread over reconstructions about 1.5, 0 and −1.5."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        net = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.Tanh(), nn.Flatten(), nn.Linear(8 * 64, 3))
    net.eval().requires_grad_(False)
    logits = net(conv.decode(conv.encode(faces)))
    scale = 1 / logits.std(dim=0)
    net[3].bias.copy_((net[3].bias - logits.mean(dim=0)) * scale + torch.tensor([1.5, 0.0, -1.5]))
    net[3].weight.mul_(scale[:, None])
    return net


@pytest.fixture
def faces() -> Tensor:
    coarse = torch.rand(10, 3, 4, 4, generator=torch.Generator().manual_seed(2))
    return nn.functional.interpolate(coarse, size=16, mode="bilinear")


@pytest.fixture
def linear_generator() -> type[LinearGenerator]:
    return LinearGenerator


@pytest.fixture
def linear_heads() -> type[LinearHeads]:
    return LinearHeads
