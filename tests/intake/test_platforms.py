"""Exports with the columns of shops and payment platforms give the money and the customers that a hand computes."""

import csv
import io
from decimal import Decimal

import pytest

from segmenter.config.source import ColumnsConfig, RulesConfig, SourceConfig
from segmenter.errors import SourceError
from segmenter.intake import fast, lines, load, open_connection, parse

SHOPIFY = (
    "Name", "Email", "Financial Status", "Paid at", "Currency", "Subtotal", "Shipping", "Taxes", "Total", "Created at",
    "Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem sku", "Cancelled at", "Refunded Amount", "Id",
)  # fmt: skip
PIECES = {"quantity": "Lineitem quantity", "unit_price": "Lineitem price"}
EUR = {"currency": "EUR"}
MOMENT = "{} 10:00:00 +0100"


def sheet(header, rows, delimiter=","):
    """An export as text; a row is a dict by column, what it lacks is left blank."""
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="", delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def order(number, email, pieces, *, status="paid", currency="EUR", refunded="0.00", cancelled="", moment=MOMENT):
    """The lines of one of Shopify's orders, the order's own facts on the first alone; `pieces` are (quantity, price)."""
    at, total = moment.format(f"2024-01-{number + 12:02}"), sum(n * price for n, price in pieces)
    head = {
        "Email": email, "Financial Status": status, "Paid at": at, "Currency": currency, "Subtotal": total, "Shipping": 5,
        "Taxes": 1, "Total": total + 6, "Cancelled at": cancelled, "Refunded Amount": refunded, "Id": 9000 + number,
    }  # fmt: skip
    rows = [
        {
            "Name": f"#{number}",
            "Created at": at,
            "Lineitem quantity": n,
            "Lineitem price": price,
            "Lineitem sku": f"S{place}",
        }
        for place, (n, price) in enumerate(pieces)
    ]
    return [{**head, **rows[0]}, *rows[1:]]


ORDERS = [
    *order(1, "a@x.com", [(1, 10), (2, 10)]),
    *order(2, "b@x.com", [(1, 20), (3, 10)], status="voided"),
    *order(3, "c@x.com", [(1, 20), (3, 10)], currency="USD"),
    *order(4, "a@x.com", [(1, 10), (1, 30), (1, 20)], status="partially_refunded", refunded="30.00"),
    *order(5, "b@x.com", [(1, 10), (1, 30)], status="refunded", refunded="46.00"),
    *order(6, "d@x.com", [(1, 5), (1, 20)]),
    *order(7, "d@x.com", [(1, 5), (1, 20)], cancelled="2024-01-20 10:00:00 +0100"),
]
DAYS = [f"2024-01-{n % 15 + 13}" for n in range(20)]


def repeated(row):
    """Twenty rows by `row(n, day)`."""
    return [row(n, day) for n, day in enumerate(DAYS)]


