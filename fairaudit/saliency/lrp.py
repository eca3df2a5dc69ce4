"""Layer-wise relevance propagation on the lifted module with batch norm folded in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, fx, nn
from zennit.core import Composite, Hook
from zennit.layer import Sum
from zennit.rules import ZBox
from zennit.types import Activation, AvgPool, BatchNorm, Convolution, Linear

from fairaudit.engine.memory import Halving
from fairaudit.saliency.lrp_rules import EPSILON, Deferred, Even, Favoured, Passed, Plus, PlusMinus, Proportional
from fairaudit.saliency.method import Attribution, Explained, Family, Reduction, check, reduce_channels, total
from fairaudit.saliency.objective import rows_per_pass
from fairaudit.saliency.prepare import as_input, prepared_for

CompositeName = Literal["epsilon", "epsilon_plus", "epsilon_plus_flat", "epsilon_alpha2_beta1", "epsilon_gamma_box"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lrp:
    """The evidence F(x) handed down layer by layer, each output's relevance shared among its inputs by a rule.

    Composites, as in zennit: every one takes ε on linear layers, passes activations, and on convolutions takes
    ε (`epsilon`), z⁺ (`epsilon_plus`), z⁺ with flat on the first layer (`epsilon_plus_flat`), α2β1
    (`epsilon_alpha2_beta1`) or γ with the box rule on the first layer (`epsilon_gamma_box`). `epsilon_plus_flat` is the
    default: z⁺ is the most stable rule for convolutions, and flat on the first layer makes a pixel's relevance
    independent of its own value, so that a dark region is not overlooked (Kohlbrenner et al. 2020, arXiv:1910.09840,
    section III).

    Conservation Σ map / F(x) is 1 where no layer has a bias. Biases take relevance with them, so the ratio of a real
    network says how much of the evidence came from pixels at all; `bias_free` leaves biases out of the shares, and the
    ratio must then be near 1 (less what ε and outputs of exactly 0 keep): anything else means that a layer was missed.
    """

    composite: CompositeName = "epsilon_plus_flat"
    """Which rule for which layer."""
    bias_free: bool = False
    """Share relevance among inputs only, as if no layer had a bias."""
    reduction: Reduction = "sum"
    """How channels become one number."""
    name: str = "lrp"
    """Name in reports."""
    family: Family = "lrp"
    """Needs a lifted model made of layers that have rules."""

    def attribute(self, classifier: Explained, images: Tensor, classes: Tensor, *, seed: int = 0) -> Attribution:
        """See Method.attribute; draws nothing.

        Raises:
            LiftError: the model cannot be turned into modules.
            MethodError: it has layers without a rule.
        """
        check(images, classes)
        module = prepared_for("lrp", classifier, images, method=self.name)
        inputs, seeds = classifier.normalise(images), classifier.seed(classes)
        ends = classifier.normalise(
            torch.stack([images.new_zeros(images.shape[1]), images.new_ones(images.shape[1])])[..., None, None]
        )
        rules = _rules(self.composite, module, ends, bias_free=self.bias_free)
        composite = Composite(module_map=lambda _context, name, _module: rules.get(name))
        try:
            composite.register(module)
            run = _pass(module, inputs, seeds)
            results = Halving[tuple[Tensor, Tensor]](rows_per_pass(inputs.device)).run(run, len(inputs))
        finally:
            composite.remove()
        relevance = torch.cat([below for below, _ in results])
        return Attribution(
            maps=reduce_channels(relevance, self.reduction),
            conservation=_ratio(total(relevance), torch.cat([value for _, value in results])),
            evaluations=len(inputs),
        )


def _pass(module: nn.Module, inputs: Tensor, seeds: Tensor) -> Callable[[int, int], tuple[Tensor, Tensor]]:
    def run(start: int, stop: int) -> tuple[Tensor, Tensor]:
        x = as_input(inputs[start:stop]).detach().requires_grad_()
        with torch.enable_grad():
            logits = module(x)
        # What is handed down is the evidence itself: relevance at the output sums to F(x).
        evidence = logits.detach() * seeds[start:stop].to(logits.dtype)
        (relevance,) = torch.autograd.grad(logits, x, evidence)
        return relevance, evidence.double().sum(1)

    return run


def _rules(name: CompositeName, module: fx.GraphModule, ends: Tensor, *, bias_free: bool) -> dict[str, Hook]:
    first = _first_layer(module)
    table = {
        "epsilon": Proportional,
        "epsilon_plus": Plus,
        "epsilon_plus_flat": Plus,
        "epsilon_alpha2_beta1": PlusMinus,
        "epsilon_gamma_box": Favoured,
    }
    rules: dict[str, Hook] = {}
    for path, layer in module.named_modules():
        if isinstance(layer, Convolution):
            rules[path] = table[name](bias_free=bias_free)
        elif isinstance(layer, (nn.Linear, Sum, AvgPool)):
            rules[path] = Proportional(bias_free=bias_free)
        elif isinstance(layer, (Activation, BatchNorm)):
            rules[path] = Passed()
    if first is not None and name == "epsilon_plus_flat":
        rules[first] = Even()
    if first is not None and name == "epsilon_gamma_box":
        rules[first] = Deferred(
            lambda zero: ZBox(low=ends[:1], high=ends[1:], stabilizer=EPSILON, zero_params=zero), bias_free=bias_free
        )
    return rules


def _first_layer(module: fx.GraphModule) -> str | None:
    for node in module.graph.nodes:
        if node.op == "call_module" and isinstance(module.get_submodule(str(node.target)), Linear):
            return str(node.target)
    return None


def _ratio(top: Tensor, bottom: Tensor) -> Tensor:
    return torch.where(bottom == 0, torch.nan, top / torch.where(bottom == 0, 1.0, bottom))
