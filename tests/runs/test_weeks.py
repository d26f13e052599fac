"""A week unlike those before it is told of, once, and no other."""

from datetime import date

import numpy as np
import pytest

from segmenter.features.types import Period
from segmenter.runs.weeks import unusual_week

N = 400  # customers


def told(weeks, as_of=date(2025, 6, 2)):
    """What is said of customers' orders (n_weeks, n), the newest week last."""
    newest_first = tuple((int(week.sum()), int((week**2).sum())) for week in weeks[::-1])
    period = Period(date(2025, 1, 1), date(2025, 6, 1), 0, 0, 0, 0.0, (), (), weekly_orders=newest_first)
    return unusual_week(period, as_of)


def shop(rng, rates, n=N):
    """Orders per week and customer, whose own rates differ."""
    return rng.poisson(np.asarray(rates)[:, None] * rng.gamma(0.8, 1 / 0.8, n))


def test_a_week_in_which_the_orders_fell_by_half_says_so_with_what_was_usual():
    weeks = np.array([[1] * n + [0] * (160 - n) for n in (150, 160, 140, 155, 148, 152, 143, 158, 75)])
    assert told(weeks) == (
        "The 7 days to 2025-06-01 brought 75 orders, fewer than any of the 8 weeks before: 140 to 160.",
    )
    assert told(weeks, as_of=date(2025, 6, 9)) == (), "of an export that ends a week earlier"


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_real_change_is_told_in_its_first_week_and_once(rng, factor):
    first, again = 0, 0
    for _ in range(40):
        orders = shop(rng, [0.5] * 8 + [0.5 * factor] * 4)
        first += bool(told(orders[:9]))
        again += sum(bool(told(orders[: 9 + later][-9:])) for later in (1, 2, 3))
    assert first >= 36
    assert again <= 6, "of 120 weeks"


@pytest.mark.parametrize(
    "rates",
    [np.full(200, 0.5), 0.5 * 1.02 ** np.arange(200), None],
    ids=["steady", "growing by 2 % a week", "with weeks that differ by 10 %"],
)
@pytest.mark.parametrize("n", [60, 4000])
def test_of_weeks_in_which_nothing_happened_at_most_one_in_twenty_is_told_of(rng, rates, n):
    rates = 0.5 * np.exp(0.1 * rng.standard_normal(200)) if rates is None else rates
    orders = shop(rng, rates, n)
    assert sum(bool(told(orders[week - 9 : week])) for week in range(9, 201)) <= 0.05 * 192


def test_one_customer_who_orders_much_at_once_makes_no_unusual_week(rng):
    orders = shop(rng, [0.1] * 9, 300)
    orders[-1, 0] += 40
    assert told(orders) == ()


def test_of_a_record_that_is_too_short_nothing_is_said():
    assert told(np.zeros((0, 3), dtype=int)) == ()
