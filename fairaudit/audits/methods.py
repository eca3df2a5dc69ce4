"""The attribution methods of a study, and whether the models admit them."""

from __future__ import annotations

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
    return [make_method(name) for name in names]


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
