"""Numbers of things in sentences."""

from __future__ import annotations


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with the noun, and the verb where there is one, that go with it.

    Args:
        number: how many.
        one: what follows 1.
        many: what follows any other number; `one` with an s unless given.

    >>> counted(1, "image"), counted(1200, "image"), counted(0, "pass", "passes")
    ('1 image', '1,200 images', '0 passes')
    >>> counted(1, "row has", "rows have")
    '1 row has'
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
