"""One row per customer, with the features a reader expects."""

from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.config.analysis import FeaturesConfig
from segmenter.errors import DataError
from segmenter.features import build, period_revenue, similar_id_warnings
from segmenter.features.catalogue import CATALOGUE
from tests.features.conftest import line

CONFIG = FeaturesConfig(anomalies_use=())


def value(table, customer, name):
    return table.column(name)[table.customer_id.tolist().index(customer)]


def test_recency_frequency_and_money_are_counted_from_the_day_after_the_last_transaction(transactions):
    table = build(
        transactions(
            [
                line("ann", "2024-01-01 10:00", "1", 10),
                line("ann", "2024-01-01 10:00", "1", 5, "pot"),
                line("ann", "2024-01-11 10:00", "2", 15),
                line("bob", "2024-01-20 09:00", "3", 7),
            ]
        ),
        CONFIG,
    )
    assert table.as_of == date(2024, 1, 21)
    assert table.customer_id.tolist() == ["ann", "bob"]
    expected = {"recency": 10, "frequency": 2, "monetary": 30, "average_order_value": 15, "tenure": 20, "mean_gap": 10}
    assert {name: value(table, "ann", name) for name in expected} == expected
    assert value(table, "ann", "distinct_products") == 2
    assert value(table, "ann", "items_per_order") == 1.5


@pytest.mark.parametrize(("price", "unit"), [(100.0, 2.0), (0.5, 0.01), (-3.0, 1.0)])
def test_money_is_counted_in_fiftieths_of_the_typical_order_and_nothing_else_is(transactions, price, unit):
    status = "sale" if price > 0 else "return"
    lines = [line(f"c{n}", "2024-01-01 10:00", f"{n}", price * size, status=status) for n, size in enumerate((1, 1, 9))]
    table = build(transactions(lines), CONFIG)
    units = dict(zip(table.features, table.units, strict=True))
    assert {each for feature, each in units.items() if feature.kind == "money"} == {unit}
    assert {each for feature, each in units.items() if feature.kind != "money"} == {1.0}


def test_a_number_that_comes_back_on_another_day_is_another_order(transactions):
    lines = [
        line("ann", f"2024-01-{day:02d} 10:00", "1", 10, product) for day in (1, 11, 21) for product in ("cup", "pot")
    ]
    table = build(transactions([*lines, line("ann", "2024-01-21 11:00", "1", 10, "pan")]), CONFIG)
    expected = {"recency": 1, "frequency": 3, "tenure": 21, "mean_gap": 10, "largest_order": 30}
    assert {name: value(table, "ann", name) for name in expected} == expected


def test_ids_that_differ_in_capitals_alone_are_counted(transactions):
    ids = ["ann", "Ann", "ANN", "bob", "Eve", "eve", "zoe"]
    connection = transactions([line(each, "2024-01-01 10:00", f"{n}", 10) for n, each in enumerate(ids)])
    build(connection, CONFIG)
    (told,) = similar_id_warnings(connection)
    assert told.startswith("The ids of 5 customers differ from others only in capitals")
    connection = transactions([line(each, "2024-01-01 10:00", f"{n}", 10) for n, each in enumerate(["ann", "bob"])])
    build(connection, CONFIG)
    assert similar_id_warnings(connection) == ()


def test_a_customer_whose_only_order_was_cancelled_has_a_row_without_money(transactions):
    table = build(
        transactions(
            [
                line("ann", "2024-01-01 10:00", "1", 77183.60, quantity=74215, status="cancelled"),
                line("ann", "2024-01-01 10:16", "C1", -77183.60, quantity=-74215, status="cancellation"),
                line("bob", "2024-01-02 09:00", "3", 7),
            ]
        ),
        CONFIG,
    )
    expected = {"frequency": 0, "monetary": 0, "largest_order": 77183.60, "largest_return": 77183.60}
    assert {name: value(table, "ann", name) for name in expected} == expected
    assert value(table, "ann", "recency") == 2
    assert np.isnan(value(table, "ann", "average_order_value"))


def test_the_return_share_counts_cancelled_lines_and_wants_five_orders(transactions):
    lines = [line("ann", "2024-01-01", f"a{n}", 10) for n in range(4)]
    lines += [
        line("ann", "2024-01-02", "a9", 20, status="cancelled"),
        line("ann", "2024-01-05", "C1", -5, status="return"),
    ]
    lines += [line("bob", "2024-01-02", "b1", 7), line("bob", "2024-01-02", "C2", -7, status="return")]
    table = build(transactions(lines), CONFIG)
    assert value(table, "ann", "return_share") == pytest.approx(25 / 60)
    assert value(table, "ann", "returned_lines") == 2
    assert np.isnan(value(table, "bob", "return_share"))


