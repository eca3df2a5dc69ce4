"""Expected gradients: integrated gradients averaged over references from the data."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from fairaudit.saliency.draws import generators
from fairaudit.saliency.gradients.baselines import reference
from fairaudit.saliency.gradients.integrated_gradients import along, relative_gap
from fairaudit.saliency.gradients.line_integral import Refinement
from fairaudit.saliency.gradients.path import Path, Straight
from fairaudit.saliency.method import Attribution, Explained, Family, Reduction, check, total
from fairaudit.saliency.objective import objective


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExpectedGradients:
    """E over references x0 of (x − x0) ⊙ ∫₀¹ ∂F/∂x(x0 + t·(x − x0)) dt, which sums to F(x) − E F(x0).

    Erion et al. 2021, doi:10.1038/s42256-021-00343-w, equation 3. The integral is made as for integrated gradients
    instead of drawn with the references, because a few draws leave a completeness gap of tens of percent; only the
    references are drawn, per image and without replacement. The residual is of the expectation.
    """

    references: Tensor | None = field(default=None, repr=False)
    """[reference, channel, row, column] in [0, 1]; an image is not held against itself. None: the other images of the
    batch, so that maps depend on the batch (an image alone in its batch is compared with its own blur)."""
    digest: str = ""
    """Of the references, for whoever keeps maps."""
    samples: int = 8
    """References per image, at most."""
    refinement: Refinement = field(default_factory=lambda: Refinement(nodes=4, tolerance=0.02, most=32))
    """Nodes, tolerance and limits per reference."""
    reduction: Reduction = "sum"
    """How channels become one number."""
    name: str = "expected_gradients"
    """Name in reports."""
    family: Family = "gradient"
    """Needs gradients only."""

    def attribute(self, classifier: Explained, images: Tensor, classes: Tensor, *, seed: int = 0) -> Attribution:
        """See Method.attribute."""
        check(images, classes)
        drawn = [self._draw(images, i, draw) for i, draw in enumerate(generators(images, seed, self.name))]
        owner = torch.tensor([i for i, some in enumerate(drawn) for _ in some], dtype=torch.long, device=images.device)
        pool = torch.cat(drawn) if drawn else images

        def path(part: slice) -> Path:
            start, end = classifier.normalise(pool[part]), classifier.normalise(images[owner[part]])
            return Straight(baseline=start, inputs=end)

        own = classes.to(images.device)[owner]
        pairs = along(path, classifier, images[owner], own, refinement=self.refinement, reduction=self.reduction)
        if not drawn:
            return pairs
        counts = [len(some) for some in drawn]
        target = objective(classifier, images, classes)
        every = torch.arange(len(images), device=target.seeds.device)
        last = target.values(classifier.normalise(images), every)
        first = _means(target.values(classifier.normalise(pool), owner.to(every.device)), counts)
        maps = _means(pairs.maps, counts)
        return Attribution(
            maps=maps,
            residual=relative_gap(total(maps), last, first) if self.reduction == "sum" else None,
            evaluations=pairs.evaluations + target.evaluations,
        )

    def _draw(self, images: Tensor, i: int, generator: torch.Generator) -> Tensor:
        if self.references is None:
            others = torch.cat([images[:i], images[i + 1 :]])
        else:
            others = self.references.to(images)
            others = others[(others != images[i]).flatten(1).any(dim=1)]
        if len(others) == 0:
            return reference(images[i : i + 1], "blur")
        order = torch.randperm(len(others), generator=generator)[: self.samples]
        return others[order.to(images.device)]


def _means(values: Tensor, counts: list[int]) -> Tensor:
    """Mean over consecutive groups of rows."""
    stops = [sum(counts[: i + 1]) for i in range(len(counts))]
    return torch.stack([values[stop - count : stop].mean(0) for stop, count in zip(stops, counts, strict=True)])
