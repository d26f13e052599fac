"""The account of every row: read = used + set aside by reason, in rows and in money."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from segmenter.assets import query
from segmenter.config.source import RulesConfig
from segmenter.engine.types import Engine
from segmenter.errors import DataError
from segmenter.intake.roles import Roles
from segmenter.intake.types import OTHER_CURRENCY, AccountLine, RowAccount, Unreadable

LABELS = {
    "sale": "sales",
    "return": "returns and partial refunds",
    "discount": "discounts taken off orders",
    "cancelled": "sales cancelled in full later",
    "cancellation": "cancellations",
    "cancelled_status": "orders marked as cancelled or refunded",
    "duplicate": "rows already in another file",
    "no_customer": "no customer",
    "total": "totals in the place of a customer (rules.total_ids)",
    "no_date": "no date",
    "no_amount": "no amount",
    "zero_price": "zero-value lines (samples, stock corrections)",
    "negative_price": "lines with a negative price (bad debt, adjustments)",
    "non_product": "codes that are not products (postage, fees)",
    "other_kind": "rows of other kinds (rules.kinds)",
    "later": "later than the report's date (features.as_of)",
    "unreadable": "could not be read (see rejected.csv)",
}
FEW_UNREADABLE = 3  # rows that are always tolerated: totals and signatures below a table
FUTURE = (
    "{n} rows are dated after today, the last {last}; recency is counted from that day. If those dates are wrong, "
    "correct them, or set features.as_of to leave out later rows."
)
GUESTS = (
    "Rows that name the customer {product}, which stands for nobody in particular (rules.guest_ids): {n}; they count "
    "as rows without a customer. If it is a real customer, remove it there; if guests have addresses, name that column as source.columns.customer."
)
CANCELLED = (
    "{n} of the rows belong to orders marked as cancelled or refunded. If that is wrong, name other columns as "
    "source.columns.status and source.columns.cancelled."
)
MANY_CANCELLED = 0.5  # share of the rows above which there is a warning
REFUNDS = "Rows with a refund in a separate column: {n}, {value} in all; each counts with what is left of it."
WHOLE = " Refunded in full, and so counted as cancelled: {n}."
UNNUMBERED = (
    "No column was recognised as the order number, so everything a customer buys on one day counts as one order. If a "
    "column has it, name it as source.columns.order."
)
COPIES = (
    "{n} of {n_seen} rows examined repeat another row of their file in every recognised column. Each counts; if the "
    "export holds them twice by mistake, export it again."
)
CENTS = (
    "All amounts are whole numbers of three digits or more. If these are cents, as payment services count, divide "
    "them by 100 before they are read."
)
MIN_AMOUNTS = 20  # distinct ones, to conclude that they are in cents
WHOLE_CURRENCIES = {  # usually without cents
    "JPY", "KRW", "HUF", "CLP", "ISK", "VND", "IDR", "TWD", "COP", "PYG", "CRC", "UGX", "XOF", "XAF", "NGN", "IRR", "IQD",
}  # fmt: skip
MANY_COPIES = 0.05  # of the rows; at a till the same product is often rung up twice
N_SAMPLED = 50_000  # rows in which copies are looked for, about
STEPS = (1, 7, 31, 101, 307, 1009)  # sampling intervals; primes leave out no hour and no day of the week
USED = {"sale", "return", "discount"}
USABLE = {"cancelled", "cancellation", "cancelled_status", "duplicate"}  # set aside, but not because of bad data


def account(connection: Engine, rules: RulesConfig, currency: str, roles: Iterable[Roles]) -> RowAccount:
    """Count the rows of ``judged`` by fate, and the records of ``rejected`` as unreadable.

    `currency` is empty where it is not known; `roles` has one entry per layout.
    """
    found = {fate: (int(n), amount) for fate, n, amount in connection.execute(query("intake_account")).fetchall()}
    unreadable = _unreadable(connection)
    if unreadable:  # torn records are only in ``rejected``
        found["unreadable"] = (sum(each.rows for each in unreadable), found.get("unreadable", (0, None))[1])
    lines = tuple(AccountLine(fate, LABELS[fate], *found[fate], fate in USED) for fate in LABELS if fate in found)
    rows_read = sum(line.rows for line in lines)
    amount_read = sum((line.amount for line in lines if line.amount is not None), Decimal(0))
    counted = RowAccount(rows_read, amount_read, lines, (), unreadable)
    warnings = *_warnings(connection, counted, rules), *_cents_warnings(connection, currency), *_order_warnings(roles)
    return replace(counted, warnings=warnings)


def check(connection: Engine, counted: RowAccount, rules: RulesConfig) -> None:
    """Refuse an export of which too little can be used under `rules`.

    Raises
    ------
    DataError
        Too many rows are unreadable, too few rows or customers are usable, or rows without a customer are refused.
    """
    _check_readable(counted, rules)
    _check_usable(connection, counted, rules)


def _cents_warnings(connection: Engine, currency: str) -> list[str]:
    """A warning where all amounts seem to be in cents: whole and large, in a `currency` with cents or an unknown one."""
    if currency in WHOLE_CURRENCIES:
        return []
    ((n, n_money, n_whole),) = connection.execute(
        "SELECT count(*) AS n, count(DISTINCT amount) AS n_money, "
        "count(CASE WHEN amount = round(amount, 0) AND abs(amount) >= 100 THEN 1 END) AS n_whole FROM transactions"
    ).fetchall()
    return [CENTS] if n_money >= MIN_AMOUNTS and n_whole == n else []


def _order_warnings(roles: Iterable[Roles]) -> list[str]:
    """A warning where a layout has no column of order numbers."""
    return [] if all("order" in each.index for each in roles) else [UNNUMBERED]


def _unreadable(connection: Engine) -> tuple[Unreadable, ...]:
    found = connection.execute("SELECT reason, count(*) AS n FROM rejected GROUP BY reason ORDER BY n DESC, reason")
    return tuple(Unreadable(reason, int(n)) for reason, n in found.fetchall())


def _warnings(connection: Engine, counted: RowAccount, rules: RulesConfig) -> tuple[str, ...]:
    by_fate = {line.reason: line for line in counted.lines}
    notes = []
    unknown = by_fate.get("no_customer")
    if unknown and unknown.rows > rules.missing_customer_warning * counted.rows_due:
        share = unknown.rows / counted.rows_due
        notes.append(f"{share:.0%} of the rows name no customer; the segments do not cover them.")
    if unknown:
        notes += _guest_warnings(connection)
    cancelled = by_fate.get("cancelled_status")
    if cancelled and cancelled.rows > MANY_CANCELLED * counted.rows_due:
        notes.append(CANCELLED.format(n=f"{cancelled.rows / counted.rows_due:.0%}"))
    notes += _refund_warnings(connection)
    notes += _copy_warnings(connection, counted.rows_used)
    if "unreadable" in by_fate:
        why = "; ".join(f"{each.reason}: {each.rows:,}" for each in counted.unreadable)
        n = by_fate["unreadable"].rows
        notes.append(f"Rows that could not be read: {n:,} ({why}); a run writes them to rejected.csv.")
    ((n_days,),) = connection.execute("SELECT count(DISTINCT CAST(ts AS DATE)) AS n FROM transactions").fetchall()
    if n_days == 1:
        notes.append("All transactions fall on one day, so recency, tenure and rhythm carry no information.")
    return (*notes, *_future_warnings(connection))


def _guest_warnings(connection: Engine) -> list[str]:
    """A warning for each placeholder that was found as a customer id (rules.guest_ids)."""
    found = connection.execute(
        "SELECT customer_id, count(*) AS n FROM judged WHERE fate = 'no_customer' AND customer_id IS NOT NULL "
        "GROUP BY customer_id ORDER BY n DESC, customer_id"
    ).fetchall()
    return [GUESTS.format(n=f"{int(n):,}", product=customer) for customer, n in found]


def _refund_warnings(connection: Engine) -> list[str]:
    """A warning with the total of the column of refunds, which no line of the account shows."""
    ((n, whole, amount),) = connection.execute(
        "SELECT count(*) AS n, count(CASE WHEN status = 'cancelled' THEN 1 END) AS whole, sum(refunded) AS amount FROM judged "
        "WHERE refunded > 0 AND status IS NOT NULL AND fate <> 'cancelled_status'"
    ).fetchall()
    if not n:
        return []
    return [REFUNDS.format(n=f"{n:,}", value=f"{amount:,.2f}") + (WHOLE.format(n=f"{whole:,}") if whole else "")]


def _copy_warnings(connection: Engine, n_rows: int) -> list[str]:
    """A warning where many rows repeat another row of their file, estimated on a sample."""
    every = next((step for step in STEPS if n_rows <= step * N_SAMPLED), STEPS[-1])
    ((n, copies),) = connection.execute(query("intake_copies"), {"every": every}).fetchall()
    return [COPIES.format(n=f"{copies / n:.0%}", n_seen=f"{n:,}")] if copies > MANY_COPIES * n else []


def _future_warnings(connection: Engine) -> list[str]:
    """A warning of rows dated after tomorrow in UTC; in the export's time zone tomorrow may have begun."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    ((n, last),) = connection.execute(
        "SELECT count(*) AS n, CAST(max(ts) AS DATE) AS d FROM transactions WHERE CAST(ts AS DATE) > CAST($day AS DATE)",
        {"day": tomorrow.isoformat()},
    ).fetchall()
    if not n:
        return []
    return [FUTURE.format(n=f"{n:,}", last=last)]


