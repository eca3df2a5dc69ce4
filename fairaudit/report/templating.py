"""The one way templates are filled in: everything from data is escaped and loses its control characters."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from fairaudit.report.escape import clip, plain

if TYPE_CHECKING:
    from jinja2 import Environment

LONGEST = 2000
"""Characters of one text from data; longer ones are cut."""


@cache
def environment() -> Environment:
    """Jinja2 with autoescape, where a name that is not given is an error."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("fairaudit.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_safe,
    )


def _safe(value: object) -> object:
    """Text from data without control characters; what is markup already, or no text, stays."""
    return plain(clip(value, LONGEST)) if isinstance(value, str) and not hasattr(value, "__html__") else value
