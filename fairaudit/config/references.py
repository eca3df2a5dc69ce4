"""Regions that name other regions: checked, and put in an order in which each comes after those it names."""

from __future__ import annotations

from collections.abc import Mapping

from fairaudit.config.schema import RegionConfig
from fairaudit.errors import ConfigError, suggestion


def region_order(regions: Mapping[str, RegionConfig]) -> tuple[str, ...]:
    """Names in an order in which every region comes after the regions of its union or complement.

    Raises:
        ConfigError: a named region does not exist, a union is empty, or regions refer to each other in a circle.

    >>> region_order({"skin": RegionConfig(complement="hat"), "hat": RegionConfig(box=(0, 0, 1, 1))})
    ('hat', 'skin')
    """
    done: list[str] = []
    for name in regions:
        _visit(name, regions, done, ())
    return tuple(done)


def named_regions(region: RegionConfig) -> tuple[str, ...]:
    """The regions that a region is made of."""
    return (region.complement,) if region.complement is not None else tuple(region.union or ())


def _visit(name: str, regions: Mapping[str, RegionConfig], done: list[str], path: tuple[str, ...]) -> None:
    if name in done:
        return
    if name in path:
        circle = " → ".join([*path[path.index(name) :], name])
        raise ConfigError("Regions refer to each other in a circle", found=circle, where=f"regions.{name}")
    if regions[name].union is not None and not regions[name].union:
        raise ConfigError("A union needs at least one region", where=f"regions.{name}.union")
    for other in named_regions(regions[name]):
        if other not in regions:
            raise ConfigError(
                f'There is no region called "{other}"',
                where=f"regions.{name}.{regions[name].kind}",
                advice=suggestion(other, regions),
            )
        _visit(other, regions, done, (*path, name))
    done.append(name)
