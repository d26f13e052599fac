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


def past_orders(connection: Engine, table: FeatureTable, period_days: int) -> PastOrders:
    """The orders of the table's customers up to its date, split after two thirds of the time.

    The orders of the last third are also counted by periods of `period_days` days, the last of which ends on that date, and
    those of the same days a year ago for one period before and one after.
    """
    until = end_of_period(connection, table.as_of)
    now = _history(connection, until)
    oldest = np.nanmax(now.age, initial=0.0)
    split = until - timedelta(days=round(7 * oldest) // 3)
    span = {"split": split, "until": until}
    later = per_customer(connection, "lifetime_holdout", {**span, "soon": split + timedelta(days=period_days)})
    periods = np.zeros((until - split).days // period_days)
    for period, number in connection.execute(query("lifetime_periods"), {**span, "days": period_days}).fetchall():
        periods[period] = number
    before = _history(connection, split)
    orders, soon, revenue = (later[name] for name in ("orders", "orders_soon", "revenue"))
    first = until - timedelta(days=round(7 * oldest))
    year_ago = _around(connection, until - YEAR, timedelta(days=period_days), first)
    return PastOrders(now, before, orders, soon, revenue, periods, (until - split).days, year_ago)


def _around(connection: Engine, turn: date, length: timedelta, first: date) -> tuple[int, int]:
    """Orders in the periods of `length` before and after `turn`; 0 where the record, from `first`, does not cover them."""
    if turn - length < first:
        return 0, 0
    days = {"since": turn - length, "turn": turn, "until": turn + length}
    ((before, after),) = connection.execute(query("lifetime_season"), days).fetchall()
    return before, after


def _history(connection: Engine, until: date) -> OrderHistory:
    found = per_customer(connection, "lifetime_history", {"until": until})
    return OrderHistory(found["repeats"], found["recency"] / 7, found["age"] / 7, found["order_value"])
