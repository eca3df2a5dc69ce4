"""Relevance as slopes: its share in each number, in units of that number.

For numbers of either sign every rule hands down R_i = x_i · s_i with a finite s_i. Handing down s itself spares the
division by z and the product with x in every layer, and what the layers below ε need not be kept: s goes through linear
layers, sums, means and moves as the gradient does (the gradient × input form of LRP: Achtibat et al. 2024,
arXiv:2402.05602, appendix A.4). Layers with another rule get one of the hooks here. The numbers are those of the rules
on relevance, but for what a stabiliser of 1e-12 takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn

from fairaudit.models.lift.carriers import carriers, layer_of, receivers
from fairaudit.models.lift.products import GatedProduct, Scale
from fairaudit.models.zennit_parts import Hook
from fairaudit.saliency.lrp.rules import Even, Passed, Proportional, Rule, over
from fairaudit.saliency.lrp.signed import (
    TINY,
    Attending,
    Gamma,
    Normalised,
    down,
    inverse_spread,
    through_attention,
    through_norm,
    up,
)

_AS_GRADIENT = (GatedProduct, Scale)
"""Layers that relevance passes, with an output in proportion to the input."""


class Ratio(Rule):
    """An elementwise layer that relevance passes: s_in = s_out · f(x) / x."""

    def memory(self, module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> tuple[Tensor, ...]:
        """The ratio, 0 where f(0) is."""
        return (over(output.detach(), args[0], TINY),)

    def propagate(self, module: nn.Module, memory: tuple[Tensor, ...], relevance: Tensor) -> Tensor:
        """See the class; the ratio is not needed again, and a new tensor would take longer than the product."""
        return memory[0].mul_(relevance)


class LateRatio(Rule):
    """The same from input and output, which layers with γ around it keep anyway."""

    def memory(self, module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> tuple[Tensor, ...]:
        """Input and output."""
        return args[0], output.detach()

    def propagate(self, module: nn.Module, memory: tuple[Tensor, ...], relevance: Tensor) -> Tensor:
        """See the class."""
        x, output = memory
        return over(output, x, TINY).mul_(relevance)


class ConstantSpread(Rule):
    """A layer or group norm with the spread held constant: s_in = (w s_out − its mean) / σ."""

    def memory(self, module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> tuple[Tensor, ...]:
        """1 / σ."""
        return (inverse_spread(module, args[0]),)

    def propagate(self, module: nn.Module, memory: tuple[Tensor, ...], relevance: Tensor) -> Tensor:
        """See the class."""
        return through_norm(module, relevance, memory[0])


class ConstantWeights(Rule):
    """Attention with its weights held constant: s of values is Aᵀ s_out."""

    def memory(self, module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> tuple[Tensor, ...]:
        """Queries, keys and mask."""
        return args[1:]

    def propagate(self, module: nn.Module, memory: tuple[Tensor, ...], relevance: Tensor) -> Tensor:
        """See the class."""
        return through_attention(module, relevance, memory)


class GammaSlope(Gamma):
    """γ: s_in = k Wᵀ(|z| t) + sgn(x) ⊙ |W|ᵀ(z t) with t = s_out / (|W||x| + |b| + k |z|) and k = 2 / γ + 1."""

    def propagate(self, module: nn.Module, memory: tuple[Tensor, ...], relevance: Tensor) -> Tensor:
        """See the class."""
        x, z = memory
        k, height = 2 / self.gamma + 1, z.abs()
        weight: Tensor = module.weight  # type: ignore[assignment]
        size = weight.abs()
        most = down(module, x.abs(), size, module.bias)  # type: ignore[arg-type]
        most.add_(height, alpha=k).add_(self.epsilon)
        over_most = torch.div(relevance, most, out=most)
        aligned = up(module, over_most * z, size, x)
        plain = up(module, over_most.mul_(height), weight, x)
        return aligned.mul_(x.sign()).add_(plain, alpha=k)


class FlatSlope(Even):
    """Flat, where slopes become relevance: it knows no input to be in units of."""

    def memory(self, module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> tuple[Tensor, ...]:
        """Input and output."""
        return args[0], output.detach()

    def propagate(self, module: nn.Module, memory: tuple[Tensor, ...], relevance: Tensor) -> Tensor:
        """See the class."""
        x, z = memory
        return super().propagate(module, (x,), z * relevance)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopePlan:
    """How slopes are handed down in one graph."""

    hooks: Mapping[str, Hook]
    """Name of a layer → its hook; layers without one hand slopes down as gradients."""
    relevance: bool
    """Whether relevance arrives at the images; slopes do where no layer is flat."""


def plan_for(rules: Mapping[str, Hook], module: fx.GraphModule) -> SlopePlan | None:
    """The hooks that hand slopes down as these rules do relevance; None if that is not possible.

    That is where a rule is none of those for numbers of either sign, or where a way to the images goes past the layer
    that is flat: before it, relevance is handed down by the rules themselves.

    Args:
        rules: name of a layer → its rule, as of `rules_for`.
        module: the graph.
    """
    reached = list(carriers(module))
    flat = next((node for node in reached if isinstance(rules.get(str(node.target)), Even)), None)
    before = set() if flat is None else _before(module, flat)
    passed = LateRatio if any(isinstance(rule, Gamma) for rule in rules.values()) else Ratio
    hooks: dict[str, Hook] = {}
    for node in reached:
        path, rule = str(node.target), rules.get(str(node.target))
        if node in before:
            if rule is not None:
                hooks[path] = rule
            continue
        if flat is not None and node is not flat and any(_early(source, before) for source in receivers(module, node)):
            return None
        try:
            hook = _hook(rule, layer_of(module, node), passed)
        except KeyError:
            return None
        if hook is not None:
            hooks[path] = hook
    return SlopePlan(hooks=hooks, relevance=flat is not None)


def _before(module: fx.GraphModule, node: fx.Node) -> set[fx.Node]:
    """What relevance comes to after a node."""
    waiting, found = receivers(module, node), set[fx.Node]()
    while waiting:
        one = waiting.pop()
        if one not in found and one.op != "placeholder":
            found.add(one)
            waiting += receivers(module, one)
    return found


def _early(node: fx.Node, before: set[fx.Node]) -> bool:
    return node.op == "placeholder" or node in before


def _hook(rule: Hook | None, layer: nn.Module | None, passed: type[Rule]) -> Hook | None:
    """The hook that does what a rule does; None for none.

    Raises:
        KeyError: there is no such hook.
    """
    if rule is None or type(rule) is Proportional or isinstance(layer, _AS_GRADIENT):
        return None
    if isinstance(rule, Gamma):
        return GammaSlope(rule.gamma, epsilon=rule.epsilon)
    made: dict[type[Rule], type[Rule]] = {
        Passed: passed,
        Normalised: ConstantSpread,
        Attending: ConstantWeights,
        Even: FlatSlope,
    }
    return made[type(rule)]()
