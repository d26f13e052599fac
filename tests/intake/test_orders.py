"""What one line says of its order, and where it says nothing of the others."""

import pytest


def text(header, *rows):
    return "".join(",".join(map(str, row)) + "\n" for row in (header, *rows))


HEADER = ("receipt no", "date", "card id", "sku", "amount")


def test_receipts_numbered_anew_each_day_give_nobodys_lines_to_a_customer(export):
    days = [
        (n, f"2024-{month:02}-{day}", f"c{n % 4}" if n % 5 == day % 5 else "", f"p{n}", 10)
        for month in (1, 2, 3)
        for day in range(13, 23)
        for n in range(1, 21)
    ]
    loaded = export.read(text(HEADER, *days))
    named = sum(1 for row in days if row[2])
    assert loaded.fates == {"sale": named, "no_customer": len(days) - named}


def test_only_the_first_line_of_an_order_speaks_for_the_others(export):
    header = (*HEADER, "status", "cancelled at")
    plain = [(f"o{n}", f"2024-01-{n + 13}", f"c{n % 3}", "a", 10, "paid", "") for n in range(9)]
    first = [("x", "2024-01-25", "c1", "a", 500, "cancelled", ""), ("x", "2024-01-25", "c1", "b", 5, "", "")]
    second = [("y", "2024-01-25", "c1", "a", 500, "", ""), ("y", "2024-01-25", "c1", "b", 5, "cancelled", "")]
    day = [("z", "2024-01-25", "c1", "a", 500, "", ""), ("z", "2024-01-25", "c1", "b", 5, "", "2024-01-26")]
    loaded = export.read(text(header, *plain, *first, *second, *day))
    money = {line.reason: (line.rows, line.amount) for line in loaded.intake.account.lines}
    assert money == {"sale": (11, 1090), "cancelled_status": (4, 515)}


@pytest.mark.parametrize("nothing", ["0000-00-00 00:00:00", "00.00.0000", "0", "false", ""])
def test_a_day_of_zeros_cancels_no_order(export, nothing):
    header = (*HEADER, "cancelled at")
    rows = [(f"o{n}", f"2024-01-{n + 13}", f"c{n % 3}", "a", 10, "2024-01-27" if n == 4 else nothing) for n in range(9)]
    named = {"cancelled": "cancelled at"}
    assert export.read(text(header, *rows), columns=named).fates == {"sale": 8, "cancelled_status": 1}


def test_an_export_most_of_whose_orders_count_as_cancelled_says_so(export):
    header = (*HEADER, "status")
    rows = [(f"o{n}", f"2024-01-{n + 13}", f"c{n % 3}", "a", 10, "cancelled" if n % 4 else "paid") for n in range(12)]
    (warned,) = export.read(text(header, *rows)).intake.account.warnings
    assert warned.startswith("75% of the rows are of orders marked as cancelled or refunded")
    assert export.read(text(header, *[(*row[:5], "paid") for row in rows])).intake.account.warnings == ()


def test_a_discount_takes_back_no_order_that_is_marked_as_refunded(export):
    header = (*HEADER, "status")
    rows = [(f"o{n}", f"2024-01-{n + 13}", f"c{n % 3}", "a", 100, "paid") for n in range(6)]
    rows += [("o6", "2024-01-20", "c0", "b", 90, "refunded"), ("o7", "2024-01-21", "c1", "b", 80, "refunded")]
    rows += [("o6", "2024-01-22", "c0", "b", -90, "paid"), ("o8", "2024-01-23", "c1", "coupon", -5, "paid")]
    loaded = export.read(text(header, *rows))
    money = {line.reason: (line.rows, line.amount) for line in loaded.intake.account.lines}
    assert money == {
        "sale": (6, 600), "return": (1, -5), "cancelled": (1, 90), "cancellation": (1, -90), "cancelled_status": (1, 80)
    }  # fmt: skip


def test_money_given_back_of_an_order_that_stands_on_each_of_its_lines_is_taken_off_once(export):
    header = (*HEADER, "total refunded")
    rows = [("o1", "2024-01-20", "c1", f"p{n}", amount, 20) for n, amount in enumerate((30, 40, 50))]
    rows += [("o2", "2024-01-20", "c2", f"p{n}", 15, 15) for n in range(2)]
    rows += [(f"o{n}", "2024-01-20", "c3", "p1", 10, 0) for n in range(3, 9)]
    loaded = export.read(text(header, *rows))
    assert dict(loaded.rows("customer_id, sum(amount)", "status = 'sale' GROUP BY customer_id")) == {
        "c1": 100,
        "c3": 60,
    }
    assert "20.00" in loaded.intake.account.warnings[0] or "50.00" in loaded.intake.account.warnings[0]
