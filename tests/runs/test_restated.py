"""What came late or was corrected is told, and nothing where the months that were over are what they were."""

from dataclasses import replace
from datetime import date

import pytest

from segmenter.report.language import Voice
from segmenter.runs.restated import restated
from tests.report.made_up import made_up_run

MONTHS = ("2024-10", "2024-11", "2024-12", "2025-01", "2025-02")


def seen(day, revenue, first="2024-10-01"):
    """The manifest of a run as of `day` with these revenues of `MONTHS`."""
    made = made_up_run(n_customers=30).manifest
    period = replace(
        made.period, first_day=date.fromisoformat(first), months=MONTHS[-len(revenue) :], monthly_revenue=tuple(revenue)
    )
    config = {**made.config, "report": {**made.config["report"], "currency": "EUR"}}
    return replace(made, as_of=date.fromisoformat(day), period=period, config=config)


BEFORE = seen("2025-02-17", [100.0, 1000.0, 1000.0, 1000.0, 300.0])


def test_months_that_are_what_they_were_need_no_word_whatever_the_month_that_was_not_over_brought():
    assert restated(BEFORE, seen("2025-02-24", [100.0, 1000.0, 1000.0, 1000.0, 900.0])) == ()


def test_what_came_late_is_told_with_its_money_and_share():
    (told,) = restated(BEFORE, seen("2025-02-24", [100.0, 1000.0, 1540.0, 1000.0, 900.0]))
    assert "before 2025-02-01, the export now holds 540 EUR more revenue than in the previous run (18%)" in told
    assert "mehr Umsatz als beim vorigen Lauf (18\xa0%)" in Voice("de", "EUR").translate(told)


def test_what_was_taken_out_is_told_too_and_less_than_a_hundredth_is_not():
    (told,) = restated(BEFORE, seen("2025-02-24", [100.0, 1000.0, 900.0, 1000.0, 900.0]))
    assert "100 EUR less revenue than in the previous run (3.3%)" in told
    assert restated(BEFORE, seen("2025-02-24", [100.0, 1000.0, 975.0, 1000.0, 900.0])) == ()


def with_days(made, *money):
    """The same run with these revenues of its last days, the day that it is seen from first, and 50 a day before."""
    days = (*money, *([50.0] * (120 - len(money))))
    return replace(made, period=replace(made.period, daily_revenue=days))


WEEK = (50.0,) * 7
LATER = seen("2025-02-24", [100.0, 1000.0, 1000.0, 1000.0, 900.0])


def test_what_was_corrected_in_the_period_compared_with_is_told_though_its_month_was_not_over():
    (told,) = restated(with_days(BEFORE, 0.0, 950.0), with_days(LATER, 0.0, *WEEK))
    assert "For the 28 days before 2025-02-17, the export now holds 900 EUR less revenue" in told
    assert "enthält der Export jetzt 900\xa0€ weniger Umsatz" in Voice("de", "EUR").translate(told)
    (told,) = restated(with_days(BEFORE, 0.0), with_days(LATER, 0.0, *WEEK, 950.0))
    assert "900 EUR more revenue" in told


def test_a_period_that_is_what_it_was_or_is_held_no_longer_needs_no_word():
    before = with_days(BEFORE, 0.0, 950.0)
    assert restated(before, with_days(LATER, 0.0, *WEEK, 950.0)) == ()
    assert restated(before, with_days(seen("2025-02-24", [900.0], "2025-02-01"), 0.0)) == ()
    assert restated(before, with_days(seen("2025-06-24", [100.0, 1000.0, 1000.0, 1000.0, 900.0]), 0.0)) == ()


@pytest.mark.parametrize("first", ["2024-10-20", "2024-11-05"])
def test_an_export_of_the_last_months_alone_is_held_against_the_months_that_both_hold_whole(first):
    months = [10.0, 1000.0, 1000.0, 1000.0, 900.0] if first < "2024-11" else [200.0, 1000.0, 1000.0, 900.0]
    assert restated(BEFORE, seen("2025-02-24", months, first)) == ()
