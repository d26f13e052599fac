"""The results of the intake: the recognised columns and an account of every row.

The DuckDB table ``transactions`` holds one row per line of an export that belongs to a customer:

=============  ==============  =====================================================================
column         type            meaning
=============  ==============  =====================================================================
customer_id    VARCHAR         never empty; ``17850.0`` from a float column is ``17850``
ts             TIMESTAMP       wall-clock time of the line
order_id       VARCHAR         order number, or NULL: a customer's lines without one on a day form one order
product        VARCHAR         product code, or the description where there is no code, or NULL
description    VARCHAR         product name or NULL
category       VARCHAR         country, channel or category or NULL
quantity       DECIMAL(18,3)   pieces, negative on a return, or NULL
amount         DECIMAL(18,4)   money of the line, net of `refunded`; negative on a return
refunded       DECIMAL(18,4)   partial refund of a sale that the export states in a column of its own, or NULL
email          VARCHAR         SHA-256 of the line's e-mail address, trimmed and in lower case, as hexadecimal, or NULL
status         VARCHAR         ``sale``; ``return`` (money given back that matches no sale in full);
                               ``discount`` (money taken off the sales of an order, as by a coupon);
                               ``cancelled`` (a sale taken back in full); ``cancellation`` (the line
                               that took it back). The first three add up to the net revenue. The
                               other two cancel out and only show how the customer behaves.
=============  ==============  =====================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from segmenter.intake.undecided import Doubt

# What becomes of a record: the first three are used, the others are set aside.
FATES = ("sale", "return", "discount", "cancelled", "cancellation", "cancelled_status", "refunded_status", "duplicate", "no_customer", "total", "no_date", "no_amount",
         "non_product", "negative_price", "zero_price", "unreadable", "other_kind", "later")  # fmt: skip
OTHER_CURRENCY = "another currency"  # the reason for rows that rules.currency leaves out
STATUSES = ("sale", "return", "discount", "cancelled", "cancellation")


@dataclass(frozen=True)
class Reading:
    """How one file or table was read: name, content hash, size and dialect in words.

    A later export that leaves them open is read by `date_order` (ymd, dmy, mdy, excel or epoch) and `decimal` mark; both are
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
    """The export's column for each role, such as ``{"customer": "CustomerID"}``, and why it was taken."""

    columns: dict[str, str]
    reasons: dict[str, str]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class AccountLine:
    """The rows of one fate. `amount` is None where their money cannot be read."""

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

    `unreadable` counts the rows that could not be read by reason, the commonest first.
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
        """Rows read, except those later than features.as_of and those of a kind that does not count."""
        return self.rows_read - sum(line.rows for line in self.lines if line.reason in {"later", "other_kind"})


@dataclass(frozen=True)
class Reject:
    """A row that could not be read: its place, the column at fault and the reason."""

    file: str
    line: int
    column: str
    reason: str


@dataclass(frozen=True)
class Intake:
    """A finished intake; ``transactions`` and ``rejected`` are tables of the connection it was given.

    ``rejected`` has one row per row that could not be read: file, line, column, reason, and the text verbatim. `rejects`
    are the first of them, without text. `currency` (ISO 4217) is empty where the export names none. Where there are `doubts`, a
    run would refuse the export: nothing was counted, and the account is empty.
    """

    readings: tuple[Reading, ...]
    recognition: Recognition
    account: RowAccount
    rejects: tuple[Reject, ...] = ()
    currency: str = ""
    doubts: tuple[Doubt, ...] = ()
