"""The rows of several models as one HTML page that needs nothing else: sorted, filtered, with links to the reports."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup

from fairaudit.report.escape import clip
from fairaudit.report.templating import environment
from fairaudit.report.zoo.row import ModelRow, counts_line, worst_first
from fairaudit.report.zoo.table import why
from fairaudit.results.text import UNDEFINED, number

if TYPE_CHECKING:
    from jinja2 import Template


def render(rows: Sequence[ModelRow], *, title: str, page: str = "report.html") -> str:
    """The page.

    Args:
        rows: models in any order.
        title: what the models have in common, such as the name of the data.
        page: file of a model's folder that its name links to.
    """
    text: str = _template().render(
        title=title,
        counts=counts_line(rows),
        rows=[_line(row, page) for row in worst_first(rows)],
        script=Markup(script()),  # noqa: S704 (a file of this package)
        script_hash=script_hash(),
    )
    return text.rstrip("\n") + "\n"


@cache
def script() -> str:
    """The page's one script."""
    return (resources.files("fairaudit.report") / "templates" / "index.js").read_text(encoding="utf-8")


def script_hash() -> str:
    """What the page's content security policy allows: the digest of that script and nothing else."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()}"


def _line(row: ModelRow, page: str) -> dict[str, object]:
    folder = None if row.report is None else PurePosixPath(row.report).parent
    return {
        "row": row,
        "link": "" if folder is None else quote(str(folder / page)),
        "state": row.gate.replace(" ", "-"),
        "why": clip(why(row), 400),
        "accuracy": number(row.accuracy),
        "worst": number(row.worst_group_accuracy),
        "value": UNDEFINED if row.value is None else number(row.value),
    }


@cache
def _template() -> Template:
    return environment().get_template("index.html.j2")
