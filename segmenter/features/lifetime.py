"""How often, how recently and for how much each customer ordered, with the last third of the time held out."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from segmenter.analysis.lifetime import OrderHistory, PastOrders
from segmenter.assets import query
from segmenter.engine.types import Engine
from segmenter.features.table import end_of_period, per_customer
from segmenter.features.types import FeatureTable

YEAR = timedelta(days=364)  # whole weeks, so that the same weekdays are compared


def past_orders(connection: Engine, table: FeatureTable, period_days: int, limit: str | None = None) -> PastOrders:
    """The orders of the table's customers up to its date, split after two thirds of the time.

    The orders of the last third are also counted by periods of `period_days` days, of a sample up to the hash `limit`, and
    those of the same days a year ago, of everybody, for one period before and one after.
    """
    until = end_of_period(connection, table.as_of)
    now = _history(connection, until)
    oldest = np.nanmax(now.age, initial=0.0)
    split = until - timedelta(days=round(7 * oldest) // 3)
    span = {"split": split, "until": until}
    later = per_customer(connection, "lifetime_holdout", {**span, "soon": split + timedelta(days=period_days)})
    periods = np.zeros((until - split).days // period_days)
    by_period = {**span, "days": period_days, "limit": limit or ""}
    for period, number in connection.execute(query("lifetime_periods"), by_period).fetchall():
        periods[period] = number
    before = _history(connection, split)
    orders, soon, revenue = (later[name] for name in ("orders", "orders_soon", "revenue"))
    first = until - timedelta(days=round(7 * oldest))
    year_ago = _around(connection, until - YEAR, timedelta(days=period_days), first)
    return PastOrders(now, before, orders, soon, revenue, periods, (until - split).days, *year_ago)


def _around(connection: Engine, turn: date, length: timedelta, first: date) -> tuple[tuple[int, int], int]:
    """Orders in the periods of `length` before and after `turn`, and who placed the latter.

    0 for a period that the record, from `first`, does not cover.
    """
    if turn < first:
        return (0, 0), 0
    days = {"since": turn - length, "turn": turn, "until": turn + length}
    ((before, after, customers),) = connection.execute(query("lifetime_season"), days).fetchall()
    return (before if turn - length >= first else 0, after), customers


def _history(connection: Engine, until: date) -> OrderHistory:
    found = per_customer(connection, "lifetime_history", {"until": until})
    return OrderHistory(found["repeats"], found["recency"] / 7, found["age"] / 7, found["order_value"])
