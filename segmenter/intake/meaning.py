"""Files of one layout -> which column plays which role, and how dates and numbers are written in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Protocol

import duckdb

from segmenter.config.source import SourceConfig
from segmenter.intake.formats import Evidence, Formats, gather, settle
from segmenter.intake.readers import Layout, RawTable
from segmenter.intake.roles import Roles, recognise

SAMPLE = 2000
Rows = list[tuple[str | None, ...]]


@dataclass(frozen=True)
class Meaning:
    """How the records of a layout are read: roles of the columns, formats of dates and numbers."""

    roles: Roles
    formats: Formats


class Known(Protocol):
    """A file that was read before: what was found in it then, and the first of its records."""

    @property
    def meaning(self) -> Meaning:
        """How it was read."""

    @property
    def evidence(self) -> Evidence:
        """What its dates and numbers looked like, in the columns of those roles."""

    def head(self, connection: duckdb.DuckDBPyConnection, n_rows: int) -> Rows:
        """Its first records as text."""


class ReadAgainError(Exception):
    """Files read before that would be read otherwise now that others came: the export's layout means another thing."""

    def __init__(self, files: frozenset[int]) -> None:
        super().__init__(files)
        self.files = files


@dataclass(frozen=True)
class Understood:
    """A layout with its meaning, its files in order, and the evidence of those that were read just now."""

    layout: Layout
    meaning: Meaning
    files: tuple[int, ...]
    evidence: dict[int, Evidence]


def understand(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[RawTable],
    known: Mapping[int, Known],
    layout: Layout,
    name: str,
    source: SourceConfig,
) -> Understood:
    """The meaning of `layout`, of which `tables` were read just now and `known` before; `name` is for messages.

    Raises
    ------
    ReadAgainError
        Some of `known` were read with another meaning.
    SourceError
        A column that is needed is missing or ambiguous, or dates or numbers can be read in two ways.
    """
    files = tuple(sorted([*(number for table in tables for number in table.dialects), *known]))
    roles = recognise(layout.header, _sample(connection, tables, known, files), source.columns, name)
    _check_same(known, lambda meaning: meaning.roles.index == roles.index)
    columns = [f"c{roles.index[role]}" for role in ("amount", "quantity", "unit_price") if role in roles.index]
    found = [gather(connection, table.name, f"c{roles.index['time']}", columns) for table in tables]
    fresh = {number: evidence for each in found for number, evidence in each.items()}
    evidence = reduce(add, [*(each.evidence for each in known.values()), *fresh.values()], Evidence())
    formats = settle(evidence, layout.is_typed, name, source)
    _check_same(known, lambda meaning: meaning.formats == formats)
    return Understood(layout, Meaning(roles, formats), files, fresh)


def _check_same(known: Mapping[int, Known], is_same: Callable[[Meaning], bool]) -> None:
    strays = frozenset(number for number, each in known.items() if not is_same(each.meaning))
    if strays:
        raise ReadAgainError(strays)


def _sample(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[RawTable],
    known: Mapping[int, Known],
    files: Sequence[int],
) -> Rows:
    """The first records of the first files."""
    found: Rows = []
    homes = {number: table for table in tables for number in table.dialects}
    for number in files:
        wanted = SAMPLE - len(found)
        if wanted and number in known:
            found += known[number].head(connection, wanted)
        elif wanted:
            found += _head(connection, homes[number], number, wanted)
    return found


def _head(connection: duckdb.DuckDBPyConnection, table: RawTable, number: int, n_rows: int) -> Rows:
    """The first records of one file of a raw table, as text."""
    columns = ", ".join(f"c{index}" for index in range(len(table.layout.header)))
    return connection.execute(
        f"SELECT {columns} FROM {table.name} WHERE file = ? ORDER BY line LIMIT {n_rows}",  # noqa: S608 - our names
        [number],
    ).fetchall()
