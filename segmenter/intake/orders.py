"""What an order says on one of its lines holds for those that leave it blank.

Many exports say who bought, the status, the currency or what was given back on the first line of an order alone. Where lines
of an order contradict each other or lie more than an hour apart, or no column names the order, each line stands for itself.
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from segmenter.assets import query

# The column of ``lines`` that shows whether a line fills the role.
COLUMN_OF_ROLE = {
    "customer": "customer_id", "time": "ts", "status": "has_status", "cancelled": "has_status", "currency": "currency",
    "refunded": "refunded",
}  # fmt: skip
# SQL of an order whose money given back is said again on each of its lines.
REPEATED = (
    "count(refunded) = count(*) AND 0 < min(refunded) AND min(refunded) = max(refunded) AND min(amount) < max(amount)"
)
# SQL of what holds for a line where another one of its order says it (see queries/intake_orders.sql): what it leaves blank, and
# of the order's money given back what the line that says it, and those before it, leave over: none loses more than it brought.
BEFORE = (
    "coalesce(sum(CASE WHEN amount > 0 THEN amount ELSE 0 END) OVER (PARTITION BY file, order_id "
    "ORDER BY refunded IS NULL, record ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)"
)
FROM_ORDER = {
    "customer_id": "coalesce(customer_id, order_customer)",
    "ts": "CASE WHEN fault IS NULL THEN coalesce(ts, order_ts) ELSE ts END",
    "status": "coalesce(status, order_status)",
    "currency": "coalesce(currency, order_currency)",
    "email": "coalesce(email, order_email)",
    "refunded": f"CASE WHEN order_refund IS NULL THEN refunded WHEN order_refund > {BEFORE} "
    f"THEN CAST(order_refund - {BEFORE} AS DECIMAL(18, 4)) ELSE 0 END",
}


def leaves_blank(connection: duckdb.DuckDBPyConnection, files: Collection[int], roles: Collection[str]) -> bool:
    """Whether a line of ``lines`` from `files`, whose columns play `roles`, leaves blank what another of its order says.

    Only columns that some lines fill and others do not are looked at, which a count tells fast, and of these only orders
    with a blank. Also true where an order repeats its refund on each line, as its lines have then to be seen together,
    too.
    """
    if "order" not in roles:
        return False
    columns = list(dict.fromkeys(COLUMN_OF_ROLE[role] for role in COLUMN_OF_ROLE if role in roles))
    asked = {"files": list(files)}
    counts = ", ".join(f"count({name})" for name in columns)
    n, *filled = connection.execute(
        f"SELECT count(*), {counts} FROM lines WHERE list_contains($files, file)",  # noqa: S608 - our names
        asked,
    ).fetchall()[0]
    mixed = [name for name, count in zip(columns, filled, strict=True) if 0 < count < n]
    asks = [(f"{name} IS NULL", f"count({name}) BETWEEN 1 AND count(*) - 1") for name in mixed]
    asks += [("refunded > 0", REPEATED)] if "refunded" in roles else []
    if not asks:
        return False
    wanted, telling = (" OR ".join(conditions) for conditions in zip(*asks, strict=True))
    lines = "FROM lines WHERE list_contains($files, file) AND"
    found = connection.execute(
        f"SELECT 1 {lines} order_id IN (SELECT order_id {lines} ({wanted})) GROUP BY file, order_id HAVING {telling} LIMIT 1",
        asked,
    )
    return bool(found.fetchall())


def with_orders(typed: str) -> str:
    """SQL of the records `typed` with what their orders say on other lines, in the order of the exports."""
    columns = ", ".join(f"{sql} AS {name}" for name, sql in FROM_ORDER.items())
    return (
        f"WITH typed AS ({typed}) SELECT typed.* REPLACE ({columns}) FROM typed "  # noqa: S608 - ours
        f"LEFT JOIN ({query('intake_orders')}) AS orders USING (file, order_id) ORDER BY file, record"
    )
