"""Which rule each layer of a network gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, fx, nn

from fairaudit.models.lift.carriers import NORMS, carriers, layer_of
from fairaudit.models.lift.products import Attend, GatedProduct, LinearMap, Mix, Scale, Shift
from fairaudit.models.zennit_parts import Activation, AvgPool, BatchNorm, Convolution, Hook, Linear, Sum, ZBox
from fairaudit.saliency.lrp.rules import (
    EPSILON,
    Deferred,
    Even,
    Favoured,
    Ledger,
    Passed,
    Plus,
    PlusMinus,
    Proportional,
)
from fairaudit.saliency.lrp.signed import TINY, Attending, Normalised, gamma_for

CompositeName = Literal[
    "epsilon", "epsilon_plus", "epsilon_plus_flat", "epsilon_alpha2_beta1", "epsilon_gamma_box", "gamma"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What all rules of a network have in common."""

    name: CompositeName
    """The composite."""
    bias_free: bool
    """Whether biases are left out of the shares."""
    signed: bool
    """Whether numbers take either sign by design: added constants and batch norms then share as layers with biases."""
    ledger: Ledger | None
    """Records what biases take."""

    def proportional(self) -> Proportional:
        """The rule ε."""
        return Proportional(bias_free=self.bias_free, epsilon=self.epsilon, ledger=self.ledger)

    @property
    def epsilon(self) -> float:
        """What keeps denominators from 0."""
        return TINY if self.signed else EPSILON


def rules_for(kind: Kind, module: fx.GraphModule, ends: Tensor) -> dict[str, Hook]:
    """Name of a layer that relevance comes to → its rule; layers that only move numbers have none.

    Args:
        kind: the composite and its settings.
        module: the graph.
        ends: black and white as the network sees them, [2, channel, 1, 1].
    """
    rules: dict[str, Hook] = {}
    first: str | None = None
    for node in carriers(module):
        layer = layer_of(module, node)
        if layer is None:
            continue
        rule = _rule(kind, layer)
        if rule is not None:
            rules[str(node.target)] = rule
        if first is None and isinstance(layer, Linear):
            first = str(node.target)
    if first is not None and kind.name in ("epsilon_plus_flat", "gamma"):
        rules[first] = Even()
    if first is not None and kind.name == "epsilon_gamma_box":
        rules[first] = Deferred(
            lambda zero: ZBox(low=ends[:1], high=ends[1:], stabilizer=EPSILON, zero_params=zero),
            bias_free=kind.bias_free,
        )
    return rules


def _rule(kind: Kind, layer: nn.Module) -> Hook | None:
    if isinstance(layer, Linear):
        return _weighted(kind, layer)
    if isinstance(layer, NORMS):
        return Normalised(bias_free=kind.bias_free, epsilon=kind.epsilon, ledger=kind.ledger)
    if isinstance(layer, Attend):
        return Attending(epsilon=kind.epsilon)
    if isinstance(layer, (Shift, BatchNorm)) and kind.signed:
        return kind.proportional()
    if isinstance(layer, (Sum, AvgPool, LinearMap, Mix)):
        return kind.proportional()
    return Passed() if isinstance(layer, (Activation, nn.Mish, BatchNorm, Shift, Scale, GatedProduct)) else None


def _weighted(kind: Kind, layer: nn.Module) -> Hook:
    if kind.name == "gamma":
        return gamma_for(layer, bias_free=kind.bias_free, ledger=kind.ledger)
    if not isinstance(layer, Convolution) or kind.name == "epsilon":
        return kind.proportional()
    if kind.name == "epsilon_alpha2_beta1":
        return PlusMinus(bias_free=kind.bias_free)
    plus = Favoured if kind.name == "epsilon_gamma_box" else Plus
    return plus(bias_free=kind.bias_free)
