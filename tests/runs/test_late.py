"""What came late or was corrected is told, and nothing where the months that were over are what they were."""

from dataclasses import replace
from datetime import date

import pytest

from segmenter.report.language import Voice
from segmenter.runs.late import rewritten
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
    assert rewritten(BEFORE, seen("2025-02-24", [100.0, 1000.0, 1000.0, 1000.0, 900.0])) == ()


def test_what_came_late_is_told_with_its_money_and_share():
    (told,) = rewritten(BEFORE, seen("2025-02-24", [100.0, 1000.0, 1540.0, 1000.0, 900.0]))
    assert "before 2025-02-01 the export now holds 540 EUR more revenue than in the run before (18%)" in told
    assert "mehr Umsatz als beim vorigen Lauf (18\xa0%)" in Voice("de", "EUR").retell(told)


def test_what_was_taken_out_is_told_too_and_less_than_a_hundredth_is_not():
    (told,) = rewritten(BEFORE, seen("2025-02-24", [100.0, 1000.0, 900.0, 1000.0, 900.0]))
    assert "100 EUR less revenue than in the run before (3.3%)" in told
    assert rewritten(BEFORE, seen("2025-02-24", [100.0, 1000.0, 975.0, 1000.0, 900.0])) == ()


@pytest.mark.parametrize("first", ["2024-10-20", "2024-11-05"])
def test_an_export_of_the_last_months_alone_is_held_against_the_months_that_both_hold_whole(first):
    months = [10.0, 1000.0, 1000.0, 1000.0, 900.0] if first < "2024-11" else [200.0, 1000.0, 1000.0, 900.0]
    assert rewritten(BEFORE, seen("2025-02-24", months, first)) == ()
