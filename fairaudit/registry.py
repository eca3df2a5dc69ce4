"""A small typed table of named things: collisions are refused and unknown names get a suggestion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Generic, TypeVar

from fairaudit.errors import UsageError, suggestion

T = TypeVar("T")


class Registry(Generic[T]):
    """Names to things, fixed when it is made.

    Args:
        kind: what the things are called in an error, such as "attribution method".
        items: (name, thing) pairs, each name once.
    """

    def __init__(self, kind: str, items: list[tuple[str, T]]) -> None:
        table = dict(items)
        if len(table) != len(items):
            names = [name for name, _ in items]
            twice = sorted({name for name in names if names.count(name) > 1})
            raise ValueError(f"{kind}: registered twice: {', '.join(twice)}")
        self.kind = kind
        self._items: Mapping[str, T] = MappingProxyType(table)

    def __getitem__(self, name: str) -> T:
        if name not in self._items:
            raise UsageError(f'There is no {self.kind} called "{name}"', advice=suggestion(name, self._items))
        return self._items[name]

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)
