"""The last week beside the weeks before it: what money of a whole period tells only when it is over."""

from __future__ import annotations

from datetime import date, timedelta
from math import sqrt
from statistics import mean, stdev

from segmenter.analysis.chance import CHANCE
from segmenter.features.types import Period

WEEK = 7  # days
NEAREST = 1.0  # standard errors from the nearest of the weeks before; from their mean it is `CHANCE`
FORESEEN = 2.998  # of Student's t with 7 degrees of freedom, for a 98 % prediction interval from eight weeks
UNUSUAL = (
    "The 7 days to {day} brought {n:,} orders, {which} than any of the {weeks} weeks before: {least:,} to {most:,}."
)


def unusual_week(period: Period, as_of: date) -> tuple[str, ...]:
    """A sentence where the last week brought more or fewer orders than any of the eight before, and beyond chance.

    The weeks are those of `period`, seen from `as_of`. Beyond chance is what lies outside the prediction interval of those weeks, which a steady growth does not, and farther
    from their mean, and from the nearest of them, than customers come who order by chance, each in an own way: the root
    of the sum of their squared orders is the standard error. A week that was told of is one of those that the next are set
    beside, so that it is told once.
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
