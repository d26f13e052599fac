"""Raw tables: the records of files in columns, before any value is interpreted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from segmenter.errors import SourceError

TEXT = "VARCHAR"  # the type of columns whose text has still to be parsed
INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
MOMENTS = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"}


@dataclass(frozen=True)
class Layout:
    """What files have in common that share a schema: column names, and the kind of file."""

    header: tuple[str, ...]
    kind: str

    @property
    def is_text(self) -> bool:
        """True for delimited text, of which many files can share a layout."""
        return self.kind.startswith("text")


@dataclass(frozen=True)
class RawTable:
    """A relation of raw records in DuckDB.

    `relation` is SQL to follow FROM, with its `parameters`. Its columns are ``file`` (the file's number), ``record`` (the
    record's number within the file, from 1, malformed records not counted) and ``c0, c1, ...`` in header order, of DuckDB's
    `types`. `files` are the file numbers, `path` is the first file's, for messages, and `delimiter` separates the cells
    of a record that is written out.
    """

    relation: str
    layout: Layout
    types: tuple[str, ...]
    files: tuple[int, ...]
    path: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    delimiter: str = ","


def identifier(name: str) -> str:
    """`name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text` as a quoted SQL string, for statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def unreadable(path: Path, error: duckdb.Error) -> Exception:
    """The exception to raise where DuckDB cannot read the file at `path`; an interrupt is passed on as it is."""
    if isinstance(error, duckdb.InterruptException):
        return error
    reason = str(error).split("\n", 1)[0].rstrip(". ")
    return SourceError(f"{path} cannot be read: {reason}. Export it again.")
