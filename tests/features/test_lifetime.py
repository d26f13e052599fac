"""The orders that the value to come is told from: counted by day, and split where two thirds of the time had passed."""

from datetime import date

import numpy as np
import pytest

from segmenter.config.analysis import FeaturesConfig
from segmenter.engine.drawn import Drawn, within
from segmenter.features import build, past_orders
from tests.features.conftest import line

LINES = [
    line("ann", "2024-01-01 09:00", "1", 10),
    line("ann", "2024-01-15 09:00", "2", 20),
    line("ann", "2024-01-15 17:00", "3", 10),
    line("ann", "2024-03-25 09:00", "4", 40),
    line("bob", "2024-01-08 09:00", "5", 7),
    line("bob", "2024-02-08 09:00", "6", 90, status="cancelled"),
    line("bob", "2024-02-09 09:00", "C6", -90, status="cancellation"),
    line("bob", "2024-02-10 09:00", "C5", -2, status="return"),
    line("cec", "2024-03-31 09:00", "7", 5),
    line("dan", "2024-02-01 09:00", "C8", -5, status="return"),
]


def of(transactions, lines=LINES, as_of=None, days=10):
    connection = transactions(lines)
    table = build(connection, FeaturesConfig(as_of=as_of, use=(), anomalies_use=()))
    return table, past_orders(connection, table, days)


def test_days_with_standing_orders_are_counted_and_their_money_averaged(transactions):
    table, past = of(transactions)
    assert table.customer_id.tolist() == ["ann", "bob", "cec", "dan"]
    assert past.now.repeats.tolist()[:3] == [2, 0, 0]
    assert past.now.recency.tolist()[:3] == [12, 0, 0]
    assert past.now.age.tolist()[:3] == [13, 12, pytest.approx(1 / 7)]
    assert past.now.order_value.tolist()[:3] == [pytest.approx(80 / 3), 7, 5]


def test_the_last_third_of_the_time_is_held_out(transactions):
    _, past = of(transactions)
    assert past.days == 30
    assert past.before.repeats.tolist()[:2] == [1, 0]
    assert past.before.order_value.tolist()[:2] == [20, 7]
    assert past.orders.tolist()[:2] == [1, 0]
    assert past.revenue.tolist()[:2] == [40, 0]


def test_the_orders_of_the_first_period_held_out_are_told_apart(transactions):
    assert of(transactions, days=10)[1].orders_soon.tolist()[:2] == [0, 0]
    assert of(transactions, days=25)[1].orders_soon.tolist()[:2] == [1, 0]


def test_the_orders_held_out_are_told_by_whole_periods_of_customers_known_before(transactions):
    assert of(transactions)[1].period_orders.tolist() == [0, 0, 1]
    assert of(transactions, days=20)[1].period_orders.tolist() == [0]
    assert of(transactions, days=40)[1].period_orders.tolist() == []


def test_who_had_not_ordered_yet_has_no_history(transactions):
    _, past = of(transactions)
    assert np.isnan([past.before.age[2], past.orders[2], past.orders_soon[2], past.revenue[2]]).all()
    for column in (past.now.repeats, past.now.recency, past.now.age, past.now.order_value, past.orders):
        assert np.isnan(column[3])


def test_both_parts_of_the_time_add_up_to_the_whole(transactions):
    _, past = of(transactions)
    seen = ~np.isnan(past.orders)
    assert (past.before.repeats[seen] + past.orders[seen] == past.now.repeats[seen]).all()


def test_a_day_that_was_seen_belongs_to_the_time_and_a_later_one_does_not(transactions):
    _, past = of(transactions, as_of=date(2024, 3, 25))
    assert past.now.repeats[0] == 2
    assert past.now.age[0] == pytest.approx(85 / 7)
    _, past = of(transactions, as_of=date(2024, 3, 24))
    assert past.now.repeats[0] == 1
    assert past.now.age[0] == pytest.approx(83 / 7)


def test_without_a_standing_order_nobody_has_a_history(transactions):
    _, past = of(transactions, [line("dan", "2024-02-01 09:00", "C8", -5, status="return")])
    assert np.isnan(past.now.age).all()
    assert past.days == 0


@pytest.mark.parametrize(("first", "found"), [("2023-11-01", (1, 2)), ("2023-12-05", (0, 2)), ("2024-01-02", (0, 0))])
def test_orders_of_a_year_ago_are_counted_around_this_day_where_the_record_holds_them_whole(transactions, first, found):
    ordered = (first, "2023-12-31", "2024-01-01", "2024-01-30", "2024-01-31", "2024-12-28")
    ordered = [day for day in ordered if day >= first]
    lines = [line("ann", f"{day} 09:00", str(number), 10) for number, day in enumerate(ordered)]
    _, past = of(transactions, lines, as_of=date(2024, 12, 30), days=30)
    assert past.year_ago == found
    assert past.year_ago_customers == min(found[1], 1)


def test_the_orders_by_periods_of_a_sample_are_those_of_the_customers_up_to_its_limit(transactions):
    connection = transactions(LINES)
    table = build(connection, FeaturesConfig(use=(), anomalies_use=()))
    for last in table.customer_id:
        limit = Drawn(np.array([last]), 2).limit
        orders = past_orders(connection, table, 10, limit).period_orders.tolist()
        assert orders == [0, 0, int(within(np.array(["ann"]), limit)[0])], "only ann ordered in a whole period"
    assert not within(np.array(["ann"]), Drawn(np.array(["cec"]), 2).limit)[0]