AMAZON = repeated(
    lambda n, day: {
        "amazon-order-id": f"026-{n}", "purchase-date": f"{day}T09:15:00+00:00", "sku": f"S{n % 3}", "product-name": "Mug",
        "order-status": "Cancelled" if n == 3 else "Shipped", "quantity": n % 3 + 1, "currency": "EUR",
        "item-price": f"{10 * (n % 3 + 1)}.00", "item-tax": "1.60", "buyer-email": f"k{n % 2}@marketplace.amazon.de",
    }
)  # fmt: skip
MAGENTO_ITEMS = repeated(
    lambda n, day: {
        "Order Number": 100 + n, "Order Date": day, "Customer Email": f"k{n % 2}@x.com", "Item SKU": "S",
        "Item Qty Ordered": n % 3 + 1, "Item Price": "10.00",
    }
)  # fmt: skip
MAGENTO_ORDERS = repeated(
    lambda n, day: {
        "ID": f"{n:06}", "Purchase Date": f"Jan {day[-2:]}, 2024 10:30:05 AM", "Grand Total (Base)": f"€{n + 15}.00",
        "Grand Total (Purchased)": f"€{n + 15}.00", "Status": "canceled" if n == 2 else "complete", "Subtotal": f"€{n + 10}.00",
        "Customer Email": f"k{n % 2}@x.com", "Customer Name": "Ann", "Total Refunded": "€12.00" if n == 5 else "",
    }
)  # fmt: skip
STRIPE = repeated(
    lambda n, day: {
        "id": f"ch_{n}", "Created (UTC)": f"{day} 10:00", "Amount": f"{n + 10}.00", "Currency": "eur", "Captured": "true",
        "Amount Refunded": {3: "13.00", 4: "4.00"}.get(n, "0.00"), "Customer ID": f"cus_{n % 2}", "Customer Email": "a@x.com",
        "Status": {3: "Refunded", 5: "Failed"}.get(n, "Paid"),
    }
)  # fmt: skip
WOOCOMMERCE = repeated(
    lambda n, day: {
        "Order Number": n, "Order Status": {4: "wc-refunded", 6: "wc-cancelled"}.get(n, "wc-completed"), "Order Date": day,
        "Customer User ID": 0 if n % 2 else n % 4 + 7, "Email (Billing)": f"K{n % 2}@x.com", "Order Total Amount": n + 10,
        "Order Currency": "EUR",
    }
)  # fmt: skip
SQUARE = repeated(
    lambda n, day: {
        "Date": day, "Time": "14:00:00", "Item": "Mug", "Qty": -1 if n == 7 else 1, "SKU": "M", "Gross Sales": "$14.00",
        "Discounts": "-$2.00", "Net Sales": "-$12.00" if n == 7 else "$12.00", "Transaction ID": f"T{n}", "Payment ID": f"P{n}",
        "Event Type": "Refund" if n == 7 else "Payment", "Customer ID": f"C{n % 2}",
    }
)  # fmt: skip
ETSY = repeated(
    lambda n, day: {
        "Sale Date": f"01/{day[-2:]}/24", "Item Name": "Mug", "Buyer": f"b{n % 2}", "Quantity": n % 3 + 1, "Price": "10.00",
        "Item Total": f"{10 * (n % 3 + 1)}.00", "Currency": "USD", "Transaction ID": 4000 + n, "Order ID": 3000 + n // 2,
    }
)  # fmt: skip
SAP = repeated(
    lambda n, day: {
        "Verkaufsbeleg": f"45{n:04}", "Belegdatum": f"{day[-2:]}.01.2024", "Auftraggeber": 1000 + n % 2, "Material": "M-1",
        "Bezeichnung": "Becher", "Menge": "1,000-" if n == 6 else "2,000", "Währung": "EUR",
        "Nettowert": "234,50-" if n == 6 else "1.234,50",
    }
)  # fmt: skip
ODOO = repeated(
    lambda n, day: {
        "Auftragsreferenz": f"S{n:05}", "Auftragsdatum": f"{day[-2:]}.01.2024 10:00:00", "Kunde": f"Firma {n % 2}",
        "Gesamt": f"1.0{n + 10},50", "Status": "Abgebrochen" if n == 2 else "Verkaufsauftrag",
    }
)  # fmt: skip
PAYPAL = repeated(
    lambda n, day: {
        "Date": f"{day[-2:]}/01/2024", "Time": "13:57:10", "Status": "Completed", "Currency": "EUR", "Gross": f"{n + 10},00",
        "Fee": "-0,50", "Net": f"{n + 9},50", "From Email Address": f"k{n % 2}@x.com", "Transaction ID": f"T{n}",
        "Invoice Number": "", "Receipt ID": "",
    }
)  # fmt: skip

