"""Raw tables -> the one table ``lines`` of typed values with their fates, and what could not be typed to ``rejected``."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import duckdb

from segmenter.assets import query
from segmenter.config.source import RulesConfig
from segmenter.intake.formats import given, number_of, text_of, time_of
from segmenter.intake.meaning import Meaning
from segmenter.intake.raw import CLEAN, RawTable, unreadable
from segmenter.intake.types import FATES, OTHER_CURRENCY, STATUSES

SCALES = {"amount": 4, "quantity": 3, "unit_price": 6}
CANCELLED = r"^(cancel|storn|void|annul|refus|declin|fail)"
FLOAT_ID = "^([0-9]+)[.]0+$"
# Columns that few exports fill; a table that has none of them is smaller by them.
OPTIONAL = {
    "description": "VARCHAR", "category": "VARCHAR", "quantity": "DECIMAL(18, 3)", "currency": "VARCHAR", "email": "VARCHAR",
}  # fmt: skip
ALWAYS = ("file", "customer_id", "ts", "order_id", "product", "amount", "fate", "status")


def create(connection: duckdb.DuckDBPyConnection, roles: Collection[str]) -> None:
    """Create the empty tables ``lines``, with the optional columns among `roles`, and ``rejected``.

    One row of ``lines`` is one record of the exports, in their order, whatever becomes of it: `fate` tells that, `status`
    what it counts as for its customer (NULL: for nothing). The view ``records`` shows all columns, and numbers the rows.
    """
    kept = [name for name in OPTIONAL if name in roles]
    optional = "".join(f"{name} {OPTIONAL[name]}, " for name in kept)
    connection.execute(
        "CREATE OR REPLACE TABLE lines (file INTEGER, customer_id VARCHAR, ts TIMESTAMP, order_id VARCHAR, product VARCHAR, "
        f"{optional}amount DECIMAL(18, 4), fate ENUM({_listed(FATES)}), status ENUM({_listed(STATUSES)}))"
    )
    absent = "".join(f", CAST(NULL AS {OPTIONAL[name]}) AS {name}" for name in OPTIONAL if name not in kept)
    connection.execute(f"CREATE OR REPLACE VIEW records AS SELECT rowid AS record, *{absent} FROM lines")  # noqa: S608 - ours
    connection.execute(
        'CREATE OR REPLACE TABLE rejected (file INTEGER, line BIGINT, "column" VARCHAR, reason VARCHAR, text VARCHAR, '
        "record BIGINT, begins BIGINT)"
    )


def _listed(words: Collection[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def append(connection: duckdb.DuckDBPyConnection, table: RawTable, meaning: Meaning, rules: RulesConfig) -> None:
    """Append the records of one raw table to ``lines``, and those with unreadable values to ``rejected``.

    Raises
    ------
    SourceError
        DuckDB cannot read a file.
    """
    try:
        connection.execute(*insertion(table, meaning, rules))
        asked = {"files": list(table.files)}
        if connection.execute(
            "SELECT 1 FROM lines WHERE fate = 'unreadable' AND list_contains($files, file) LIMIT 1", asked
        ).fetchall():
            _reject(connection, table, meaning, rules)
    except duckdb.Error as error:
        raise unreadable(table.path, error) from None


def remove(connection: duckdb.DuckDBPyConnection, files: Collection[int]) -> None:
    """Take the records of `files` out of ``lines`` again."""
    connection.execute("DELETE FROM lines WHERE list_contains($files, file)", {"files": list(files)})


def insertion(table: RawTable, meaning: Meaning, rules: RulesConfig) -> tuple[str, dict[str, Any]]:
    """The statement that appends a raw table to ``lines``, with its parameters."""
    kept = [*ALWAYS, *(name for name in OPTIONAL if name in meaning.roles.index)]
    columns = ", ".join(kept)
    statement = (
        f"INSERT INTO lines ({columns}) WITH typed AS (SELECT file, {_typed(table, meaning, rules)} FROM {table.relation}) "  # noqa: S608 - ours
        f"SELECT {columns} FROM ({query('intake_lines')})"
    )
    return statement, {**table.parameters, **policies(rules), **_currency(meaning, rules)}


def policies(rules: RulesConfig) -> dict[str, Any]:
    """Parameters of ``queries/intake_lines.sql``."""
    return {
        "cancelled": CANCELLED,
        "non_product": rules.non_product_pattern,
        "drop_non_products": rules.non_product_codes == "set_aside",
        "drop_negative_price": rules.negative_price == "set_aside",
        "drop_zero": rules.zero_price == "set_aside",
        "drop_cancellations": rules.cancellations == "drop",
    }


def _currency(meaning: Meaning, rules: RulesConfig) -> dict[str, str]:
    return {"currency": rules.currency.upper()} if rules.currency and "currency" in meaning.roles.index else {}


def _reject(connection: duckdb.DuckDBPyConnection, table: RawTable, meaning: Meaning, rules: RulesConfig) -> None:
    """Add the records with unreadable values, verbatim; their lines are named later."""
    verbatim = ", ".join(f"coalesce(CAST(c{index} AS VARCHAR), '')" for index in range(len(table.layout.header)))
    connection.execute(
        "INSERT INTO rejected SELECT file, NULL, faulty, fault, text, record, NULL FROM (SELECT file, record, "  # noqa: S608 - our names
        f"{_fault(table, meaning, rules)} AS fault, {_faulty(table, meaning, rules)} AS faulty, "
        f"concat_ws(',', {verbatim}) AS text FROM {table.relation}) WHERE fault IS NOT NULL",
        {**table.parameters, **_currency(meaning, rules), "header": list(table.layout.header)},
    )


def _typed(table: RawTable, meaning: Meaning, rules: RulesConfig) -> str:
    """SQL of the typed values that ``queries/intake_lines.sql`` judges."""
    columns = {f"{role}_id" if role == "order" else role: _text(table, meaning, role) for role in
               ("order", "product", "description", "category", "status", "currency")}  # fmt: skip
    columns |= {
        "customer_id": _customer(table, meaning),
        "ts": _time(table, meaning),
        "quantity": _number(table, meaning, "quantity"),
        "unit_price": _number(table, meaning, "unit_price"),
        "amount": _amount(table, meaning),
        "email": _email(table, meaning),
        "fault": _fault(table, meaning, rules),
    }
    return ", ".join(f"{sql} AS {name}" for name, sql in columns.items())


def _column(table: RawTable, meaning: Meaning, role: str) -> tuple[str, str]:
    """Name and type of the column in a role."""
    index = meaning.roles.index[role]
    return f"c{index}", table.types[index]


def _text(table: RawTable, meaning: Meaning, role: str) -> str:
    if role not in meaning.roles.index:
        return "CAST(NULL AS VARCHAR)"
    return text_of(*_column(table, meaning, role))


def _email(table: RawTable, meaning: Meaning) -> str:
    """SQL of an address's SHA-256, of its text trimmed and in lower case, as platforms take it; the address goes nowhere."""
    if "email" not in meaning.roles.index:
        return "CAST(NULL AS VARCHAR)"
    address = _text(table, meaning, "email")
    return f"CASE WHEN {address} LIKE '%_@_%' THEN sha256(lower({address})) END"


