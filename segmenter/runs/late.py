"""Money of months that were over when the run before was made: what came late, was corrected or was taken out since."""

from __future__ import annotations

from datetime import date

from segmenter.features.types import Period
from segmenter.runs.types import Manifest
from segmenter.words import in_percent

TELLING = 0.01  # share of the money that must differ: orders cancelled in full since then take away less
LATER = (
    "Of the time before {day} the export now holds {value} more revenue than in the run before ({n}): rows came late or were "
    "changed, and all figures hold them."
)
LESS = (
    "Of the time before {day} the export now holds {value} less revenue than in the run before ({n}): rows were changed, "
    "cancelled or taken out, and all figures lack them."
)


def rewritten(before: Manifest, now: Manifest) -> tuple[str, ...]:
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


def _money(period: Period, first: date, over: date) -> float:
    """Revenue of the months after that of `first` and before that of `over`."""
    months = zip(period.months, period.monthly_revenue, strict=True)
    return sum(money for month, money in months if f"{first:%Y-%m}" < month < f"{over:%Y-%m}")
