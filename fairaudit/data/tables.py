"""Tables from CSV, JSON Lines and Parquet files: columns of stripped texts, and the place of every row."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fairaudit.data.categorical import canonical
from fairaudit.errors import DataError, suggestion
from fairaudit.files import fetched_first, read_bytes, reason, unusual
from fairaudit.limits import CELLS, COLUMNS, UNPACKED, unpacked

Record = tuple[Sequence[str], str]
"""Cells of a row, and where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns of equal length."""

    file: str
    """File name, for errors."""
    columns: Mapping[str, Sequence[str]]
    """Cells as stripped texts, "" where empty."""
    places: Sequence[str]
    """Where every row stands, such as "line 17"."""

    def __len__(self) -> int:
        return len(self.places)

    def column(self, name: str, *, asked: str) -> Sequence[str]:
        """A column by name.

        Args:
            name: column.
            asked: configuration key that asks for it, for the error.

        Raises:
            DataError: there is no such column.
        """
        if name not in self.columns:
            raise DataError(
                f'The column "{name}" is missing',
                wanted=f"the column that {asked} names",
                where=self.file,
                advice=suggestion(name, self.columns),
            )
        return self.columns[name]

    def plus(self, columns: Mapping[str, Sequence[str]]) -> Table:
        """The same rows with more columns."""
        return Table(file=self.file, columns={**self.columns, **columns}, places=self.places)


def read_table(path: Path, *, what: str = "The manifest", asked: str | None = None) -> Table:
    """A table file, recognised by its suffix: .csv, .tsv, .txt; .jsonl, .ndjson; .parquet.

    Args:
        path: where it is.
        what: what the table is to the reader, for errors.
        asked: option that names it, for errors.

    Raises:
        DataError: the file is missing, has another suffix, is not UTF-8, or a row of it is broken.
    """
    readers: dict[str, Callable[[Path], Table]] = {
        ".csv": read_csv,
        ".tsv": read_csv,
        ".txt": read_csv,
        ".jsonl": read_json_lines,
        ".ndjson": read_json_lines,
        ".parquet": read_parquet,
    }
    found = unusual(path)
    if found is not None:
        problems = {"a folder": f"{what} is a folder, not a file", "no such file": f"{what} does not exist"}
        raise DataError(
            problems.get(found, f"{what} cannot be read: {found}"),
            where=str(path) if asked is None else f"{asked} {path}",
            advice=fetched_first(path),
        )
    if path.suffix.lower() not in readers:
        raise DataError(
            f"{what} has an unknown kind of file",
            wanted=", ".join(readers),
            found=f'"{path.suffix}"',
            where=path.name,
        )
    _check_start(path)
    return readers[path.suffix.lower()](path)


def _check_start(path: Path) -> None:
    """Refuse files of other kinds that bear a table's suffix, by their first bytes."""
    with path.open("rb") as file:
        start = file.read(8)
    text = path.suffix.lower() != ".parquet"
    kind = next((kind for magic, kind in _OTHER_KINDS.items() if text and start.startswith(magic)), None)
    if kind is not None:
        raise DataError("The table is a file of another kind", found=kind, where=path.name, advice=_AS_TABLE)


_OTHER_KINDS: Final[Mapping[bytes, str]] = {
    b"\x1f\x8b": "a gzip archive",
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"PAR1": "a Parquet file, whose name has to end in .parquet",
    b"SQLite f": "a SQLite database",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
}
"""First bytes → what a file with the suffix of a text is."""
_AS_TABLE: Final = "Unpack it, or save it as CSV, JSON Lines or Parquet."


def read_csv(path: Path, *, header: Sequence[str] | None = None) -> Table:
    """A CSV file with a header line (or the given one), separated by commas, semicolons or tabs; a BOM is fine.

    Raises:
        DataError: it is empty, not UTF-8, badly quoted, or a row has another number of cells than the header.
    """
    records = _csv_records(path)
    if header is None:
        header, _ = next(records, (None, ""))
    if header is None:
        raise DataError("The table is empty: it has no header line", where=path.name)
    return table_of(path.name, header, records)


def read_json_lines(path: Path) -> Table:
    """One JSON object per line; keys may differ between lines, and a missing key is an empty cell.

    Raises:
        DataError: a line is no JSON object, or a value is a list or an object.
    """
    records: list[dict[str, str]] = []
    places: list[str] = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            records.append(_record(line, f"{path.name}, line {number}"))
            places.append(f"line {number}")
    names = list(dict.fromkeys(name for record in records for name in record))
    _check_size(path.name, rows=len(records), columns=len(names))
    return Table(
        file=path.name,
        columns={name: [record.get(name, "") for record in records] for name in names},
        places=places,
    )


