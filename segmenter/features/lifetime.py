"""How often, how recently and for how much each customer ordered, and what came in the last third of the time."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from segmenter.analysis.lifetime import OrderHistory, PastOrders
from segmenter.assets import query
from segmenter.engine.types import Engine
from segmenter.features.table import end_of_period, per_customer
from segmenter.features.types import FeatureTable

YEAR = timedelta(days=364)  # whole weeks, so that Mondays stand against Mondays


def past_orders(connection: Engine, table: FeatureTable, period_days: int) -> PastOrders:
    """The orders of the table's customers, up to its date and split where two thirds of the time had passed.

    The last third is also told by periods of `period_days` days, and so are the days around this one a year ago.
    """
    until = end_of_period(connection, table.as_of)
    now = _history(connection, until)
    oldest = np.nanmax(now.age, initial=0.0)
    split = until - timedelta(days=round(7 * oldest) // 3)
    asked = {"split": split, "until": until}
    later = per_customer(connection, "lifetime_holdout", {**asked, "soon": split + timedelta(days=period_days)})
    periods = np.zeros((until - split).days // period_days)
    for period, number in connection.execute(query("lifetime_periods"), {**asked, "days": period_days}).fetchall():
        periods[period] = number
    before = _history(connection, split)
    orders, soon, revenue = (later[name] for name in ("orders", "orders_soon", "revenue"))
    first = until - timedelta(days=round(7 * oldest))
    year_ago = _around(connection, until - YEAR, timedelta(days=period_days), first)
    return PastOrders(now, before, orders, soon, revenue, periods, (until - split).days, year_ago)


def _around(connection: Engine, turn: date, length: timedelta, first: date) -> tuple[int, int]:
    """Orders in the `length` of time before `turn` and in that from it on; 0 where the record, from `first`, lacks any."""
    if turn - length < first:
        return 0, 0
    asked = {"since": turn - length, "turn": turn, "until": turn + length}
    ((before, after),) = connection.execute(query("lifetime_season"), asked).fetchall()
    return before, after


def _history(connection: Engine, until: date) -> OrderHistory:
    found = per_customer(connection, "lifetime_history", {"until": until})
    return OrderHistory(found["repeats"], found["recency"] / 7, found["age"] / 7, found["order_value"])
