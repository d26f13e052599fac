"""What intake hands on: the recognised columns and an account of every row.

The DuckDB table ``transactions`` holds one row per line of an export that belongs to a customer:

=============  ==============  =====================================================================
column         type            meaning
=============  ==============  =====================================================================
customer_id    VARCHAR         never empty; ``17850.0`` from a float column is ``17850``
ts             TIMESTAMP       wall-clock time of the line
order_id       VARCHAR         order number, or NULL: a customer's lines of a day without one are an order
product        VARCHAR         product code, or the description where there is no code, or NULL
description    VARCHAR         product name or NULL
category       VARCHAR         country, channel or category or NULL
quantity       DECIMAL(18,3)   pieces, negative on a return, or NULL
amount         DECIMAL(18,4)   money of the line, less what a column of its own says was given back of it in part; negative
                               on a return
refunded       DECIMAL(18,4)   money that a column of its own says was given back of a sale, or NULL
email          VARCHAR         SHA-256 of the line's e-mail address, trimmed and in lower case, as hexadecimal, or NULL
status         VARCHAR         ``sale``; ``return`` (money given back that matches no line in full);
                               ``discount`` (money taken off the sales of an order, as a coupon does);
                               ``cancelled`` (a sale taken back in full); ``cancellation`` (the line
                               that took it back). The first three are used: their sum is the net
                               revenue. The other two cancel out and are kept only as behaviour.
=============  ==============  =====================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

# What becomes of a record: it is used as one of the first three, or set aside as one of the others.
FATES = ("sale", "return", "discount", "cancelled", "cancellation", "cancelled_status", "refunded_status", "duplicate", "no_customer", "total", "no_date", "no_amount",
         "non_product", "negative_price", "zero_price", "unreadable", "other_kind", "later")  # fmt: skip
OTHER_CURRENCY = "another currency"  # a reason that the user asked for, by rules.currency
STATUSES = ("sale", "return", "discount", "cancelled", "cancellation")


@dataclass(frozen=True)
class Reading:
    """How one file or table was read: name, content hash, size and dialect in words.

    `date_order` (ymd, dmy, mdy, excel or epoch) and `decimal` mark are what a later export that leaves them open is read by;
    empty where they are not known.
    """

    name: str
    sha256: str
    n_bytes: int
    n_rows: int
    dialect: str
    date_order: str = ""
    decimal: str = ""


@dataclass(frozen=True)
class Recognition:
    """The export's column for each role, and why: ``{"customer": "CustomerID"}``."""

    columns: dict[str, str]
    reasons: dict[str, str]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class AccountLine:
    """Rows that share a fate. `amount` is None where their money cannot be read."""

    reason: str
    label: str
    rows: int
    amount: Decimal | None
    used: bool


@dataclass(frozen=True)
class Unreadable:
    """How many rows could not be read for one reason."""

    reason: str
    rows: int


@dataclass(frozen=True)
class RowAccount:
    """rows read = rows used + rows set aside by reason, and the same in money.

    `unreadable` tells the rows that could not be read by reason, the commonest first.
    """

    rows_read: int
    amount_read: Decimal
    lines: tuple[AccountLine, ...]
    warnings: tuple[str, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()

    @property
    def rows_used(self) -> int:
        """Rows that count as sales or returns."""
        return sum(line.rows for line in self.lines if line.used)

    @property
    def rows_due(self) -> int:
        """Rows read, but for those that are later than the day looked from, or of a kind that does not count."""
        return self.rows_read - sum(line.rows for line in self.lines if line.reason in {"later", "other_kind"})


@dataclass(frozen=True)
class Reject:
    """Where a row stands that could not be read, which of its columns shows that, and why."""

    file: str
    line: int
    column: str
    reason: str


@dataclass(frozen=True)
class Intake:
    """A finished intake; ``transactions`` and ``rejected`` are tables of the connection it was given.

    ``rejected`` has the columns file, line, column, reason, text: one row per row that could not be read,
    verbatim. `rejects` are the first of them, without their text. `currency` (ISO 4217) is empty where the export names none.
    """

    readings: tuple[Reading, ...]
    recognition: Recognition
    account: RowAccount
    rejects: tuple[Reject, ...] = ()
    currency: str = ""
