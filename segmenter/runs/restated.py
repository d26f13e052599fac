"""Revenue of the time before the previous run that was restated since: it came late, was corrected or was taken out."""

from __future__ import annotations

from datetime import date, timedelta

from segmenter.features.types import Period
from segmenter.runs.types import Manifest
from segmenter.words import in_percent

LEAST = 0.01  # share of the money that must differ; orders cancelled in full since then make up less
LEAST_LATELY = 0.05  # the same for a single period, of which more is cancelled in the weeks after it
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
    """Sentences on money that changed since the run `before`: of the months completed then, and of its period."""
    return (*_months_over(before, now), *_period_then(before, now))


def _months_over(before: Manifest, now: Manifest) -> tuple[str, ...]:
    """A sentence where the months completed at the run `before` have other money now, by a hundredth or more.

    Months that are not complete in both exports are left out, as where each export holds the last twelve months.
    """
    over = before.as_of.replace(day=1)
    first = max(before.period.first_day, now.period.first_day)
    then, today = (_money(period, first, over) for period in (before.period, now.period))
    if then <= 0 or abs(today - then) < LEAST * then:
        return ()
    text = LATER if today > then else LESS
    return (text.format(day=over, **_change(then, today, now.currency)),)


def _period_then(before: Manifest, now: Manifest) -> tuple[str, ...]:
    """A sentence where the period of the run `before` has other money now, by a twentieth or more.

    That money is what this run's is compared with. None where the days are further back than runs keep daily revenue, or
    where this run's export lacks some of them.
    """
    n_days, later = before.period_days, (now.as_of - before.as_of).days
    start = max(before.as_of - timedelta(days=n_days), before.period.first_day)
    days, days_now = before.period.daily_revenue, now.period.daily_revenue[later:]
    if now.period.first_day > start or min(len(days), len(days_now)) <= n_days:
        return ()
    then, today = (sum(each[1 : n_days + 1]) for each in (days, days_now))
    if then <= 0 or abs(today - then) < LEAST_LATELY * then:
        return ()
    text = LATELY_MORE if today > then else LATELY_LESS
    return (text.format(n_days=n_days, day=before.as_of, **_change(then, today, now.currency)),)


def _change(then: float, today: float, currency: str) -> dict[str, str]:
    size = abs(today - then)
    return {"value": f"{size:,.0f} {currency}".rstrip(), "n": in_percent(size / then)}


def _money(period: Period, first: date, over: date) -> float:
    """Revenue of the months between the one of `first` and the one of `over`."""
    months = zip(period.months, period.monthly_revenue, strict=True)
    return sum(money for month, money in months if f"{first:%Y-%m}" < month < f"{over:%Y-%m}")
