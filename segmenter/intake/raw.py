"""What stands between a file and the table ``lines``: records in columns, nothing interpreted yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from segmenter.errors import SourceError

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
