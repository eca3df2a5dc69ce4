"""LRP rules as zennit hooks without the passes that zennit's own rules spend on unused gradients.

A zennit hook lets autograd compute a layer's ordinary backward pass and then throws it away for the rule's, and its
rules run one convolution per sign of the input. Here the layer runs outside the tape, so that the rule's backward pass
is the only one, and a rule whose input is not negative (checked on the data) leaves out the terms that are zero.
What is not covered is handed to zennit's rule, so the numbers are zennit's in every case.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fairaudit.models.lift.products import Shift
from fairaudit.models.zennit_parts import AlphaBeta, BasicHook, Flat, Gamma, Hook, ZPlus
from fairaudit.saliency.lrp.handed import handed_down

EPSILON = 1e-6
_DIRECT = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)


class Ledger:
    """What biases and added constants took of the evidence."""

    def __init__(self) -> None:
        self.absorbed = 0.0

    def add(self, amount: Tensor) -> None:
        """Book the sum of an amount."""
        self.absorbed += float(amount.sum(dtype=torch.float64))


class _Propagate(torch.autograd.Function):
    """The layer's output forward, the rule's relevance backward."""

    @staticmethod
    def forward(ctx: Any, source: Tensor, output: Tensor, rule: Rule, module: nn.Module, memory: Any) -> Tensor:  # noqa: ANN401
        ctx.rule, ctx.module, ctx.memory = rule, module, memory
        return output.view_as(output)

    @staticmethod
    def backward(ctx: Any, *relevance: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        return ctx.rule.propagate(ctx.module, ctx.memory, relevance[0]), None, None, None, None


class Rule(Hook, ABC):  # type: ignore[misc]
    """A rule whose layer runs outside the tape; says what to remember and how relevance goes down.

    Args:
        bias_free: share relevance among inputs only; biases then take none of it.
        epsilon: what keeps denominators from 0.
        ledger: records what biases and added constants take.
    """

    def __init__(self, *, bias_free: bool = False, epsilon: float = EPSILON, ledger: Ledger | None = None) -> None:
        super().__init__()
        self.bias_free, self.epsilon, self.ledger = bias_free, epsilon, ledger

    def copy(self) -> Self:
        """A new one for another layer."""
        copied = copy.copy(self)
        Hook.__init__(copied)
        return copied

    def pre_forward(self, module: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Keep the layer's input and give it one without a history; gates and attention weights stay as they are."""
        self.stored_tensors["source"] = args[0]
        return (self.entry(args[0]), *args[1:])

    def post_forward(self, module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> Tensor:
        """Join the output to the history of the input by way of the rule."""
        source = self.stored_tensors.pop("source")
        if not source.requires_grad:
            return output
        joined: Tensor = _Propagate.apply(source, output.detach(), self, module, self.memory(module, args, output))
        return joined

    def entry(self, x: Tensor) -> Tensor:
        """The input that the layer computes with."""
        return x.detach()

    def memory(self, module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> tuple[Tensor, ...]:
        """What the rule needs on the way back."""
        return args[:1]

    def absorb(self, bias: Tensor | float, share: Tensor) -> None:
        """Record what a bias takes, if that is wanted."""
        if self.ledger is not None:
            self.ledger.add(bias * share)

    @abstractmethod
    def propagate(self, module: nn.Module, memory: tuple[Tensor, ...], relevance: Tensor) -> Tensor:
        """Relevance of the input from the relevance of the output."""


class Passed(Rule):
    """Relevance goes through an elementwise layer unchanged (zennit's Pass)."""

    def memory(self, module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> tuple[Tensor, ...]:
        """Nothing."""
        return ()

    def propagate(self, module: nn.Module, memory: tuple[Tensor, ...], relevance: Tensor) -> Tensor:
        """R_in = R_out."""
        return relevance


class Proportional(Rule):
    """R_i = x_i Σ_j ∂z_j/∂x_i · R_j / (z_j ± ε): zennit's Epsilon and, for pooling and sums, its Norm.

    Bach et al. 2015, doi:10.1371/journal.pone.0130140, equation 58. The layer's own pass is the rule's: one
    convolution forward and one backward in place of two and two.
    """

    def entry(self, x: Tensor) -> Tensor:
        """A leaf of its own, so that the layer's pass is kept for the rule."""
        return x.detach().requires_grad_(x.requires_grad)

    def memory(self, module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> tuple[Tensor, ...]:
        """The leaf and the taped output."""
        return args[0], output

    def propagate(self, module: nn.Module, memory: tuple[Tensor, ...], relevance: Tensor) -> Tensor:
        """See the class."""
        x, output = memory
        z = output.detach()
        if self.bias_free:
            z = z - bias_of(module, z)
        share = over(relevance, z, self.epsilon)
        if not self.bias_free:
            self.absorb(bias_of(module, z), share)
        gradient = handed_down(output, x, share)
        return x.detach() * gradient


class Deferred(Rule):
    """Any rule of zennit, without the ordinary backward pass around it."""

    def __init__(self, make: Callable[[list[str]], BasicHook], *, bias_free: bool = False) -> None:
        super().__init__(bias_free=bias_free)
        self.make = make
        self.rule = make(["bias"] if bias_free else [])

    def copy(self) -> Self:
        """A new one for another layer."""
        copied = super().copy()
        copied.rule = self.make(["bias"] if self.bias_free else [])
        return copied

    def propagate(self, module: nn.Module, memory: tuple[Tensor, ...], relevance: Tensor) -> Tensor:
        """What zennit's rule says."""
        self.rule.stored_tensors |= {"input": memory, "kwargs": {}}  # the second since zennit 1.0
        try:
            below: Tensor = self.rule.backward(module, memory, (relevance,))[0]
        finally:
            self.rule.stored_tensors.clear()
        return below


class _Signed(Deferred):
    """A rule with a short form for inputs that are not negative."""

    def propagate(self, module: nn.Module, memory: tuple[Tensor, ...], relevance: Tensor) -> Tensor:
        """The short form where it is valid, zennit's elsewhere."""
        (x,) = memory
        if isinstance(module, _DIRECT) and bool((x >= 0).all()):
            return self.short(module, x, relevance)
        return super().propagate(module, memory, relevance)

    @abstractmethod
    def short(self, module: nn.Module, x: Tensor, relevance: Tensor) -> Tensor:
        """The rule for x ≥ 0."""


class Plus(_Signed):
    """z⁺: R_i = x_i Σ_j w⁺_ij R_j / Σ_i x_i w⁺_ij for x ≥ 0 (with the positive part of the bias in the denominator).

    One convolution where zennit's ZPlus needs two for the two signs of x. Montavon et al. 2017,
    doi:10.1016/j.patcog.2016.11.008, equation 14; Bach et al. 2015, equation 60 with α = 1, β = 0.
    """

    def __init__(self, *, bias_free: bool = False) -> None:
        super().__init__(lambda zero: ZPlus(stabilizer=EPSILON, zero_params=zero), bias_free=bias_free)

    def short(self, module: nn.Module, x: Tensor, relevance: Tensor) -> Tensor:
        """See the class."""
        return _share(module, x, 1.0, relevance, bias_free=self.bias_free)


class PlusMinus(_Signed):
    """αβ with α = 2, β = 1: twice the share of positive contributions less that of negative ones; two passes, not four.

    Bach et al. 2015, equation 60.
    """

    def __init__(self, *, bias_free: bool = False) -> None:
        super().__init__(
            lambda zero: AlphaBeta(alpha=2, beta=1, stabilizer=EPSILON, zero_params=zero), bias_free=bias_free
        )

    def short(self, module: nn.Module, x: Tensor, relevance: Tensor) -> Tensor:
        """See the class."""
        return 2 * _share(module, x, 1.0, relevance, bias_free=self.bias_free) - _share(
            module, x, -1.0, relevance, bias_free=self.bias_free
        )


class Favoured(_Signed):
    """γ: like ε, with the weights of the output's own sign counted 1 + γ times (γ = ¼); three convolutions, not five.

    Montavon et al. 2019, doi:10.1007/978-3-030-28954-6_10, section 10.2.3; for outputs of either sign
    Andéol et al. 2021, arXiv:2105.12497.
    """

    def __init__(self, *, bias_free: bool = False) -> None:
        super().__init__(lambda zero: Gamma(gamma=0.25, stabilizer=EPSILON, zero_params=zero), bias_free=bias_free)

    def short(self, module: nn.Module, x: Tensor, relevance: Tensor) -> Tensor:
        """See the class."""
        output = _apply(module, x, _weight(module), _bias(module))
        below = torch.zeros_like(x)
        for sign in (1.0, -1.0):
            own = relevance * (sign * output > 0)
            below = below + _share(module, x, sign, own, bias_free=self.bias_free, whole=1.0, part=0.25)
        return below


class Even(Deferred):
    """Flat: relevance spreads evenly over the receptive field, R_i = Σ_j R_j / #inputs of j, whatever the input is.

    Lapuschkin et al. 2019, doi:10.1038/s41467-019-08987-4. All input channels get the same, and all output channels
    have the same denominator, so that one channel is enough.
    """

    def __init__(self, *, bias_free: bool = False) -> None:
        super().__init__(lambda zero: Flat(stabilizer=EPSILON, zero_params=zero), bias_free=bias_free)

    def propagate(self, module: nn.Module, memory: tuple[Tensor, ...], relevance: Tensor) -> Tensor:
        """See the class; zennit's rule for layers other than plain convolutions."""
        (x,) = memory
        plain = isinstance(module, nn.Conv2d) and module.groups == 1 and module.padding_mode == "zeros"
        if not plain:
            return super().propagate(module, memory, relevance)
        ones = torch.ones_like(x[:, :1])
        kernel = torch.ones_like(_weight(module)[:1, :1])
        with torch.enable_grad():
            ones.requires_grad_()
            fields = F.conv2d(ones, kernel, None, module.stride, module.padding, module.dilation)  # type: ignore[call-overload]
        evenly = over(relevance.sum(1, keepdim=True), fields.detach() * x.shape[1], EPSILON)
        below = handed_down(fields, ones, evenly)
        return below.expand_as(x)


class _Shared(torch.autograd.Function):
    """A sum forward, relevance in proportion to its signals backward."""

    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor, epsilon: float) -> Tensor:  # noqa: ANN401
        ctx.epsilon = epsilon
        ctx.save_for_backward(left, right)
        return left + right

    @staticmethod
    def backward(ctx: Any, *relevance: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        left, right = ctx.saved_tensors
        share = over(relevance[0], left + right, ctx.epsilon)
        return left * share, right * share, None


def shared_sum(left: Tensor, right: Tensor, epsilon: float) -> Tensor:
    """The sum of two signals of one shape; R_left = left · R / (left + right ± ε), and so for the right one."""
    added: Tensor = _Shared.apply(left, right, epsilon)
    return added


def over(relevance: Tensor, z: Tensor, epsilon: float) -> Tensor:
    """Relevance / (z ± ε) with the sign of z, in the memory of one result."""
    steady = torch.copysign(torch.tensor(epsilon, dtype=z.dtype), z).add_(z)
    return torch.div(relevance, steady, out=steady) if relevance.shape == steady.shape else relevance / steady


def _share(
    module: nn.Module,
    x: Tensor,
    sign: float,
    relevance: Tensor,
    *,
    bias_free: bool,
    whole: float = 0.0,
    part: float = 1.0,
) -> Tensor:
    """Relevance x ⊙ ∂z/∂x · R / (z ± ε) of a layer with weights whole·w + part·(w clamped to the sign)."""
    own_bias = None if bias_free else _bias(module)
    weight, bias = (None if w is None else whole * w + part * _part(w, sign) for w in (_weight(module), own_bias))
    leaf = x.detach().requires_grad_()
    with torch.enable_grad():
        z = _apply(module, leaf, weight, bias)
    gradient = handed_down(z, leaf, over(relevance, z.detach(), EPSILON))
    return x * gradient


def _part(weight: Tensor, sign: float) -> Tensor:
    return weight.clamp(min=0) if sign > 0 else weight.clamp(max=0)


def _weight(module: nn.Module) -> Tensor:
    return module.weight  # type: ignore[return-value]


def bias_of(module: nn.Module, output: Tensor) -> Tensor | float:
    """What a layer adds, in a shape that broadcasts to its output; 0 where it adds nothing."""
    if isinstance(module, Shift):
        return module.offset
    bias = getattr(module, "bias", None)
    if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
        bias = _at_zero(module)
    if not isinstance(bias, Tensor):
        return 0.0
    return bias if isinstance(module, nn.Linear | nn.LayerNorm) else bias.view(1, -1, *[1] * (output.ndim - 2))


def _at_zero(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> Tensor | None:
    """A batch norm's output for 0, [channel]: β − γ·μ / √(σ² + ε)."""
    mean, variance = norm.running_mean, norm.running_var
    if mean is None or variance is None:
        return None
    scaled = -mean / (variance + norm.eps).sqrt()
    return scaled * norm.weight + norm.bias if norm.affine else scaled


def _bias(module: nn.Module) -> Tensor | None:
    return module.bias  # type: ignore[return-value]


def _apply(module: nn.Module, x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    if isinstance(module, nn.Linear):
        return F.linear(x, weight, bias)  # type: ignore[arg-type]
    return module._conv_forward(x, weight, bias)  # type: ignore[operator, no-any-return]
