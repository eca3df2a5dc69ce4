"""Cascading randomisation: a model's map must change when its layers are drawn anew from the output down."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, fx, nn

from fairaudit.errors import LiftError
from fairaudit.measures.regions.faithfulness import rank_correlation
from fairaudit.models.lift.lift import Lifted
from fairaudit.saliency.gradients.line_integral import Refinement
from fairaudit.saliency.method import Explained, Method
from fairaudit.saliency.prepare import layered
from fairaudit.seeds import child_seed

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """A classifier whose module is another graph, here one with some layers drawn anew."""

    whole: Explained
    """The classifier it was made from, for everything but the module."""
    graph: Lifted
    """The graph."""

    @property
    def module(self) -> fx.GraphModule:
        """The graph's module."""
        return self.graph.module

    def normalise(self, images: Tensor) -> Tensor:
        """As the whole classifier does."""
        return self.whole.normalise(images)

    def seed(self, classes: Tensor) -> Tensor:
        """As the whole classifier does."""
        return self.whole.seed(classes)

    def scores(self, logits: Tensor) -> Tensor:
        """As the whole classifier does."""
        return self.whole.scores(logits)

    def lifted(self, example: Tensor) -> Lifted:
        """The graph it is."""
        return self.graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Randomisation:
    """Similarity of the maps of a model and of ever more randomised copies of it; near 0 is right, 1 is blind."""

    layers: tuple[str, ...]
    """Name of the last layer that was drawn anew in each stage; the last stage has forgotten everything."""
    rank: Floats
    """[stage, image] Spearman's ρ of the signed maps; NaN where a map is constant."""

    def final(self) -> Floats:
        """[image] ρ of the signed maps once all layers are drawn anew, 0 where a map is constant: nothing survived."""
        survived: Floats = np.nan_to_num(self.rank[-1], nan=0.0)
        return survived

    def cascade(self, images: NDArray[np.bool_] | None = None) -> dict[str, float]:
        """Last layer drawn anew → mean ρ of the signed maps over the images, 0 for a constant map as in `final`.

        Args:
            images: [image] those that count; all of them when left out.
        """
        ranks = self.rank if images is None else self.rank[:, images]
        means = np.nan_to_num(ranks, nan=0.0).mean(axis=1)
        return dict(zip(self.layers, means.tolist(), strict=True))


def randomisation(
    method: Method,
    classifier: Explained,
    images: Tensor,
    classes: Tensor,
    *,
    own: Tensor | None = None,
    stages: int = 4,
    seed: int = 0,
) -> Randomisation:
    """Draw the layers of a copy of the model anew from the output down, and compare the maps.

    New weights are normal with the old mean and standard deviation of each tensor, so that only what was learnt is lost
    and not the scale. The model itself stays as it is. Adebayo et al. 2018, arXiv:1810.03292, section 4.1.

    Args:
        method: what makes the maps.
        classifier: the model, which must have been liftable.
        images: [image, channel, row, column] in [0, 1].
        classes: [image] whose evidence is explained.
        own: the method's maps of the model itself where they are at hand.
        stages: how many depths are compared, evenly spread over the layers; the last is all of them.
        seed: of the new weights and of the method.

    Raises:
        LiftError: the model cannot be turned into modules, or none of them has weights to forget.
    """
    lifted, module = classifier.lifted(images[:1]), copy.deepcopy(layered(classifier, images))
    layers = layers_from_the_top(module)
    if not layers:
        raise LiftError("The model has no layer with weights", found="no weights that could be randomised")
    stops = sorted({round(len(layers) * (k + 1) / stages) for k in range(stages)} - {0})
    if own is None:
        own = method.attribute(classifier, images, classes, seed=seed).maps
    maps, done = [], 0
    for stop in stops:
        for name in layers[done:stop]:
            _draw_anew(module.get_submodule(name), child_seed(seed, "randomisation", name))
        done = stop
        # A copy each time: prepared modules are remembered by the graph they were made from.
        forgotten = Forgotten(whole=classifier, graph=replace(lifted, module=copy.deepcopy(module)))
        maps.append(_in_one_round(method).attribute(forgotten, images, classes, seed=seed).maps)
    return _compare(own, maps, [layers[stop - 1] for stop in stops])


def _in_one_round(method: Method) -> Method:
    """The method with the nodes of its first round only, where it integrates.

    A network of noise is rough: refinement takes the most nodes there are, for maps of which only the order counts.
    """
    refinement = getattr(method, "refinement", None)
    if not isinstance(refinement, Refinement):
        return method
    coarse: Method = replace(method, refinement=replace(refinement, most=refinement.nodes))  # type: ignore[type-var]
    return coarse


def layers_from_the_top(module: fx.GraphModule) -> list[str]:
    """Names of the modules with weights of their own, the last one executed first, each once."""
    names: list[str] = []
    for node in module.graph.nodes:
        if node.op == "call_module":
            part = module.get_submodule(str(node.target))
            if any(True for _ in part.parameters()) and str(node.target) not in names:
                names.append(str(node.target))
    return names[::-1]


def _draw_anew(layer: nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in layer.parameters():
            draw = torch.randn(weight.shape, generator=generator, dtype=torch.float64).to(weight)
            spread = weight.std() if weight.numel() > 1 else weight.abs().mean()
            weight.copy_(weight.mean() + spread * draw)


def _compare(own: Tensor, maps: Sequence[Tensor], layers: Sequence[str]) -> Randomisation:
    first = own.double().cpu().numpy()
    others = [some.double().cpu().numpy() for some in maps]
    return Randomisation(
        layers=tuple(layers),
        rank=np.stack([rank_correlation(first, other) for other in others]),
    )
