"""Appends raw tables to the table ``lines`` of typed records with their fates, and unreadable ones to ``rejected`` as well."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import duckdb

from segmenter.assets import query
from segmenter.config.source import RulesConfig
from segmenter.intake.cells import TableCells
from segmenter.intake.orders import COLUMN_OF_ROLE, leaves_blank, with_orders
from segmenter.intake.raw import RawTable, unreadable
from segmenter.intake.records import Step, cells_of, currency_fault, policies, steps
from segmenter.intake.schema import Schema
from segmenter.intake.types import FATES, STATUSES

# Columns that not every export fills; they are left out of the table where none does, to save memory.
OPTIONAL = {
    "order_id": "VARCHAR", "description": "VARCHAR", "category": "VARCHAR", "quantity": "DECIMAL(18, 3)", "currency": "VARCHAR",
    "email": "VARCHAR", "refunded": "DECIMAL(18, 4)", "has_status": "BOOLEAN",
}  # fmt: skip
ALWAYS = ("file", "customer_id", "ts", "product", "amount", "fate", "status")


def create(connection: duckdb.DuckDBPyConnection, roles: Collection[str]) -> None:
    """Create the empty tables ``lines``, with the optional columns among `roles`, and ``rejected``.

    One row of ``lines`` is one record of the exports, in order: `fate` says what becomes of it, `status` what it counts as
    for its customer (NULL: nothing). The view ``records`` has all optional columns, and numbers the rows.
    """
    present = _optional_columns(roles)
    optional = "".join(f"{name} {OPTIONAL[name]}, " for name in present)
    for name, words in (("fate", FATES), ("status", STATUSES)):
        connection.execute(
            f"CREATE TYPE IF NOT EXISTS {name} AS ENUM {words}"
        )  # SQL writes such a list as Python a tuple
    connection.execute(
        "CREATE OR REPLACE TABLE lines (file INTEGER, customer_id VARCHAR, ts TIMESTAMP, product VARCHAR, "
        f"{optional}amount DECIMAL(18, 4), fate fate, status status)"
    )
    absent = "".join(f", CAST(NULL AS {OPTIONAL[name]}) AS {name}" for name in OPTIONAL if name not in present)
    connection.execute(f"CREATE OR REPLACE VIEW records AS SELECT rowid AS record, *{absent} FROM lines")  # noqa: S608 - ours
    connection.execute(
        'CREATE OR REPLACE TABLE rejected (file INTEGER, line BIGINT, "column" VARCHAR, reason VARCHAR, text VARCHAR, '
        "record BIGINT, begins BIGINT)"
    )


def _optional_columns(roles: Collection[str]) -> list[str]:
    """The optional columns that `roles` fill."""
    filled = {{"order": "order_id", **COLUMN_OF_ROLE}.get(role, role) for role in roles}
    return [name for name in OPTIONAL if name in filled]


def append(connection: duckdb.DuckDBPyConnection, table: RawTable, schema: Schema, rules: RulesConfig) -> None:
    """Append the records of one raw table to ``lines``, and those with unreadable values to ``rejected``.

    Raises
    ------
    SourceError
        DuckDB cannot read a file.
    """
    try:
        connection.execute(*insertion(table, schema, rules))
        orders = leaves_blank(connection, table.files, schema.roles.index)
        if orders:
            remove(connection, table.files)
            connection.execute(*insertion(table, schema, rules, orders=True))
        faulty = "SELECT 1 FROM lines WHERE fate = 'unreadable' AND list_contains($files, file) LIMIT 1"
        if connection.execute(faulty, {"files": list(table.files)}).fetchall():
            _reject(connection, table, schema, rules, orders)
    except duckdb.Error as error:
        raise unreadable(table.path, error) from None


def remove(connection: duckdb.DuckDBPyConnection, files: Collection[int]) -> None:
    """Remove the records of `files` from ``lines``."""
    connection.execute("DELETE FROM lines WHERE list_contains($files, file)", {"files": list(files)})


def insertion(
    table: RawTable, schema: Schema, rules: RulesConfig, *, orders: bool = False
) -> tuple[str, dict[str, Any]]:
    """The statement that appends a raw table to ``lines``, with its parameters.

    With `orders`, blank cells are filled in from other lines of the order.
    """
    columns = ", ".join([*ALWAYS, *_optional_columns(schema.roles.index)])
    statement = (
        f"INSERT INTO lines ({columns}) WITH typed AS ({_typed(table, schema, rules, orders=orders)}) "  # noqa: S608 - ours
        f"SELECT {columns} FROM ({query('intake_lines')})"
    )
    return statement, {**table.parameters, **policies(rules)}


def _reject(
    connection: duckdb.DuckDBPyConnection, table: RawTable, schema: Schema, rules: RulesConfig, orders: bool
) -> None:
    """Add the records with unreadable values to ``rejected``, verbatim; line numbers are added later."""
    cells = ", ".join(_written(f"c{index}") for index in range(len(table.layout.header)))
    typed = _typed(table, schema, rules, {"verbatim": f"concat_ws($delimiter, {cells})"}, orders=orders)
    connection.execute(
        f"INSERT INTO rejected SELECT file, NULL, $header[faulty], fault, verbatim, record, NULL FROM ({typed}) "  # noqa: S608 - ours
        "WHERE fault IS NOT NULL",
        {**table.parameters, "header": list(table.layout.header), "delimiter": table.delimiter},
    )


def _written(column: str) -> str:
    """SQL of a cell as it is written in CSV, quoted where needed."""
    text = f"coalesce(CAST({column} AS VARCHAR), '')"
    ends = f"contains({text}, $delimiter) OR regexp_matches({text}, '[\"\n\r]')"
    return f"CASE WHEN {ends} THEN '\"' || replace({text}, '\"', '\"\"') || '\"' ELSE {text} END"


def _typed(
    table: RawTable, schema: Schema, rules: RulesConfig, more: Step | None = None, *, orders: bool = False
) -> str:
    """SQL of the typed records of a raw table, with `more` columns (see `segmenter.intake.records`).

    Each step is a SELECT of its own, because DuckDB computes a value that is used several times only once if it is a column.
    """
    numbered = {"record": "record"} if orders or more else {}
    cells = {**cells_of(TableCells(table, schema), schema.roles), **numbered, **(more or {})}
    typed, known = f"SELECT file, {_named(cells)} FROM {table.relation}", set(cells)  # noqa: S608 - our names
    for step in steps(schema.roles, rules):
        typed, known = _with_step(step, typed, known), known | step.keys()
    if orders:
        typed = with_orders(typed)
    return _with_step(currency_fault(schema.roles, rules), typed, known)


def _with_step(step: Step, records: str, known: Collection[str]) -> str:
    """SQL of `records`, which have the columns `known`, with those of `step` replaced or added."""
    replaced = {name: sql for name, sql in step.items() if name in known}
    added = {name: sql for name, sql in step.items() if name not in known}
    columns = "*" + (f" REPLACE ({_named(replaced)})" if replaced else "") + (f", {_named(added)}" if added else "")
    return f"SELECT {columns} FROM ({records})"  # noqa: S608 - our names


def _named(columns: Step) -> str:
    return ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
