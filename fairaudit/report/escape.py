"""Text that comes from data, made harmless for the place where it is shown."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Marks that reorder or hide text, line separators, and what XML does not allow.
_HIDDEN: Final = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\ufeff\ufffe\uffff"
)
_ENTITIES: Final = {"&": "&amp;", "@": "&#64;", "#": "&#35;", "://": ":&#47;&#47;", "www.": "www&#46;"}
# Underscores inside a word, as in metric names, are no markup.
_MARKS: Final = re.compile(r"://|www\.|[&@#\\`*\[\]<>|~!${}]|(?<![^\W_])_|_(?![^\W_])")
_LINE_START: Final = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))(?=[-=.)]*(?:\s|$))")
_COMMAND: Final = re.compile(r"^(\s*)::", re.M)
_FORMULA: Final = ("=", "+", "-", "@")


def plain(text: str) -> str:
    r"""One line without control characters, reordering marks or half characters; each is shown as its escape.

    >>> print(plain("red\x1b[31m\nline"))
    red\x1b[31m line
    """
    if text.isprintable():  # all that would be shown otherwise is not
        return text
    return "".join(_shown(character) for character in text)


def markdown(text: str) -> str:
    r"""Text that a Markdown table cell or paragraph shows as it is: no markup, HTML, link, mention or reference.

    >>> print(markdown("<b>a|b</b> @me equalized_odds _x_"))
    \<b\>a\|b\</b\> &#64;me equalized_odds \_x\_
    """
    marked = _MARKS.sub(lambda match: _ENTITIES.get(match.group(), f"\\{match.group()}"), plain(text))
    return _LINE_START.sub(_escaped_start, marked)


def cell(text: str) -> str:
    """Text for a spreadsheet: what would be read as a formula gets a leading apostrophe.

    >>> cell("=1+1"), cell("necktie")
    ("'=1+1", 'necktie')
    """
    text = plain(text)
    return f"'{text}" if text.startswith(_FORMULA) else text


def inert(text: str) -> str:
    r"""Lines of output in which a CI system finds no command, whatever names from data they begin with.

    >>> print(inert("  ::error::x ##[error]y"))
      \::error::x ##\[error]y
    """
    return _COMMAND.sub(r"\1\\::", text).replace("##[", "##\\[").replace("##vso[", "##vso\\[")


def clip(text: str, length: int = 300) -> str:
    """The text, cut with an ellipsis where it is longer than `length`.

    >>> clip("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= length else text[: length - 1] + "…"


def _shown(character: str) -> str:
    if character in "\n\r\t":
        return " "
    if character in _HIDDEN or unicodedata.category(character) in ("Cc", "Cs"):
        return character.encode("unicode_escape", "surrogatepass").decode("ascii")
    return character


def _escaped_start(match: re.Match[str]) -> str:
    lead, mark = match.groups()
    return f"{lead}{mark}\\" if mark.isdigit() else f"{lead}\\{mark}"
