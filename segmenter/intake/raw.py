"""What stands between a file and the table ``lines``: records in columns, nothing interpreted yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import duckdb

from segmenter.errors import SourceError

Row = tuple[str | None, ...]
Rows = list[Row]
TEXT = "VARCHAR"  # of columns whose text has still to be cleaned and understood
INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
MOMENTS = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"}


@dataclass(frozen=True)
class Layout:
    """What files share that are understood together: column names, and the kind of file."""

    header: tuple[str, ...]
    kind: str

    @property
    def is_text(self) -> bool:
        """True for text cut by a delimiter, of which many files can share a layout."""
        return self.kind.startswith("text")


@dataclass(frozen=True)
class RawTable:
    """Records as DuckDB sees them.

    `relation` is what stands behind FROM, with its `parameters`: the columns ``file`` (its number among the sources),
    ``record`` (which of the file's whole records it is, from 1) and ``c0, c1, ...`` in header order, of `types`: `TEXT`
    or what DuckDB calls them. `files` are those numbers, `path` the first file's, for messages, and `delimiter` parts the
    cells of a record that is written out.
    """

    relation: str
    layout: Layout
    types: tuple[str, ...]
    files: tuple[int, ...]
    path: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    delimiter: str = ","


class Batch(Protocol):
    """Files of one layout that are read together."""

    @property
    def layout(self) -> Layout:
        """What they have in common."""

    @property
    def dialects(self) -> Mapping[int, str]:
        """Per file, by its number, how it is read, in words."""

    def head(self, connection: duckdb.DuckDBPyConnection, number: int, n_rows: int) -> Rows:
        """The first records of one of the files, as text."""

    def raw(self, connection: duckdb.DuckDBPyConnection) -> RawTable:
        """All records that can be cut into columns; the others are added to ``rejected``.

        Raises
        ------
        SourceError
            A file cannot be read, or what was read differs from an independent count of its records.
        """

    def locate_rejected(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Put the lines that an editor shows in place of record numbers in ``rejected``."""


def identifier(name: str) -> str:
    """`name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text` as a quoted SQL string, for statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def unreadable(path: Path, error: duckdb.Error) -> Exception:
    """What to raise where DuckDB cannot read the file at `path`; an interrupt stays one."""
    if isinstance(error, duckdb.InterruptException):
        return error
    reason = str(error).split("\n", 1)[0].rstrip(". ")
    return SourceError(f"{path} cannot be read: {reason}. Export it again.")
