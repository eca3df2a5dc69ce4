"""LRP rules for layers whose inputs and outputs take either sign: norms over an image, attention, and γ for them.

All of them hand down R_i = x_i · (something finite), so that a denominator near 0 never meets a relevance that is not
near 0 with it: the rules compute what the gradient × input form of LRP does (Achtibat et al. 2024, arXiv:2402.05602,
appendix A.4), in which nothing is divided at all.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.grad import conv2d_input

from fairaudit.models.lift.products import Attend
from fairaudit.saliency.lrp.rules import Ledger, Proportional, Rule, bias_of, over

TINY = 1e-12
"""Stabiliser for outputs of either sign; 1e-6 already absorbs what small outputs should hand down."""


class Normalised(Rule):
    """Layer and group norm with the spread held constant: R_i = x_i Σ_j ∂z_j/∂x_i · R_j / (z_j ± ε), σ fixed.

    Ali et al. 2022, arXiv:2202.07304, section 4; Achtibat et al. 2024, arXiv:2402.05602, section 3.3.2. The mean is
    part of the layer's linear map, and the shift β takes its share as a bias does.
    """

    def memory(self, module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> tuple[Tensor, ...]:
        """Input and output."""
        return args[0], output.detach()

    def propagate(self, module: nn.Module, memory: tuple[Tensor, ...], relevance: Tensor) -> Tensor:
        """See the class."""
        x, z = memory
        bias = bias_of(module, z)
        share = over(relevance, z - bias if self.bias_free else z, self.epsilon)
        if not self.bias_free:
            self.absorb(bias, share)
        return through_norm(module, share, inverse_spread(module, x)).mul_(x)


def inverse_spread(module: nn.Module, x: Tensor) -> Tensor:
    """1 / σ of a norm with σ² = var(x) + eps; over the last axes, or [image, group, 1]."""
    if isinstance(module, nn.LayerNorm):
        # The norm's own operation knows it, in a twentieth of a variance's time.
        return torch.native_layer_norm(x, module.normalized_shape, None, None, module.eps)[2]
    if isinstance(module, nn.GroupNorm):
        groups = x.reshape(len(x), module.num_groups, -1)
        return groups.var(-1, correction=0, keepdim=True).add_(module.eps).rsqrt_()
    raise TypeError(f"no rule for {type(module).__name__}")


def through_norm(module: nn.Module, share: Tensor, inverse: Tensor) -> Tensor:
    """(w · share − its mean) / σ, in the shape of the share: a norm's transposed linear map with σ constant."""
    if isinstance(module, nn.LayerNorm):
        scaled = share.clone() if module.weight is None else share * module.weight
        axes = tuple(range(-len(module.normalized_shape), 0))
        return scaled.sub_(scaled.mean(axes, keepdim=True)).mul_(inverse)
    if isinstance(module, nn.GroupNorm):
        factor = 1.0 if module.weight is None else module.weight.view(1, -1, *[1] * (share.ndim - 2))
        scaled = (share * factor).reshape(len(share), module.num_groups, -1)
        return (scaled - scaled.mean(-1, keepdim=True)).mul_(inverse).view(share.shape)
    raise TypeError(f"no rule for {type(module).__name__}")


