"""Raw tables of text -> the one table ``lines`` of typed values, and what could not be typed to ``rejected``."""

from __future__ import annotations

import duckdb

from segmenter.assets import query
from segmenter.intake.formats import Formats, number_sql, time_sql
from segmenter.intake.meaning import Meaning
from segmenter.intake.readers import RawTable

SCALES = {"amount": 4, "quantity": 3, "unit_price": 6}
NOTHING = "'nan', 'null', 'none', 'n/a', 'na', '#n/a', '-'"


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the empty table ``lines``: one row per record of an export, typed, whatever becomes of it."""
    connection.execute(query("intake_lines"))


def append(connection: duckdb.DuckDBPyConnection, table: RawTable, meaning: Meaning) -> None:
    """Append the records of one raw table to ``lines``, and those with unreadable values to ``rejected``."""
    formats, columns = meaning.formats, {role: f"c{index}" for role, index in meaning.roles.index.items()}
    amount, fault = _amount(columns, formats), _fault(columns, formats)
    connection.execute(
        "INSERT INTO lines SELECT file, line, "  # noqa: S608 - our names
        f"{_customer(columns['customer'])}, {time_sql(_trimmed(columns['time']), formats.order)}, "
        f"{_text(columns.get('order'))}, {_text(columns.get('product'))}, {_text(columns.get('description'))}, "
        f"{_text(columns.get('category'))}, {_number(columns, 'quantity', formats)}, "
        f"{_number(columns, 'unit_price', formats)}, {amount}, "
        f"{_text(columns.get('status'))}, {_text(columns.get('currency'))}, {_email(columns.get('email'))}, {fault} FROM {table.name}"
    )
    verbatim = ", ".join(f"coalesce(r.c{index}, '')" for index in range(len(table.layout.header)))
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


def _email(column: str | None) -> str:
    """SQL of an address, trimmed and in lower case, as platforms hash it; NULL where there is none."""
    if column is None:
        return "CAST(NULL AS VARCHAR)"
    return f"CASE WHEN {column} LIKE '%_@_%' THEN lower(trim({column})) END"


def _customer(column: str) -> str:
    """SQL of a customer id; the ``.0`` of an id that went through a float is cut off."""
    return f"regexp_replace({_text(column)}, '^([0-9]+)[.]0+$', '\\1')"


def _number(columns: dict[str, str], role: str, formats: Formats) -> str:
    if role in columns:
        return number_sql(_trimmed(columns[role]), formats.decimal, SCALES[role])
    return f"CAST(NULL AS DECIMAL(18, {SCALES[role]}))"


def _amount(columns: dict[str, str], formats: Formats) -> str:
    if "amount" in columns:
        return _number(columns, "amount", formats)
    price = _number(columns, "unit_price", formats)
    wide = f"CAST({price} AS DECIMAL(20, 6))"  # else DuckDB multiplies within 18 digits
    money = f"{wide} * {_number(columns, 'quantity', formats)}" if "quantity" in columns else price
    return f"TRY_CAST(round({money}, 4) AS DECIMAL(18, 4))"


def _fault(columns: dict[str, str], formats: Formats) -> str:
    """SQL of the reason why a record cannot be read, NULL where it can; an empty cell is no fault."""
    time, cases = columns["time"], []
    filled = f"{_text(time)} IS NOT NULL"
    cases.append(
        f"WHEN {filled} AND {time_sql(_trimmed(time), formats.order)} IS NULL THEN 'a date that cannot be read'"
    )
    for role in SCALES:
        if role in columns:
            value, known = _number(columns, role, formats), f"{_text(columns[role])} IS NOT NULL"
            cases.append(f"WHEN {known} AND {value} IS NULL THEN 'a number that cannot be read ({role})'")
    if "amount" not in columns and "quantity" in columns:
        given = " AND ".join(f"{_text(columns[role])} IS NOT NULL" for role in ("quantity", "unit_price"))
        cases.append(f"WHEN {given} AND {_amount(columns, formats)} IS NULL THEN 'an amount beyond all money'")
    return f"CASE {' '.join(cases)} END"
