"""The account of every row: read = used + set aside by reason, in rows and in money."""

from __future__ import annotations

from decimal import Decimal

from segmenter.assets import query
from segmenter.config.source import RulesConfig
from segmenter.engine.types import Engine
from segmenter.errors import DataError
from segmenter.intake.types import AccountLine, RowAccount

LABELS = {
    "sale": "sales",
    "return": "returns and partial refunds",
    "cancelled": "sales cancelled in full later",
    "cancellation": "cancellations",
    "cancelled_status": "orders marked as cancelled",
    "duplicate": "rows that another file holds already",
    "no_customer": "no customer",
    "no_date": "no date",
    "no_amount": "no amount",
    "zero_price": "lines of no money (samples, stock corrections)",
    "negative_price": "lines of negative price (bad debt, adjustments)",
    "non_product": "codes that are no product (postage, fees)",
    "unreadable": "could not be read (see rejected.csv)",
}
USED = {"sale", "return"}
BEHAVIOUR = {"cancelled", "cancellation", "cancelled_status"}


def account(connection: Engine, rules: RulesConfig) -> RowAccount:
    """Count the table ``judged`` and the records that were no rows at all, and check what is left.

    Raises
    ------
    DataError
        Too few rows or customers are usable, or rows without a customer are refused by `rules`.
    """
    found = {fate: (int(n), amount) for fate, n, amount in connection.execute(query("intake_account")).fetchall()}
    torn = _number(connection, "SELECT count(*) FROM rejected") - found.get("unreadable", (0, None))[0]
    rows, amount = found.get("unreadable", (0, None))
    if rows + torn:
        found["unreadable"] = (rows + torn, amount)
    lines = tuple(AccountLine(fate, LABELS[fate], *found[fate], fate in USED) for fate in LABELS if fate in found)
    rows_read = sum(line.rows for line in lines)
    amount_read = sum((line.amount for line in lines if line.amount is not None), Decimal(0))
    result = RowAccount(rows_read, amount_read, lines, _warnings(connection, lines, rows_read, rules))
    _check_usable(connection, result, rules)
    return result


def _number(connection: Engine, sql: str) -> int:
    return int(connection.execute(sql).fetchall()[0][0])


def _warnings(
    connection: Engine, lines: tuple[AccountLine, ...], rows_read: int, rules: RulesConfig
) -> tuple[str, ...]:
    by_fate = {line.reason: line for line in lines}
    notes = []
    unknown = by_fate.get("no_customer")
    if unknown and unknown.rows > rules.missing_customer_warning * rows_read:
        share = unknown.rows / rows_read
        notes.append(f"{share:.0%} of the rows name no customer; the segments do not cover them.")
    if "unreadable" in by_fate:
        notes.append(f"{by_fate['unreadable'].rows:,} rows could not be read; rejected.csv holds them.")
    if _number(connection, "SELECT count(DISTINCT CAST(ts AS DATE)) FROM transactions") == 1:
        notes.append("All transactions are of one day: recency, tenure and rhythm tell nothing here.")
    return tuple(notes)


def _check_usable(connection: Engine, result: RowAccount, rules: RulesConfig) -> None:
    aside = "; ".join(f"{line.rows:,} {line.label}" for line in result.lines if not line.used) or "nothing"
    if rules.missing_customer == "refuse" and any(line.reason == "no_customer" for line in result.lines):
        raise DataError(f"Rows without a customer are refused by rules.missing_customer. Set aside were: {aside}.")
    usable = result.rows_used + sum(line.rows for line in result.lines if line.reason in BEHAVIOUR)
    if usable < rules.min_usable_share * result.rows_read or not usable:
        raise DataError(
            f"Only {usable:,} of {result.rows_read:,} rows can be used, less than rules.min_usable_share = "
            f"{rules.min_usable_share:.0%}. Set aside were: {aside}. Check source.columns with `segmenter inspect`."
        )
    customers = _number(connection, "SELECT count(DISTINCT customer_id) FROM transactions")
    if customers < rules.min_customers:
        raise DataError(
            f"The export holds {customers} customer(s), too few for statistics (rules.min_customers = "
            f"{rules.min_customers}). Check that source.columns.customer names the right column."
        )
