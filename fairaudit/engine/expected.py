"""Errors of the system as expected ones: the last net, below which there are tracebacks."""

from __future__ import annotations

from collections.abc import Collection

from fairaudit.engine.memory import is_out_of_memory
from fairaudit.errors import FairauditError
from fairaudit.files import reason

_EASES = {"batch_size": "a smaller", "limit": "a smaller", "jobs": "fewer", "workers": "fewer"}
"""Options of which less takes less memory."""
LESS = ("batch_size", "limit", "workers")
"""Those that every command with models takes."""


def as_expected(error: Exception, options: Collection[str] = ()) -> FairauditError | None:
    """The error as one that can be reported in a paragraph; None for a flaw of our own, which keeps its traceback.

    Args:
        error: what was raised.
        options: names of the command's parameters; advice names no other.
    """
    if isinstance(error, FairauditError):
        return error
    if is_out_of_memory(error):
        ways = [f"{less} --{name.replace('_', '-')}" for name, less in _EASES.items() if name in options]
        advice = f"Use {', '.join([*ways, ''])}{'or ' if ways else ''}a machine with more memory."
        return FairauditError("There is not enough memory", found=reason(error), advice=advice)
    if isinstance(error, OSError):
        names = [str(name) for name in (error.filename, error.filename2) if name is not None]
        return FairauditError("A file or folder cannot be used", found=reason(error), where=" and ".join(names) or None)
    if isinstance(error, UnicodeError):
        advice = "Look for half characters or another encoding in names of files and columns."
        return FairauditError("A text cannot be read or written", found=reason(error), advice=advice)
    if isinstance(error, RuntimeError) and str(error).startswith("Symlink loop"):  # Path.resolve before Python 3.13
        return FairauditError("A file or folder cannot be used", found=reason(error), advice="Remove the link.")
    if isinstance(error, RecursionError):
        return FairauditError("Something in the input is nested too deeply", found=reason(error))
    if isinstance(error, ValueError) and "null byte" in str(error):
        advice = "Look for a NUL among the paths of the configuration and the manifest."
        return FairauditError("A path holds a NUL character, which no file has in its name", advice=advice)
    return None
