"""The attribution methods of a study, and whether the models admit them."""

from __future__ import annotations

from fairaudit.audits.study import Study
from fairaudit.errors import UsageError
from fairaudit.saliency.method import Method
from fairaudit.saliency.registry import method as make_method


def methods_of(study: Study) -> list[Method]:
    """The methods that audit.saliency names, in order.

    Raises:
        UsageError: a method does not exist, is named twice, or none is named.
    """
    names = study.config.audit.saliency
    if not names:
        raise UsageError("No attribution method is named", wanted="at least one in audit.saliency or --method")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"An attribution method is named twice: {', '.join(twice)}", where="audit.saliency")
    return [make_method(name) for name in names]