def read_parquet(path: Path) -> Table:
    """A Parquet file, through the optional library pyarrow.

    Raises:
        DataError: pyarrow is not installed, the file is broken, or a column is nested.
    """
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise DataError(
            "Parquet files need the library pyarrow, which is not installed",
            where=path.name,
            advice='Run pip install "fairaudit[parquet]", or save the table as CSV.',
        ) from error
    try:
        file = parquet.ParquetFile(path)
        found, schema = file.metadata, file.schema_arrow
        length = sum(found.row_group(number).total_byte_size for number in range(found.num_row_groups))
    except Exception as error:  # pyarrow raises nearly anything on a damaged file
        raise DataError("The Parquet file cannot be read", found=reason(error), where=path.name) from error
    names = [str(name).strip() for name in schema.names]
    _check_names(path.name, names)
    _check_size(path.name, rows=found.num_rows, columns=len(names), unfolded=length, packed=path.stat().st_size)
    try:
        # As dictionaries, so that a text is held once however many rows repeat it.
        texts = [field.name for field in schema if str(field.type).endswith(("string", "binary", "utf8"))]
        table = parquet.ParquetFile(path, read_dictionary=texts).read()
    except Exception as error:
        raise DataError("The Parquet file cannot be read", found=reason(error), where=path.name) from error
    columns = {name: _parquet_cells(table.column(index), path.name, name) for index, name in enumerate(names)}
    return Table(file=path.name, columns=columns, places=[f"row {row}" for row in range(1, table.num_rows + 1)])


def _parquet_cells(column: Any, file: str, name: str) -> list[str]:  # noqa: ANN401 (pyarrow is optional)
    place = f'{file}, column "{name}"'
    cells: list[str] = []
    try:
        for chunk in column.chunks:
            if hasattr(chunk, "dictionary"):
                known = [_cell(value, place) for value in chunk.dictionary.to_pylist()]
                cells += ["" if index is None else known[index] for index in chunk.indices.to_pylist()]
            else:
                cells += [_cell(value, f"{place}, row {row}") for row, value in enumerate(chunk.to_pylist(), start=1)]
    except DataError:
        raise
    except Exception as error:  # text that is no UTF-8, dates outside the calendar
        raise DataError("A column of the Parquet file cannot be read", found=reason(error), where=place) from error
    return cells


def read_text(path: Path) -> str:
    """A file as text.

    Raises:
        DataError: it is missing, unreadable or not UTF-8.
    """
    data = read_bytes(path, what="The file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            "The file is not UTF-8 text",
            found=f"byte 0x{data[error.start]:02x}",
            where=f"{path.name}, line {data.count(10, 0, error.start) + 1}",
            advice="Save it as UTF-8.",
        ) from error


def table_of(file: str, header: Sequence[str], records: Iterable[Record]) -> Table:
    """Records of cells, with the place of each, as a table.

    Raises:
        DataError: a column has no name or the name of another, or a row has another number of cells.
    """
    names = [name.strip() for name in header]
    _check_names(file, names)
    _check_size(file, rows=0, columns=len(names))
    stripped = _Stripped()
    rows: list[list[str]] = []
    places: list[str] = []
    for cells, place in records:
        if len(cells) != len(names):
            raise DataError(
                "A row has another number of cells than the header",
                wanted=f"{len(names)} cells",
                found=str(len(cells)),
                where=f"{file}, {place}",
                advice="Quote cells that hold a comma.",
            )
        rows.append([stripped[text] for text in cells])
        places.append(place)
    columns: Iterable[Sequence[str]] = zip(*rows, strict=True) if rows else [()] * len(names)
    return Table(file=file, columns=dict(zip(names, columns, strict=True)), places=places)


def _check_names(file: str, names: Sequence[str]) -> None:
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise DataError(f'The column "{twice[0]}" occurs more than once', where=f"{file}, header")


def _check_size(file: str, *, rows: int, columns: int, unfolded: int = 0, packed: int = 0) -> None:
    """Refuse a small file that stands for a giant table.

    Raises:
        DataError: too many columns, too many cells, or far more bytes than the file has itself.
    """
    checks = (
        (columns, COLUMNS.value(), "columns", COLUMNS),
        (rows * columns, CELLS.value(), "cells", CELLS),
        (unfolded, unpacked(packed), "bytes", UNPACKED),
    )
    for found, allowed, unit, limit in checks:
        if found > allowed:
            raise DataError(
                "The table is too large",
                wanted=f"at most {allowed:,} {unit}",
                found=f"{found:,}",
                where=file,
                advice=limit.advice(),
            )


class _Stripped(dict[str, str]):
    """Texts without the space around them, one copy of each: most cells of a table repeat a few texts."""

    def __missing__(self, text: str) -> str:
        value = self[text] = text.strip()
        return value


def _csv_records(path: Path) -> Iterator[Record]:
    text = read_text(path)
    first = text.split("\n", 1)[0]
    separator = max(",", ";", "\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            # A line with nothing on it is none; one of separators alone is a record without values.
            if len(cells) > 1 or "".join(cells).strip():
                yield cells, f"line {reader.line_num}"
    except csv.Error as error:
        raise DataError(f"A line of CSV is broken: {error}", where=f"{path.name}, line {reader.line_num}") from error


def _record(line: str, place: str) -> dict[str, str]:
    try:
        record = json.loads(line, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise DataError(f"A line is not JSON: {error}", where=place) from error
    if not isinstance(record, dict):
        raise DataError(
            "A line of JSON Lines is not an object",
            found=type(record).__name__,
            where=place,
            advice="Write one {...} per line.",
        )
    cells = {name.strip(): _cell(value, f'{place}, key "{name}"') for name, value in record.items()}
    if len(cells) != len(record):
        raise DataError("Two keys differ only in spaces", found=", ".join(record), where=place)
    return cells


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f'the key "{twice[:80]}" occurs twice')
    return found


def _cell(value: object, place: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return canonical(repr(value))
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list | dict | tuple | bytes):
        raise DataError(
            "A value is nested", wanted="text, a number, true, false or null", found=type(value).__name__, where=place
        )
    return str(value)
