"""Totals, months and cohorts of the period."""

from datetime import date, timedelta

import pytest

from segmenter.config.analysis import FeaturesConfig
from segmenter.features import build, period, silence_warning
from tests.features.conftest import line

LINES = [
    line("ann", "2023-11-03", "1", 10),
    line("ann", "2024-01-05", "2", 20),
    line("ann", "2024-01-06", "C1", -5, status="return"),
    line("bob", "2023-11-09", "3", 7),
    line("bob", "2023-11-09", "3", 9, status="cancelled"),
    line("bob", "2023-11-10", "C3", -9, status="cancellation"),
    line("cec", "2024-01-31", "4", 1),
]


def of(connection, as_of=None):
    return period(connection, build(connection, FeaturesConfig(as_of=as_of, use=(), anomalies_use=())))


def test_totals_are_net_of_returns_and_cancelled_sales(transactions):
    found = of(transactions(LINES))
    assert (found.first_day, found.last_day) == (date(2023, 11, 3), date(2024, 1, 31))
    assert (found.n_transactions, found.n_orders, found.n_customers) == (5, 4, 3)
    assert found.revenue == 33


def test_customers_of_whom_nothing_but_cancelled_orders_and_returns_is_left_are_counted(transactions):
    cancelled = [
        line("dan", "2024-01-10", "5", 8, status="cancelled"),
        line("dan", "2024-01-11", "C5", -8, status="cancellation"),
    ]
    found = of(transactions([*LINES, *cancelled, line("eve", "2024-01-12", "C6", -3, status="return")]))
    assert (found.n_customers, found.n_without_order) == (5, 2)
    assert of(transactions(LINES)).n_without_order == 0


def test_months_have_no_hole_and_add_up(transactions):
    found = of(transactions(LINES))
    assert found.months == ("2023-11", "2023-12", "2024-01")
    assert found.monthly_revenue == (17, 0, 16)
    assert sum(found.monthly_revenue) == pytest.approx(found.revenue)


def test_the_last_days_are_kept_one_by_one_from_the_day_that_customers_are_seen_from(transactions):
    found = of(transactions(LINES)).daily_revenue
    assert len(found) == 120
    assert (found[0], found[1], found[26], found[27]) == (0, 1, -5, 20)
    assert sum(found) == 33


def test_orders_of_the_last_nine_weeks_are_counted_up_to_the_last_day_that_is_over(transactions):
    days = ("2024-01-01", "2024-02-20", "2024-02-26", "2024-02-27", "2024-03-03")
    lines = [line("bob" if day[-1] in "03" else "ann", f"{day} 09:00", day, 10) for day in days]
    weeks = ((3, 5), (1, 1), *[(0, 0)] * 6, (1, 1))
    assert [of(transactions(lines), day).weekly_orders for day in (date(2024, 3, 4), None)] == [weeks, weeks]
    assert of(transactions(lines), date(2024, 3, 3)).weekly_orders == (), (
        "of a day that is not over the record is too short"
    )


def test_a_cohort_starts_whole_and_is_followed_to_the_last_month(transactions):
    found = of(transactions(LINES))
    assert found.cohorts == (("2023-11", (1.0, 0.0, 0.5)), ("2024-01", (1.0,)))
    assert found.cohort_sizes == (2, 1)


def test_who_comes_back_is_averaged_over_all_new_customers_as_far_as_half_of_the_cohorts_reach(transactions):
    """Customers of the first month on record are not known to be new and count in no average."""
    lines = [
        line(f"{month}-{n}", f"2024-{month + after:02}-10", f"{month}-{n}-{after}", 1)
        for month, size in ((1, 1), (2, 3), (3, 2), (4, 2), (5, 1))
        for n in range(size)
        for after in ((0, 1, 2, 3) if n == 0 and month < 3 else (0,))
    ]
    found = of(transactions(lines), date(2024, 5, 31))
    assert found.cohort_sizes == (1, 3, 2, 2, 1)
    assert found.returning == pytest.approx((1 / 7, 1 / 5))


def test_a_month_that_is_not_over_tells_nothing_of_who_comes_back(transactions):
    lines = [*LINES, line("bob", "2024-02-02", "5", 3), line("new", "2024-02-03", "6", 3)]
    assert of(transactions(lines)).cohorts == (("2023-11", (1.0, 0.0, 0.5)), ("2024-01", (1.0,)))
    whole = of(transactions([*lines, line("cec", "2024-02-29", "7", 1)]))
    assert whole.cohorts == (("2023-11", (1.0, 0.0, 0.5, 0.5)), ("2024-01", (1.0, 1.0)), ("2024-02", (1.0,)))


def test_a_later_transaction_is_not_seen(transactions):
    found = of(transactions(LINES), date(2023, 12, 31))
    assert (found.months, found.n_customers) == (("2023-11",), 2)


def every(days, n, last="2024-03-31"):
    """Lines of one customer, a day with an order every `days` days, `n` of them up to `last`."""
    end = date.fromisoformat(last)
    return [line("ann", str(end - timedelta(days=days * number)), str(number), 1) for number in range(n)]


@pytest.mark.parametrize(("days", "pause", "longest"), [(1, 1, 4), (7, 7, 21), (30, 30, 90)])
def test_a_silence_is_unusual_by_what_is_usual_in_this_export(transactions, days, pause, longest):
    found = of(transactions(every(days, 60)))
    assert found.usual_pause == pause
    usual, unusual = (found.last_day + timedelta(days=n) for n in (longest, longest + 1))
    assert (found.age(unusual), found.is_silent(usual), found.is_silent(unusual)) == (longest + 1, False, True)


def test_weekends_are_usual_and_one_long_holiday_makes_no_rule(transactions):
    lines = [each for each in every(1, 200) if each[1].weekday() < 5]
    found = of(transactions([*lines, line("ann", "2023-01-02", "old", 1)]), date(2024, 5, 1))
    assert found.usual_pause == 3
    assert "from 2024-03-29, 33 days before 2024-05-01, which is longer" in silence_warning(found, date(2024, 5, 1))
    assert silence_warning(found, date(2024, 4, 1)) == ""


def test_of_a_single_day_no_pause_is_known_and_none_is_unusual(transactions):
    found = of(transactions(every(1, 1)), date(2024, 12, 31))
    assert (found.usual_pause, found.is_silent(date(2024, 12, 31))) == (0, False)
