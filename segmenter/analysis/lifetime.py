"""Value to come: what customers will order next, checked on time held out, and withheld where the check fails."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from segmenter.analysis import bgnbd, gammagamma, gate
from segmenter.analysis.chance import CHANCE
from segmenter.analysis.lifetime_types import (
    BgNbd,
    GammaGamma,
    HoldoutCheck,
    HoldoutClass,
    LifetimeFinding,
    SegmentLifetime,
)
from segmenter.analysis.threads import single_threaded
from segmenter.analysis.types import Floats, Ints, Mask

LAST_CLASS = 7  # repeat orders or more
PERIODS = 12  # the newest periods of the time held out, at most


@dataclass(frozen=True)
class OrderHistory:
    """How customers ordered up to some day, all (n_customers,), NaN for those who had not ordered yet.

    `repeats` days with orders after the first, `recency` weeks from the first to the last of them, `age` weeks
    from the first to that day, `order_value` mean money of a day with orders, before returns.
    """

    repeats: Floats
    recency: Floats
    age: Floats
    order_value: Floats


@dataclass(frozen=True)
class PastOrders:
    """The orders of a feature table's customers, whole (`now`) and as they stood `days` days before (`before`).

    `orders` and `revenue` (n_customers,) are what came in those days, `orders_soon` the orders of the first period of them,
    NaN for those who had not ordered before; `period_orders` (n_periods,) the same orders by whole periods, one after the
    other, of which the last ends today. `year_ago` are everybody's orders of the period before and of that from this day on a
    year ago, 0 where the record does not hold it whole; `year_ago_customers` placed the latter.
    """

    now: OrderHistory
    before: OrderHistory
    orders: Floats
    orders_soon: Floats
    revenue: Floats
    period_orders: Floats
    days: int
    year_ago: tuple[int, int] = (0, 0)
    year_ago_customers: int = 0


@dataclass(frozen=True)
class Forecast:
    """What to expect of customers in a period, all (n,), NaN for those who have not ordered.

    `p_active` is the chance that a customer has not left, NaN before a repeat order, where BG/NBD knows none, and of
    everybody where the model sees nobody leave, which would make it near 1 after any silence;
    `p_order` the chance of an order in the period, `orders` their expected number and `revenue` their money.
    """

    p_active: Floats
    p_order: Floats
    orders: Floats
    revenue: Floats


@dataclass(frozen=True)
class Lifetime:
    """The finding, and the forecast per customer; columns are NaN throughout where the gate is shut."""

    finding: LifetimeFinding
    forecast: Forecast


@dataclass(frozen=True)
class _Models:
    orders: BgNbd
    value: GammaGamma | None


@single_threaded
def value_to_come(past: PastOrders, days: int, segments: Ints) -> Lifetime:
    """Orders and money of the next `days`, per customer and per segment (n,), where the past allows a forecast.

    The models are fitted on the first two thirds of the time and checked against the last. There is a forecast
    only if that third is as long as the period, enough customers ordered again, and orders came as expected;
    of money only if the number of orders says little about their value, and money came as expected.
    """
    known = np.isfinite(past.now.age)
    finding = LifetimeFinding(days, int(known.sum()), int((past.now.repeats > 0).sum()))
    thin = gate.too_thin(past.days, days, int((past.before.repeats > 0).sum()))
    if thin:
        return _withheld(replace(finding, refusal=thin), len(known))
    check, correlation = _check(past, days), _correlation(past.now)
    finding = replace(finding, check=check, correlation=correlation)
    wrong = gate.orders_wrong(check)
    if wrong:
        return _withheld(replace(finding, refusal=wrong), len(known))
    models = _fit(past.now)
    forecast = _forecast(models, past.now, days)
    nothing = np.full(len(known), np.nan)
    uncounted, unpriced = gate.ordering_wrong(check, days), gate.money_wrong(check, correlation, models.value)
    if gate.keeps_everybody(models.orders):
        forecast = replace(forecast, p_active=nothing)
    if uncounted:
        forecast = replace(forecast, p_order=nothing, p_active=nothing)
    if unpriced:
        forecast = replace(forecast, revenue=nothing)
    return Lifetime(
        replace(
            finding,
            ordering_refusal=uncounted,
            value_refusal=unpriced,
            orders_model=models.orders,
            value_model=models.value,
            season=gate.season(past.year_ago, past.year_ago_customers, days),
            lately=_lately(models.orders, past, days, forecast),
            segments=_by_segment(forecast, segments),
            sentences=gate.notes(check, models.orders, days, of_customers=not uncounted, of_money=not unpriced),
        ),
        forecast,
    )


def _withheld(finding: LifetimeFinding, n: int) -> Lifetime:
    return Lifetime(finding, Forecast(*(np.full(n, np.nan) for _ in range(4))))


def _fit(history: OrderHistory) -> _Models:
    """Both models; that of order values needs as many paying customers as the gate wants repeaters.

    First orders count in the values, as many customers have no other.
    """
    known = np.isfinite(history.age)
    paid = known & (history.order_value > 0)
    orders = bgnbd.fit(history.repeats[known], history.recency[known], history.age[known])
    if paid.sum() < gate.MIN_REPEATERS:
        return _Models(orders, None)
    return _Models(orders, gammagamma.fit(history.repeats[paid] + 1, history.order_value[paid]))


def _forecast(models: _Models, history: OrderHistory, days: int) -> Forecast:
    times = (history.repeats, history.recency, history.age)
    known, weeks = np.isfinite(history.age), days / 7
    x, recency, age = (column[known] for column in times)
    orders = bgnbd.expected_orders(models.orders, x, recency, age, weeks)
    spent = np.maximum(history.order_value[known], 0)
    value = gammagamma.expected_value(models.value, x + 1, spent) if models.value else np.full(len(x), np.nan)
    active = np.where(x > 0, bgnbd.p_active(models.orders, x, recency, age), np.nan)
    found = (active, bgnbd.p_order(models.orders, x, recency, age, weeks), orders, orders * value)
    columns = [np.full(len(known), np.nan) for _ in found]
    for column, values in zip(columns, found, strict=True):
        column[known] = values
    return Forecast(*columns)


def _check(past: PastOrders, days: int) -> HoldoutCheck:
    """The forecast of the models fitted before the time held out, beside what came in it."""
    models = _fit(past.before)
    expected = _forecast(models, past.before, past.days)
    known = np.isfinite(past.before.age)
    p_order, ordered = _forecast(models, past.before, days).p_order[known], past.orders_soon[known] > 0
    ordering_error, ordering_chance = _across_chances(p_order, ordered)
    classes = np.minimum(past.before.repeats[known], LAST_CLASS).astype(np.int64)
    customers, orders, actual = (
        np.bincount(classes, weights, LAST_CLASS + 1) for weights in (None, expected.orders[known], past.orders[known])
    )
    return HoldoutCheck(
        days=past.days,
        orders_expected=float(orders.sum()),
        orders=float(actual.sum()),
        error=float(np.abs(orders - actual).sum() / max(actual.sum(), 1)),
        revenue_expected=float(expected.revenue[known].sum()),
        revenue=float(past.revenue[known].sum()),
        classes=tuple(
            HoldoutClass(number, int(customers[number]), float(orders[number]), float(actual[number]))
            for number in range(LAST_CLASS + 1)
        ),
        period_expected=_by_period(models.orders, past, days, len(past.period_orders[-PERIODS:])),
        period_orders=tuple(map(float, past.period_orders[-PERIODS:])),
        ordering_expected=float(p_order.sum()),
        ordering=float(ordered.sum()),
        ordering_error=ordering_error,
        ordering_chance=ordering_chance,
    )


def _across_chances(p_order: Floats, ordered: Mask) -> tuple[float, float]:
    """How far the customers who ordered were off, across tenths of their chance of it, and how far that goes by chance (95 %).

    Both as shares of those who ordered. By chance, the absolute difference of a tenth is half-normal.
    """
    tenths = np.minimum((10 * p_order).astype(np.int64), 9)
    gaps = np.abs(np.bincount(tenths, p_order - ordered))
    spread = np.sqrt(np.bincount(tenths, p_order * (1 - p_order)))
    by_chance = np.sqrt(2 / np.pi) * spread.sum() + CHANCE * np.sqrt((1 - 2 / np.pi) * (spread**2).sum())
    came = max(float(ordered.sum()), 1.0)
    return float(gaps.sum()) / came, float(by_chance) / came


def _lately(model: BgNbd, past: PastOrders, days: int, forecast: Forecast) -> str:
    """How far the model as fitted today, which holds every order, still misses the newest period.

    That of the check, fitted before a change, would also miss one that the forecast has learnt since.
    """
    (expected,) = _by_period(model, past, days, 1)
    return gate.lately_off(expected, float(past.period_orders[-1]), days, float(np.nansum(forecast.orders)))


def _by_period(model: BgNbd, past: PastOrders, days: int, n_periods: int) -> tuple[float, ...]:
    """Orders expected in the newest periods of the time held out, one after the other, of the customers as they stood before it."""
    known = np.isfinite(past.before.age)
    times = (past.before.repeats[known], past.before.recency[known], past.before.age[known])
    ends = past.days - days * np.arange(n_periods, -1, -1)
    until = [bgnbd.expected_orders(model, *times, end / 7).sum() for end in ends]
    return tuple(map(float, np.diff(until)))


def _correlation(history: OrderHistory) -> float:
    """Spearman's rank correlation of the number of orders with their mean value, 0 where either is constant."""
    from scipy.stats import rankdata

    again = history.repeats > 0
    often, dear = (rankdata(column[again]) for column in (history.repeats, history.order_value))
    return float(np.corrcoef(often, dear)[0, 1]) if np.ptp(often) > 0 and np.ptp(dear) > 0 else 0.0


def _by_segment(forecast: Forecast, segments: Ints) -> tuple[SegmentLifetime, ...]:
    customers = np.bincount(segments, np.isfinite(forecast.orders))
    ordering, orders, revenue = (
        np.bincount(segments, np.nan_to_num(column)) for column in (forecast.p_order, forecast.orders, forecast.revenue)
    )
    counted, priced = (bool(np.isfinite(column).any()) for column in (forecast.p_order, forecast.revenue))
    return tuple(
        SegmentLifetime(
            int(label),
            int(customers[label]),
            float(ordering[label]) if counted else None,
            float(orders[label]),
            float(revenue[label]) if priced else None,
        )
        for label in np.unique(segments)
    )
