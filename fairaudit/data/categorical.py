"""Columns of texts as categories: one int code per row, and -1 where the value is unknown."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.counted import counted
from fairaudit.errors import DataError, suggestion

MANY_VALUES = 50
TOO_MANY_VALUES = 1000
_BINARY = (("0", "1"), ("-1", "1"), ("false", "true"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Categorical:
    """A categorical column; its values are fixed by the whole manifest, never by a batch or a split."""

    name: str
    """Column name."""
    values: tuple[str, ...]
    """Names of the values, in order."""
    codes: NDArray[np.int32]
    """Index into `values` for every row, -1 where the value is unknown."""

    def __post_init__(self) -> None:
        if self.codes.size and not -1 <= int(self.codes.min()) <= int(self.codes.max()) < len(self.values):
            raise ValueError(f"{self.name}: codes outside -1..{len(self.values) - 1}")

    def take(self, rows: NDArray[np.int64]) -> Categorical:
        """The same column at the given rows, in their order, with all its values."""
        return Categorical(name=self.name, values=self.values, codes=self.codes[rows])

    def counts(self) -> NDArray[np.int64]:
        """Number of rows with each value; unknown rows are not counted."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values)).astype(np.int64)

    def label(self, row: int) -> str:
        """The value of a row as text, "" where it is unknown."""
        code = int(self.codes[row])
        return self.values[code] if code >= 0 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A column with notes for the reader."""

    column: Categorical
    """The column."""
    notes: tuple[str, ...]
    """Things that are not errors, such as numbers mixed with text."""


def encode(name: str, texts: Sequence[str], *, unknown: Collection[str], where: str) -> Encoded:
    """Texts as a categorical column.

    Texts are stripped; those equal to one of `unknown` in any case become -1. If all others are 0/1, -1/1 or
    false/true, the values are ("0", "1"). Else they are sorted, by number if all are numbers, and "2.0" is "2".

    Raises:
        DataError: no value is known, true/false is mixed with numbers, or there are over 1000 values.

    >>> encode("hat", ["-1", "1", "nan"], unknown=["nan"], where="a.csv").column.codes.tolist()
    [0, 1, -1]
    >>> encode("age", ["10", "9", "10.0"], unknown=[], where="a.csv").column.values
    ('9', '10')
    """
    tokens = _tokens(texts, unknown)
    known = {token for token in tokens if token is not None}
    place = f'{where}, column "{name}"'
    if not known:
        raise DataError(
            "A column has no known value",
            found=f"{counted(len(tokens), 'row')}, all empty or unknown",
            where=place,
            advice="Choose another column, or correct data.unknown if these texts have a meaning.",
        )
    binary = _binary(known, place)
    if binary:
        codes = [-1 if token is None else binary.index(token.lower()) for token in tokens]
        column = Categorical(name=name, values=("0", "1"), codes=np.asarray(codes, np.int32))
        return Encoded(column=column, notes=uncertain_notes(texts, unknown=unknown, place=place))
    values, notes = _values(known, place)
    index = {value: code for code, value in enumerate(values)}
    codes = [-1 if token is None else index[token] for token in tokens]
    notes = (*notes, *uncertain_notes(texts, unknown=unknown, place=place))
    return Encoded(column=Categorical(name=name, values=values, codes=np.asarray(codes, np.int32)), notes=notes)


def encode_as(
    name: str,
    texts: Sequence[str],
    *,
    classes: Sequence[str],
    unknown: Collection[str],
    where: str,
    places: Sequence[str],
) -> Categorical:
    """Texts as a column whose values are the given classes, in that order.

    A text may be the name of a class or, if none is a name, its index (with 0/1, -1/1 or false/true for two classes).

    Args:
        name: column name.
        texts: one per row.
        classes: the values, in the order of the model's outputs.
        unknown: texts, in any case, that mean unknown.
        where: file, for errors.
        places: line or row of each text, for errors.

    Raises:
        DataError: a text is neither the name nor the index of a class.
    """
    tokens = _tokens(texts, unknown)
    known = {token for token in tokens if token is not None}
    index = {value: code for code, value in enumerate(classes)}
    if not known <= index.keys():
        # Indices when they fit all texts, such as -1/1 for the classes 0 and 1, or when no text is a name at all.
        indices = _indices(known, classes, f'{where}, column "{name}"')
        index = indices if known <= indices.keys() or not known & index.keys() else index
    for token, place in zip(tokens, places, strict=True):
        if token is not None and token not in index:
            raise DataError(
                f'A label is not among the {len(classes)} classes of the model: "{token}"',
                where=f'{where}, column "{name}", {place}',
                advice=suggestion(token, classes) + " Names or indices of model.classes are accepted.",
            )
    codes = [-1 if token is None else index[token] for token in tokens]
    return Categorical(name=name, values=tuple(classes), codes=np.asarray(codes, np.int32))


def uncertain_notes(texts: Sequence[str], *, unknown: Collection[str], place: str) -> tuple[str, ...]:
    """A note on a column in which −1 may mean uncertain, as in CheXpert: beside empty cells, or beside 0 and 1.

    >>> uncertain_notes(["1.0", "-1.0", "0"], unknown=[""], place="a.csv")[0][:47]
    'a.csv: -1 is taken as a value of its own, in 1 '
    >>> uncertain_notes(["1", "-1"], unknown=[""], place="celeba")
    ()
    """
    tokens = _tokens(texts, unknown)
    known, rows = {token for token in tokens if token is not None}, tokens.count("-1")
    if known == {"-1", "1"} and None in tokens:
        taken = "the negative value"
    elif known == {"-1", "0", "1"}:
        taken = "a value of its own"
    else:
        return ()
    return (
        f"{place}: -1 is taken as {taken}, in {counted(rows, 'row')}; where it means uncertain, as in CheXpert, "
        'add "-1" to data.unknown',
    )


def canonical(text: str) -> str:
    """A text stripped, with whole numbers written without a fraction: "2.0" is "2" and "-1" stays.

    >>> canonical(" 2.0 "), canonical("0.5"), canonical("a1")
    ('2', '0.5', 'a1')
    """
    text = text.strip()
    number = _number(text)
    return str(int(number)) if number is not None and number.is_integer() and abs(number) < 2**53 else text


def _tokens(texts: Sequence[str], unknown: Collection[str]) -> list[str | None]:
    # Compared as labels are: -1, -1.0 and "-1 " are one text.
    missing = {spelling for text in unknown for spelling in (text.strip().lower(), canonical(text).lower())}
    memo: dict[str, str | None] = {}
    for text in set(texts):
        memo[text] = None if {text.strip().lower(), canonical(text).lower()} & missing else canonical(text)
    return [memo[text] for text in texts]


def _binary(known: set[str], place: str) -> tuple[str, str] | None:
    lower = {token.lower() for token in known}
    found = next((pair for pair in _BINARY if lower <= set(pair)), None)
    if found is None and lower & {"true", "false"} and any(_number(token) is not None for token in lower):
        raise DataError(
            "A column mixes true/false with numbers",
            found=", ".join(sorted(lower)),
            where=place,
            advice="Write the column in one way.",
        )
    return found


def _values(known: set[str], place: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if len(known) > TOO_MANY_VALUES:
        raise DataError(
            f"A column has {len(known)} different values, too many for a category",
            where=place,
            advice="It looks like an identifier or a measurement; put it into bins, or name another column.",
        )
    numbers = {token: _number(token) for token in known}
    notes = []
    if None not in numbers.values():
        values = sorted(known, key=lambda token: (numbers[token] or 0.0, token))
    else:
        values = sorted(known)
        if any(number is not None for number in numbers.values()):
            notes.append(f"{place}: numbers are mixed with text; all values are taken as text")
        if len({token.casefold() for token in known}) < len(known):
            notes.append(f"{place}: some values differ in case only and are kept apart")
    if len(known) > MANY_VALUES:
        notes.append(f"{place}: {len(known)} different values; many groups will be small")
    return tuple(values), tuple(notes)


def _indices(known: set[str], classes: Sequence[str], place: str) -> dict[str, int]:
    """Indices of the classes as texts; for two classes also the spellings of a binary column."""
    pair = _binary(known, place) if len(classes) == 2 and known else None
    if pair:
        return {token: pair.index(token.lower()) for token in known}
    return {str(code): code for code in range(len(classes))}


def _number(text: str) -> float | None:
    if not text or text[0] not in "+-.0123456789":
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None