def test_money_given_back_by_a_column_of_its_own_is_a_return_to_the_last_cent(transactions):
    whole = [line("ann", f"2024-01-0{n + 1}", f"a{n}", 100, status="cancelled") for n in range(6)]
    nearly = [line("bob", f"2024-01-0{n + 1}", f"b{n}", 0.01, refunded=99.99) for n in range(6)]
    none = [line("cid", f"2024-01-0{n + 1}", f"c{n}", 100, refunded=0) for n in range(6)]
    table = build(transactions([*whole, *nearly, *none]), CONFIG)
    names = ("return_share", "returned_lines", "largest_return", "largest_order")
    found = {who: tuple(round(value(table, who, name), 3) for name in names) for who in ("ann", "bob", "cid")}
    assert found == {"ann": (1, 6, 100, 100), "bob": (1, 6, 99.99, 100), "cid": (0, 0, 0, 100)}
    assert value(table, "bob", "monetary") == pytest.approx(0.06)


def test_a_return_without_a_purchase_is_a_customer_who_owes_money(transactions):
    lines = [line("ann", "2024-01-01", "C1", -5, status="return"), line("bob", "2024-01-02", "2", 7)]
    table = build(transactions(lines), CONFIG)
    assert value(table, "ann", "monetary") == -5
    assert value(table, "ann", "frequency") == 0


def test_what_comes_after_as_of_is_not_seen(transactions):
    lines = [line("ann", "2024-01-01", "1", 10), line("ann", "2024-02-01", "2", 90), line("bob", "2024-02-01", "3", 7)]
    table = build(transactions(lines), FeaturesConfig(as_of=date(2024, 1, 15)))
    assert table.customer_id.tolist() == ["ann"]
    assert table.values[0, :3].tolist() == [14, 1, 10]


def test_an_as_of_before_everything_is_refused(transactions):
    with pytest.raises(DataError, match="before the first transaction"):
        build(transactions([line("ann", "2024-01-01", "1", 10)]), FeaturesConfig(as_of=date(2023, 1, 1)))


def test_no_transactions_are_refused(transactions):
    connection = transactions([line("ann", "2024-01-01", "1", 10)])
    connection.execute("delete from transactions")
    with pytest.raises(DataError, match="no transactions"):
        build(connection, CONFIG)


@pytest.mark.parametrize("hour", [0, 6, 12, 18, 23])
def test_a_habit_is_as_even_around_midnight_as_at_noon(transactions, hour):
    habit = datetime.fromisoformat(f"2024-01-02 {hour:02}:00")
    moments = [habit + timedelta(days=3 * n, minutes=(-20, -5, 0, 5, 20)[n % 5]) for n in range(20)]
    table = build(
        transactions([line("owl", f"{at:%Y-%m-%d %H:%M}", f"o{n}", 5) for n, at in enumerate(moments)]), CONFIG
    )
    assert value(table, "owl", "hour_spread") == pytest.approx(np.std([-20, -5, 0, 5, 20] * 4, ddof=1) / 60)


def test_an_even_rhythm_has_no_variation_and_a_burst_after_silence_has_much(transactions):
    start = date(2024, 1, 1)
    robot = [line("robot", f"{start + timedelta(7 * n)} 03:00", f"r{n}", 2) for n in range(20)]
    days = [0, 200, *range(201, 212)]
    sleeper = [line("sleeper", f"{start + timedelta(day)} 12:00", f"s{day}", 50) for day in days]
    table = build(transactions(robot + sleeper), CONFIG)
    assert value(table, "robot", "gap_variation") == 0
    assert value(table, "robot", "hour_spread") == 0
    assert value(table, "sleeper", "gap_variation") > 3
    assert value(table, "sleeper", "longest_gap") == 200
    assert value(table, "sleeper", "burst") == pytest.approx(12 / 13)


def test_orders_on_one_day_count_from_the_third_on(transactions):
    start = date(2024, 1, 1)
    lines = [line("twice", f"{start} {hour}:00", f"t{hour}", 5) for hour in (10, 15)]
    lines += [line("thrice", f"{start} {hour}:00", f"h{hour}", 5) for hour in (10, 12, 15)]
    lines += [line("machine", f"{start} {hour:02d}:00", f"m{hour}", 5) for hour in range(24)]
    lines += [line("weekly", f"{start + timedelta(7 * n)} 12:00", f"w{n}", 5) for n in range(5)]
    table = build(transactions(lines), CONFIG)
    found = {name: value(table, name, "orders_in_a_day") for name in ("twice", "thrice", "machine", "weekly")}
    assert found == {"twice": 0, "thrice": 3, "machine": 24, "weekly": 0}


