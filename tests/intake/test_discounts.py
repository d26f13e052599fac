"""What takes money off an order is no return."""

import pytest

from segmenter import features
from segmenter.config import Config
from tests.intake.conftest import HEADER, written


def text(*rows):
    return written(HEADER, rows)


def order(n, *lines, customer=None):
    """The lines (sku, quantity, price) of an order."""
    return [(f"o{n}", customer or f"c{n % 4}", f"2024-01-{n + 13} 10:00:00", *line) for line in lines]


SALES = [row for n in range(8) for row in order(n, ("mug", 2, 10), ("tray", 1, 30))]
COUPONS = {"a negative price": (1, -5), "a negative number of pieces": (-1, 5)}


def coupons(pieces, price, n_orders=8):
    return [row for n in range(n_orders) for row in order(n, ("WELCOME", pieces, price))]


@pytest.mark.parametrize("coupon", COUPONS.values(), ids=COUPONS)
@pytest.mark.parametrize("cancellations", ["net", "drop", "keep"])
def test_a_coupon_comes_off_its_order_and_is_nobodys_return(export, coupon, cancellations):
    loaded = export.read(text(*SALES, *coupons(*coupon)), rules={"cancellations": cancellations})
    assert loaded.fates == {"sale": 16, "discount": 8}
    assert loaded.money == 8 * 45
    table = features.build(loaded.connection, Config().features)
    for name, right in {
        "monetary": 90, "average_order_value": 45, "largest_order": 45, "returned_lines": 0, "items_per_order": 3,
        "distinct_products": 2,
    }.items():  # fmt: skip
        assert set(table.column(name)) == {right}, name


def test_what_is_sold_and_brought_back_in_exchange_is_a_return(export):
    exchange = order(9, ("mug", -1, 10), ("tray", 1, 30), customer="c1")
    assert export.read(text(*SALES, *exchange)).fates == {"sale": 17, "return": 1}


def test_goods_sold_before_the_export_begins_and_brought_back_in_exchange_are_returns(export):
    exchanges = [row for n in range(4) for row in order(n + 10, (f"dress-{n % 2}", -1, 80), ("tray", 1, 30))]
    assert export.read(text(*SALES, *exchanges)).fates == {"sale": 20, "return": 4}


@pytest.mark.parametrize("name", ["Refund", "RETURN of goods", "Gutschrift", "Devolución"])
def test_lines_that_are_called_a_return_are_returns(export, name):
    back = [row for n in range(8) for row in order(n, (name, -1, 5))]
    assert export.read(text(*SALES, *back)).fates == {"sale": 16, "return": 8}


def test_where_no_column_numbers_the_orders_what_comes_back_on_a_day_of_buying_is_a_return(export):
    rows = [(row[1], row[2][:10], *row[3:]) for row in (*SALES, *coupons(-1, 5))]
    assert export.read(written(HEADER[1:], rows)).fates == {"sale": 16, "return": 8}


def test_a_deduction_on_its_own_or_at_another_moment_is_a_return(export):
    alone = order(9, ("GOODWILL", -1, 5))
    later = [("o1", "c1", "2024-01-14 18:00:00", "GOODWILL", -1, 5)]
    assert export.read(text(*SALES, *alone, *later)).fates == {"sale": 16, "return": 2}


def test_lines_of_negative_price_beside_no_sale_are_set_aside_as_before(export):
    assert export.read(text(*SALES, *order(9, ("Adjust bad debt", 1, -500)))).fates == {"sale": 16, "negative_price": 1}


def test_a_coupon_that_two_files_hold_comes_off_once(export):
    first = export.write(text(*SALES, *coupons(1, -5)), "january.csv")
    second = export.write(text(*SALES, *coupons(1, -5)), "january-again.csv")
    loaded = export.load(first, second)
    assert loaded.fates == {"sale": 16, "discount": 8, "duplicate": 24}
    assert loaded.money == 8 * 45


def test_a_refunded_order_takes_its_coupon_with_it(export):
    rows = [(*row, "paid") for row in (*SALES, *coupons(1, -5))]
    refunded = [(*row, "refunded") for row in order(9, ("mug", 3, 10), ("WELCOME", 1, -5), customer="c2")]
    header = (*HEADER, "status")
    loaded = export.read(written(header, [*rows, *refunded]))
    assert loaded.fates == {"sale": 16, "discount": 8, "cancelled_status": 2}
    assert loaded.money == 8 * 45


def test_a_refunded_order_that_rows_of_its_own_take_back_in_part_keeps_its_coupon(export):
    rows = [(*row, "paid") for row in (*SALES, *coupons(1, -5))]
    refunded = [(*row, "refunded") for row in order(9, ("mug", 9, 10), ("WELCOME", 1, -5), customer="c2")]
    back = [("o9", "c2", "2024-01-28 09:00:00", "mug", -1, 85, "paid")]
    header = (*HEADER, "status")
    loaded = export.read(written(header, [*rows, *refunded, *back]))
    assert loaded.fates == {"sale": 17, "discount": 9, "return": 1}
    assert loaded.money == 8 * 45


def test_a_line_taken_back_in_full_is_still_matched_where_coupons_are(export):
    back = order(10, ("tray", -1, 30), customer="c1")
    loaded = export.read(text(*SALES, *coupons(-1, 5), *back))
    assert loaded.fates == {"sale": 15, "discount": 8, "cancelled": 1, "cancellation": 1}
