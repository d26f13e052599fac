"""Raw tables of text -> the one table ``lines`` of typed values, and what could not be typed to ``rejected``."""

from __future__ import annotations

import duckdb

from segmenter.assets import query
from segmenter.intake.formats import Formats, number_sql, time_sql
from segmenter.intake.readers import RawTable
from segmenter.intake.roles import Roles

NOTHING = "'nan', 'null', 'none', 'n/a', 'na', '#n/a', '-'"


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the empty table ``lines``: one row per record of an export, typed, whatever becomes of it."""
    connection.execute(query("intake_lines"))


def append(connection: duckdb.DuckDBPyConnection, table: RawTable, roles: Roles, formats: Formats) -> None:
    """Append the records of one raw table to ``lines``, and those with unreadable values to ``rejected``."""
    columns = {role: f"c{index}" for role, index in roles.index.items()}
    amount, fault = _amount(columns, formats), _fault(columns, formats)
    connection.execute(
        "INSERT INTO lines SELECT file, line, "  # noqa: S608 - our names
        f"{_customer(columns['customer'])}, {time_sql(_trimmed(columns['time']), formats.order)}, "
        f"{_text(columns.get('order'))}, {_text(columns.get('product'))}, {_text(columns.get('description'))}, "
        f"{_text(columns.get('category'))}, {_number(columns.get('quantity'), formats, 3)}, "
        f"{_number(columns.get('unit_price'), formats, 6)}, CAST({amount} AS DECIMAL(18, 4)), "
        f"{_text(columns.get('status'))}, {_text(columns.get('currency'))}, {fault} FROM {table.name}"
    )
    verbatim = ", ".join(f"coalesce(r.c{index}, '')" for index in range(len(table.header)))
    connection.execute(
        f"INSERT INTO rejected SELECT r.file, r.line, l.fault, concat_ws(',', {verbatim}) FROM {table.name} r "  # noqa: S608 - our names
        "JOIN lines l ON l.file = r.file AND l.line = r.line WHERE l.fault IS NOT NULL"
    )


def _trimmed(column: str) -> str:
    return f"trim({column})"


def _text(column: str | None) -> str:
    """SQL of a text value; what exports write for nothing is NULL."""
    if column is None:
        return "CAST(NULL AS VARCHAR)"
    return f"CASE WHEN lower(trim({column})) NOT IN ('', {NOTHING}) THEN trim({column}) END"


def _customer(column: str) -> str:
    """SQL of a customer id; the ``.0`` of an id that went through a float is cut off."""
    return f"regexp_replace({_text(column)}, '^([0-9]+)[.]0+$', '\\1')"


def _number(column: str | None, formats: Formats, scale: int) -> str:
    return number_sql(_trimmed(column), formats.decimal, scale) if column else f"CAST(NULL AS DECIMAL(28, {scale}))"


def _amount(columns: dict[str, str], formats: Formats) -> str:
    if "amount" in columns:
        return f"TRY_CAST({_number(columns['amount'], formats, 4)} AS DECIMAL(18, 4))"
    price = f"TRY_CAST({_number(columns['unit_price'], formats, 6)} AS DECIMAL(16, 6))"
    if "quantity" not in columns:
        return price
    return f"TRY_CAST(round({price} * TRY_CAST({_number(columns['quantity'], formats, 3)} AS DECIMAL(15, 3)), 4) AS DECIMAL(18, 4))"


def _fault(columns: dict[str, str], formats: Formats) -> str:
    """SQL of the reason why a record cannot be read, NULL where it can; an empty cell is no fault."""
    time, cases = columns["time"], []
    filled = f"{_text(time)} IS NOT NULL"
    cases.append(
        f"WHEN {filled} AND {time_sql(_trimmed(time), formats.order)} IS NULL THEN 'a date that cannot be read'"
    )
    for role in ("amount", "quantity", "unit_price"):
        if role in columns:
            value, known = _number(columns[role], formats, 6), f"{_text(columns[role])} IS NOT NULL"
            cases.append(f"WHEN {known} AND {value} IS NULL THEN 'a number that cannot be read ({role})'")
    return f"CASE {' '.join(cases)} END"
