"""Exports as the systems of real shops write them, with what they leave to guess."""

import json
from datetime import date

import duckdb
import pytest
from xlsxwriter import Workbook

from segmenter.errors import DataError, SourceError
from tests.intake.conftest import written


def book(path, sheets):
    with Workbook(path) as workbook:
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    (sheet.write_string if isinstance(cell, str) else sheet.write_number)(number, column, cell)
    return path


def test_shopifys_moments_have_a_blank_before_their_offset(export):
    rows = [(f"#{n}", f"c{n % 5}@x.com", f"2024-01-{n % 15 + 13} 00:30:00 +0100", 10) for n in range(40)]
    loaded = export.read(written(("Name", "Email", "Created at", "Total"), rows))
    assert loaded.fates == {"sale": 40}
    assert str(loaded.rows("min(ts)")[0][0]) == "2024-01-13 00:30:00"


def test_an_orders_total_on_each_of_its_lines_is_refused_and_taken_where_it_is_named(export):
    header = ("order_id", "order_date", "customer_id", "sku", "order_total")
    rows = [(f"o{n // 3}", f"2024-01-{n // 3 + 13}", f"k{n % 4}", f"p{n % 3}", 30 + n // 3) for n in range(30)]
    with pytest.raises(SourceError, match="would be counted once per line"):
        export.read(written(header, rows))
    assert export.read(written(header, rows), columns={"amount": "order_total"}).fates == {"sale": 30}


@pytest.mark.parametrize("what", ["product_name", "shelf"])
def test_an_orders_total_on_each_line_is_refused_where_products_have_names_alone_or_no_column(export, what):
    header = ("order_id", "order_date", "customer_id", what, "order_total")
    rows = [
        (f"o{n}", f"2024-01-{n + 13}", f"k{n % 4}", f"p{line}", 30 + n) for n in range(16) for line in range(n % 4 + 1)
    ]
    with pytest.raises(SourceError, match="would be counted once per line"):
        export.read(written(header, rows))
    later = [(order, f"{day} 1{n % 5}:00", *rest) for n, (order, day, *rest) in enumerate(rows)]
    if what == "shelf":  # instalments of one order are no lines of it
        assert export.read(written(header, later)).fates == {"sale": 40}


@pytest.mark.parametrize(
    ("n_tickets", "price"), [(lambda n: 2, lambda n: 20 + n), (lambda n: n % 4 + 1, lambda n: 20 + n % 3)]
)
def test_equal_tickets_of_one_order_are_no_orders_total(export, n_tickets, price):
    rows = [(f"o{n}", f"k{n % 4}", f"2024-01-{n % 15 + 13}", price(n)) for n in range(20) for _ in range(n_tickets(n))]
    assert export.read(written(("order", "customer", "date", "amount"), rows)).money == sum(row[-1] for row in rows)


def test_money_that_is_quantity_times_price_is_the_lines_own_though_the_lines_of_each_order_agree(export):
    header = ("order_id", "order_date", "customer_id", "sku", "quantity", "unit_price", "amount")
    rows = [
        (f"o{n // 3}", f"2024-01-{n // 3 + 13}", f"k{n % 4}", f"p{n % 3}", 2, 5 + n // 3, 2 * (5 + n // 3))
        for n in range(30)
    ]
    assert export.read(written(header, rows)).money == sum(row[-1] for row in rows)


def test_a_lines_own_total_goes_before_the_orders(export):
    header = ("Order ID", "Order Date", "Customer ID", "SKU", "Quantity", "Item Total", "Order Total")
    rows = [(f"o{n // 3}", f"2024-01-{n // 3 + 13}", f"k{n % 4}", f"p{n % 3}", 2, n + 1, 99) for n in range(30)]
    assert export.read(written(header, rows)).money == sum(range(1, 31))


def test_a_price_without_a_quantity_says_that_a_line_is_one_piece(export):
    rows = [(f"2024-01-{n % 15 + 13}", f"k{n % 4}", "9.90") for n in range(30)]
    found = export.read(written(("date", "customer", "price"), rows)).intake.recognition
    assert found.reasons["unit_price"].endswith("no quantity: a line is one piece")


@pytest.mark.parametrize(
    "status", ["wc-cancelled", "wc-failed", "trash", "Order Cancelled", "Denied", "Rejected", "Abgebrochen", "Abgelehnt", "Fehlgeschlagen"]
)  # fmt: skip
def test_words_of_shops_for_orders_that_came_to_nothing(export, status):
    rows = [(f"2024-01-{n % 15 + 13}", f"k{n % 4}", 10, "completed" if n else status) for n in range(30)]
    assert export.read(written(("date", "customer", "amount", "status"), rows)).fates == {
        "sale": 29,
        "cancelled_status": 1,
    }


def test_of_what_two_exports_repeat_the_newer_tells_what_became_of_it(export):
    header = ("order_id", "order_date", "customer_id", "amount", "status")
    rows = [(f"o{n}", f"2024-01-{n % 15 + 13}", f"k{n % 4}", 10, "processing") for n in range(20)]
    paths = [
        export.write(written(header, rows), "1.csv"),
        export.write(written(header, [(*rows[0][:4], "cancelled"), *rows[1:]]), "2.csv"),
    ]
    assert export.load(*paths).fates == {"sale": 19, "cancelled_status": 1, "duplicate": 20}


def test_one_number_does_not_decide_how_all_others_are_read(export):
    rows = [(f"k{n % 4}", f"2024-01-{n % 15 + 13}", f"1.{n + 100}") for n in range(40)]
    text = written(("customer", "date", "amount"), [*rows, ("k1", "2024-01-20", "99.50")], ";")
    with pytest.raises(SourceError, match="a decimal point and with a decimal comma"):
        export.read(text)
    assert export.read(text, decimal=".").money == pytest.approx(sum(1 + (n + 100) / 1000 for n in range(40)) + 99.5)


def test_two_columns_of_one_name_are_an_ambiguity(export):
    rows = [("k1", f"2024-01-{n % 15 + 13}", 1, 30) for n in range(20)]
    with pytest.raises(SourceError, match=r"'Amount' and 'Amount \(2\)' could both be the amount"):
        export.read(written(("Customer", "Date", "Amount", "Amount"), rows))


def test_a_header_that_ends_in_empty_columns_is_a_header(export):
    rows = [(f"k{n % 4}", f"2024-01-{n % 15 + 13}", 10, "", "", "") for n in range(20)]
    assert export.read(written(("Customer", "Date", "Amount", "", "", ""), rows)).fates == {"sale": 20}


def test_a_customer_known_by_address_is_one_whatever_the_capitals(export):
    rows = [(f"{'Ann' if n % 2 else 'ann'}{n % 6 // 2}@x.com", f"2024-01-{n % 15 + 13}", 10) for n in range(30)]
    loaded = export.read(written(("email", "date", "amount"), rows))
    assert len(loaded.rows("DISTINCT customer_id")) == 3


def test_an_object_in_json_is_no_customer(export):
    lines = [
        {
            "id": n,
            "created_at": f"2024-01-{n % 15 + 13}T10:00:00",
            "customer": {"id": n % 3, "seen": n},
            "total_price": 10,
        }
        for n in range(30)
    ]
    with pytest.raises(SourceError, match="no column was recognised as customer"):
        export.read("\n".join(map(json.dumps, lines)), name="orders.jsonl")


def test_numbers_that_json_has_as_text_have_a_mark_like_those_of_any_text(export):
    lines = [
        {"customer": f"k{n % 4}", "date": f"2024-01-{n % 15 + 13}", "amount": f"1.{n + 200},50"} for n in range(30)
    ]
    loaded = export.read("\n".join(map(json.dumps, lines)), name="orders.jsonl")
    assert loaded.money == sum(1200.5 + n for n in range(30))


def test_a_workbook_of_a_sheet_per_month_asks_and_reads_them_all_where_told_so(export):
    months = {
        f"2024-0{m}": [
            ("Customer", "Date", "Amount"),
            *((f"k{n % 4}", f"2024-0{m}-{n + 13}", 10.125) for n in range(12)),
        ]
        for m in (1, 2, 3)
    }
    path = book(export.folder / "months.xlsx", {**months, "Notes": [("made by", "hand")]})
    with pytest.raises(SourceError, match=r"several sheets of the same columns \(2024-01, 2024-02, 2024-03\)"):
        export.load(path)
    assert export.load(path, sheet="2024-02").fates == {"sale": 12}
    whole = export.load(path, sheet="*")
    assert (whole.fates, whole.money) == ({"sale": 36}, 364.5)


def test_a_workbook_is_told_to_have_columns_and_nothing_between_them(export):
    rows = [(f"k{n % 4}", f"2024-01-{n + 1:02}", 10.5) for n in range(12)]
    loaded = export.load(book(export.folder / "orders.xlsx", {"Orders": [("Customer", "Date", "Amount"), *rows]}))
    assert loaded.intake.readings[0].dialect.startswith("XLSX, 3 columns, year-month-day")


def test_text_numbers_of_a_workbook_are_no_thousandths(export):
    rows = [
        ("Customer", "Date", "Amount"),
        *((f"k{n % 4}", f"2024-01-{n % 15 + 13}", f"1.{n + 200}") for n in range(30)),
    ]
    path = book(export.folder / "text.xlsx", {"Sales": rows})
    with pytest.raises(SourceError, match="a decimal point and with a decimal comma"):
        export.load(path)
    assert export.load(path, decimal=",").money == sum(1200 + n for n in range(30))


def test_a_day_before_all_rows_is_named_as_such(export):
    rows = [(f"k{n % 4}", f"2024-01-{n % 15 + 13}", 10) for n in range(30)]
    with pytest.raises(DataError, match=r"All 30 rows are later than the report's date \(features.as_of\)"):
        export.load(export.write(written(("customer", "date", "amount"), rows)), as_of=date(2023, 12, 1))


@pytest.mark.parametrize(("signs", "told"), [("$€£", r"\$, £, €"), (["USD ", "€"], r"\$, €")])
def test_amounts_with_the_signs_of_several_currencies_are_refused(export, signs, told):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", f"{signs[n % len(signs)]}{n}.50") for n in range(40)]
    with pytest.raises(SourceError, match=rf"several currencies by what stands beside them \({told}\)"):
        export.read(written(("customer", "date", "amount"), rows))


def test_one_currency_written_in_two_ways_is_one(export):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", f"{('€', 'EUR ')[n % 2]}{n}.50") for n in range(40)]
    assert export.read(written(("customer", "date", "amount"), rows)).money == sum(n + 0.5 for n in range(40))


def test_amounts_that_are_text_beside_days_that_are_none_are_read_by_their_own_mark(export, tmp_path):
    path = tmp_path / "sales.parquet"
    duckdb.execute(
        "COPY (SELECT 'c' || n % 5 AS customer, DATE '2024-01-13' + n::INTEGER AS day, n || ',50' AS amount FROM range(40) t(n)) "
        f"TO '{path}'"
    )
    assert export.load(path).money == sum(n + 0.5 for n in range(40))


def test_pieces_that_come_back_take_their_money_with_them_where_the_pieces_alone_have_the_minus(export):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", f"p{n % 4}", -1 if n % 10 == 9 else 2, 10 + n) for n in range(40)]
    loaded = export.read(written(("customer", "date", "sku", "quantity", "amount"), rows))
    assert loaded.money == sum((10 + n) * (-1 if n % 10 == 9 else 1) for n in range(40))
    assert loaded.fates == {"sale": 36, "return": 4}


@pytest.mark.parametrize(
    ("name", "sale", "back"),
    [("Belegart", "RE", "GS"), ("Soll/Haben-Kennzeichen", "S", "H"), ("type", "sale", "Refund")],
)
def test_money_that_went_back_by_the_word_of_another_column_alone_is_refused(export, name, sale, back):
    def rows(sign):
        return [
            (
                f"c{n % 5}",
                f"2024-01-{n % 15 + 13}",
                f"{'-' * (n % 10 == 9 and sign)}{10 + n}.00",
                back if n % 10 == 9 else sale,
            )
            for n in range(40)
        ]

    with pytest.raises(SourceError, match=f"rows with '{back}' in .* look like money that went back"):
        export.read(written(("customer", "date", "amount", name), rows(sign=False)))
    assert export.read(written(("customer", "date", "amount", name), rows(sign=True))).fates == {
        "sale": 36,
        "return": 4,
    }


@pytest.mark.parametrize(
    ("day", "amount", "told"),
    [
        ("Monday 13", "12.50", "'Date' holds 'Monday 13' and the like, which is read as no day"),
        ("2024-01-13", "12.50 DR", "'Amount' holds '12.50 DR' and the like, which is read as no number"),
    ],
)
def test_a_column_of_the_right_name_whose_content_is_not_read_is_named_with_what_it_holds(export, day, amount, told):
    with pytest.raises(SourceError, match=told):
        export.read(written(("Customer", "Date", "Amount"), [(f"c{n % 5}", day, amount) for n in range(40)]))


@pytest.mark.parametrize(
    ("header", "rows", "told"),
    [
        ("customer_no,placed_ts,loaded_ts,amount", "c1,2024-01-14,2024-02-01,10", "Days stand in 'placed_ts' and 'loaded_ts'"),
        ("Donor,Amount", "c1,10", "None of them holds days: export one"),
        ("Kundennr,Datum,Soll,Haben", "c1,2024-01-14,10,", "'Soll' and 'Haben' seem to be the two sides of a ledger"),
        ("who,when,worth", "c1,2024-01-14 10:00,10", "or as amount (or quantity and unit_price)"),
    ],
)  # fmt: skip
def test_what_is_missing_is_told_with_the_columns_that_could_be_it(export, header, rows, told):
    with pytest.raises(SourceError, match="no column was recognised") as error:
        export.read(f"{header}\n" + f"{rows}\n" * 9)
    assert told in str(error.value)


def test_a_column_that_one_of_many_files_calls_otherwise_is_told_to_be_renamed_there(export):
    rows = "".join(f"c{n % 4},2024-01-{n + 1:02},10\n" for n in range(20))
    for month, name in (("01", "amount"), ("02", "worth")):
        export.write(f"customer,date,{name}\n{rows}", name=f"2024-{month}.csv")
    with pytest.raises(SourceError, match=r"2024-01.csv has no column 'worth'.*rename it in those that differ"):
        export.load(export.folder, columns={"amount": "worth"})


def test_exports_of_warehouses_and_of_tills_with_cards_are_read_by_their_columns_names(export):
    for header in (
        "customer_sk,order_ts,load_dts,net_amount",
        "Loyalty No,Date,Loaded,Amount",
        "Kd.-Nr.,Datum,Geladen,Betrag",
    ):
        loaded = export.read(f"{header}\n" + "".join(f"7{n % 3},2024-01-{n + 1:02},2024-02-01,10\n" for n in range(20)))
        assert loaded.fates == {"sale": 20}