class Attending(Rule):
    """Attention with its weights A held constant: R of values v is v ⊙ Aᵀ (R / (A v ± ε)); queries and keys get none.

    Ali et al. 2022, arXiv:2202.07304, section 4. The weights are computed again on the way back instead of kept.
    """

    def memory(self, module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> tuple[Tensor, ...]:
        """Everything that goes in, and what comes out."""
        return (*args, output.detach())

    def propagate(self, module: nn.Module, memory: tuple[Tensor, ...], relevance: Tensor) -> Tensor:
        """See the class."""
        values, *others, output = memory
        return through_attention(module, over(relevance, output, self.epsilon), others).mul_(values)


def through_attention(module: nn.Module, share: Tensor, others: Sequence[Tensor]) -> Tensor:
    """Aᵀ share with the weights A of queries, keys and mask, computed again."""
    if not isinstance(module, Attend):
        raise TypeError(f"no rule for {type(module).__name__}")
    with torch.no_grad():
        return module.weights(*others).transpose(-2, -1) @ share


class Gamma(Rule):
    """γ for inputs and outputs of either sign, equal to zennit's Gamma with 4 products in place of 11.

    Contributions w_ij x_i of the sign of the output z_j count 1 + γ times. With |W||x| their sum of magnitudes, the
    denominator is (1 + γ/2) z + γ/2 · sgn(z) (|W||x| + |b|), and with S = R over it, the relevance is
    x ⊙ ((1 + γ/2) Wᵀ S + γ/2 · sgn(x) ⊙ |W|ᵀ (S ⊙ sgn(z))). Montavon et al. 2019, doi:10.1007/978-3-030-28954-6_10,
    section 10.2.3; for both signs Andéol et al. 2021, arXiv:2105.12497.

    Args:
        gamma: how much more contributions of the output's sign count.
        bias_free: share relevance among inputs only.
        epsilon: what keeps denominators from 0.
        ledger: records what biases take.
    """

    def __init__(
        self, gamma: float, *, bias_free: bool = False, epsilon: float = TINY, ledger: Ledger | None = None
    ) -> None:
        super().__init__(bias_free=bias_free, epsilon=epsilon, ledger=ledger)
        self.gamma = gamma

    def memory(self, module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> tuple[Tensor, ...]:
        """Input and output."""
        return args[0], output.detach()

    def propagate(self, module: nn.Module, memory: tuple[Tensor, ...], relevance: Tensor) -> Tensor:
        """See the class."""
        x, z = memory
        half, sign = self.gamma / 2, z.sign()
        bias = bias_of(module, z)
        weight: Tensor = module.weight  # type: ignore[assignment]
        size = weight.abs()
        # In place from here on: these are a dozen passes over the layer's numbers beside its four products.
        magnitude = down(module, x.abs(), size, None if self.bias_free else module.bias)  # type: ignore[arg-type]
        favoured = magnitude.mul_(sign).mul_(half).add_(z - bias if self.bias_free else z, alpha=1 + half)
        share = over(relevance, favoured, self.epsilon)
        if not self.bias_free and self.ledger is not None and isinstance(bias, Tensor):
            self.absorb((1 + half) * bias + half * sign * bias.abs(), share)
        plain, aligned = up(module, share, weight, x), up(module, share.mul_(sign), size, x)
        return aligned.mul_(x.sign()).mul_(half).add_(plain, alpha=1 + half).mul_(x)


def down(module: nn.Module, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A layer's product with other weights, plus the magnitude of a bias."""
    size = None if bias is None else bias.abs()
    if isinstance(module, nn.Linear):
        return F.linear(x, weight, size)
    if isinstance(module, nn.Conv2d):
        return F.conv2d(x, weight, size, module.stride, module.padding, module.dilation, module.groups)
    raise TypeError(f"no rule for {type(module).__name__}")


def up(module: nn.Module, above: Tensor, weight: Tensor, x: Tensor) -> Tensor:
    """The transposed product."""
    if isinstance(module, nn.Linear):
        return above @ weight
    if isinstance(module, nn.Conv2d):
        padding: tuple[int, ...] = module.padding  # type: ignore[assignment]
        found: Tensor = conv2d_input(  # type: ignore[no-untyped-call]
            x.shape, weight, above, module.stride, padding, module.dilation, module.groups
        )
        return found
    raise TypeError(f"no rule for {type(module).__name__}")


def gamma_for(layer: nn.Module, *, bias_free: bool, ledger: Ledger | None) -> Rule:
    """γ = 0.25 on convolutions and 0.05 on linear layers, as Achtibat et al. 2024 tune it for vision transformers.

    Transposed convolutions take ε.
    """
    if isinstance(layer, nn.Conv2d) and not isinstance(layer.padding, str):
        return Gamma(0.25, bias_free=bias_free, ledger=ledger)
    if isinstance(layer, nn.Linear):
        return Gamma(0.05, bias_free=bias_free, ledger=ledger)
    return Proportional(bias_free=bias_free, epsilon=TINY, ledger=ledger)
