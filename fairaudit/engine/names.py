"""Names of sums and columns as the run store writes them: one text each, from which the name can be read back."""

from __future__ import annotations

import json
from typing import Final

from fairaudit.engine.part import Name

_JOINT: Final = "\x1f"
_JSON: Final = ("[", '"')
"""What a name that is written as JSON begins with."""


def written(name: Name) -> str:
    r"""The name as one text; as JSON where its parts could not be told apart otherwise.

    >>> written("row"), written(("lrp", "necktie")), written(("a",)), written('"row"')
    ('row', 'lrp\x1fnecktie', '["a"]', '"\\"row\\""')
    """
    parts = (name,) if isinstance(name, str) else name
    told = isinstance(name, str) or len(name) > 1
    if told and not parts[0].startswith(_JSON) and not any(_JOINT in part for part in parts):
        return _JOINT.join(parts)
    return json.dumps(name)


def read(text: str) -> Name:
    """The name that was written as this text.

    >>> read("row"), read(written(("lrp", "necktie"))), read(written(("a",)))
    ('row', ('lrp', 'necktie'), ('a',))
    """
    if text.startswith(_JSON):
        name = json.loads(text)
        return name if isinstance(name, str) else tuple(str(part) for part in name)
    return tuple(text.split(_JOINT)) if _JOINT in text else text
