"""Fills in blank cells from other lines of the same order.

Many exports give the customer, the status, the currency or the refund only on the first line of an order. Where the lines of
an order contradict each other or are more than an hour apart, or no column has order numbers, each line stands for itself.
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from segmenter.assets import query

# The column of ``lines`` that is NULL where a line leaves the role blank.
COLUMN_OF_ROLE = {
    "customer": "customer_id", "time": "ts", "status": "has_status", "cancelled": "has_status", "currency": "currency",
    "refunded": "refunded",
}  # fmt: skip
# SQL of whether an order's refund is repeated on each of its lines.
REPEATED = (
    "count(refunded) = count(*) AND 0 < min(refunded) AND min(refunded) = max(refunded) AND min(amount) < max(amount)"
)
# SQL of the money of an order's lines before this one, the line with the refund being the first.
BEFORE = (
    "coalesce(sum(CASE WHEN amount > 0 THEN amount ELSE 0 END) OVER (PARTITION BY file, order_id "
    "ORDER BY refunded IS NULL, record ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)"
)
# SQL of a line's values, given those of its order (see queries/intake_orders.sql). An order's refund is distributed over its
# lines, each of which takes no more than its own money.
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
    """Whether a line of `files` in ``lines`` leaves a role of `roles` blank that another line of its order fills.

    Also true where an order repeats its refund on each line. To be fast, it looks only at columns that are filled on some
    lines but not on all, as a count shows, and there only at orders with a blank.
    """
    if "order" not in roles:
        return False
    columns = list(dict.fromkeys(COLUMN_OF_ROLE[role] for role in COLUMN_OF_ROLE if role in roles))
    parameters = {"files": list(files)}
    counts = ", ".join(f"count({name})" for name in columns)
    n, *filled = connection.execute(
        f"SELECT count(*), {counts} FROM lines WHERE list_contains($files, file)",  # noqa: S608 - our names
        parameters,
    ).fetchall()[0]
    mixed = [name for name, count in zip(columns, filled, strict=True) if 0 < count < n]
    conditions = [(f"{name} IS NULL", f"count({name}) BETWEEN 1 AND count(*) - 1") for name in mixed]
    conditions += [("refunded > 0", REPEATED)] if "refunded" in roles else []
    if not conditions:
        return False
    of_line, of_order = map(" OR ".join, zip(*conditions, strict=True))
    lines = "FROM lines WHERE list_contains($files, file) AND"
    found = connection.execute(
        f"SELECT 1 {lines} order_id IN (SELECT order_id {lines} ({of_line})) GROUP BY file, order_id HAVING {of_order} LIMIT 1",
        parameters,
    )
    return bool(found.fetchall())


def with_orders(typed: str) -> str:
    """SQL of the records `typed` with blanks filled in from their orders, in the order of the exports."""
    columns = ", ".join(f"{sql} AS {name}" for name, sql in FROM_ORDER.items())
    return (
        f"WITH typed AS ({typed}) SELECT typed.* REPLACE ({columns}) FROM typed "  # noqa: S608 - ours
        f"LEFT JOIN ({query('intake_orders')}) AS orders USING (file, order_id) ORDER BY file, record"
    )