# Rows, what has to be named, delimiter, and by hand: rows and money of each fate, and money that is used by customer.
EXPORTS = {
    "Shopify by the line": (
        ORDERS, {"columns": PIECES, "rules": EUR}, ",",
        {"sale": (6, 85), "cancelled": (3, 50), "cancelled_status": (4, 75), "unreadable": (2, 50)},
        {"a@x.com": 60, "d@x.com": 25},
    ),
    "Shopify by the order": (
        ORDERS, {"columns": {"amount": "Total"}, "rules": EUR}, ",",
        {"sale": (3, 103), "cancelled": (1, 46), "cancelled_status": (2, 87), "no_amount": (7, None), "unreadable": (2, 56)},
        {"a@x.com": 72, "d@x.com": 31},
    ),
    "Amazon": (
        AMAZON, {}, "\t", {"sale": (19, 380), "cancelled_status": (1, 10)},
        {"k0@marketplace.amazon.de": 190, "k1@marketplace.amazon.de": 190},
    ),
    "Magento by the line": (MAGENTO_ITEMS, {}, ",", {"sale": (20, 390)}, {"k0@x.com": 190, "k1@x.com": 200}),
    "Magento by the order": (
        MAGENTO_ORDERS, {"columns": {"amount": "Grand Total (Base)"}}, ",",
        {"sale": (19, 461), "cancelled_status": (1, 17)}, {"k0@x.com": 223, "k1@x.com": 238},
    ),
    "Stripe": (
        STRIPE, {}, ",", {"sale": (18, 358), "cancelled": (1, 13), "cancelled_status": (1, 15)}, {"cus_0": 186, "cus_1": 172},
    ),
    "WooCommerce by account": (
        WOOCOMMERCE, {}, ",", {"sale": (8, 160), "cancelled_status": (2, 30), "no_customer": (10, 200)}, {"7": 76, "9": 84},
    ),
    "WooCommerce by address": (
        WOOCOMMERCE, {"columns": {"customer": "Email (Billing)"}}, ",", {"sale": (18, 360), "cancelled_status": (2, 30)},
        {"k0@x.com": 160, "k1@x.com": 200},
    ),
    "Square": (SQUARE, {}, ",", {"sale": (18, 216), "cancelled": (1, 12), "cancellation": (1, -12)}, {"C0": 120, "C1": 96}),
    "Etsy": (ETSY, {}, ",", {"sale": (20, 390)}, {"b0": 190, "b1": 200}),
    "SAP": (SAP, {}, ";", {"sale": (19, 23455.5), "return": (1, -234.5)}, {"1000": 10876, "1001": 12345}),
    "Odoo": (ODOO, {}, ";", {"sale": (19, 19387.5), "cancelled_status": (1, 1012.5)}, {"Firma 0": 9182.5, "Firma 1": 10205}),
    "PayPal": (
        PAYPAL, {"columns": {"customer": "From Email Address", "amount": "Gross"}}, ";", {"sale": (20, 390)},
        {"k0@x.com": 190, "k1@x.com": 200},
    ),
}  # fmt: skip


def fates(loaded):
    return {line.reason: (line.rows, line.amount) for line in loaded.intake.account.lines}


def spent(loaded):
    """What each customer's sales and returns come to."""
    return dict(loaded.rows("customer_id, sum(amount)", "status IN ('sale', 'return') GROUP BY customer_id"))


def written(rows, delimiter=","):
    return sheet(list(rows[0]) if rows is not ORDERS else SHOPIFY, rows, delimiter)


@pytest.mark.parametrize("name", EXPORTS)
def test_the_money_and_the_customers_are_those_of_a_hand(export, name):
    rows, options, delimiter, by_fate, by_customer = EXPORTS[name]
    loaded = export.read(written(rows, delimiter), **options)
    account = loaded.intake.account
    assert fates(loaded) == by_fate
    assert spent(loaded) == by_customer
    assert account.rows_read == len(rows)
    assert account.amount_read == sum(Decimal(str(money or 0)) for _, money in by_fate.values())


LIGHTSPEED = [
    {"Date": f"{day} 10:00:00", "Receipt Number": n, "Line Type": kind, "Customer Code": f"C{n % 2}", "Total": 22}
    for n, day in enumerate(DAYS)
    for kind in ("Sale", "Sale Line", "Payment")
]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (ORDERS, "'Subtotal' and 'Total' could both be the amount.*quantity = \"Lineitem quantity\"\n# unit_price = \"Line"),
        (MAGENTO_ORDERS, r"'Grand Total \(Base\)' and .* could both be the amount"),
        (PAYPAL, r"no column was recognised as customer or as amount.*Its columns are Date, Time.*Gross"),
        (LIGHTSPEED, r"several kinds by 'Line Type' \(Payment, Sale, Sale Line\).*counted more than once"),
        ([{name.replace("Ordered", "(boxes)"): cell for name, cell in row.items()} for row in MAGENTO_ITEMS],
         r"'Item Price' is the money of one piece.*quantity = \"Item Qty \(boxes\)\".*amount = \"Item Price\""),
    ],
    ids=["Shopify", "Magento", "PayPal", "Lightspeed", "an unknown quantity"],
)  # fmt: skip
def test_what_can_be_read_in_two_ways_is_refused_with_what_to_name(export, rows, message):
    with pytest.raises(SourceError, match=f"(?s){message}"):
        export.read(written(rows))


