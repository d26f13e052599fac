"""Types of what is computed per customer: the feature table, the period, the evidence and the baskets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Kind = Literal["days", "count", "money", "share", "ratio", "change"]
MOST_GAINED = 99.99  # a hundredfold, beyond which the factor says nothing
FINE = 50  # the unit of money is this fraction of a typical order
LONG_PAUSES, FEW_DAYS = 3, 4  # a silence is unusual beyond this many usual pauses and this many days


@dataclass(frozen=True)
class Feature:
    """A column of the feature table in a reader's words.

    `label` is a noun phrase ("days since the last order"), `unit` follows a value ("days", "orders", "" for shares and
    ratios) and `kind` says how a value is formatted: a `change` is an index (a - b) / (a + b), shown as how much a is more or
    less than b in per cent. `missing` says what an empty value means ("only one order"), and is empty where there can be
    none. In a count with a `least`, 0 stands for all smaller values.
    """

    name: str
    label: str
    unit: str
    kind: Kind
    missing: str = ""
    least: int = 0


def gained(index: float) -> float:
    """(a - b) / b from the index (a - b) / (a + b): -1 where a is zero, at most `MOST_GAINED`."""
    return min(2 * index / (1 - index), MOST_GAINED) if index < 1 else MOST_GAINED


@dataclass(frozen=True)
class FeatureTable:
    """Values per customer, sorted by customer id, NaN where a feature is not defined.

    `customer_id` has shape (n_customers,), `values` (n_customers, n_features), float64,
    columns in the order of `features`.
    """

    customer_id: NDArray[np.str_]
    values: NDArray[np.float64]
    features: tuple[Feature, ...]
    as_of: date

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(feature.name for feature in self.features)

    @property
    def units(self) -> tuple[float, ...]:
        """The unit of each feature (n_features,): 1, but for money a fraction of the typical order.

        This makes logarithms of amounts, and distances, independent of the currency.
        """
        orders = self.column("average_order_value") if "average_order_value" in self.names else np.zeros(0)
        amount = float(np.median(paid)) / FINE if len(paid := orders[orders > 0]) else 1.0
        return tuple(amount if feature.kind == "money" else 1.0 for feature in self.features)

    def column(self, name: str) -> NDArray[np.float64]:
        """Values of one feature, shape (n_customers,)."""
        return self.values[:, self.names.index(name)]


@dataclass(frozen=True)
class Period:
    """The period that the transactions cover, and their totals; money net of returns.

    `months` has no gaps. `cohorts` pairs the month of a first order with the shares of those customers who ordered 0, 1, 2
    ... months later, `cohort_sizes` has their numbers, and `returning` the share of all new customers but the first
    cohort who ordered 1, 2 ... months later, for as many months as half of the cohorts reach. `usual_pause` is the 95 % quantile of the days between
    two days with transactions, 0 where it is not known. `daily_revenue` begins with the newest day. `weekly_orders` has the
    orders of each of the last nine complete weeks, newest first, each with the sum over customers of their squared number of
    orders; it is empty where the record is shorter.
    """

    first_day: date
    last_day: date
    n_transactions: int
    n_orders: int
    n_customers: int
    revenue: float
    months: tuple[str, ...]  # 2011-01, ...
    monthly_revenue: tuple[float, ...]
    cohorts: tuple[tuple[str, tuple[float, ...]], ...] = ()
    usual_pause: int = 0
    cohort_sizes: tuple[int, ...] = ()
    returning: tuple[float, ...] = ()
    daily_revenue: tuple[float, ...] = ()
    weekly_orders: tuple[tuple[int, int], ...] = ()
    n_without_order: int = 0  # of the customers, who have only cancelled orders or returns

    def age(self, day: date) -> int:
        """Days from the newest transaction to `day`, negative where `day` is earlier."""
        return (day - self.last_day).days

    def is_silent(self, day: date) -> bool:
        """Whether there was no transaction for unusually long, for this business, before `day`."""
        return bool(self.usual_pause) and self.age(day) > max(LONG_PAUSES * self.usual_pause, FEW_DAYS)


@dataclass(frozen=True)
class Order:
    """An order as evidence: `amount` and `pieces` as placed, `cancelled` the money of its lines that were taken back in full.

    `order_id` is None where the export has no order number, so that a customer's lines of a day count as one order.
    """

    order_id: str | None
    placed: datetime
    pieces: float | None
    amount: float
    cancelled: float


@dataclass(frozen=True)
class Return:
    """A line whose money was given back; `cancelled` if in full."""

    at: datetime
    product: str | None
    pieces: float | None
    amount: float
    cancelled: bool


@dataclass(frozen=True)
class Spell:
    """The thirty days in which a customer spent most, and the silence before them in days (None: none)."""

    first_day: date
    last_day: date
    n_orders: int
    amount: float
    share: float
    silence: int | None


@dataclass(frozen=True)
class Evidence:
    """The transactions behind one customer's figures: the largest orders and returns, and the busiest spell."""

    orders: tuple[Order, ...] = ()
    returns: tuple[Return, ...] = ()
    spell: Spell | None = None


@dataclass(frozen=True)
class Baskets:
    """In how many orders each customer had each product.

    `counts` has shape (n_customers, n_products), float64; `products` are names, or codes where a product has no name. Only the
    most widely bought products are counted, on a sample of customers where there are many.
    """

    customer_id: NDArray[np.str_]
    products: tuple[str, ...]
    counts: csr_array
