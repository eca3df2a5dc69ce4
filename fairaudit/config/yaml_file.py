"""A YAML file as plain values: safe, and stricter than YAML itself about keys that occur twice."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from fairaudit.errors import ConfigError

_TRUTH = "tag:yaml.org,2002:bool"
_TEXT = "tag:yaml.org,2002:str"


class _Loader(yaml.SafeLoader):
    """The safe loader, with two differences: a key that occurs twice is an error, and keys are text.

    YAML 1.1 reads on, off, yes, no, y, n, true and false as truth values, so that the key `on` of a gate rule, or a
    region called `no`, would be none of the configuration's names. As keys they are the text that they look like.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag == _TRUTH:
                key.tag = _TEXT
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f'the key "{key.value}" occurs twice', key.start_mark
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def _found(problem: str | None) -> str | None:
    r"""PyYAML's words after "Found:", with the way out of the most frequent fault.

    >>> _found("found character '\\t' that cannot start any token")
    'a tab, where YAML indents with spaces'
    >>> _found("but found another document")
    'another document'
    """
    if problem is None:
        return None
    if "'\\t'" in problem:
        return "a tab, where YAML indents with spaces"
    return problem.removeprefix("but ").removeprefix("found ")


def read_yaml(path: Path) -> dict[str, Any]:
    """The file's mapping; an empty file is an empty mapping.

    Raises:
        ConfigError: it cannot be read, is no YAML, or is no mapping of names.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"The configuration cannot be read: {error.strerror or error}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise ConfigError("The configuration is not UTF-8 text", where=str(path), advice="Save it as UTF-8.") from error
    try:
        values = yaml.load(text, Loader=_Loader)  # noqa: S506 (a subclass of the safe loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigError(
            "The configuration is not valid YAML", found=_found(error.problem), where=f"{path.name}{line}"
        ) from error
    except yaml.reader.ReaderError as error:
        raise ConfigError(
            "The configuration is not text",
            found=f"the character U+{error.character:04X}" if isinstance(error.character, int) else None,
            where=path.name,
        ) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ConfigError(f"The configuration is not valid YAML: {error}", where=path.name) from error
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise ConfigError(
            "The configuration is not a mapping of sections",
            wanted="data:, model:, regions:, …",
            found=type(values).__name__,
            where=path.name,
        )
    return values
