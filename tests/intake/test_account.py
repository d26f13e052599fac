"""rows read = rows used + rows set aside by reason, in rows and in money."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmenter.errors import DataError


def sale(order, customer, day, product="p", quantity="1", price="2.00"):
    return (order, customer, f"2024-01-{day:02d}", product, quantity, price)


SALES = [sale("a", "c1", 13), sale("b", "c2", 14), sale("c", "c3", 15)]
MANY = [sale(f"m{n}", f"c{n % 5}", n % 15 + 13) for n in range(60)]  # so that a few odd values do not unmake a column


def balances(account):
    assert account.rows_read == sum(line.rows for line in account.lines)
    assert account.amount_read == sum((line.amount for line in account.lines if line.amount is not None), Decimal(0))


def test_each_reason_is_counted_with_its_money(export, table):
    rows = [
        *SALES,
        sale("d", "", 16, price="7.00"),
        sale("e", "c1", 17, price="0"),
        sale("f", "c1", 18, price="-3.00"),
        ("g", "c1", "", "p", "1", "2.00"),
        ("h", "c1", "2024-01-20", "p", "", "2.00"),
    ]
    loaded = export.read(table(rows=rows))
    balances(loaded.intake.account)
    fates = {"sale": 3, "no_customer": 1, "zero_price": 1, "negative_price": 1, "no_date": 1, "no_amount": 1}
    assert loaded.fates == fates
    assert next(line.amount for line in loaded.intake.account.lines if line.reason == "no_customer") == Decimal(7)


def test_unreadable_rows_are_kept_verbatim_with_file_line_and_reason(export, table):
    rows = [*MANY, ("x", "c1", "not a day", "p", "1", "2"), ("y", "c1", "2024-01-20", "p", "many", "2"), ("z", "c9")]
    loaded = export.read(table(rows=rows))
    assert loaded.fates["unreadable"] == 3
    assert loaded.rejected == [
        ("export.csv", 62, "a date that cannot be read", "x,c1,not a day,p,1,2"),
        ("export.csv", 63, "a number that cannot be read (quantity)", "y,c1,2024-01-20,p,many,2"),
        ("export.csv", 64, "fewer columns than the header", "z,c9"),
    ]


def test_text_for_nothing_is_no_amount(export, table):
    assert export.read(table(rows=[*MANY, sale("d", "c1", 20, price="NaN")])).fates == {"sale": 60, "no_amount": 1}


@pytest.mark.parametrize("value", ["inf", "-inf", "1e400", "0x10", "1_000_", "1 2"])
def test_what_is_no_number_is_never_money(export, table, value):
    rows = [*MANY, sale("d", "c1", 20, price=value)]
    loaded = export.read(table(rows=rows))
    assert loaded.fates == {"sale": 60, "unreadable": 1}
    balances(loaded.intake.account)


@pytest.mark.parametrize("day", ["2024-02-30", "2024-02-30 10:00:00", "2024-04-31T10:00:00+02:00", "1024-01-13"])
def test_a_day_that_does_not_exist_is_never_another_day(export, table, day):
    loaded = export.read(table(rows=[*MANY, ("x", "c1", day, "p", "1", "2.00")]))
    assert loaded.fates == {"sale": 60, "unreadable": 1}
    assert loaded.rejected[0][2] == "a date that cannot be read"


@pytest.mark.parametrize(("quantity", "price"), [("1", "1e17"), ("1e17", "1"), ("1e9", "1e9")])
def test_money_beyond_all_bounds_is_rejected_not_a_crash(export, table, quantity, price):
    loaded = export.read(table(rows=[*MANY, sale("x", "c1", 20, quantity=quantity, price=price)]))
    assert loaded.fates == {"sale": 60, "unreadable": 1}


def test_rejected_rows_carry_the_line_an_editor_shows(export):
    rows = "".join(f'c{n % 5},2024-01-{n % 15 + 13},5,"two\nlines"\n' for n in range(60))
    text = "customer_id,order_date,amount,note\n" + rows + "torn\n\nc1,never,5,x\n"
    rejected = export.read(text).rejected
    assert [(line, text.split("\n")[line - 1]) for _, line, _, _ in rejected] == [(122, "torn"), (124, "c1,never,5,x")]


def test_a_total_below_the_rows_and_a_repeated_header_are_no_sales(export, table):
    text = table(rows=MANY) + ",,Total,,60,120.00\n" + "order_id,customer_id,order_date,sku,quantity,unit_price"
    assert export.read(text).fates == {"sale": 60, "unreadable": 2}


def test_a_cancellation_takes_back_the_latest_earlier_line_it_fits(export, table):
    rows = [
        *SALES,
        sale("d", "c1", 20, quantity="5"),
        sale("e", "c1", 22, quantity="5"),
        sale("C9", "c1", 23, quantity="-5"),
    ]
    loaded = export.read(table(rows=rows))
    assert loaded.rows("order_id, status", "status IN ('cancelled', 'cancellation')") == [
        ("C9", "cancellation"),
        ("e", "cancelled"),
    ]


def test_a_partial_or_unmatched_return_counts_as_a_return(export, table):
    rows = [
        *SALES,
        sale("d", "c1", 20, quantity="5"),
        sale("C9", "c1", 23, quantity="-2"),
        sale("C8", "c2", 10, quantity="-1"),
    ]
    loaded = export.read(table(rows=rows))
    assert loaded.rows("order_id", "status = 'return'") == [("C8",), ("C9",)]


def test_dropping_cancellations_keeps_what_they_cancel(export, table):
    rows = [*SALES, sale("C9", "c1", 23, quantity="-1")]
    loaded = export.read(table(rows=rows), rules={"cancellations": "drop"})
    assert loaded.fates == {"sale": 3, "cancellation": 1}
    assert len(loaded.rows()) == 3


def test_orders_marked_as_cancelled_are_no_sales(export):
    text = "customer_id,order_date,amount,order_status\n" + "".join(
        f"c{n},2024-01-{n + 13},5.00,{'Cancelled' if n == 3 else 'Approved'}\n" for n in range(5)
    )
    assert export.read(text).fates == {"sale": 4, "cancelled_status": 1}


def test_rows_in_two_files_count_once_but_a_repetition_inside_one_stays(export, table):
    repeated = [SALES[0], *SALES]
    loaded = export.load(
        export.write(table(rows=repeated), "a.csv"), export.write(table(rows=[*repeated, sale("z", "c9", 20)]), "b.csv")
    )
    assert loaded.fates == {"sale": 5, "duplicate": 4}
    balances(loaded.intake.account)
    again = export.load(export.folder / "a.csv", export.folder / "b.csv", rules={"overlap": "keep"})
    assert again.fates == {"sale": 9}


def test_several_currencies_are_refused_until_one_is_named(export):
    text = "customer_id,order_date,amount,currency\n" + "".join(
        f"c{n},2024-01-{n + 13},5.00,{'EUR' if n % 2 else 'USD'}\n" for n in range(6)
    )
    with pytest.raises(DataError, match=r"several currencies \(EUR, USD\)"):
        export.read(text)
    assert export.load(export.folder / "export.csv", rules={"currency": "EUR"}).fates["sale"] == 3


def test_an_order_is_a_customer_and_a_day_where_there_is_no_order_number(export):
    text = "customer_id,order_date,amount\nc1,2024-01-13,5\nc1,2024-01-13,6\nc1,2024-01-14,7\nc2,2024-01-13,5\n"
    assert {row[0] for row in export.read(text).rows("order_id")} == {"c1 2024-01-13", "c1 2024-01-14", "c2 2024-01-13"}


def test_ids_from_a_float_column_lose_the_point_and_others_keep_their_zeros(export):
    text = "customer_id,order_date,amount\n17850.0,2024-01-13,5\n00123,2024-01-14,6\n"
    assert [row[0] for row in export.read(text).rows("customer_id")] == ["00123", "17850"]


def test_too_few_usable_rows_stop_the_run(export, table):
    rows = [*SALES, *(sale(f"n{n}", "", 20) for n in range(9))]
    with pytest.raises(DataError, match=r"Only 3 of 12 rows can be used.*9 no customer"):
        export.read(table(rows=rows), rules={"min_usable_share": 0.5})


def test_too_few_customers_stop_the_run(export, table):
    with pytest.raises(DataError, match="3 customer"):
        export.read(table(rows=SALES), rules={"min_customers": 10})


def test_rows_without_a_customer_can_be_refused(export, table):
    with pytest.raises(DataError, match="missing_customer"):
        export.read(table(rows=[*SALES, sale("d", "", 16)]), rules={"missing_customer": "refuse"})


LINE = st.tuples(
    st.sampled_from(["c1", "c2", ""]),
    st.integers(1, 28),
    st.integers(-3, 3),
    st.sampled_from(["2.00", "0", "-1.00", "x", ""]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINE, min_size=1, max_size=12))
def test_the_account_balances_whatever_comes(export, table, drawn):
    rows = [
        *MANY,
        *(
            sale(f"o{n}", customer, day, quantity=str(size), price=price)
            for n, (customer, day, size, price) in enumerate(drawn)
        ),
    ]
    loaded = export.read(table(rows=rows))
    balances(loaded.intake.account)
    assert loaded.intake.account.rows_read == len(rows)
    used = loaded.connection.execute("SELECT count(*) FROM transactions WHERE status IN ('sale', 'return')").fetchall()
    assert used[0][0] == loaded.intake.account.rows_used
