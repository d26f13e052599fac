"""Raw tables -> the one table ``lines`` of typed values with their fates, and what could not be typed to ``rejected``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import duckdb

from segmenter.assets import query
from segmenter.config.source import RulesConfig
from segmenter.intake.flags import NO
from segmenter.intake.kinds import of_kinds
from segmenter.intake.meaning import Meaning
from segmenter.intake.moments import believable
from segmenter.intake.orders import FILLED, leaves_blank, with_orders
from segmenter.intake.raw import RawTable, literal, unreadable
from segmenter.intake.statuses import CANCELLED, REFUNDED
from segmenter.intake.types import FATES, OTHER_CURRENCY, STATUSES
from segmenter.intake.values import given, number_of, since_midnight, text_of, time_of

SCALES = {"amount": 4, "quantity": 3, "unit_price": 6, "refunded": 4, "credit": 4}
FLOAT_ID = "^([0-9]+)[.]0+$"  # of an id that went through a float
WHOLE_ID = f"CASE WHEN contains(customer, '.') THEN regexp_replace(customer, '{FLOAT_ID}', '\\1') ELSE customer END"
# Columns that not every export fills; a table that has none of them is smaller by them.
OPTIONAL = {
    "order_id": "VARCHAR", "description": "VARCHAR", "category": "VARCHAR", "quantity": "DECIMAL(18, 3)", "currency": "VARCHAR",
    "email": "VARCHAR", "refunded": "DECIMAL(18, 4)", "has_status": "BOOLEAN",
}  # fmt: skip
OTHER = "upper(currency) <> $currency"
ALWAYS = ("file", "customer_id", "ts", "product", "amount", "fate", "status")


def create(connection: duckdb.DuckDBPyConnection, roles: Collection[str]) -> None:
    """Create the empty tables ``lines``, with the optional columns among `roles`, and ``rejected``.

    One row of ``lines`` is one record of the exports, in their order, whatever becomes of it: `fate` tells that, `status`
    what it counts as for its customer (NULL: for nothing). The view ``records`` shows all columns, and numbers the rows.
    """
    kept = _kept(roles)
    optional = "".join(f"{name} {OPTIONAL[name]}, " for name in kept)
    for name, words in (("fate", FATES), ("status", STATUSES)):
        connection.execute(f"CREATE TYPE IF NOT EXISTS {name} AS ENUM ({_listed(words)})")
    connection.execute(
        "CREATE OR REPLACE TABLE lines (file INTEGER, customer_id VARCHAR, ts TIMESTAMP, product VARCHAR, "
        f"{optional}amount DECIMAL(18, 4), fate fate, status status)"
    )
    absent = "".join(f", CAST(NULL AS {OPTIONAL[name]}) AS {name}" for name in OPTIONAL if name not in kept)
    connection.execute(f"CREATE OR REPLACE VIEW records AS SELECT rowid AS record, *{absent} FROM lines")  # noqa: S608 - ours
    connection.execute(
        'CREATE OR REPLACE TABLE rejected (file INTEGER, line BIGINT, "column" VARCHAR, reason VARCHAR, text VARCHAR, '
        "record BIGINT, begins BIGINT)"
    )


def _kept(roles: Collection[str]) -> list[str]:
    """The optional columns that `roles` fill."""
    filled = {{"order": "order_id", **FILLED}.get(role, role) for role in roles}
    return [name for name in OPTIONAL if name in filled]


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
        orders = leaves_blank(connection, table.files, meaning.roles.index)
        if orders:
            remove(connection, table.files)
            connection.execute(*insertion(table, meaning, rules, orders=True))
        asked = {"files": list(table.files)}
        if connection.execute(
            "SELECT 1 FROM lines WHERE fate = 'unreadable' AND list_contains($files, file) LIMIT 1", asked
        ).fetchall():
            _reject(connection, table, meaning, rules, orders)
    except duckdb.Error as error:
        raise unreadable(table.path, error) from None


def remove(connection: duckdb.DuckDBPyConnection, files: Collection[int]) -> None:
    """Take the records of `files` out of ``lines`` again."""
    connection.execute("DELETE FROM lines WHERE list_contains($files, file)", {"files": list(files)})


def insertion(
    table: RawTable, meaning: Meaning, rules: RulesConfig, *, orders: bool = False
) -> tuple[str, dict[str, Any]]:
    """The statement that appends a raw table to ``lines``, with its parameters.

    With `orders`, what an order says on one of its lines holds for those that leave it blank.
    """
    columns = ", ".join([*ALWAYS, *_kept(meaning.roles.index)])
    statement = (
        f"INSERT INTO lines ({columns}) WITH typed AS ({_typed(table, meaning, rules, orders=orders)}) "  # noqa: S608 - ours
        f"SELECT {columns} FROM ({query('intake_lines')})"
    )
    return statement, {**table.parameters, **policies(rules), **_currency(meaning, rules)}


def nobody(rules: RulesConfig) -> dict[str, list[str]]:
    """The customer ids that stand for nobody, as exports write them, by the fate of their rows."""
    words = {"no_customer": rules.guest_ids, "total": rules.total_ids}
    cases = (str, str.lower, str.upper, str.title)
    return {fate: [case(word) for word in ids for case in cases] for fate, ids in words.items()}


def policies(rules: RulesConfig) -> dict[str, Any]:
    """Parameters of ``queries/intake_lines.sql``."""
    return {
        "cancelled": CANCELLED,
        "refunded": REFUNDED,
        "non_product": rules.non_product_pattern,
        "drop_non_products": rules.non_product_codes == "set_aside",
        "drop_negative_price": rules.negative_price == "set_aside",
        "drop_zero": rules.zero_price == "set_aside",
        "drop_cancellations": rules.cancellations == "drop",
    }


def _currency(meaning: Meaning, rules: RulesConfig) -> dict[str, str]:
    return {"currency": rules.currency.upper()} if rules.currency and "currency" in meaning.roles.index else {}


def _reject(
    connection: duckdb.DuckDBPyConnection, table: RawTable, meaning: Meaning, rules: RulesConfig, orders: bool
) -> None:
    """Add the records with unreadable values as they stand in the export; their lines are named later."""
    cells = ", ".join(_written(f"c{index}") for index in range(len(table.layout.header)))
    typed = _typed(table, meaning, rules, {"verbatim": f"concat_ws($delimiter, {cells})"}, orders=orders)
    connection.execute(
        f"INSERT INTO rejected SELECT file, NULL, {_faulty(meaning, rules)}, fault, verbatim, record, NULL FROM ({typed}) "  # noqa: S608 - ours
        "WHERE fault IS NOT NULL",
        {
            **table.parameters,
            **_currency(meaning, rules),
            "header": list(table.layout.header),
            "delimiter": table.delimiter,
        },
    )


def _written(column: str) -> str:
    """SQL of a cell as a record has it, in quotes where it holds what would end it."""
    text = f"coalesce(CAST({column} AS VARCHAR), '')"
    ends = f"contains({text}, $delimiter) OR regexp_matches({text}, '[\"\n\r]')"
    return f"CASE WHEN {ends} THEN '\"' || replace({text}, '\"', '\"\"') || '\"' ELSE {text} END"


def _typed(
    table: RawTable,
    meaning: Meaning,
    rules: RulesConfig,
    more: Mapping[str, str] | None = None,
    *,
    orders: bool = False,
) -> str:
    """SQL of the typed values that ``queries/intake_lines.sql`` judges, and of `more` columns.

    Several levels, because a value that several conditions ask for is computed once only where it is a column.
    """
    numbered = {"record": "record"} if orders or more else {}
    cells = ", ".join(
        f"{sql} AS {name}" for name, sql in {**_cells(table, meaning), **numbered, **(more or {})}.items()
    )
    read = f"SELECT file, {cells} FROM {table.relation}"  # noqa: S608 - our names
    whole = f"SELECT * REPLACE ({_moment(meaning)} AS ts), {_customer(meaning)} AS customer_id, {_amount(meaning)} AS amount FROM ({read})"  # noqa: S608 - our names
    typed = f"SELECT *, {_case((sql, _said(reason)) for sql, reason, _ in _faults(meaning))} AS fault FROM ({whole})"  # noqa: S608 - our names
    typed = _of_kinds(typed, rules)
    if orders:
        typed = with_orders(typed)
    if _currency(meaning, rules):
        typed = f"SELECT * REPLACE (CASE WHEN fault IS NULL AND NOT is_other AND {OTHER} THEN {_said(OTHER_CURRENCY)} ELSE fault END AS fault) FROM ({typed})"  # noqa: S608 - ours
    return typed


def _of_kinds(typed: str, rules: RulesConfig) -> str:
    """SQL of the records `typed` with what their kinds say: `is_other` of those that do not count, and a minus of what went back."""
    kinds = of_kinds(rules, lambda words: f"list_contains([{', '.join(map(literal, words))}], lower(kind))")
    return (
        f"SELECT * REPLACE (CASE WHEN NOT {kinds.other} THEN fault END AS fault, CASE WHEN NOT {kinds.other} THEN refunded END AS refunded, "  # noqa: S608 - ours
        f"CASE WHEN {kinds.back} AND amount > 0 THEN CAST(-amount AS DECIMAL(18, 4)) ELSE amount END AS amount, "
        f"CASE WHEN {kinds.back} AND quantity > 0 THEN CAST(-quantity AS DECIMAL(18, 3)) ELSE quantity END AS quantity), "
        f"{kinds.other} AS is_other FROM ({typed})"
    )


def _cells(table: RawTable, meaning: Meaning) -> dict[str, str]:
    """SQL of what single columns hold, and whether those that can be faulty hold anything."""
    texts = {f"{role}_id" if role == "order" else role: _text(table, meaning, role) for role in
             ("customer", "order", "product", "description", "category", "currency", "kind")}  # fmt: skip
    numbers = {"stated" if role == "amount" else role: _number(table, meaning, role) for role in SCALES}
    known = [role for role in ("time", *SCALES) if role in meaning.roles.index]
    has = {f"has_{role}": given(*_column(table, meaning, role)) for role in known}
    status, email = _status(table, meaning), _email(table, meaning)
    return {**texts, **numbers, **has, **_time(table, meaning), "status": status, "email": email}


def _column(table: RawTable, meaning: Meaning, role: str) -> tuple[str, str]:
    """Name and type of the column in a role."""
    index = meaning.roles.index[role]
    return f"c{index}", table.types[index]


def _text(table: RawTable, meaning: Meaning, role: str) -> str:
    if role not in meaning.roles.index:
        return "CAST(NULL AS VARCHAR)"
    return text_of(*_column(table, meaning, role))


def _status(table: RawTable, meaning: Meaning) -> str:
    """SQL of the order's status, which the day of a cancellation tells as well as a word does.

    A mark that says no speaks for its line, which may stand in an order whose first line was voided.
    """
    if "cancelled" not in meaning.roles.index:
        return _text(table, meaning, "status")
    day = _text(table, meaning, "cancelled")
    is_flag = f"regexp_full_match(lower({day}), '{NO}')"
    said = (
        _text(table, meaning, "status")
        if "status" in meaning.roles.index
        else f"CASE WHEN {is_flag} THEN {_said('kept')} END"
    )
    return f"CASE WHEN NOT {is_flag} THEN {_said('cancelled')} ELSE {said} END"


def _email(table: RawTable, meaning: Meaning) -> str:
    """SQL of an address's SHA-256, of its text trimmed and in lower case, as platforms take it; the address goes nowhere."""
    if "email" not in meaning.roles.index:
        return "CAST(NULL AS VARCHAR)"
    address = _text(table, meaning, "email")
    return f"CASE WHEN {address} LIKE '%_@_%' THEN sha256(lower({address})) END"