def _check_readable(result: RowAccount, rules: RulesConfig) -> None:
    """Refuse an export with more unreadable rows than `rules` allow; a few, such as a footer's, always are."""
    faults = [each for each in result.unreadable if each.reason != OTHER_CURRENCY]
    n = sum(each.rows for each in faults)
    if n > max(FEW_UNREADABLE, rules.max_unreadable_share * result.rows_read):
        raise DataError(
            f"{n:,} of {result.rows_read:,} rows could not be read, more than rules.max_unreadable_share = "
            f"{rules.max_unreadable_share:.4g}; most often ({faults[0].rows:,}) because of {faults[0].reason}. "
            "`segmenter inspect` shows where they stand. Export again without that, or raise the limit."
        )


def _check_usable(connection: Engine, result: RowAccount, rules: RulesConfig) -> None:
    aside = "; ".join(f"{line.rows:,} {line.label}" for line in result.lines if not line.used) or "nothing"
    if rules.missing_customer == "refuse" and any(line.reason == "no_customer" for line in result.lines):
        raise DataError(f"Rows without a customer are refused by rules.missing_customer. Set aside were: {aside}.")
    usable = result.rows_used + sum(line.rows for line in result.lines if line.reason in USABLE)
    n_later = sum(line.rows for line in result.lines if line.reason == "later")
    later = f", but for {n_later:,} rows later than features.as_of" if n_later else ""
    if n_later and not result.rows_due:
        raise DataError(f"All {n_later:,} rows are later than the report's date (features.as_of); name a later one.")
    if usable < rules.min_usable_share * result.rows_due or not usable:
        raise DataError(
            f"Only {usable:,} of {result.rows_due:,} rows can be used, less than rules.min_usable_share = "
            f"{rules.min_usable_share:.0%}. Set aside were: {aside}. `segmenter inspect` shows which column plays which role; if it is "
            "right that so few count, lower the limit."
        )
    ((customers,),) = connection.execute(
        "SELECT count(*) AS n FROM (SELECT DISTINCT customer_id FROM transactions LIMIT $enough)",
        {"enough": rules.min_customers},
    ).fetchall()
    if customers < rules.min_customers:
        raise DataError(
            f"The export holds {customers} customer(s){later}, too few for statistics (rules.min_customers = "
            f"{rules.min_customers}). Check that source.columns.customer names the right column."
        )