# What an order says on one of its lines.

HEADER = ("order", "customer", "date", "sku", "amount", "status", "currency")


def lines_of(*rows):
    """Ten sales of others, so that a few odd lines do not unmake a column, and `rows`."""
    others = [(f"x{n}", f"x{n % 4}", f"2024-01-{n + 13}", "p", "1", "paid", "EUR") for n in range(10)]
    return sheet(HEADER, [dict(zip(HEADER, row, strict=True)) for row in (*others, *rows)])


def of(loaded, order):
    """Customer, day and fate of an order's lines."""
    found = loaded.connection.execute(
        "SELECT customer_id, CAST(CAST(ts AS DATE) AS VARCHAR), CAST(fate AS VARCHAR) FROM records WHERE order_id IS NOT DISTINCT FROM ? ORDER BY record",
        [order],
    )
    return found.fetchall()


CONTRARY = lines_of(
    ("o1", "c1", "2024-01-20", "a", "5", "voided", "EUR"),
    ("o1", "", "", "b", "6", "", ""),
    ("o2", "c1", "2024-01-20", "a", "5", "voided", "EUR"),
    ("o2", "c2", "2024-01-21", "b", "6", "paid", "EUR"),
    ("o2", "", "", "c", "7", "", ""),
    ("o2", "c1", "2024-01-20", "d", "8", "", ""),
    ("", "c3", "2024-01-20", "a", "5", "voided", "EUR"),
    ("", "c3", "2024-01-20", "a", "5", "", "EUR"),
)


def test_what_an_order_says_holds_for_its_blank_lines_but_not_where_its_lines_contradict_each_other(export):
    loaded = export.read(CONTRARY)
    assert of(loaded, "o1") == [("c1", "2024-01-20", "cancelled_status")] * 2
    assert of(loaded, "o2") == [
        ("c1", "2024-01-20", "cancelled_status"), ("c2", "2024-01-21", "sale"), (None, None, "no_customer"),
        ("c1", "2024-01-20", "sale"),
    ]  # fmt: skip
    assert [row[2] for row in of(loaded, None)] == ["cancelled_status", "sale"]


def test_without_a_column_of_orders_each_line_stands_for_itself(export):
    loaded = export.read(CONTRARY.replace("order,", "note,", 1))
    assert loaded.fates == {"sale": 13, "cancelled_status": 3, "no_customer": 2}


def test_an_unreadable_day_is_not_mended_by_the_orders_other_lines(export):
    text = lines_of(
        ("o1", "c1", "2024-01-20", "a", "5", "paid", "EUR"),
        ("o1", "", "soon", "b", "6", "", ""),
        ("o1", "", "", "c", "7", "", ""),
    )
    loaded = export.read(text)
    assert loaded.fates == {"sale": 12, "unreadable": 1}
    assert loaded.rejected == [("export.csv", 13, "date", "a date that cannot be read", "o1,,soon,b,6,,")]


def test_lines_of_an_order_in_a_currency_that_was_not_chosen_are_rejected_verbatim_with_their_lines(export):
    text = lines_of(("o1", "c1", "2024-01-20", "a", "5", "paid", "USD"), ("o1", "", "", "b", "6", "", ""))
    assert [row[1:4] for row in export.read(text, rules=EUR).rejected] == [
        (12, "currency", "another currency"), (13, "currency", "another currency"),
    ]  # fmt: skip


