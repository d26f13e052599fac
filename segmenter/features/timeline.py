"""The period that the transactions cover: totals, months and cohorts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate

from segmenter.assets import query
from segmenter.engine.types import Engine
from segmenter.features.types import FeatureTable, Period

N_MONTHS = 12  # after the first order, for which the share of returning customers is computed
WEEKS = 9  # the last one and those that it is compared with
DAYS = 120  # whose revenue is stored by day: enough for the period before the previous run, if runs are months apart
USUAL = (
    0.95  # quantile of the pauses between days with transactions that is still usual: weekends are, holidays are not
)
SILENT = (
    "The latest transaction is from {last}, {n} days before {day}, which is longer than usual for this business: the "
    "export may be an old one."
)


def period(connection: Engine, table: FeatureTable) -> Period:
    """Totals of the transactions up to the table's date, their net revenue by month, and the cohorts' retention."""
    day = {"as_of": table.as_of}
    ((first, last, n_transactions, n_orders, n_customers, n_without_order, revenue),) = connection.execute(
        query("period_totals"), day
    ).fetchall()
    months = dict(connection.execute(query("period_months"), day).fetchall())
    active = {(cohort, month): n for cohort, month, n in connection.execute(query("period_cohorts")).fetchall()}
    cohorts = _retention(active, min(max(months), _last_whole_month(table.as_of)))
    sizes = tuple(n for (_, month), n in sorted(active.items()) if month == 0)[: len(cohorts)]
    span = range(min(months), max(months) + 1)
    days = dict(connection.execute(query("period_days"), {**day, "days": DAYS}).fetchall())
    return Period(
        first_day=first,
        last_day=last,
        n_transactions=n_transactions,
        n_orders=n_orders,
        n_customers=n_customers,
        revenue=revenue,
        months=tuple(map(_month, span)),
        monthly_revenue=tuple(months.get(number, 0.0) for number in span),
        cohorts=cohorts,
        usual_pause=_usual(connection.execute(query("period_pauses"), day).fetchall()),
        cohort_sizes=sizes,
        returning=_returning([shares for _, shares in cohorts], sizes),
        daily_revenue=tuple(days.get(ago, 0.0) for ago in range(DAYS)),
        weekly_orders=_weeks(connection, first, min(last + timedelta(days=1), table.as_of)),
        n_without_order=n_without_order,
    )


def _weeks(connection: Engine, first: date, until: date) -> tuple[tuple[int, int], ...]:
    """Orders of each week before `until`, with the sum of squares over customers; none where the record is too short."""
    if (until - first).days < 7 * WEEKS:
        return ()
    found = connection.execute(query("period_weeks"), {"until": until, "weeks": WEEKS}).fetchall()
    by_week = {ago: (orders, squares) for ago, orders, squares in found}
    return tuple(by_week.get(ago, (0, 0)) for ago in range(WEEKS))


def silence_warning(found: Period, day: date) -> str:
    """A warning where there was no transaction for unusually long before `day`; else empty."""
    return SILENT.format(last=found.last_day, n=f"{found.age(day):,}", day=day) if found.is_silent(day) else ""


def _usual(pauses: list[tuple[int, int]]) -> int:
    """The `USUAL` quantile of the pauses, given as sorted pairs of length and number; 0 without pauses."""
    wanted = USUAL * sum(n for _, n in pauses)
    seen = accumulate(n for _, n in pauses)
    return next((length for (length, _), n in zip(pauses, seen, strict=True) if n >= wanted), 0)


def _month(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def _last_whole_month(as_of: date) -> int:
    """The number of the last month that is over on `as_of` or ends with that day."""
    number = as_of.year * 12 + as_of.month - 1
    return number if (as_of + timedelta(days=1)).month != as_of.month else number - 1


def _retention(active: dict[tuple[int, int], int], last: int) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """Shares of active customers by cohort and whole month, without the current month, in which customers may still order."""
    return tuple(
        (
            _month(cohort),
            tuple(active.get((cohort, month), 0) / active[cohort, 0] for month in range(last - cohort + 1)),
        )
        for cohort in sorted({cohort for cohort, _ in active if cohort <= last})
    )


def _returning(cohorts: Sequence[tuple[float, ...]], sizes: Sequence[int]) -> tuple[float, ...]:
    """The share of new customers who ordered 1, 2 ... months later, as long as at least half of the cohorts are old enough.

    Without the first cohort, whose customers may have ordered before the record begins.
    """
    known = [(shares, size) for shares, size in zip(cohorts[1:], sizes[1:], strict=True) if len(shares) > 1]
    found: list[float] = []
    for after in range(1, N_MONTHS + 1):
        reached = [(shares[after] * size, size) for shares, size in known if len(shares) > after]
        if not reached or (found and 2 * len(reached) < len(known)):
            break
        found.append(sum(came for came, _ in reached) / sum(size for _, size in reached))
    return tuple(found)
