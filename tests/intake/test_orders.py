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


def test_a_receipts_number_given_anew_within_a_day_gives_nobodys_lines_to_a_customer(export):
    rows = [(n, f"2024-01-13 {hour}:0{n}", "c1" if hour == 10 else "", "p", 10) for hour in (10, 16) for n in range(6)]
    rows += [(n, f"2024-01-14 23:59:{n}0", "c2", "p", 10) for n in range(6)]
    rows += [
        (n + 10, f"2024-01-1{4 + part} {'00:01' if part else '23:59'}", "" if part else "c3", "p", 10)
        for n in range(2)
        for part in (0, 1)
    ]
    assert export.read(text(HEADER, *rows)).fates == {"sale": 16, "no_customer": 6}


def test_any_line_of_an_order_says_who_bought(export):
    rows = [(n // 2, f"2024-01-{n // 2 + 13}", f"c{n // 2 % 3}" if n % 2 else "", f"p{n}", 10) for n in range(20)]
    assert export.read(text(HEADER, *rows)).fates == {"sale": 20}


def test_only_the_first_line_of_an_order_cancels_the_others(export):
    header = (*HEADER, "status", "cancelled at")
    plain = [(f"o{n}", f"2024-01-{n + 13}", f"c{n % 3}", "a", 10, "paid", "") for n in range(9)]
    first = [("x", "2024-01-25", "c1", "a", 500, "cancelled", ""), ("x", "2024-01-25", "c1", "b", 5, "", "")]
    second = [("y", "2024-01-25", "c1", "a", 500, "", ""), ("y", "2024-01-25", "c1", "b", 5, "cancelled", "")]
    day = [("z", "2024-01-25", "c1", "a", 500, "", ""), ("z", "2024-01-25", "c1", "b", 5, "", "2024-01-26")]
    loaded = export.read(text(header, *plain, *first, *second, *day))
    money = {line.reason: (line.rows, line.amount) for line in loaded.intake.account.lines}
    assert money == {"sale": (11, 1090), "cancelled_status": (4, 515)}


@pytest.mark.parametrize(
    ("nothing", "day"),
    [
        ("0000-00-00 00:00:00", "2024-01-27"),
        ("00.00.0000", "27.01.2024"),
        ("0", "1"),
        ("false", "true"),
        ("", "x"),
        ("f", "t"),
    ],
)
def test_a_day_of_zeros_cancels_no_order(export, nothing, day):
    header = (*HEADER, "cancelled at")
    rows = [(f"o{n}", f"2024-01-{n + 13}", f"c{n % 3}", "a", 10, day if n == 4 else nothing) for n in range(9)]
    named = {"cancelled": "cancelled at"}
    assert export.read(text(header, *rows), columns=named).fates == {"sale": 8, "cancelled_status": 1}


def test_an_export_most_of_whose_orders_count_as_cancelled_says_so(export):
    header = (*HEADER, "status")
    rows = [(f"o{n}", f"2024-01-{n + 13}", f"c{n % 3}", "a", 10, "cancelled" if n % 4 else "paid") for n in range(12)]
    (warned,) = export.read(text(header, *rows)).intake.account.warnings
    assert warned.startswith("75% of the rows belong to orders marked as cancelled or refunded")
    assert export.read(text(header, *[(*row[:5], "paid") for row in rows])).intake.account.warnings == ()


SALES = [(f"o{n}", f"2024-01-{n + 13}", f"c{n % 3}", "a", 100, "paid") for n in range(6)]
MARKED = ("x", "2024-01-20", "c1", "b", 90, "refunded")


@pytest.mark.parametrize(
    ("rows", "net"),
    [
        ([], 200),  # nothing else is told of it: it is gone
        ([("x", "2024-01-22", "c1", "b", -90, "paid")], 200),
        ([("x", "2024-01-22", "c1", "b", -40, "paid")], 250),  # a row of its own tells how much
        ([("r1", "2024-01-22", "c1", "b", -90, "paid")], 200),
        ([("r1", "2024-01-22", "c1", "b", -85, "paid")], 205),  # postage stayed
        ([("o4", "2024-01-17", "c1", "coupon", -5, "paid")], 195),  # a discount of another order takes nothing back
        ([("r1", "2024-01-22", "c1", "a", -100, "paid")], 100),  # another sale came back, and no row tells of this one
        ([("x", "2024-01-22", "c1", "b", -85, "paid"), ("y", "2024-01-23", "c1", "b", 150, "refunded")], 205),
        ([("r1", "2024-01-22", "c2", "b", -90, "paid")], 200),  # of somebody else
    ],
)
def test_an_order_marked_as_refunded_is_taken_back_once(export, rows, net):
    loaded = export.read(text((*HEADER, "status"), *SALES, MARKED, *rows))
    ((money,),) = loaded.rows("sum(amount)", "status IN ('sale', 'return', 'discount') AND customer_id = 'c1'")
    assert money == net


def test_an_older_export_beside_a_newer_one_changes_no_refund(export):
    header, other = (*HEADER, "status"), ("o3", "2024-01-16", "c1", "c", -30, "paid")
    older = export.write(text(header, *SALES, (*MARKED[:5], "completed"), other), "1.csv")
    newer = export.write(text(header, *SALES, MARKED, other), "2.csv")
    alone, both = (dict(export.load(*paths).rows("customer_id, sum(amount)", "status IN ('sale', 'return', 'discount') GROUP BY ALL"))
                   for paths in ((newer,), (older, newer)))  # fmt: skip
    assert alone == both


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
    assert "separate column: 3, 50.00 in all" in loaded.intake.account.warnings[0]


def test_a_refund_that_cannot_be_read_is_rejected_by_its_column_though_another_line_tells_the_orders(export):
    others = [(n, f"2024-01-{n % 15 + 13}", f"c{n % 4}", "p", 10, 0) for n in range(40)]
    odd = [(40, "2024-01-20", "c1", "a", 50, 10), (40, "2024-01-20", "c1", "b", 60, "x")]
    assert [row[1:4] for row in export.read(text((*HEADER, "refunded amount"), *others, *odd)).rejected] == [
        (43, "refunded amount", "a number that cannot be read")
    ]
