"""rows read = rows used + rows set aside by reason, in rows and in money."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter import features
from segmenter.config.analysis import FeaturesConfig
from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.errors import DataError, SourceError
from segmenter.intake import load
from tests.intake.conftest import ways


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


def test_what_is_later_than_the_day_looked_from_is_counted_apart_and_takes_nothing_back(export, table):
    rows = [
        *SALES,
        sale("Ca", "c1", 20, quantity="-1"),
        sale("d", "", 21, price="7.00"),
        ("e", "c2", "", "p", "1", "2.00"),
    ]
    whole = export.read(table(rows=rows))
    assert whole.fates == {"sale": 2, "cancelled": 1, "cancellation": 1, "no_customer": 1, "no_date": 1}
    then = export.read(table(rows=rows), as_of=date(2024, 1, 19))
    balances(then.intake.account)
    assert then.fates == {"sale": 3, "later": 2, "no_date": 1}
    assert (then.intake.account.rows_read, then.intake.account.rows_due) == (6, 4)
    assert [row[0] for row in then.rows("order_id")] == ["a", "b", "c"]


def test_unreadable_rows_are_kept_verbatim_with_file_line_column_and_reason(export, table):
    rows = [*MANY, ("x", "c1", "not a day", "p", "1", "2"), ("y", "c1", "2024-01-20", "p", "many", "2"), ("z", "c9")]
    loaded = export.read(table(rows=rows))
    assert loaded.fates["unreadable"] == 3
    assert loaded.rejected == [
        ("export.csv", 62, "order_date", "a date that cannot be read", "x,c1,not a day,p,1,2"),
        ("export.csv", 63, "quantity", "a number that cannot be read", "y,c1,2024-01-20,p,many,2"),
        ("export.csv", 64, "order_date", "fewer columns than the header", "z,c9"),
    ]
    assert {(each.line, each.column) for each in loaded.intake.rejects} == {
        (62, "order_date"), (63, "quantity"), (64, "order_date")
    }  # fmt: skip


def test_columns_too_many_quotes_and_letters_are_told_with_their_column(export, table):
    text = (
        table(rows=[(*row[:3], "thé", *row[4:]) for row in MANY])
        + 'x,c1,2024-01-20,p,1,2,3,4\ny,c1,2024-01-20,"p"p,1,2\n'
    )
    loaded = export.read(text.encode() + b"z,c1,2024-01-20,caf\xe9,1,2\n")
    assert [row[1:4] for row in loaded.rejected] == [
        (62, "column 7", "more columns than the header"),
        (63, "sku", "a quote that is not closed or has text behind it"),
        (64, "sku", "letters that are not in the encoding"),
    ]


def test_the_account_counts_unreadable_rows_by_reason_the_commonest_first(export, table):
    rows = [*MANY, ("x", "c1", "never", "p", "1", "2"), ("z", "c9"), ("z", "c9")]
    account = export.read(table(rows=rows)).intake.account
    assert [(each.reason, each.rows) for each in account.unreadable] == [
        ("fewer columns than the header", 2),
        ("a date that cannot be read", 1),
    ]
    assert "(fewer columns than the header: 2; a date that cannot be read: 1)" in account.warnings[0]


def test_more_unreadable_rows_than_the_limit_stop_the_run_and_a_footer_does_not(export, table):
    few, many = ([*MANY, *[("z", "c9")] * n] for n in (3, 4))
    assert export.read(table(rows=few), rules={"max_unreadable_share": 0.01}).fates["unreadable"] == 3
    message = (
        r"4 of 64 rows could not be read.*max_unreadable_share = 0\.01.*\(4\) because of fewer columns than the header"
    )
    with pytest.raises(DataError, match=message):
        export.read(table(rows=many), rules={"max_unreadable_share": 0.01})
    assert export.read(table(rows=many), rules={"max_unreadable_share": 0.07}).fates["unreadable"] == 4


def test_lines_of_a_currency_that_was_not_chosen_are_no_reason_to_stop(export):
    text = "customer_id,order_date,amount,currency\n" + "".join(
        f"c{n % 5},2024-01-{n % 15 + 13},5,{'EUR' if n % 2 else 'USD'}\n" for n in range(60)
    )
    loaded = export.read(text, rules={"currency": "EUR", "max_unreadable_share": 0.01})
    assert loaded.fates == {"sale": 30, "unreadable": 30}


def test_days_that_have_not_come_yet_are_told_with_the_last_of_them(export, table):
    coming = f"{datetime.now(UTC).date() + timedelta(days=400)}"
    loaded = export.read(table(rows=[*MANY, ("x", "c1", coming, "p", "1", "2.00")]))
    assert f"1 rows are dated after today, the last {coming}" in loaded.intake.account.warnings[-1]
    assert export.read(table(rows=MANY)).intake.account.warnings == ()


def test_where_no_column_numbers_the_orders_it_is_told_what_counts_as_one(export, table):
    text = table(rows=MANY)
    (told,) = export.read(text.replace("order_id", "paper", 1)).intake.account.warnings
    assert told.startswith(
        "No column was recognised as the order number, so everything a customer buys on one day counts"
    )
    assert export.read(text.replace("order_id", "paper", 1), columns={"order": "paper"}).intake.account.warnings == ()


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
    assert loaded.rejected[0][3] == "a date that cannot be read"


@pytest.mark.parametrize(("quantity", "price"), [("1", "1e17"), ("1e17", "1"), ("1e9", "1e9")])
def test_money_beyond_all_bounds_is_rejected_not_a_crash(export, table, quantity, price):
    loaded = export.read(table(rows=[*MANY, sale("x", "c1", 20, quantity=quantity, price=price)]))
    assert loaded.fates == {"sale": 60, "unreadable": 1}


def test_a_line_may_be_worth_trillions(export, table):
    rows = [sale(f"m{n}", f"c{n % 15}", n % 15 + 13, quantity="1000", price=f"{n + 1}000000000.50") for n in range(60)]
    account = export.read(table(rows=rows)).intake.account
    assert account.rows_used == 60
    assert account.amount_read == Decimal("1830000000030000.00")


def test_rejected_rows_carry_the_line_an_editor_shows(export):
    rows = "".join(f'c{n % 5},2024-01-{n % 15 + 13},5,"two\nlines"\n' for n in range(60))
    text = "customer_id,order_date,amount,note\n" + rows + "torn\n\nc1,never,5,x\n"
    rejected = export.read(text).rejected
    assert [(line, text.split("\n")[line - 1]) for _, line, *_ in rejected] == [(122, "torn"), (124, "c1,never,5,x")]


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


def test_a_return_of_negative_money_and_positive_pieces_takes_its_sale_back_too(export):
    sales = [f"o{n},c{n % 5},2024-01-{n % 15 + 13},p,1,2.00" for n in range(30)]
    rows = [*sales, "a,c1,2024-02-01,q,2,20.50", "b,c1,2024-02-03,q,2,-20.50", "c,c2,2024-02-04,q,-2,-20.50"]
    loaded = export.read("\n".join(["order_id,customer_id,order_date,sku,quantity,amount", *rows]))
    assert loaded.fates == {"sale": 30, "return": 1, "cancelled": 1, "cancellation": 1}


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
    with pytest.raises(SourceError, match=r"several currencies \(EUR, USD\)") as refused:
        export.read(text)
    assert ways(refused) == [{"rules": {"currency": "EUR"}}, {"rules": {"currency": "USD"}}]
    kept = export.load(export.folder / "export.csv", rules={"currency": "EUR"})
    assert (kept.fates["sale"], kept.intake.currency) == (3, "EUR")


@pytest.mark.parametrize(("written", "told"), [("eur", "EUR"), ("GBP", "GBP"), ("£", ""), ("", "")])
def test_the_currency_of_an_export_is_told_where_it_stands_as_a_code(export, written, told):
    text = "customer_id,order_date,amount,currency\n" + "".join(
        f"c{n},2024-01-{n + 13},5.00,{written if n else ''}\n" for n in range(6)
    )
    assert export.read(text).intake.currency == told


def test_an_order_is_a_customer_and_a_day_where_there_is_no_order_number(export):
    text = "customer_id,order_date,amount\nc1,2024-01-13,5\nc1,2024-01-13,6\nc1,2024-01-14,7\nc2,2024-01-13,5\n"
    loaded = export.read(text)
    assert loaded.rows("DISTINCT order_id") == [(None,)]
    table = features.build(loaded.connection, FeaturesConfig(), "en")
    assert dict(zip(table.customer_id, table.column("frequency"), strict=True)) == {"c1": 2, "c2": 1}


def test_ids_from_a_float_column_lose_the_point_and_others_keep_their_zeros(export):
    text = "customer_id,order_date,amount\n17850.0,2024-01-13,5\n00123,2024-01-14,6\n"
    assert [row[0] for row in export.read(text).rows("customer_id")] == ["00123", "17850"]


def test_too_few_usable_rows_stop_the_run(export, table):
    rows = [*SALES, *(sale(f"n{n}", "", 20) for n in range(9))]
    with pytest.raises(DataError, match=r"Only 3 of 12 rows can be used.*9 no customer"):
        export.read(table(rows=rows), rules={"min_usable_share": 0.5})


def test_a_folder_of_exports_that_each_begin_at_the_beginning_is_no_unusable_one(export, table):
    weeks = [sale(f"w{n}", f"c{n}", 10 + n) for n in range(6)]
    paths = [export.write(table(rows=[*SALES, *weeks[: n + 1]]), f"week{n}.csv") for n in range(len(weeks))]
    loaded = export.load(*paths, rules={"min_usable_share": 0.5})
    assert loaded.fates == {"sale": 9, "duplicate": 30}


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


def test_a_rejected_record_stands_as_in_the_export_with_its_delimiter_and_quotes(export):
    bad = 'k1;soon;10;"MUG; ""RED"", large"'
    sales = "".join(f"k{n % 4};2024-01-{n + 13};10;a mug, plain\n" for n in range(12))
    loaded = export.read(f"customer;date;amount;description\n{sales}{bad}\n")
    assert [row[-1] for row in loaded.rejected] == [bad]


def test_another_export_on_the_same_connection_takes_the_place_of_the_first(export, lines, table):
    loaded = export.read(table())
    again = load(loaded.connection, [export.write(table(rows=lines[:5]))], SourceConfig(), RulesConfig(min_customers=2))
    assert again.account.rows_read == len(loaded.rows()) == 5


def test_an_export_that_holds_its_rows_twice_says_so(export, lines, table):
    twice = export.read(table(rows=[*lines, *lines]))
    assert twice.fates == {"sale": 16}
    (told,) = twice.intake.account.warnings
    assert told.startswith("50% of 16 rows examined repeat another row of their file")
    assert not export.read(table()).intake.account.warnings


def test_a_product_rung_up_twice_now_and_then_is_no_news(export):
    rows = [(f"o{n}", f"c{n % 9}", f"2024-03-{n % 28 + 1:02d}", "p", "1", "2") for n in range(100)]
    text = "\n".join(
        ["order_id,customer_id,order_date,sku,quantity,unit_price", *(",".join(row) for row in (*rows, *rows[:5]))]
    )
    assert not export.read(text).intake.account.warnings
