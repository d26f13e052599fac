"""Files -> raw tables of text in DuckDB, nothing interpreted, nothing lost.

Every raw table has the columns ``file`` (its number among the sources), ``line`` (the record's line,
or its row in a table) and ``c0, c1, ...`` (VARCHAR, in header order).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from segmenter.assets import query
from segmenter.config.source import SourceConfig
from segmenter.errors import SourceError
from segmenter.intake.dialect import LONGEST_FIELD, Dialect, count_records, probe, unique
from segmenter.intake.encoding import Text, as_utf8
from segmenter.intake.places import place
from segmenter.intake.sources import SourceFile, plain_path
from segmenter.intake.workbook import sheet_as_csv

MOST_COLUMNS = 2000


@dataclass(frozen=True)
class Layout:
    """What files have in common that are understood together: column names and the way they are written.

    `is_typed` is true where numbers and dates were typed in the source, so that their text is plain.
    """

    header: tuple[str, ...]
    kind: str
    is_typed: bool

    @property
    def is_text(self) -> bool:
        """True for text cut by a delimiter, of which many files can share a layout."""
        return self.kind.startswith("text")


@dataclass(frozen=True)
class RawTable:
    """A table of text: its name in DuckDB, its layout, and per file in it how that was read, in words."""

    name: str
    layout: Layout
    dialects: dict[int, str]


@dataclass(frozen=True)
class _Probed:
    number: int
    text: Text
    dialect: Dialect
    is_typed: bool


def read(
    connection: duckdb.DuckDBPyConnection, files: Mapping[int, SourceFile], config: SourceConfig, folder: Path
) -> tuple[RawTable, ...]:
    """Raw tables of `files`, by their numbers, one per layout; `folder` takes transcoded copies.

    Creates the table ``rejected`` (file, line, reason, text) of records that are no rows, and the raw tables anew.

    Raises
    ------
    SourceError
        A file cannot be read, or what was read differs from an independent count of its records.
    """
    connection.execute("CREATE OR REPLACE TABLE rejected (file INTEGER, line BIGINT, reason VARCHAR, text VARCHAR)")
    probed = [_probe(number, file, config, folder) for number, file in files.items() if _is_text(file)]
    groups: dict[tuple[Dialect, bool], list[_Probed]] = {}
    for each in probed:
        groups.setdefault((each.dialect, each.is_typed), []).append(each)
    tables = [_read_texts(connection, f"raw_{index}", group) for index, group in enumerate(groups.values())]
    for number, file in files.items():
        if not _is_text(file):
            path = str(plain_path(file, folder))
            tables.append(_read_table(connection, f"raw_{len(tables)}", number, file, path, config))
    return tuple(tables)


def _is_text(file: SourceFile) -> bool:
    return file.kind in {"csv", "workbook"}


def _probe(number: int, file: SourceFile, config: SourceConfig, folder: Path) -> _Probed:
    if file.kind == "workbook":
        text = Text(file, sheet_as_csv(file.path, config.sheet, folder / f"{file.name_aside}.csv"), "XLSX")
    else:
        text = as_utf8(file, folder, config.encoding)
    dialect = probe(text.path, str(file.path), config.delimiter if file.kind == "csv" else ",")
    if len(dialect.header) > MOST_COLUMNS:
        raise SourceError(f"{file.path} has {len(dialect.header):,} columns; at most {MOST_COLUMNS:,} are read.")
    return _Probed(number, text, dialect, file.kind == "workbook")


def _read_texts(connection: duckdb.DuckDBPyConnection, name: str, group: list[_Probed]) -> RawTable:
    dialect, paths = group[0].dialect, [str(each.text.path) for each in group]
    columns = {f"c{index}": "VARCHAR" for index in range(len(dialect.header))}
    connection.execute("CREATE OR REPLACE TEMP TABLE text_files (file INTEGER, path VARCHAR)")
    connection.executemany(
        "INSERT INTO text_files VALUES (?, ?)", [(each.number, str(each.text.path)) for each in group]
    )
    try:
        connection.execute(
            f"CREATE TEMP TABLE {name}_text AS SELECT * FROM read_csv($paths, auto_detect = false, header = false, "  # noqa: S608 - our names
            "columns = $columns, skip = $skip, delim = $delimiter, quote = '\"', escape = '\"', strict_mode = true, "
            "nullstr = [''], store_rejects = true, rejects_limit = 0, filename = 'source_path')",
            {"paths": paths, "columns": columns, "skip": dialect.skip, "delimiter": dialect.delimiter},
        )
    except duckdb.Error as error:
        raise SourceError(
            f"{group[0].text.source.path} cannot be read: {_first_line(error)} Export it again."
        ) from None
    connection.execute(query("intake_rejects"))
    _check_whole(connection, group)
    _check_counts(connection, name, group)
    connection.execute(
        f"CREATE OR REPLACE TABLE {name} AS SELECT f.file, t.rowid - min(t.rowid) OVER (PARTITION BY f.file) + $first AS line, "  # noqa: S608 - our names
        f"t.* EXCLUDE (source_path) FROM {name}_text t JOIN text_files f ON f.path = t.source_path",
        {"first": dialect.skip + 1},
    )
    for each in group:
        place(connection, name, each.number, each.text.path, dialect)
    connection.execute(f"DROP TABLE {name}_text")
    layout = Layout(dialect.header, f"text {dialect.delimiter!r} after {dialect.skip} lines", group[0].is_typed)
    return RawTable(name, layout, {each.number: f"{each.text.encoding}, {dialect.in_words}" for each in group})


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0].rstrip(". ") + "."


def _check_whole(connection: duckdb.DuckDBPyConnection, group: list[_Probed]) -> None:
    """Refuse a record that has swallowed so many lines that the reader does not give them back."""
    cut = connection.execute(
        "SELECT file, line FROM rejected WHERE strlen(text) > 9990 AND contains(text, chr(10)) ORDER BY ALL LIMIT 1"
    ).fetchall()
    for number, line in cut:
        path = next(each.text.source.path for each in group if each.number == number)
        raise SourceError(
            f"{path}, record {line}: a quote is opened that swallows the lines behind it. Mend it and run again."
        )


def _check_counts(connection: duckdb.DuckDBPyConnection, name: str, group: list[_Probed]) -> None:
    """Hold what the reader returned against a count that owes it nothing."""
    rows = dict(connection.execute(f"SELECT source_path, count(*) FROM {name}_text GROUP BY 1").fetchall())  # noqa: S608 - our names
    rejected = dict(connection.execute("SELECT file, count(*) FROM rejected GROUP BY 1").fetchall())
    for each in group:
        path, dialect = each.text.path, each.dialect
        found = rows.get(str(path), 0) + rejected.get(each.number, 0)
        counted = count_records(path, dialect.skip)
        if found not in (counted, *([_slow_count(path, dialect)] if found != counted else [])):
            raise SourceError(
                f"{each.text.source.path}: {found:,} of its records could be read, but it holds {counted:,}. "
                "Usually a quote is opened and never closed; mend it and run again."
            )


def _slow_count(path: Path, dialect: Dialect) -> int:
    """Records by the rule that a quote counts only where a field begins, as in ``5" pipe``."""
    csv.field_size_limit(LONGEST_FIELD)
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            reader = csv.reader(file, delimiter=dialect.delimiter, strict=True)
            return sum(1 for row in reader if row and reader.line_num > dialect.skip)
    except csv.Error:
        return -1


