"""Revenue that was restated: money of times before the run before that came late, was corrected or was taken out since."""

from __future__ import annotations

from datetime import date, timedelta

from segmenter.features.types import Period
from segmenter.runs.types import Manifest
from segmenter.words import in_percent

TELLING = 0.01  # share of the money that must differ: orders cancelled in full since then take away less
TELLING_LATELY = 0.05  # the same of a single period, of which more is cancelled in the weeks after it
LATER = (
    "For the time before {day}, the export now holds {value} more revenue than in the previous run ({n}): rows came "
    "late or were changed, and all figures include them."
)
LESS = (
    "For the time before {day}, the export now holds {value} less revenue than in the previous run ({n}): rows were "
    "changed, cancelled or removed, and no figure includes them."
)
LATELY_MORE = (
    "For the {n_days} days before {day}, the export now holds {value} more revenue than in the previous run ({n}): "
    "rows came late or were changed, so the revenue then was higher than the comparison shows."
)
LATELY_LESS = (
    "For the {n_days} days before {day}, the export now holds {value} less revenue than in the previous run ({n}): "
    "rows were changed, cancelled or removed, so the revenue then was lower than the comparison shows."
)


def restated(before: Manifest, now: Manifest) -> tuple[str, ...]:
    """Sentences on money that has changed since the run `before`: of the months that were over, and of the period compared with."""
    return (*_months_over(before, now), *_period_then(before, now))


def _months_over(before: Manifest, now: Manifest) -> tuple[str, ...]:
    """A sentence where the months that were over at the run `before` have other money now, by a hundredth or more.

    Months that one of the two exports does not hold whole are left out, so that one of the last twelve months can be
    followed by the next.
    """
    over = before.as_of.replace(day=1)
    first = max(before.period.first_day, now.period.first_day)
    then, today = (_money(period, first, over) for period in (before.period, now.period))
    change = today - then
    if then <= 0 or abs(change) < TELLING * then:
        return ()
    value = f"{abs(change):,.0f} {now.currency}".rstrip()
    return ((LATER if change > 0 else LESS).format(day=over, value=value, n=in_percent(abs(change) / then)),)


def _period_then(before: Manifest, now: Manifest) -> tuple[str, ...]:
    """A sentence where the period before the run `before` has other money now, by a twentieth or more.

    That money is what this run's is compared with. Nothing is said where the days are further back than a run keeps
    them one by one, or where this run's export does not hold them all.
    """
    n_days, later = before.period_days, (now.as_of - before.as_of).days
    start = max(before.as_of - timedelta(days=n_days), before.period.first_day)
    days, days_now = before.period.daily_revenue, now.period.daily_revenue[later:]
    if now.period.first_day > start or min(len(days), len(days_now)) <= n_days:
        return ()
    then, today = (sum(each[1 : n_days + 1]) for each in (days, days_now))
    change = today - then
    if then <= 0 or abs(change) < TELLING_LATELY * then:
        return ()
    value = f"{abs(change):,.0f} {now.currency}".rstrip()
    text = LATELY_MORE if change > 0 else LATELY_LESS
    return (text.format(n_days=n_days, day=before.as_of, value=value, n=in_percent(abs(change) / then)),)


def _money(period: Period, first: date, over: date) -> float:
    """Revenue of the months after that of `first` and before that of `over`."""
    months = zip(period.months, period.monthly_revenue, strict=True)
    return sum(money for month, money in months if f"{first:%Y-%m}" < month < f"{over:%Y-%m}")