@pytest.mark.parametrize("reader", [fast.parse_fast, lambda *_: None], ids=["fast", "slow"])
def test_records_keep_the_order_of_the_exports_and_both_readings_agree(export, monkeypatch, reader):
    monkeypatch.setattr(parse, "parse_fast", reader)
    rows = [(f"o{n // 3}", "" if n % 3 else f"c{n % 7}", "2024-01-20", f"p{n}", "2", "", "EUR") for n in range(9000)]
    loaded = export.read(lines_of(*rows))
    found = loaded.connection.execute("SELECT product, customer_id FROM records ORDER BY record").fetchall()[10:]
    assert found == [(f"p{n}", f"c{n // 3 * 3 % 7}") for n in range(9000)]


def test_where_no_line_leaves_anything_blank_no_order_is_looked_at(export, monkeypatch):
    def unwanted(*_):
        raise AssertionError

    monkeypatch.setattr(lines, "with_orders", unwanted)
    assert export.read(lines_of()).fates == {"sale": 10}
    assert export.read(lines_of(("o1", "", "2024-01-20", "a", "5", "paid", "EUR"))).fates == {
        "sale": 10,
        "no_customer": 1,
    }


def test_a_cache_gives_what_a_full_reading_gives(tmp_path):
    days = tmp_path / "days"
    days.mkdir()
    plain_days = [
        row
        for n in range(1, 8)
        for row in order(n, f"k{n % 3}@x.com", [(1, 10), (2, 5)], refunded="12.00", moment="{}")
    ]
    for n, text in enumerate((sheet(SHOPIFY, ORDERS), sheet(SHOPIFY, plain_days[:8]))):
        (days / f"{n}.csv").write_text(text)

    def result(cache):
        connection = open_connection("1GiB", 2, tmp_path)
        source = SourceConfig(columns=ColumnsConfig(**PIECES))
        rules = RulesConfig(min_customers=2, min_usable_share=0, max_unreadable_share=1, currency="EUR")
        with connection:
            account = load(connection, [days], source, rules, cache).account
            return account, [
                connection.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in ("judged", "rejected")
            ]

    result(tmp_path / "kept")
    (days / "2.csv").write_text(sheet(SHOPIFY, plain_days[8:]))
    assert result(tmp_path / "kept") == result(None)
    assert result(tmp_path / "kept") == result(None)


# Customers who are nobody.


def test_ids_that_stand_for_nobody_name_no_customer_and_are_told(export):
    rows = [
        (f"2024-01-{n + 13}", customer, 10)
        for n, customer in enumerate(("k1", "k2", "0", "0.0", "Guest", "GUEST", "00"))
    ]
    loaded = export.read("date,customer,amount\n" + "".join("{},{},{}\n".format(*row) for row in rows))
    assert loaded.fates == {"sale": 3, "no_customer": 4}
    assert [note.split(";")[0] for note in loaded.intake.account.warnings[1:-1]] == [
        f"Rows that name the customer {customer}, which stands for nobody in particular (rules.guest_ids): {n}"
        for n, customer in ((2, "0"), (1, "GUEST"), (1, "Guest"))
    ]
    real = export.load(export.folder / "export.csv", rules={"guest_ids": ()})
    assert real.fates == {"sale": 7}


def test_a_total_below_the_rows_that_stands_in_the_place_of_a_customer_is_none(export):
    rows = "".join(f"2024-01-{n % 15 + 13},k{n % 4},10\n" for n in range(20))
    loaded = export.read(f"date,customer,amount\n{rows}2024-01-27,Grand Total,200\n")
    assert fates(loaded) == {"sale": (20, 200), "total": (1, 200)}
    assert not any("stands for nobody" in note for note in loaded.intake.account.warnings)
    refusing = export.load(export.folder / "export.csv", rules={"missing_customer": "refuse"})
    assert refusing.fates == {"sale": 20, "total": 1}
    company = export.load(export.folder / "export.csv", rules={"total_ids": ()})
    assert company.fates == {"sale": 21}


# Money given back by a column of its own.


def charges(*refunds, amount=50):
    """Charges of four customers with what was given back of each."""
    rows = [(f"t{n}", f"k{n % 4}", f"2024-01-{n + 13}", amount, back) for n, back in enumerate(refunds)]
    return "order,customer,date,amount,Refund Amount\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)