def _read_table(
    connection: duckdb.DuckDBPyConnection, name: str, number: int, file: SourceFile, path: str, config: SourceConfig
) -> RawTable:
    try:
        if file.kind == "duckdb":
            header = _copy_from_database(connection, name, file, path, config)
        elif file.kind == "json":
            header = _copy_from_json(connection, name, file, path)
        else:
            connection.execute(
                f"CREATE TEMP TABLE {name}_typed AS SELECT * FROM read_parquet($path)",  # noqa: S608 - our names
                {"path": path},
            )
            header = _columns(connection, f"{name}_typed")
    except duckdb.Error as error:
        raise SourceError(f"{file.path} cannot be read: {_first_line(error)} Export it again.") from None
    _as_text(connection, name, number, header)
    layout = Layout(unique(list(header)), f"{file.kind} {file.sha256}", is_typed=True)
    return RawTable(name, layout, {number: f"{file.kind}, {len(header)} columns"})


def _copy_from_json(connection: duckdb.DuckDBPyConnection, name: str, file: SourceFile, path: str) -> tuple[str, ...]:
    """Copy JSON objects as text: a guessed number type would merge ids of more than 15 digits."""
    keys = connection.execute(query("intake_json_keys"), {"path": path}).fetchall()
    if not keys:
        raise SourceError(f"{file.path} holds no JSON objects with keys. Export one object a line.")
    connection.execute(
        f"CREATE TEMP TABLE {name}_typed AS SELECT * FROM read_json($path, columns = $columns)",  # noqa: S608 - our names
        {"path": path, "columns": {key: "VARCHAR" for (key,) in keys}},
    )
    return tuple(key for (key,) in keys)


def _copy_from_database(
    connection: duckdb.DuckDBPyConnection, name: str, file: SourceFile, path: str, config: SourceConfig
) -> tuple[str, ...]:
    """Copy the named table of a DuckDB file, or its only one."""
    connection.execute(f"ATTACH '{path.replace(chr(39), chr(39) * 2)}' AS source_db (READ_ONLY)")
    try:
        found = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'source_db' ORDER BY ALL"
        ).fetchall()
        wanted = [row for row in found if config.table in (None, row[1])]
        if len(wanted) != 1:
            names = ", ".join(row[1] for row in found) or "none"
            raise SourceError(f"{file.path} holds the tables {names}; name one as source.table in the configuration.")
        schema, table = (identifier(part) for part in wanted[0])
        connection.execute(f"CREATE TEMP TABLE {name}_typed AS SELECT * FROM source_db.{schema}.{table}")  # noqa: S608 - quoted
    finally:
        connection.execute("DETACH source_db")
    return _columns(connection, f"{name}_typed")


def identifier(name: str) -> str:
    """`name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[str, ...]:
    return tuple(column[0] for column in connection.execute(f"SELECT * FROM {table} LIMIT 0").description)  # noqa: S608 - our names


def _as_text(connection: duckdb.DuckDBPyConnection, name: str, number: int, header: Sequence[str]) -> None:
    texts = ", ".join(f"CAST({identifier(column)} AS VARCHAR) AS c{index}" for index, column in enumerate(header))
    connection.execute(
        f"CREATE OR REPLACE TABLE {name} AS SELECT CAST($number AS INTEGER) AS file, rowid + 1 AS line, {texts} FROM {name}_typed",  # noqa: S608 - quoted
        {"number": number},
    )
    connection.execute(f"DROP TABLE {name}_typed")
