"""Tables from CSV, JSON Lines and Parquet files: columns of stripped texts, and where every row stands."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fairaudit.data.categorical import canonical
from fairaudit.errors import DataError, suggestion

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


def read_table(path: Path) -> Table:
    """A table file, told by its suffix: .csv, .tsv, .txt; .jsonl, .ndjson; .parquet.

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
    if not path.is_file():
        raise DataError(
            "The manifest is a folder, not a file" if path.is_dir() else "The manifest does not exist", where=str(path)
        )
    if path.suffix.lower() not in readers:
        raise DataError(
            "The manifest has an unknown kind of file",
            wanted=", ".join(readers),
            found=f'"{path.suffix}"',
            where=path.name,
        )
    return readers[path.suffix.lower()](path)


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
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise DataError(
            "Parquet files need the library pyarrow, which is not installed",
            where=path.name,
            advice='Run pip install "fairaudit[parquet]", or save the manifest as CSV.',
        ) from error
    try:
        table = parquet.ParquetFile(path).read()
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"The Parquet file cannot be read: {error}", where=path.name) from error
    columns = {
        str(name): [
            _cell(value, f'{path.name}, row {row}, column "{name}"')
            for row, value in enumerate(table.column(index).to_pylist(), start=1)
        ]
        for index, name in enumerate(table.column_names)
    }
    return Table(file=path.name, columns=columns, places=[f"row {row}" for row in range(1, table.num_rows + 1)])


def read_text(path: Path) -> str:
    """A file as text.

    Raises:
        DataError: it is missing, unreadable or not UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"The file cannot be read: {error.strerror or error}", where=path.name) from error
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
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f'The column "{twice[0]}" is there more than once', where=f"{file}, header")
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
            if any(cells) and not "".join(cells).isspace():
                yield cells, f"line {reader.line_num}"
    except csv.Error as error:
        raise DataError(f"A line of CSV is broken: {error}", where=f"{path.name}, line {reader.line_num}") from error


def _record(line: str, place: str) -> dict[str, str]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"A line is not JSON: {error}", where=place) from error
    if not isinstance(record, dict):
        raise DataError(
            "A line of JSON Lines is not an object",
            found=type(record).__name__,
            where=place,
            advice="Write one {...} per line.",
        )
    return {str(name): _cell(value, f'{place}, key "{name}"') for name, value in record.items()}


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
            "A cell is nested", wanted="text, a number, true, false or null", found=type(value).__name__, where=place
        )
    return str(value)
