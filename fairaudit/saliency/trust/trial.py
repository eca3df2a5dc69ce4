"""A method on trial: its maps of some images, and the checks that may speak against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.errors import LiftError
from fairaudit.measures.regions.faithfulness import above
from fairaudit.saliency.lrp.method import Lrp
from fairaudit.saliency.method import Attribution, Explained, Method, TakesLabels
from fairaudit.saliency.trust.faithfulness import faithfulness
from fairaudit.saliency.trust.sanity import randomisation
from fairaudit.saliency.trust.stability import stability

AREAS: Final = ("deletion_auc", "deletion_auc_blur", "insertion_auc")
"""The areas that are judged or reported."""
FIRST: Final = 8
"""Images that show whether a method says the same twice."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsabilityLimits:
    """The limits that a method must meet."""

    completeness: float = 0.10
    """Largest completeness gap, for at least `most` of the images."""
    conservation: float = 0.10
    """Largest |Σ map / F − 1| with biases left out of the shares, or for networks of either sign |(Σ map + what biases
    take) / F − 1|, for at least `most` of the images."""
    most: float = 0.9
    """Share of the images that must keep to the two above."""
    similarity: float = 0.5
    """Largest mean rank correlation of maps before and after all layers were drawn anew."""
    stability: float = 0.5
    """Smallest mean rank correlation between runs."""
    repeats: float = 0.999
    """Rank correlation between runs above which a method is taken for one without random numbers."""
    p_value: float = 0.05
    """Largest p value of the paired tests that deletion, to black or to a blur, beats the random map's; over both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The result of one check of a method."""

    reasons: tuple[str, ...] = ()
    """What speaks against the method, each with its number."""
    facts: Mapping[str, Floats] = field(default_factory=dict)
    """Measure → value per image."""
    cascade: Mapping[str, float] = field(default_factory=dict)
    """Last layer drawn anew → mean rank correlation with the maps of the model; of randomisation alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodTrial:
    """A method and its maps of some images, which every check looks at."""

    method: Method
    classifier: Explained
    images: Tensor
    """[image, channel, row, column] in [0, 1]."""
    classes: Tensor
    """[image] what is explained."""
    own: Attribution
    """The method's maps of these images."""
    seed: int
    """Of everything random."""
    limits: UsabilityLimits

    def known(self) -> NDArray[np.bool_]:
        """[image] whether there is a map: a path that needs a label has none for an image without one."""
        if self.own.residual is None:
            return np.ones(len(self.own.maps), np.bool_)
        known: NDArray[np.bool_] = ~np.isnan(self.own.residual.double().cpu().numpy())
        return known

    def first(self, count: int | None) -> MethodTrial:
        """The trial on its first images alone; on all of them where the count is left out.

        A method that was given the labels of these images cannot be asked about some of them.
        """
        if count is None or count >= len(self.images) or isinstance(self.method, TakesLabels):
            return self
        residual = None if self.own.residual is None else self.own.residual[:count]
        conservation = None if self.own.conservation is None else self.own.conservation[:count]
        own = replace(self.own, maps=self.own.maps[:count], residual=residual, conservation=conservation)
        return replace(self, images=self.images[:count], classes=self.classes[:count], own=own)

    def sums(self) -> Check:
        """Whether maps add up to what the method promises: completeness of paths, conservation of LRP."""
        reasons: list[str] = []
        facts: dict[str, Floats] = {}
        if self.own.residual is not None:
            gap = facts["completeness_gap"] = self.own.residual.double().cpu().numpy()
            limit = self.limits.completeness
            kept = float((gap[self.known()] <= limit).mean())
            if kept < self.limits.most:
                reasons.append(f"relevance is incomplete: {kept:.0%} of images have a gap of {limit:g} or less")
        if self.own.conservation is not None:
            facts["conservation_ratio"] = self.own.conservation.double().cpu().numpy()
        if not isinstance(self.method, Lrp):
            return Check(reasons=tuple(reasons), facts=facts)
        conserved = self._conserves(self.method)
        return Check(reasons=(*reasons, *conserved.reasons), facts={**facts, **conserved.facts})

    def _conserves(self, method: Lrp) -> Check:
        """Without biases, or with what they take where shares without them have no bound."""
        if method.signed(self.classifier, self.images):
            name, how = "conservation_ratio_accounted", "with what biases and added constants take"
            found: Tensor | None = method.accounted(self.classifier, self.images, self.classes)
        else:
            name, how = "conservation_ratio_bias_free", "without biases"
            found = replace(method, bias_free=True).attribute(self.classifier, self.images, self.classes).conservation
        ratios = np.array([]) if found is None else found.cpu().numpy()
        limit = self.limits.conservation
        kept = float((np.abs(ratios[~np.isnan(ratios)] - 1) <= limit).mean())
        if kept >= self.limits.most:
            return Check(facts={name: ratios})
        told = f"relevance is not conserved: {kept:.0%} of images within {limit:g} of 1 {how}"
        return Check(reasons=(told,), facts={name: ratios})

    def forgets(self, *, stages: int) -> Check:
        """Whether maps change as the model's weights are drawn anew, in this many stages from the output down."""
        given, known = (self.method, self.classifier, self.images, self.classes), self.known()
        try:
            found = randomisation(*given, own=self.own.maps, stages=stages, seed=self.seed)
        except LiftError as error:
            told = f"whether maps survive randomisation could not be tested: {error.problem}"
            return Check(reasons=(told,))
        final = np.where(known, found.final(), np.nan)
        mean = float(final[known].mean())
        told = f"maps survive randomisation of the model: rank correlation {mean:.2f} > {self.limits.similarity:g}"
        return Check(
            reasons=(told,) if mean > self.limits.similarity else (),
            facts={"randomisation_similarity": final},
            cascade=found.cascade(known),
        )

    def repeats(self) -> Check:
        """Whether maps are the same from run to run."""
        again = self._repeated()
        facts, known = {"stability": again}, again[~np.isnan(again)]
        if not known.size:
            return Check(reasons=("all maps are constant",), facts=facts)
        if known.mean() < self.limits.stability:
            told = f"maps differ from run to run: rank correlation {known.mean():.2f} < {self.limits.stability:g}"
            return Check(reasons=(told,), facts=facts)
        return Check(facts=facts)

    def _repeated(self) -> Floats:
        """Rank correlation of two runs, on the first images alone where these say the same twice."""
        few = self.first(FIRST)
        if few is not self:
            first = few._correlation()
            if not np.isnan(first).any() and first.min() > self.limits.repeats:
                return first
        return self._correlation()

    def _correlation(self) -> Floats:
        given = (self.method, self.classifier, self.images, self.classes)
        return stability(*given, own=self.own.maps, runs=2, seed=self.seed)

    def deletes(self, chance: Mapping[str, Floats], *, steps: int) -> Check:
        """Whether deleting what the maps point at lowers the score more than deletion by the random map."""
        given, known = (self.classifier, self.images, self.classes), self.known()
        areas = faithfulness(*given, {"": self.own.maps}, steps=steps, seed=self.seed, kinds=AREAS)[""]
        facts = {**areas, **{f"{kind}_random": area for kind, area in chance.items()}}
        # Black pixels scattered by the random map are noise that breaks any network, and a blur hides the detail that
        # fine maps point at: each favours some kind of map, so that a method has to win at one, each at half the p
        # value.
        tests = {
            name: above(facts[f"{kind}_random"][known], facts[kind][known], seed=self.seed)
            for name, kind in (("black", "deletion_auc"), ("a blur", "deletion_auc_blur"))
        }
        if min(test.p_value for test in tests.values()) <= self.limits.p_value / len(tests):
            return Check(facts=facts)
        found = " and ".join(f"{test.mean:.3f} (p = {test.p_value:.2g}) to {name}" for name, test in tests.items())
        told = f"no better than the random map at deletion: its area is lower by {found}, on {known.sum()} images"
        return Check(reasons=(told,), facts=facts)