def test_money_given_back_in_a_column_is_told_with_its_figure(export):
    loaded = export.read(charges(0, "", 20, -30, 50, 60))
    assert fates(loaded) == {"sale": (4, 150), "cancelled": (2, 100)}
    assert loaded.intake.account.warnings == (
        "Rows with a refund in a separate column: 4, 150.00 in all; each counts with what is left of it. "
        "Refunded in full, and so counted as cancelled: 2.",
    )
    (partly,) = export.read(charges(0, 0, 20)).intake.account.warnings
    assert partly.endswith("column: 1, 20.00 in all; each counts with what is left of it.")
    assert export.read(charges(0, 0, 0)).intake.account.warnings == ()


def test_where_cancellations_are_dropped_a_sale_keeps_what_was_given_back(export):
    loaded = export.read(charges(0, 20, 50), rules={"cancellations": "drop"})
    assert (fates(loaded), loaded.intake.account.warnings) == ({"sale": (3, 150)}, ())


def test_a_charge_given_back_since_the_export_before_counts_once(export):
    paths = [export.write(charges(0, 0, 0), "1.csv"), export.write(charges(0, 20, 50), "2.csv")]
    assert fates(export.load(*paths)) == {"sale": (2, 80), "cancelled": (1, 50), "duplicate": (3, 150)}


def test_money_given_back_of_an_order_is_taken_off_the_line_that_says_it_first_and_off_no_line_more_than_it_brought(
    export,
):
    header = ("order", "customer", "date", "sku", "amount", "Refund Amount")
    rows = [("o1", "k1", 10, ""), ("o1", "k1", 20, 35), ("o1", "k1", 30, ""), ("o2", "k2", 10, 4), ("o2", "k2", 10, 3)]
    table = [
        (order, customer, "2024-01-20", f"p{n}", amount, back) for n, (order, customer, amount, back) in enumerate(rows)
    ]
    loaded = export.read(sheet(header, [dict(zip(header, row, strict=True)) for row in table]))
    assert loaded.rows("product, amount, status") == [
        ("p0", 10, "cancelled"), ("p1", 20, "cancelled"), ("p2", 25, "sale"), ("p3", 6, "sale"), ("p4", 7, "sale"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("back", "fate"), [(50, {"sale": 9, "cancelled_status": 1}), (-50, {"sale": 8, "cancelled": 1, "cancellation": 1})]
)
def test_an_order_marked_as_refunded_is_cancelled_unless_refunds_have_rows_of_their_own(export, back, fate):
    rows = [(f"k{n % 4}", f"2024-01-{n + 13}", 50, "completed") for n in range(8)]
    rows += [("k1", "2024-01-28", 50, "Refunded"), ("k1", "2024-01-29", back, "completed")]
    text = "customer,date,amount,status\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)
    assert export.read(text).fates == fate


@pytest.mark.parametrize("day", ["2024-01-28", "2024-01-29"], ids=["that day", "a day later"])
def test_without_order_numbers_a_refund_in_part_tells_how_much_of_the_days_order_went_back(export, day):
    rows = [(f"k{n % 4}", f"2024-01-{n + 13}", 50, "completed") for n in range(8)]
    rows += [("k1", "2024-01-28", 50, "Refunded"), ("k1", day, -30, "completed")]
    text = "customer,date,amount,status\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)
    assert export.read(text).fates == {"sale": 9, "return": 1}


# Lines of nothing but delimiters.


@pytest.mark.parametrize("reader", [fast.parse_fast, lambda *_: None], ids=["fast", "slow"])
def test_lines_of_nothing_but_delimiters_are_empty_lines(export, monkeypatch, reader):
    monkeypatch.setattr(parse, "parse_fast", reader)
    sales = "".join(f"k{n % 4},2024-01-{n + 13},10,\n" for n in range(12))
    text = f"customer,date,amount,note\n{sales},,,\n,,,\nk1,soon,10,\n,,,a note\n,,,\n,,,\n"
    loaded = export.read(text)
    assert loaded.fates == {"sale": 12, "no_customer": 1, "unreadable": 1}
    assert loaded.rejected == [("export.csv", 16, "date", "a date that cannot be read", "k1,soon,10,")]
