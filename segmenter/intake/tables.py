"""Reads Parquet files, JSON lines and tables of DuckDB files as raw tables, with the types of the source."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from segmenter.assets import query
from segmenter.errors import SourceError
from segmenter.intake.dialect import unique
from segmenter.intake.encoding import refuse_zeros
from segmenter.intake.raw import Layout, RawTable, identifier, literal, unreadable
from segmenter.intake.sample import Row
from segmenter.intake.sources import SourceFile, wide_encoding


@dataclass(frozen=True)
class TableBatch:
    """One file with typed columns.

    `source` is SQL to follow FROM, its column or pseudo-column `place` numbers the rows from 0; `columns` are names and types.
    """

    number: int
    file: SourceFile
    source: str
    place: str
    columns: tuple[tuple[str, str], ...]

    @property
    def layout(self) -> Layout:
        """A layout of its own, shared only by files of the same content."""
        names = unique([name for name, _ in self.columns])
        return Layout(names, f"{self.file.kind} {self.file.tally.sha256}")

    @property
    def dialects(self) -> dict[int, str]:
        """How the file is read, in words, by its number."""
        return {self.number: f"{self.file.kind}, {len(self.columns)} columns"}

    def head(self, connection: duckdb.DuckDBPyConnection, number: int, n_rows: int) -> list[Row]:  # noqa: ARG002 - one file
        """The first records, as text."""
        texts = ", ".join(f"CAST({identifier(name)} AS VARCHAR)" for name, _ in self.columns)
        try:
            return connection.execute(f"SELECT {texts} FROM {self.source} LIMIT {n_rows}").fetchall()  # noqa: S608 - quoted
        except duckdb.Error as error:
            raise unreadable(self.file.path, error) from None

    def n_records(self, connection: duckdb.DuckDBPyConnection) -> int:
        """The number of records."""
        ((n,),) = connection.execute(f"SELECT count(*) FROM {self.source}").fetchall()  # noqa: S608 - our names
        return int(n)

    def raw(self, connection: duckdb.DuckDBPyConnection) -> RawTable:  # noqa: ARG002 - nothing is copied
        """All records."""
        columns = ", ".join(f"{identifier(name)} AS c{index}" for index, (name, _) in enumerate(self.columns))
        relation = f"(SELECT {self.number} AS file, {self.place} + 1 AS record, {columns} FROM {self.source})"  # noqa: S608 - quoted
        return RawTable(relation, self.layout, tuple(kind for _, kind in self.columns), (self.number,), self.file.path)

    def locate_rejected(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Use record numbers as line numbers in ``rejected``."""
        connection.execute("UPDATE rejected SET line = record WHERE file = ?", [self.number])


def table_batch(
    connection: duckdb.DuckDBPyConnection, number: int, file: SourceFile, path: str, table: str | None
) -> TableBatch:
    """The table in `file`, which DuckDB opens by `path`; of a DuckDB file the one named `table`, or its only one.

    Raises
    ------
    SourceError
        The file is damaged, has no table, or has several and `table` names none of them.
    """
    if file.kind == "json":
        _check_letters(file)
    try:
        source, place = f"table_{number}", "rowid"
        if file.kind == "parquet":
            source, place = f"read_parquet({literal(path)}, file_row_number = true)", "file_row_number"
        elif file.kind == "duckdb":
            _copy_from_database(connection, source, file, path, table)
        else:
            _copy_from_json(connection, source, file, path)
        found = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608 - our names
    except duckdb.Error as error:
        raise unreadable(file.path, error) from None
    return TableBatch(number, file, source, place, tuple((row[0], row[1]) for row in found if row[0] != place))


def _check_letters(file: SourceFile) -> None:
    """Refuse JSON in UTF-16 or UTF-32, or with zero bytes."""
    if wide := wide_encoding(file.tally.head):
        raise SourceError(f"{file.path} is {wide} text, but JSON is read as UTF-8. Export it as UTF-8.")
    refuse_zeros(file, file.path, file.tally)


def _copy_from_json(connection: duckdb.DuckDBPyConnection, target: str, file: SourceFile, path: str) -> None:
    """Copy JSON objects with all values as text, as detected number types would merge ids of more than 15 digits."""
    keys = connection.execute(query("intake_json_keys"), {"path": path}).fetchall()
    if not keys:
        raise SourceError(f"{file.path} holds no JSON objects with keys. Export one object a line.")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {target} AS SELECT * FROM read_json($path, columns = $columns)",  # noqa: S608 - our names
        {"path": path, "columns": {key: "VARCHAR" for (key,) in keys}},
    )


def _copy_from_database(
    connection: duckdb.DuckDBPyConnection, target: str, file: SourceFile, path: str, table: str | None
) -> None:
    """Copy the named table of a DuckDB file, or its only one."""
    connection.execute(f"ATTACH {literal(path)} AS source_db (READ_ONLY)")
    try:
        found = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'source_db' ORDER BY ALL"
        ).fetchall()
        wanted = [row for row in found if table in (None, row[1])]
        if len(wanted) != 1:
            names = ", ".join(row[1] for row in found) or "none"
            raise SourceError(f"{file.path} holds the tables {names}; name one as source.table in the configuration.")
        schema, name = (identifier(part) for part in wanted[0])
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {target} AS SELECT * FROM source_db.{schema}.{name}")  # noqa: S608 - quoted
    finally:
        connection.execute("DETACH source_db")
