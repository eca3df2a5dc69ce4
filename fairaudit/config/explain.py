"""What pydantic found wrong with a configuration, as one paragraph with the key and a suggestion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fairaudit.errors import ConfigError, suggestion

_SHOWN = 4
_KINDS: Final[Mapping[str, str]] = {
    "model_type": "a mapping, of lines such as `key: value`",
    "dict_type": "a mapping, of lines such as `key: value`",
    "list_type": "a list, such as [a, b]",
    "tuple_type": "a list, such as [a, b]",
    "string_type": "a text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "float_type": "a number",
    "float_parsing": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "finite_number": "a finite number",
}
"""Kind of problem → what is wanted, in the words of YAML."""
Key = tuple[str | int, ...]


def explained(
    error: ValidationError, *, model: type[BaseModel], values: object, file: str, overrides: Mapping[str, Any]
) -> ConfigError:
    """One error for everything that is wrong: the first in full, the next ones by key.

    Args:
        error: what pydantic found.
        model: the schema of the whole.
        values: what was validated.
        file: name of the configuration file.
        overrides: the part of the values that the command line gave.
    """
    problems = _sorted([(_key(problem["loc"], values), problem) for problem in error.errors()])
    key, first = problems[0]
    others = [
        f"{_dotted(other)} ({_KINDS.get(problem['type'], problem['msg'])})" for other, problem in problems[1:_SHOWN]
    ]
    if len(problems) > _SHOWN:
        others.append(f"{len(problems) - _SHOWN} more")
    advice = _advice(key, first, model)
    return ConfigError(
        _problem(key, first),
        wanted=_KINDS.get(first["type"]),
        found=None if first["type"] in ("missing", "extra_forbidden", "value_error") else _shown(first["input"]),
        where=f"{'the command line' if _given(key, overrides) else file}, key {_dotted(key)}",
        advice=" ".join(filter(None, [advice, f"Also wrong: {'; '.join(others)}." if others else ""])) or None,
    )


def _sorted(problems: list[tuple[Key, ErrorDetails]]) -> list[tuple[Key, ErrorDetails]]:
    """One problem per key, the telling ones first: an unknown key is often the missing one misspelt.

    A value that may be of several types brings a problem for each; that a mapping is no text tells nothing when the
    mapping's own problem is there.
    """
    unique: dict[Key, ErrorDetails] = {}
    for key, problem in sorted(problems, key=lambda pair: (_is_vague(pair[1]), pair[1]["type"] != "extra_forbidden")):
        deeper = any(other[: len(key)] == key for other in unique)
        if not (_is_vague(problem) and deeper):
            unique.setdefault(key, problem)
    return list(unique.items())


def _is_vague(problem: ErrorDetails) -> bool:
    return problem["type"] in ("string_type", "list_type", "model_type") and isinstance(problem["input"], dict | list)


def _key(place: Sequence[str | int], values: object) -> Key:
    """The place without the names of the alternatives that pydantic puts in between."""
    key: list[str | int] = []
    for number, part in enumerate(place):
        if isinstance(values, dict) and part in values:
            values = values[part]
        elif isinstance(values, list) and isinstance(part, int):
            values = values[part] if part < len(values) else None
        elif not (number == len(place) - 1 and isinstance(values, dict)):  # the last may be a missing key
            continue
        key.append(part)
    return tuple(key)


def _problem(key: Key, problem: ErrorDetails) -> str:
    name = key[-1] if key else "the whole"
    if problem["type"] == "extra_forbidden":
        return f'The configuration has an unknown key "{name}"'
    if problem["type"] == "missing" and isinstance(name, int):
        return f"A list of the configuration is too short: it ends before place {name + 1}"
    if problem["type"] == "missing":
        return f'The configuration lacks the key "{name}"'
    if problem["type"] in _KINDS:
        return "The configuration holds a value of another kind"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"The configuration is wrong: {message[:1].lower()}{message[1:]}"


def _advice(key: Key, problem: ErrorDetails, model: type[BaseModel]) -> str | None:
    if problem["type"] == "extra_forbidden":
        return suggestion(str(key[-1]), _names(_models_at(key[:-1], model)))
    if problem["type"] == "string_type" and isinstance(problem["input"], bool):
        return "YAML reads yes, no, on, off, true and false as truth values: put the text in quotes."
    return None


def _models_at(key: Key, model: type[BaseModel]) -> list[type[BaseModel]]:
    """The sections that may stand at a key; names of regions and positions in lists are passed over."""
    models = [model]
    for part in key:
        fields = [field for section in models for name, field in section.model_fields.items() if name == part]
        if fields:
            models = [inner for field in fields for inner in _inner(field.annotation)]
    return models


def _inner(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _inner(argument)]


def _names(models: Iterable[type[BaseModel]]) -> set[str]:
    return {field.alias or name for model in models for name, field in model.model_fields.items()}


def _given(key: Key, overrides: object) -> bool:
    for part in key:
        if not isinstance(overrides, Mapping):
            return True
        if part not in overrides:
            return False
        overrides = overrides[part]
    return bool(key)


def _dotted(key: Key) -> str:
    """A key such as gates[0].metric.

    >>> _dotted(("gates", 0, "metric")), _dotted(())
    ('gates[0].metric', '(the whole)')
    """
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
    return text.removeprefix(".") or "(the whole)"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
