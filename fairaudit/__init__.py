"""fairaudit: audit trained image classifiers for disparities between groups and for deciding on the wrong evidence."""

from fairaudit.version import __version__

__all__ = ["__version__"]
