"""Every error that fairaudit expects, and the exit codes of the command line.

FairauditError            one paragraph on stderr, exit code 2
├── UsageError            an option or a combination of options
│   └── ConfigError       fairaudit.yaml
├── DataError             the manifest or what it points to
│   ├── ImageError        one image that cannot be used (its row is excluded, the run goes on)
│   └── RegionError       a region that cannot be placed
├── ModelError            the model file or what it computes
│   ├── TrustError        opening the file could run code from it
│   ├── LiftError         the model cannot be turned into modules
│   └── MethodError       a method that is not valid for this model
├── StoreError            the run store
└── OutputError           a file or folder that cannot be written
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from enum import IntEnum
from typing import Final

_MOST: Final = 1000
_END: Final = 100
"""Characters that a paragraph quotes of one thing at most, and how many of them are its end."""


class ExitCode(IntEnum):
    """What the process returns; 1 is Python's own (a crash) and 2 is Typer's own (bad usage)."""

    PASS = 0
    CRASH = 1
    BAD_INPUT = 2
    GATE_FAILED = 3
    INCONCLUSIVE = 4
    INCOMPLETE = 5
    INTERRUPTED = 130


class FairauditError(Exception):
    """An expected error, reported as one paragraph: what was wrong, wanted, found, where, and what to do.

    Args:
        problem: one sentence that says what is wrong.
        wanted: what would have been accepted.
        found: what was there instead.
        where: file, row, layer, group or option.
        advice: the next step, as an instruction.
    """

    def __init__(
        self,
        problem: str,
        *,
        wanted: str | None = None,
        found: str | None = None,
        where: str | None = None,
        advice: str | None = None,
    ) -> None:
        self.problem = problem
        self.wanted = wanted
        self.found = found
        self.where = where
        self.advice = _without_names(advice, wanted)
        super().__init__(self.paragraph())

    def paragraph(self) -> str:
        """Everything known about the error as one paragraph of plain text."""
        parts = [_sentence(self.problem)]
        parts += [
            _sentence(f"{label}: {_readable(text)}")
            for label, text in (("Wanted", self.wanted), ("Found", self.found), ("Where", self.where))
            if text
        ]
        if self.advice:
            parts.append(_sentence(self.advice))
        return " ".join(parts)


class UsageError(FairauditError):
    """An option, or a combination of options, that cannot be acted on."""


class ConfigError(UsageError):
    """A fairaudit.yaml that is not a valid configuration."""


class DataError(FairauditError):
    """A manifest, a dataset folder or a table that cannot be used."""


class ImageError(DataError):
    """One image that cannot be used; the row is excluded with this reason."""


class RegionError(DataError):
    """A region that cannot be placed on an image."""


class ModelError(FairauditError):
    """A model file that cannot be opened, or a model that computes something unusable."""


class TrustError(ModelError):
    """Opening the file could run code that it carries; `--trust-model` is needed."""


class LiftError(ModelError):
    """The model cannot be turned into an equal graph of modules."""


class MethodError(ModelError):
    """A method that is not valid for this model."""


class StoreError(FairauditError):
    """A run store that cannot be used."""


class OutputError(FairauditError):
    """A file or a folder that cannot be written."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """One sentence of advice that names the nearest known name, or lists the known ones.

    >>> suggestion("neckie", ["necktie", "hat"])
    'Did you mean "necktie"?'
    >>> suggestion("zzz", ["necktie", "hat"])
    'Known: hat, necktie.'
    """
    names = sorted(filter(None, known))
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f'Did you mean "{near[0]}"?'
    if not names:
        return "None are known."
    shown = names[:20]
    more = f" … and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return f"Known: {', '.join(shown)}{more}."


def _without_names(advice: str | None, wanted: str | None) -> str | None:
    """The advice without the known names where `wanted` lists all of them already.

    >>> _without_names("Known: hat, tie. Names are case-sensitive.", "one of tie, hat")
    'Names are case-sensitive.'
    >>> _without_names("Known: hat, tie.", "tie"), _without_names('Did you mean "tie"?', "tie, hat")
    ('Known: hat, tie.', 'Did you mean "tie"?')
    """
    listed = re.match(r"Known: (.+?)\.(?: |$)", advice or "")
    if advice is None or wanted is None or listed is None:
        return advice
    names = re.split(r", | or | and ", wanted.removeprefix("one of "))
    if not set(listed[1].split(", ")) <= set(names):
        return advice
    return advice[listed.end() :] or None


def last_line(error: Exception, limit: int = 200) -> str:
    """The last line of an error that says something, shortened: script modules put their traceback before it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[-1] if lines else type(error).__name__
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _readable(text: str) -> str:
    """What a file held may be a hundred thousand numbers; a paragraph shows how they begin and end."""
    return text if len(text) <= _MOST else f"{text[: _MOST - _END]} … {text[-_END:]}"


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "?", "!")) else text + "."
