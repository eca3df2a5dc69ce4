"""The attribution methods of a study, and whether the models admit them."""

from __future__ import annotations

from dataclasses import replace

from fairaudit.audits.study import Study
from fairaudit.errors import UsageError, suggestion
from fairaudit.saliency.method import Method
from fairaudit.saliency.registry import method as make_method


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
    return [completed(study, make_method(name)) for name in names]


def completed(study: Study, method: Method) -> Method:
    """The method with whatever else it needs; cgi needs a conditional VAE that draws its paths.

    Raises:
        UsageError: there is none, or one for each of several attributes.
    """
    from fairaudit.saliency.counterfactual_gradients import CounterfactualGradients

    if not isinstance(method, CounterfactualGradients):
        return method
    from fairaudit.audits.cf_cvae import CvaePathway, opened_cvaes

    opened = opened_cvaes(study)
    if len(opened) != 1:
        raise UsageError(
            "The method cgi needs one conditional VAE, which draws what lies between an image and its counterfactual",
            wanted="--cvae FILE, or audit.cvae in fairaudit.yaml",
            found=f"{len(opened)} of them ({', '.join(opened)})" if opened else "none",
            advice="Train one with `fairaudit generator train --kind cvae --condition ATTRIBUTE`.",
        )
    ((attribute, cvae),) = opened.items()
    return replace(method, pathway=CvaePathway(cvae), digest=cvae.sha256, attribute_name=attribute)


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
