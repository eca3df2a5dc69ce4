"""Whether a method's maps of a model may be relied on: an explanation has to earn its vote."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.errors import LiftError
from fairaudit.measures.regions.faithfulness import above
from fairaudit.saliency.gradcam import GradCam
from fairaudit.saliency.lrp.method import Lrp
from fairaudit.saliency.method import Attribution, Explained, Method, TakesLabels
from fairaudit.saliency.random_map import RandomMap
from fairaudit.saliency.trust.faithfulness import faithfulness
from fairaudit.saliency.trust.sanity import randomisation
from fairaudit.saliency.trust.stability import stability

TRIED: Final = ("deletion_auc", "deletion_auc_blur", "insertion_auc")
"""The areas that are judged or reported."""
FIRST: Final = 8
"""Images that show whether a method says the same twice."""

Floats = NDArray[np.float64]
Known = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsabilityLimits:
    """What a method must keep to."""

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
class Usability:
    """Whether a method may gate, and what was found on the way."""

    usable: bool
    """Whether nothing speaks against it."""
    reasons: tuple[str, ...] = ()
    """What speaks against it, each with its number; empty when usable."""
    facts: dict[str, Floats] = field(default_factory=dict)
    """Measure → value per image: completeness_gap, conservation_ratio, conservation_ratio_bias_free or _accounted,
    randomisation_similarity, stability, the areas of `faithfulness` and these of the random map with suffix _random."""
    cascade: Mapping[str, float] = field(default_factory=dict)
    """Last layer drawn anew, from the output down → mean rank correlation with the maps of the model; the last one has
    forgotten all. Empty where the model cannot be turned into modules."""


def judge_method(
    method: Method,
    classifier: Explained,
    images: Tensor,
    classes: Tensor,
    *,
    seed: int = 0,
    steps: int = 28,
    stages: int = 1,
    limits: UsabilityLimits | None = None,
    fewer: int | None = None,
    chance: Callable[[], Mapping[str, Floats]] | None = None,
) -> Usability:
    """Check completeness, conservation, randomisation, stability and deletion on some images.

    Maps of forgotten models and repeated maps have a wide margin to their limits, so that fewer images are enough for
    them; a method that says the same twice on the first eight is not asked again.

    Args:
        method: the method.
        classifier: the model.
        images: [image, channel, row, column] in [0, 1]; a few dozen are enough.
        classes: [image] what is explained; best the model's own decisions, because the score of a class that the model
            does not see cannot fall.
        seed: of everything random.
        steps: of insertion and deletion.
        stages: depths to which the model is forgotten, one pass each; judged is the last, which has forgotten all.
        limits: what to keep to.
        fewer: how many of the images, the first ones, randomisation and stability are looked at on; all where left out.
        chance: makes the random map's areas on the same images (`chance_areas`), where several methods share them.
    """
    limits = limits if limits is not None else UsabilityLimits()
    if method.family == "control":
        return Usability(usable=False, reasons=("it is the control that other methods have to beat",))
    own = method.attribute(classifier, images, classes, seed=seed)
    known = _explained(own)
    if not known.any():
        return Usability(usable=False, reasons=("not one of the images that it was tried on has a map",))
    facts: dict[str, Floats] = {}
    reasons: list[str] = list(method.doubts(classifier, images)) if isinstance(method, GradCam) else []
    reasons += _sums(method, classifier, images, classes, own, known, facts, limits)
    # A method that was given the labels of these images cannot be asked about some of them.
    few = len(images) if fewer is None or isinstance(method, TakesLabels) else min(fewer, len(images))
    some = (images[:few], classes[:few], own.maps[:few])
    forgotten, cascade = _forgets(method, classifier, *some, known[:few], seed, stages, facts, limits)
    reasons += forgotten
    reasons += _repeats(method, classifier, *some, seed, facts, limits)
    areas = chance or partial(chance_areas, classifier, images, classes, steps=steps, seed=seed)
    reasons += _deletes(classifier, images, classes, own.maps, known, seed, steps, areas(), facts, limits)
    return Usability(usable=not reasons, reasons=tuple(reasons), facts=facts, cascade=cascade)


def _explained(own: Attribution) -> Known:
    """[image] whether there is a map: a path that needs a label has none for an image without one."""
    if own.residual is None:
        return np.ones(len(own.maps), np.bool_)
    known: Known = ~np.isnan(own.residual.double().cpu().numpy())
    return known


def _sums(
    method: Method,
    classifier: Explained,
    images: Tensor,
    classes: Tensor,
    own: Attribution,
    known: Known,
    facts: dict[str, Floats],
    limits: UsabilityLimits,
) -> list[str]:
    reasons = []
    if own.residual is not None:
        gap = facts["completeness_gap"] = own.residual.double().cpu().numpy()
        kept = float((gap[known] <= limits.completeness).mean())
        if kept < limits.most:
            reasons.append(
                f"relevance is incomplete: {kept:.0%} of images have a gap of {limits.completeness:g} or less"
            )
    if own.conservation is not None:
        facts["conservation_ratio"] = own.conservation.double().cpu().numpy()
    if isinstance(method, Lrp):
        reasons += _conserves(method, classifier, images, classes, facts, limits)
    return reasons


def _conserves(
    method: Lrp,
    classifier: Explained,
    images: Tensor,
    classes: Tensor,
    facts: dict[str, Floats],
    limits: UsabilityLimits,
) -> list[str]:
    """Without biases, or with what they take where shares without them have no bound."""
    if method.signed(classifier, images):
        name, how = "conservation_ratio_accounted", "with what biases and added constants take"
        found: Tensor | None = method.accounted(classifier, images, classes)
    else:
        name, how = "conservation_ratio_bias_free", "without biases"
        found = replace(method, bias_free=True).attribute(classifier, images, classes).conservation
    ratios = facts[name] = np.array([]) if found is None else found.cpu().numpy()
    kept = float((np.abs(ratios[~np.isnan(ratios)] - 1) <= limits.conservation).mean())
    if kept >= limits.most:
        return []
    return [f"relevance is not conserved: {kept:.0%} of images within {limits.conservation:g} of 1 {how}"]


def _forgets(
    method: Method,
    classifier: Explained,
    images: Tensor,
    classes: Tensor,
    maps: Tensor,
    known: Known,
    seed: int,
    stages: int,
    facts: dict[str, Floats],
    limits: UsabilityLimits,
) -> tuple[list[str], dict[str, float]]:
    try:
        found = randomisation(method, classifier, images, classes, own=maps, stages=stages, seed=seed)
    except LiftError as error:
        return [f"whether maps survive randomisation could not be tested: {error.problem}"], {}
    final = facts["randomisation_similarity"] = np.where(known, found.final(), np.nan)
    cascade, mean = found.cascade(known), float(final[known].mean())
    if mean > limits.similarity:
        told = f"maps survive randomisation of the model: rank correlation {mean:.2f} > {limits.similarity:g}"
        return [told], cascade
    return [], cascade


def _repeats(
    method: Method,
    classifier: Explained,
    images: Tensor,
    classes: Tensor,
    maps: Tensor,
    seed: int,
    facts: dict[str, Floats],
    limits: UsabilityLimits,
) -> list[str]:
    again = _repeated(method, classifier, images, classes, maps, seed, limits)
    facts["stability"] = again
    known = again[~np.isnan(again)]
    if not known.size:
        return ["all maps are constant"]
    if known.mean() < limits.stability:
        return [f"maps differ from run to run: rank correlation {known.mean():.2f} < {limits.stability:g}"]
    return []


def _repeated(
    method: Method,
    classifier: Explained,
    images: Tensor,
    classes: Tensor,
    maps: Tensor,
    seed: int,
    limits: UsabilityLimits,
) -> Floats:
    """Rank correlation of two runs, on the first images alone where these say the same twice."""
    if len(images) > FIRST and not isinstance(method, TakesLabels):
        first = stability(method, classifier, images[:FIRST], classes[:FIRST], own=maps[:FIRST], runs=2, seed=seed)
        if not np.isnan(first).any() and first.min() > limits.repeats:
            return first
    return stability(method, classifier, images, classes, own=maps, runs=2, seed=seed)


def chance_areas(
    classifier: Explained, images: Tensor, classes: Tensor, *, steps: int = 28, seed: int = 0
) -> dict[str, Floats]:
    """Areas of the random map on some images, [image] each: what a method has to beat at deletion.

    Args:
        classifier: the model.
        images: [image, channel, row, column] in [0, 1].
        classes: [image] what is explained.
        steps: of insertion and deletion.
        seed: of the random map and of the order among equals.
    """
    maps = RandomMap().attribute(classifier, images, classes, seed=seed).maps
    return faithfulness(classifier, images, classes, {"": maps}, steps=steps, seed=seed, kinds=TRIED)[""]


def _deletes(
    classifier: Explained,
    images: Tensor,
    classes: Tensor,
    maps: Tensor,
    known: Known,
    seed: int,
    steps: int,
    chance: Mapping[str, Floats],
    facts: dict[str, Floats],
    limits: UsabilityLimits,
) -> list[str]:
    own = faithfulness(classifier, images, classes, {"": maps}, steps=steps, seed=seed, kinds=TRIED)[""]
    facts.update({**own, **{f"{kind}_random": area for kind, area in chance.items()}})
    # Black pixels scattered by the random map are noise that breaks any network, and a blur hides the detail that fine
    # maps point at: each favours some kind of map, so that a method has to win at one, each at half the p value.
    tests = {
        name: above(facts[f"{kind}_random"][known], facts[kind][known], seed=seed)
        for name, kind in (("black", "deletion_auc"), ("a blur", "deletion_auc_blur"))
    }
    if min(test.p_value for test in tests.values()) <= limits.p_value / len(tests):
        return []
    found = " and ".join(f"{test.mean:.3f} (p = {test.p_value:.2g}) to {name}" for name, test in tests.items())
    return [f"no better than the random map at deletion: its area is lower by {found}, on {known.sum()} images"]
