"""fairaudit: audit trained image classifiers for disparities between groups and for deciding on the wrong evidence.

`audit`, `fairness`, `read_report` and `explain` are the Python interface; nothing is imported before it is used.
"""

from typing import TYPE_CHECKING

from fairaudit.version import __version__

if TYPE_CHECKING:
    from fairaudit.api import AuditReport, audit, explain, fairness, read_report

__all__ = ["AuditReport", "__version__", "audit", "explain", "fairness", "read_report"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'fairaudit' has no attribute {name!r}")
    from fairaudit import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted(__all__)
