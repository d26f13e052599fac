"""Where the records of a text stand: the line that a person finds in an editor."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import numpy as np

from segmenter.intake.dialect import LONGEST_FIELD, Dialect, count_lines


def place(connection: duckdb.DuckDBPyConnection, table: str, number: int, path: Path, dialect: Dialect) -> None:
    """Put true lines in place of record numbers in raw table `table` and in ``rejected`` for file `number`.

    A file whose records are its lines, one by one, is left as it is; only one with blank lines, torn
    records or line ends inside fields is walked through.
    """
    rows = connection.execute(f"SELECT count(*) FROM {table} WHERE file = ?", [number]).fetchall()[0][0]  # noqa: S608 - our names
    if count_lines(path) - dialect.skip == rows:
        return
    records = _records(path, dialect)
    torn = {row[0] for row in connection.execute("SELECT line FROM rejected WHERE file = ?", [number]).fetchall()}
    whole = [line for record, line, is_blank in records if not is_blank and record not in torn]
    if len(whole) != rows:
        return  # read by another rule than the reader's: the records' numbers stay
    _renumber(connection, table, number, {dialect.skip + n: line for n, line in enumerate(whole, 1)})
    _renumber(connection, "rejected", number, {record: line for record, line, _ in records if record in torn})


def _renumber(connection: duckdb.DuckDBPyConnection, table: str, number: int, lines: dict[int, int]) -> None:
    """Replace record numbers, the keys of `lines`, by the lines they stand at."""
    connection.register("places", {"record": np.array(list(lines)), "line": np.array(list(lines.values()))})
    connection.execute(
        f"UPDATE {table} SET line = places.line FROM places WHERE file = ? AND {table}.line = places.record",  # noqa: S608 - our names
        [number],
    )
    connection.unregister("places")


def _records(path: Path, dialect: Dialect) -> list[tuple[int, int, bool]]:
    """Of every record after the header: its number as the reader counts, its first line, and whether it is blank."""
    csv.field_size_limit(LONGEST_FIELD)
    found: list[tuple[int, int, bool]] = []
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        for _ in range(dialect.skip):
            file.readline()
        reader, start = csv.reader(file, delimiter=dialect.delimiter), 1
        try:
            for record, row in enumerate(reader, 1):
                found.append((dialect.skip + record, dialect.skip + start, not row))
                start = reader.line_num + 1
        except csv.Error:
            return []
    return found
