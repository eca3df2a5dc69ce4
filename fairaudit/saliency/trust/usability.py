"""Whether a method's maps of a model may be relied on: an explanation counts only after its checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.saliency.gradcam import GradCam
from fairaudit.saliency.method import Explained, Method
from fairaudit.saliency.random_map import RandomMap
from fairaudit.saliency.trust.faithfulness import faithfulness
from fairaudit.saliency.trust.trial import AREAS, Check, MethodTrial, UsabilityLimits

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usability:
    """Whether a gate may use a method, and the findings of its checks."""

    reasons: tuple[str, ...] = ()
    """What speaks against it, each with its number; empty where a gate may use it."""
    facts: Mapping[str, Floats] = field(default_factory=dict)
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
    if method.family == "control":
        return Usability(reasons=("it is the control that other methods have to beat",))
    trial = MethodTrial(
        method=method,
        classifier=classifier,
        images=images,
        classes=classes,
        own=method.attribute(classifier, images, classes, seed=seed),
        seed=seed,
        limits=limits if limits is not None else UsabilityLimits(),
    )
    if not trial.known().any():
        return Usability(reasons=("not one of the images that it was tried on has a map",))
    few = trial.first(fewer)
    areas = chance or partial(chance_areas, classifier, images, classes, steps=steps, seed=seed)
    checks = [trial.sums(), few.forgets(stages=stages), few.repeats(), trial.deletes(areas(), steps=steps)]
    doubts = tuple(method.doubts(classifier, images)) if isinstance(method, GradCam) else ()
    return _concluded([Check(reasons=doubts), *checks])


def _concluded(checks: Sequence[Check]) -> Usability:
    reasons = tuple(reason for check in checks for reason in check.reasons)
    facts = {name: values for check in checks for name, values in check.facts.items()}
    cascade = {layer: mean for check in checks for layer, mean in check.cascade.items()}
    return Usability(reasons=reasons, facts=facts, cascade=cascade)


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
    return faithfulness(classifier, images, classes, {"": maps}, steps=steps, seed=seed, kinds=AREAS)[""]
