"""Compares the last week's orders with the weeks before, as a period's money shows a change only weeks later."""

from __future__ import annotations

from datetime import date, timedelta
from math import sqrt
from statistics import mean, stdev

from segmenter.analysis.chance import CHANCE
from segmenter.features.types import Period

WEEK = 7  # days
NEAREST = 1.0  # standard errors from the nearest of the weeks before; from their mean `CHANCE`
FORESEEN = 2.998  # quantile of Student's t with 7 degrees of freedom: a 98 % prediction interval from eight weeks
UNUSUAL = (
    "The 7 days to {day} brought {n:,} orders, {which} than any of the {weeks} weeks before: {least:,} to {most:,}."
)


def unusual_week(period: Period, as_of: date) -> tuple[str, ...]:
    """A sentence where the last week brought more or fewer orders than any of the eight before, and beyond chance.

    The weeks are those of `period`, as of `as_of`. Beyond chance means outside the prediction interval of the eight weeks
    (a steady growth stays inside), and farther from their mean and from the nearest of them than random ordering explains.
    Its standard error is the root of the sum of the customers' squared orders, as each orders at a rate of their own. An
    unusual week becomes one of the eight, so that it is reported once.
    """
    if not period.weekly_orders or period.age(as_of) > WEEK:
        return ()
    (orders, squares), *before = period.weekly_orders
    counts, n = [each for each, _ in before], len(before)
    least, most, usual = min(counts), max(counts), mean(counts)
    by_weeks = FORESEEN * stdev(counts) * sqrt(1 + 1 / n)
    by_customers = CHANCE * sqrt(squares + sum(each for _, each in before) / n**2)
    nearest, theirs = min(before) if orders < usual else max(before)
    beyond = min(
        abs(orders - usual) - max(by_weeks, by_customers), abs(orders - nearest) - NEAREST * sqrt(squares + theirs)
    )
    if not least or least <= orders <= most or beyond <= 0:
        return ()
    day, which = min(period.last_day, as_of - timedelta(days=1)), "fewer" if orders < least else "more"
    return (UNUSUAL.format(day=day, n=orders, which=which, weeks=n, least=least, most=most),)
