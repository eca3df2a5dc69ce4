"""Settings that are given per attribute: for the only one by its value alone, for several as attribute → value."""

from __future__ import annotations

from collections.abc import Mapping

from fairaudit.config.schema import Config
from fairaudit.errors import ConfigError, suggestion


def per_attribute(asked: str | Mapping[str, str] | None, config: Config, *, key: str) -> dict[str, str]:
    """Attribute → value.

    Args:
        asked: the value for the only audited attribute, or attribute → value.
        config: names the attributes.
        key: which setting it is, for messages.

    Raises:
        ConfigError: one value where several attributes are audited or none is named, or an attribute that is not there.
    """
    known = attribute_names(config)
    if asked is None:
        return {}
    if isinstance(asked, str):
        if len(known) != 1:
            raise ConfigError(
                f"{key} does not say which attribute it is about",
                wanted=f"ATTRIBUTE={asked}",
                found=f"{len(known)} audited attributes ({', '.join(known[:8])})" if known else "no attribute by name",
                where=key,
            )
        return {known[0]: asked}
    known = [*known, *config.data.attributes]
    for name in asked:  # one that is there and not audited this time is no mistake
        if known and name not in known:
            raise ConfigError(f'There is no attribute called "{name}"', where=key, advice=suggestion(name, known))
    return dict(asked)


def attribute_names(config: Config) -> list[str]:
    """The audited attributes as the configuration names them; empty where they are left to the dataset."""
    asked = config.audit.attribute
    if asked is None:
        return list(config.data.attributes)
    return [asked] if isinstance(asked, str) else list(asked)


def shown_in(config: Config, attribute: str) -> str | None:
    """The region that shows an attribute: as configured, else the one of its name; None where there is none."""
    region = config.audit.shown_in.get(attribute, attribute)
    return region if region in config.regions else None