def _time(table: RawTable, meaning: Meaning) -> dict[str, str]:
    found = {"ts": time_of(*_column(table, meaning, "time"), meaning.formats.order)}
    if "time_of_day" in meaning.roles.index:
        found["since_midnight"] = since_midnight(*_column(table, meaning, "time_of_day"))
    return found


def _moment(meaning: Meaning) -> str:
    """SQL of the moment, to whose day a time of day is added where the export writes it apart."""
    moment = believable("ts")
    if "time_of_day" not in meaning.roles.index:
        return moment
    return f"{moment} + CASE WHEN ts = date_trunc('day', ts) THEN since_midnight ELSE INTERVAL 0 SECOND END"


def _number(table: RawTable, meaning: Meaning, role: str) -> str:
    if role not in meaning.roles.index:
        return f"CAST(NULL AS DECIMAL(18, {SCALES[role]}))"
    number = number_of(*_column(table, meaning, role), meaning.formats.decimal, SCALES[role])
    return f"abs({number})" if role in {"refunded", "credit"} else number  # some write it as money that went out


def _amount(meaning: Meaning) -> str:
    """SQL of the money; the product of a common price and quantity fits a machine word, which is several times as fast."""
    if {"amount", "credit"} <= meaning.roles.index.keys():
        return "CASE WHEN credit <> 0 THEN CAST(coalesce(stated, 0) - credit AS DECIMAL(18, 4)) ELSE stated END"
    if {"amount", "quantity"} <= meaning.roles.index.keys():  # pieces that come back may have the minus alone
        return "CASE WHEN quantity < 0 AND stated > 0 THEN CAST(-stated AS DECIMAL(18, 4)) ELSE stated END"
    if "amount" in meaning.roles.index:
        return "stated"
    if "quantity" not in meaning.roles.index:
        return "TRY_CAST(round(unit_price, 4) AS DECIMAL(18, 4))"
    wide = "TRY_CAST(round(CAST(unit_price AS DECIMAL(20, 6)) * quantity, 4) AS DECIMAL(18, 4))"
    narrow = "CAST(round(CAST(unit_price AS DECIMAL(11, 6)) * CAST(quantity AS DECIMAL(7, 3)), 4) AS DECIMAL(18, 4))"
    is_common = "unit_price BETWEEN -99999 AND 99999 AND quantity BETWEEN -9999 AND 9999"
    return f"CASE WHEN {is_common} THEN {narrow} ELSE {wide} END"