def _customer(table: RawTable, meaning: Meaning) -> str:
    """SQL of a customer id; the ``.0`` of an id that went through a float is cut off."""
    column, kind = _column(table, meaning, "customer")
    return column if kind == CLEAN else f"regexp_replace({text_of(column, kind)}, '{FLOAT_ID}', '\\1')"


def _time(table: RawTable, meaning: Meaning) -> str:
    return time_of(*_column(table, meaning, "time"), meaning.formats.order)


def _number(table: RawTable, meaning: Meaning, role: str) -> str:
    if role not in meaning.roles.index:
        return f"CAST(NULL AS DECIMAL(18, {SCALES[role]}))"
    return number_of(*_column(table, meaning, role), meaning.formats.decimal, SCALES[role])


def _amount(table: RawTable, meaning: Meaning) -> str:
    if "amount" in meaning.roles.index:
        return _number(table, meaning, "amount")
    price = _number(table, meaning, "unit_price")
    wide = f"CAST({price} AS DECIMAL(20, 6))"  # else DuckDB multiplies within 18 digits
    has_quantity = "quantity" in meaning.roles.index
    money = f"{wide} * {_number(table, meaning, 'quantity')}" if has_quantity else price
    return f"TRY_CAST(round({money}, 4) AS DECIMAL(18, 4))"


def _fault(table: RawTable, meaning: Meaning, rules: RulesConfig) -> str:
    """SQL of the reason why a record cannot be read, NULL where it can; an empty cell is no fault."""
    return _case((condition, f"'{reason}'") for condition, reason, _ in _faults(table, meaning, rules))


def _faulty(table: RawTable, meaning: Meaning, rules: RulesConfig) -> str:
    """SQL of the name, in ``$header``, of the column that the reason is about."""
    places = meaning.roles.index
    return _case((condition, f"$header[{places[role] + 1}]") for condition, _, role in _faults(table, meaning, rules))


def _case(cases: Iterable[tuple[str, str]]) -> str:
    return f"CASE {' '.join(f'WHEN {condition} THEN {value}' for condition, value in cases)} END"


def _faults(table: RawTable, meaning: Meaning, rules: RulesConfig) -> list[tuple[str, str, str]]:
    """Every fault that a record may have: SQL that is true where it has it, the reason, and the role of the column."""
    roles = meaning.roles.index
    known = {role: given(*_column(table, meaning, role)) for role in ("time", *SCALES) if role in roles}
    found = [(f"{known['time']} AND {_time(table, meaning)} IS NULL", "a date that cannot be read", "time")]
    found += [
        (f"{known[role]} AND {_number(table, meaning, role)} IS NULL", "a number that cannot be read", role)
        for role in SCALES
        if role in roles
    ]
    if "amount" not in roles and "quantity" in roles:
        both = f"{known['quantity']} AND {known['unit_price']}"
        found.append((f"{both} AND {_amount(table, meaning)} IS NULL", "an amount beyond all money", "unit_price"))
    if _currency(meaning, rules):
        text = _text(table, meaning, "currency")
        found.append((f"upper({text}) <> $currency", OTHER_CURRENCY, "currency"))
    return found
