"""The attribution methods of a study, and whether the models admit them."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from fairaudit.audits.core.study.study import Study
from fairaudit.errors import UsageError, suggestion
from fairaudit.saliency.method import Method, Reduction
from fairaudit.saliency.registry import method as make_method
from fairaudit.seeds import generator

if TYPE_CHECKING:
    from fairaudit.saliency.gradients.expected_gradients import ExpectedGradients

REFERENCES = 32
"""Images of the data that expected gradients draw their references from."""


def methods_of(study: Study) -> list[Method]:
    """The methods that audit.saliency names, in order.

    Raises:
        UsageError: a method does not exist, is named twice, or none is named; or what is explained is no class.
    """
    named_class(study)  # told before anything is computed
    names = study.config.audit.saliency
    if not names:
        raise UsageError("No attribution method is named", wanted="at least one in audit.saliency or --method")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"An attribution method is named twice: {', '.join(twice)}", where="audit.saliency")
    return [_reducing(completed(study, make_method(name)), study.config.audit.channels) for name in names]


def completed(study: Study, method: Method) -> Method:
    """The method with whatever else it needs: expected gradients some images of the data, cgi a conditional VAE.

    Raises:
        UsageError: there is none, or one for each of several attributes.
    """
    from fairaudit.saliency.gradients.counterfactual_gradients import CounterfactualGradients
    from fairaudit.saliency.gradients.expected_gradients import ExpectedGradients

    if isinstance(method, ExpectedGradients):
        return _with_references(study, method)
    if not isinstance(method, CounterfactualGradients):
        return method
    from fairaudit.audits.core.study.cvae import CvaePathway, opened_cvaes

    opened = opened_cvaes(study)
    if len(opened) != 1:
        raise UsageError(
            "The method cgi needs one conditional VAE, which draws what lies between an image and its counterfactual",
            wanted="audit.cvae in fairaudit.yaml, or `fairaudit audit --cvae FILE`",
            found=f"{len(opened)} of them ({', '.join(opened)})" if opened else "none",
            advice="Train one with `fairaudit generator train --kind cvae --condition ATTRIBUTE`.",
        )
    ((attribute, cvae),) = opened.items()
    return dataclasses.replace(method, pathway=CvaePathway(cvae), digest=cvae.sha256, attribute_name=attribute)


def _with_references(study: Study, method: ExpectedGradients) -> Method:
    """The same seeded rows for every image and batch, so that maps depend on neither batch size nor order."""
    rows = len(study.manifest)
    draw = generator(study.options.seed, "expected gradients", "references")
    chosen = np.sort(draw.choice(rows, size=min(REFERENCES, rows), replace=False))
    images = study.material.loader.load(chosen.tolist()).images
    if not len(images):
        return method
    digest = hashlib.sha256(images.contiguous().numpy().tobytes()).hexdigest()
    return dataclasses.replace(method, references=images, digest=digest)


def channels_note(study: Study) -> str:
    """How channels became one number per pixel, for the report."""
    how = {
        "sum": "the signed sum over its channels",
        "abs_sum": "the sum of magnitudes over its channels, so that no sign is left",
        "l2": "the root of the sum of squares over its channels, so that no sign is left",
    }
    return f"A pixel's relevance is {how[study.config.audit.channels]}."


def _reducing(method: Method, channels: Reduction) -> Method:
    settings: Any = method
    if "reduction" not in {setting.name for setting in dataclasses.fields(settings)}:
        return method  # Grad-CAM, occlusion and the random map have one number per pixel from the start.
    reducing: Method = dataclasses.replace(settings, reduction=channels)
    return reducing


def named_class(study: Study) -> int | None:
    """Index of the class that audit.explain names; None where the target or the prediction is explained.

    Raises:
        UsageError: the model has no such class.
    """
    explain = study.config.audit.explain
    if explain in ("target", "prediction"):
        return None
    names = list(study.candidate.head.classes)
    if explain not in names:
        raise UsageError(
            f'audit.explain names no class of the model: "{explain}"',
            wanted=", ".join(["target", "prediction", *names]),
            advice=suggestion(explain, ["target", "prediction", *names]),
        )
    return names.index(explain)