def _customer(meaning: Meaning) -> str:
    """SQL of the customer's id, in lower case where that is an address."""
    return f"lower({WHOLE_ID})" if meaning.roles.by_address else WHOLE_ID


def _said(reason: str) -> str:
    return f"'{reason}'"


def _faulty(meaning: Meaning, rules: RulesConfig) -> str:
    """SQL of the name, in ``$header``, of the column that the reason is about."""
    places = meaning.roles.index
    faults = [*_faults(meaning), *([(OTHER, OTHER_CURRENCY, "currency")] if _currency(meaning, rules) else [])]
    return _case((condition, f"$header[{places[role] + 1}]") for condition, _, role in faults)


def _case(cases: Iterable[tuple[str, str]]) -> str:
    return f"CASE {' '.join(f'WHEN {condition} THEN {value}' for condition, value in cases)} END"


def _faults(meaning: Meaning) -> list[tuple[str, str, str]]:
    """Every fault that a record's own cells may have, none of which is being empty.

    Each is SQL that is true where it has it, the reason, and the role of the column.
    """
    roles = meaning.roles.index
    found = [("has_time AND ts IS NULL", "a date that cannot be read", "time")]
    found += [
        (f"has_{role} AND {'stated' if role == 'amount' else role} IS NULL", "a number that cannot be read", role)
        for role in SCALES
        if role in roles
    ]
    if "amount" not in roles and "quantity" in roles:
        found.append(
            ("has_quantity AND has_unit_price AND amount IS NULL", "an amount too large to store", "unit_price")
        )
    return found
