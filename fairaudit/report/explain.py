"""Any word of a report, an option or a configuration in plain words: from the registries and the schema."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from fairaudit.config.schema import Config
from fairaudit.errors import UsageError, suggestion
from fairaudit.tables.entry import MetricEntry
from fairaudit.tables.metrics import METRICS
from fairaudit.tables.terms import TERMS, Term
from fairaudit.tables.words import WORDS

KINDS = (
    "verdict", "metric", "method", "fill", "mitigation", "status", "gate state", "use", "change", "interval", "audit",
    "exit code", "word", "key",
)  # fmt: skip
"""What can be explained, in the order of lists; a word of two kinds is explained as both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One word in plain words; empty where a line does not apply."""

    kind: str
    """One of `KINDS`."""
    name: str
    """The word."""
    sentence: str
    """What it says."""
    range: str = ""
    """Values that it can take."""
    better: str = ""
    """Which way is better."""
    chance: str = ""
    """Its value where there is nothing to find."""
    undefined: str = ""
    """When it does not exist."""
    interval: str = ""
    """How often its interval holds the truth, as simulated."""
    default: str = ""
    """For a key: what it is when left out."""
    source: str = ""
    """Where it comes from, with the equation."""
    advice: str = ""
    """What to do about it."""

    def facts(self) -> dict[str, str]:
        """The explanation by field name, for JSON."""
        return {name: value for name, value in asdict(self).items() if value}


def explanations() -> tuple[Explanation, ...]:
    """Every word, by kind."""
    found = [
        *(_of_metric(METRICS[name]) for name in METRICS),
        *(_of_term(TERMS[name]) for name in TERMS),
        *(_of_term(WORDS[name]) for name in WORDS),
        *_keys(Config, ""),
    ]
    return tuple(sorted(found, key=lambda each: KINDS.index(each.kind)))


def explain(name: str) -> tuple[Explanation, ...]:
    """The meanings of a word, one per kind.

    A metric of a change, such as `accuracy_change`, is in the registry itself. The last part of a key is enough where
    it is the only one of that name: `tolerance` for `audit.tolerance`.

    Raises:
        UsageError: there is no such word; the nearest one is suggested.

    >>> [each.kind for each in explain("undecided")]
    ['verdict']
    """
    wanted = " ".join(name.strip().split()).lower()
    known = explanations()
    found = tuple(each for each in known if each.name.lower() == wanted)
    if all(each.kind == "word" for each in found):
        found += tuple(each for each in known if each.kind == "key" and each.name.rpartition(".")[2] == wanted)
    if not found:
        near = suggestion(wanted, [each.name for each in known])
        raise UsageError(
            f'There is nothing called "{name}" to explain',
            wanted="a word of a report, a method, an exit code or a key of the configuration",
            advice=near if near.startswith("Did you mean") else '"fairaudit explain" lists them all.',
        )
    return found


def as_text(found: Explanation) -> str:
    """The explanation as a few lines."""
    lines = [f"{found.name} ({found.kind})", found.sentence]
    labels = (
        ("Range", found.range), ("Better", found.better), ("Nothing to find", found.chance),
        ("Undefined", found.undefined), ("Interval", found.interval), ("Default", found.default),
        ("What to do", found.advice), ("Source", found.source),
    )  # fmt: skip
    return "\n".join([*lines, *(f"{label}: {text}" for label, text in labels if text)]) + "\n"


def _of_metric(entry: MetricEntry) -> Explanation:
    return Explanation(
        kind="metric",
        name=entry.name,
        sentence=entry.sentence,
        range=str(entry.range),
        better={"none": "neither way"}.get(entry.better, entry.better),
        chance="" if entry.chance == "–" else entry.chance,
        undefined=entry.undefined,
        interval=entry.coverage.sentence if entry.coverage else "",
        source=entry.source,
        advice=entry.advice,
    )


def _of_term(term: Term) -> Explanation:
    return Explanation(kind=term.kind, name=term.name, sentence=term.sentence, advice=term.advice, source=term.source)


def _keys(model: type[BaseModel], prefix: str) -> Iterator[Explanation]:
    """Every key of a section and of the sections in it, with the sentence that the schema has for it."""
    for name, field in model.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        yield Explanation(
            kind="key",
            name=key,
            sentence=field.description or "",
            range=_type(field.annotation),
            default="needed" if field.is_required() else _shown(field.get_default(call_default_factory=True)),
        )
        for section, between in _sections(field):
            yield from _keys(section, f"{key}{between}")


def _sections(field: FieldInfo) -> Iterator[tuple[type[BaseModel], str]]:
    """The sections that a key can hold, and what stands between its name and their keys."""
    for part in _parts(field.annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            yield part, ".NAME." if get_origin(field.annotation) is dict else "."


def _parts(annotation: object) -> Iterator[object]:
    yield annotation
    for inner in get_args(annotation):
        yield from _parts(inner)


def _type(annotation: Any) -> str:  # noqa: ANN401 (an annotation can be anything)
    """An annotation in words: its literals, or the names of its types."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is typing.Literal:
        return ", ".join(str(value) for value in inner)
    if origin in (types.UnionType, typing.Union):
        return " or ".join(dict.fromkeys(_type(part) for part in inner if part is not type(None)))
    if origin is typing.Annotated:
        return _type(inner[0])
    if origin in (list, tuple):
        parts = [_type(part) for part in inner if part is not Ellipsis]
        return f"list of {' or '.join(dict.fromkeys(parts))}"
    if origin is dict:
        return "mapping of names"
    names = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false"}
    name = getattr(annotation, "__name__", str(annotation))
    return names.get(name, "section" if isinstance(annotation, type) and issubclass(annotation, BaseModel) else name)


def _shown(value: object) -> str:
    if isinstance(value, BaseModel):
        return ""
    return "none" if value in (None, [], {}, ()) else str(value)