@pytest.mark.parametrize("as_of", [None, date(2023, 12, 31)], ids=["the day after the last", "the last day"])
def test_even_spending_has_no_trend_and_a_period_its_full_days_whether_or_not_the_last_day_is_looked_from(
    transactions, as_of
):
    days = [date(2023, 1, 1) + timedelta(n) for n in range(365)]
    connection = transactions([line("even", f"{day} 12:00", f"e{day}", 1) for day in days])
    table = build(connection, FeaturesConfig(as_of=as_of))
    assert value(table, "even", "spend_trend") == 0
    assert period_revenue(connection, table, 30).tolist() == [30]


def test_spending_that_grew_has_a_trend_near_one_and_spending_that_stopped_minus_one(transactions):
    lines = [line(name, "2023-01-01", name, 10) for name in ("grown", "gone", "even")]
    lines += [line("grown", "2023-12-20", "g", 1000), line("even", "2023-12-20", "e", 10 * 90 / 274)]
    table = build(transactions(lines), FeaturesConfig(as_of=date(2023, 12, 31)))
    assert value(table, "grown", "spend_trend") > 0.9
    assert value(table, "gone", "spend_trend") == -1
    assert value(table, "even", "spend_trend") == pytest.approx(0, abs=1e-3)


def test_orders_that_another_customer_placed_alike_are_shared_from_the_second_on(transactions):
    lines = [
        line(customer, day, f"{customer}{day}", amount, product)
        for customer, days in {"ann": (1, 2), "bob": (1, 2, 3), "cec": (3,), "dan": (4,)}.items()
        for day in (f"2024-01-0{number}" for number in days)
        for product, amount in (("cup", 5), ("jug", 4), ("pot", 9))
    ]
    assert build(transactions(lines), CONFIG).column("shared_orders").tolist() == [2, 3, 0, 0]


def test_features_the_export_has_no_column_for_are_left_out(transactions):
    table = build(transactions([line("ann", "2024-01-01", "1", 10, product=None, quantity=None)]), CONFIG)
    assert not {"items_per_order", "distinct_products"} & set(table.names)
    assert set(CONFIG.use) <= set(table.names), "what the configuration asks for stays, even if it is empty"


def test_every_feature_of_the_catalogue_may_be_empty_only_where_it_says_so(transactions):
    sale, gone = line("ann", "2024-01-01", "1", 10), line("bob", "2024-01-01", "2", 9, status="return")
    table = build(
        transactions([sale, gone]),
        FeaturesConfig(use=tuple(f.name for fs in CATALOGUE.values() for f in fs), anomalies_use=()),
    )
    empty = {name for name, column in zip(table.names, table.values.T, strict=True) if np.isnan(column).any()}
    assert empty == {feature.name for feature in table.features if feature.missing}


lines_of_customers = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob", "çem", "Ödön", "10", "9"]),
        st.integers(0, 400),
        st.integers(0, 1439),
        st.integers(-5000, 90000),
        st.sampled_from(["cup", "pot", "jug"]),
        st.sampled_from(["sale", "sale", "sale", "return", "cancelled", "cancellation"]),
    ),
    min_size=1,
    max_size=40,
)


def _lines(drawn):
    for customer, day, minute, cents, product, status in drawn:
        money = abs(cents) / 100 * (-1 if status in {"return", "cancellation"} else 1)
        at = f"{date(2023, 1, 1) + timedelta(day)} {minute // 60:02d}:{minute % 60:02d}"
        yield line(customer, at, f"{customer}{day}", money, product, quantity=1 if money >= 0 else -1, status=status)


@given(drawn=lines_of_customers, shuffle=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_and_every_customer_has_a_row(transactions, drawn, shuffle):
    lines = list(_lines(drawn))
    table = build(transactions(lines), CONFIG)
    shuffle.shuffle(lines)
    again = build(transactions(lines), CONFIG)
    assert table.customer_id.tolist() == sorted({row[0] for row in lines})
    np.testing.assert_array_equal(table.values, again.values)
    assert not np.isinf(table.values).any()
    for share in ("return_share", "burst"):
        shares = table.column(share) if share in table.names else np.zeros(1)
        assert ((shares >= 0) & (shares <= 1) | np.isnan(shares)).all()
