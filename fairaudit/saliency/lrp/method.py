"""Layer-wise relevance propagation on the lifted module with batch norm folded in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from fairaudit.engine.memory import Halving
from fairaudit.models.zennit_parts import Composite
from fairaudit.saliency.lrp.composites import CompositeName, Kind, rules_for
from fairaudit.saliency.lrp.graph import held_constant, is_signed, with_constant_gates, with_shared_sums
from fairaudit.saliency.lrp.handed import handed_down
from fairaudit.saliency.lrp.rules import Ledger
from fairaudit.saliency.lrp.slopes import SlopePlan, plan_for
from fairaudit.saliency.method import Attribution, Explained, Family, Reduction, check, reduce_channels, total
from fairaudit.saliency.objective import rows_per_pass
from fairaudit.saliency.prepare import as_input, prepared_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Lrp:
    """The evidence F(x) handed down layer by layer, each output's relevance shared among its inputs by a rule.

    Composites, as in zennit: every one takes ε on linear layers, passes activations, and on convolutions takes
    ε (`epsilon`), z⁺ (`epsilon_plus`), z⁺ with flat on the first layer (`epsilon_plus_flat`), α2β1
    (`epsilon_alpha2_beta1`) or γ with the box rule on the first layer (`epsilon_gamma_box`). z⁺ is the most stable
    rule for convolutions, and flat on the first layer makes a pixel's relevance independent of its own value, so that
    a dark region is not overlooked (Kohlbrenner et al. 2020, arXiv:1910.09840, section III).

    z⁺ has no sense where numbers take either sign by design. `gamma` takes γ on convolutions and linear layers, with
    flat on the first. In every composite layer and group norms hold their spread constant, attention its weights, and
    products their gate; added constants, such as position embeddings, take their share as biases do (Ali et al. 2022,
    arXiv:2202.07304; Achtibat et al. 2024, arXiv:2402.05602). Left open, the composite is `gamma` for networks with
    a layer or group norm, attention, or gates beside activations of either sign, and `epsilon_plus_flat` for others.

    Conservation Σ map / F(x) is 1 where no layer has a bias. Biases and added constants take relevance with them, so
    the ratio of a real network says how much of the evidence came from pixels at all. `bias_free` leaves biases out of
    the shares, and the ratio is then near 1 where every layer's inputs have one sign; where contributions cancel but
    for the bias, a share has no bound, and z⁺ hands down nothing from outputs without a positive contribution.
    `accounted` has no such limits.
    """

    composite: CompositeName | None = None
    """Which rule for which layer; None: by the network."""
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
        found, values = self._handed_down(classifier, images, classes, None, None)
        return Attribution(
            maps=reduce_channels(found, self.reduction),
            conservation=_ratio(total(found), values),
            evaluations=len(images),
        )

    def signed(self, classifier: Explained, images: Tensor) -> bool:
        """Whether the rules for numbers of either sign are used on this model."""
        module = prepared_for("lrp", classifier, images, method=self.name)
        return self.composite == "gamma" or (self.composite is None and is_signed(module))

    def conventions(self, classifier: Explained, images: Tensor) -> list[str]:
        """What the rules hold constant in this model, for the report; empty where they hold nothing constant."""
        module = prepared_for("lrp", classifier, images, method=self.name)
        held = held_constant(module)
        if not held:
            return []
        told = " and ".join(", ".join(held).rsplit(", ", 1))
        return [
            f"Layer-wise relevance propagation holds {told} of this model constant: a map tells which pixels the "
            "evidence came from given these, and not what decided them."
        ]

    def accounted(self, classifier: Explained, images: Tensor, classes: Tensor) -> Tensor:
        """(Σ map + what biases and added constants took by their layers' rules) / F(x), [image]; NaN where F(x) = 0.

        1 where every layer on the way was seen, whatever signs its numbers have: for compositions of ε and γ. Images
        go one by one.
        """
        ratios = []
        for i in range(len(images)):
            ledger = Ledger()
            found, value = self._handed_down(classifier, images[i : i + 1], classes[i : i + 1], ledger, 1)
            ratios.append(_ratio(total(found) + ledger.absorbed, value))
        return torch.cat(ratios)

    def _handed_down(
        self, classifier: Explained, images: Tensor, classes: Tensor, ledger: Ledger | None, rows: int | None
    ) -> tuple[Tensor, Tensor]:
        """Relevance of the input [image, channel, row, column] and the evidence, float64 [image]."""
        module = prepared_for("lrp", classifier, images, method=self.name)
        inputs, seeds = classifier.normalise(images), classifier.seed(classes)
        ends = classifier.normalise(
            torch.stack([images.new_zeros(images.shape[1]), images.new_ones(images.shape[1])])[..., None, None]
        )
        signed = is_signed(module)
        name = self.composite or ("gamma" if signed else "epsilon_plus_flat")
        graph = with_constant_gates(module)
        kind = Kind(name=name, bias_free=self.bias_free, signed=signed or name == "gamma", ledger=ledger)
        rules = rules_for(kind, graph, ends)
        plan = plan_for(rules, graph) if kind.signed and ledger is None and not self.bias_free else None
        hooks = rules if plan is None else plan.hooks
        graph = with_shared_sums(graph, hooks, kind.epsilon)
        composite = Composite(module_map=lambda _context, path, _module: hooks.get(path))
        try:
            composite.register(graph)
            run = _pass(graph, inputs, seeds, plan)
            results = Halving[tuple[Tensor, Tensor]](rows or rows_per_pass(inputs)).run(run, len(inputs))
        finally:
            composite.remove()
        return torch.cat([below for below, _ in results]), torch.cat([value for _, value in results])


def _pass(
    module: nn.Module, inputs: Tensor, seeds: Tensor, plan: SlopePlan | None
) -> Callable[[int, int], tuple[Tensor, Tensor]]:
    def run(start: int, stop: int) -> tuple[Tensor, Tensor]:
        x = as_input(inputs[start:stop]).detach().requires_grad_()
        with torch.enable_grad():
            logits = module(x)
        # What is handed down is the evidence itself: relevance at the output sums to F(x).
        slopes = seeds[start:stop].to(logits.dtype)
        evidence = logits.detach() * slopes
        below = handed_down(logits, x, evidence if plan is None else slopes)
        if plan is not None and not plan.relevance:
            below = below * x.detach()
        return below, evidence.double().sum(1)

    return run


def _ratio(top: Tensor, bottom: Tensor) -> Tensor:
    return torch.where(bottom == 0, torch.nan, top / torch.where(bottom == 0, 1.0, bottom))
