"""What the columns of an export tell against adding up its rows as sales."""

import pytest

from segmenter.errors import SourceError
from tests.intake.conftest import ways, written


@pytest.mark.parametrize("name", ["Refund", "refunded_total", "Total Refunds", "Montant remboursé"])
def test_money_given_back_is_known_by_the_names_that_shops_give_its_column(export, name):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", 20 + n, 5 if n % 10 == 9 else 0) for n in range(40)]
    assert export.read(written(("customer", "date", "total", name), rows)).money == sum(20 + n for n in range(40)) - 20


@pytest.mark.parametrize(
    ("name", "mark"), [("Returned Quantity", 2), ("is_refund", "TRUE"), ("Returned", "yes"), ("refunded", 1)]
)
def test_what_was_given_back_by_a_column_of_no_role_is_refused_but_not_where_the_money_has_a_minus(export, name, mark):
    def rows(back):
        return [
            (f"c{n % 5}", f"2024-01-{n % 15 + 13}", back * n if n % 10 == 9 else n + 1, mark if n % 10 == 9 else 0)
            for n in range(40)
        ]

    with pytest.raises(SourceError, match=f"'{name}' seems to say what was given back"):
        export.read(written(("customer", "date", "amount", name), rows(1)))
    assert export.read(written(("customer", "date", "amount", name), rows(-1))).fates == {"sale": 36, "return": 4}


def test_net_sales_are_less_what_was_given_back_already(export):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", 20 + n, n % 2, 20) for n in range(40)]
    header = ("customer", "date", "gross sales", "returns", "net sales")
    assert export.read(written(header, rows)).money == 800


@pytest.mark.parametrize(
    "name",
    ["Return ID", "RefundID", "refundid", "Refundable", "Refund Eligible", "refund_date", "Returning", "Refund Rate"],
)
def test_a_column_that_tells_something_else_of_returns_is_no_obstacle(export, name):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, 20240100 if n % 10 == 9 else 0) for n in range(40)]
    assert export.read(written(("customer", "date", "amount", name), rows)).fates == {"sale": 40}


@pytest.mark.parametrize("name", ["Refund Paid", "Returned Portion", "Refund Commission", "canceled", "Cancelled Qty"])
def test_what_was_given_back_is_seen_whatever_the_last_letters_of_its_name(export, name):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, 2 if n % 10 == 9 else 0) for n in range(40)]
    with pytest.raises(SourceError, match=f"'{name}' seems to say what was given back") as refused:
        export.read(written(("customer", "date", "amount", name), rows))
    assert ways(refused)[0] == {"source.columns": {"refunded": name}}


def test_a_mark_of_what_was_given_back_has_two_ways_out_by_the_configuration(export):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, ("No", "Yes")[n % 10 == 9]) for n in range(40)]
    text = written(("customer", "date", "amount", "Returned"), rows)
    with pytest.raises(SourceError) as refused:
        export.read(text)
    mark, none = (way["source.columns"] for way in ways(refused))
    assert (mark, none) == ({"cancelled": "Returned"}, {"ignore": ["Returned"]})
    assert export.read(text, columns=mark).fates == {"sale": 36, "cancelled_status": 4}
    assert export.read(text, columns=none).fates == {"sale": 40}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Event Type", ("Payment", "Void")),
        ("Belegart", ("RE", "GS")),
        ("Type", ("Invoice", "Payment")),
        ("Record Type", ("Sale", "Payment")),
        ("Refund Paid", ("0", "5")),
    ],
)
def test_a_column_that_raises_a_doubt_is_passed_over_where_the_configuration_says_so(export, name, words):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, words[n % 10 == 9]) for n in range(40)]
    text = written(("customer", "date", "amount", name), rows)
    with pytest.raises(SourceError) as refused:
        export.read(text)
    assert ways(refused)[-1] == {"source.columns": {"ignore": [name]}}
    assert export.read(text, columns={"ignore": [name]}).fates == {"sale": 40}


def test_a_column_that_is_passed_over_plays_no_role(export):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, n + 9, "2024-02-01") for n in range(40)]
    text = written(("customer", "date", "amount", "revenue", "paid until"), rows)
    assert export.read(text, columns={"ignore": ["revenue"]}).money == 820


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("membership_status", "Cancelled"),
        ("receipt_email_status", "failed"),
        ("rate_type", "Cancellable"),
        ("Type", "Annual"),
    ],
)
def test_what_came_to_nothing_is_an_order_and_no_membership_nor_rate(export, name, word):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, word if n % 10 == 9 else "active") for n in range(40)]
    assert export.read(written(("customer", "date", "amount", name), rows)).fates == {"sale": 40}


@pytest.mark.parametrize(("n_minus", "is_read"), [(1, False), (5, True)])
def test_one_minus_among_many_voided_rows_does_not_take_the_others_off(export, n_minus, is_read):
    rows = [
        (f"c{n % 5}", f"2024-01-{n % 15 + 13}", -n - 1 if n < n_minus else n + 1, "Void" if n < 6 else "Payment")
        for n in range(40)
    ]
    text = written(("customer", "date", "amount", "Event Type"), rows)
    if is_read:
        assert export.read(text).fates == {"sale": 35, "return": 5}
        return
    with pytest.raises(SourceError, match="'Void' in 'Event Type' seem to have come to nothing"):
        export.read(text)


def test_voided_rows_without_money_are_no_sales(export):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", 0 if n < 6 else n, "Void" if n < 6 else "Sale") for n in range(40)]
    assert export.read(written(("customer", "date", "amount", "Event Type"), rows)).fates == {
        "sale": 34,
        "zero_price": 6,
    }


@pytest.mark.parametrize(
    ("name", "no", "yes"),
    [
        ("Storniert", "", "X"),
        ("Annulé", "non", "oui"),
        ("Cancelled", "não", "sim"),
        ("voided", "0.0", "1.0"),
        ("is_canceled", "0", "1"),
        ("Voided", "FALSE", "TRUE"),
        ("Payment Status", "paid", "failed"),
    ],
)
def test_orders_that_came_to_nothing_are_known_by_flags_in_many_languages_and_by_the_state_of_their_payment(
    export, name, no, yes
):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, yes if n % 10 == 9 else no) for n in range(40)]
    loaded = export.read(written(("customer", "date", "amount", name), rows))
    assert loaded.fates == {"sale": 36, "cancelled_status": 4}


def test_a_few_pieces_that_came_back_are_no_money_unless_the_name_says_so(export):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, n % 10 // 8 + n % 10 // 9) for n in range(40)]
    with pytest.raises(SourceError, match="'refunds' seems to say what was given back"):
        export.read(written(("customer", "date", "amount", "refunds"), rows))
    for name in ("refund_amount", "Order Refund Amount"):
        assert export.read(written(("customer", "date", "amount", name), rows)).money == 820 - 12


@pytest.mark.parametrize("cells", [("0%", "10%"), ("0", "0.1"), ("", "1.50")])
def test_a_discount_that_quantity_times_price_leaves_out_is_refused_until_the_price_is_named(export, cells):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", 2, 10 + n, cells[n % 10 == 9]) for n in range(40)]
    header = ("customer", "date", "quantity", "price", "Discount")
    with pytest.raises(SourceError, match="would leave out what 'Discount' takes off"):
        export.read(written(header, rows))
    assert export.read(written(header, rows), columns={"unit_price": "price"}).fates == {"sale": 40}
    none = [(*row[:-1], cells[0]) for row in rows]
    assert export.read(written(header, none)).fates == {"sale": 40}
    assert export.read(written((*header[:-1], "Discount Code"), rows)).fates == {"sale": 40}


def test_a_rate_of_discount_is_one_and_a_mark_is_none(export):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", 10 + n, "10 %" if n % 2 else "0 %", n % 2) for n in range(40)]
    header = ("customer", "date", "price", "Discount Rate", "Discount Applied")
    with pytest.raises(SourceError, match="csv: 'price' would leave out what 'Discount Rate' takes off"):
        export.read(written(header, rows))
    assert export.read(written(header, rows), columns={"ignore": ["Discount Rate"]}).fates == {"sale": 40}


def test_a_discounted_price_is_another_price(export):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", 2, 10 + n, 9 + n) for n in range(40)]
    text = written(("customer", "date", "quantity", "price", "Discounted Price"), rows)
    with pytest.raises(SourceError) as refused:
        export.read(text)
    assert [way["source.columns"]["unit_price"] for way in ways(refused)] == ["Discounted Price", "price"]
    assert export.read(text, columns={"unit_price": "Discounted Price"}).money == sum(18 + 2 * n for n in range(40))


def test_columns_that_are_nothing_but_in_a_few_rows_are_no_products(export):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", f"r{n}", 10 + n, 2 * (n == 7), 3 * (n == 9)) for n in range(40)]
    loaded = export.read(written(("customer", "date", "receipt_no", "price", "bags", "tip"), rows))
    assert loaded.money == sum(10 + n for n in range(40))


def test_a_lines_total_under_an_unknown_name_is_found_among_many_columns(export):
    rows = [
        (
            f"c{n % 5}",
            f"2024-01-{n % 15 + 13}",
            10 + n,
            *(n * k % 97 + k for k in range(2, 62)),
            n % 4 + 1,
            (n % 4 + 1) * (10 + n),
        )
        for n in range(300)
    ]
    header = ("customer", "date", "price", *(f"m{k}" for k in range(60)), "bags", "sum of it")
    with pytest.raises(SourceError, match="'sum of it' is 'bags' times that") as refused:
        export.read(written(header, rows))
    assert [way["source.columns"] for way in ways(refused)] == [{"amount": "sum of it"}, {"amount": "price"}]


def test_an_amount_beside_pieces_and_prices_that_are_all_empty_is_the_lines(export):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, "", "") for n in range(40)]
    assert export.read(written(("customer", "date", "amount", "quantity", "price"), rows)).money == 820


def test_pieces_with_their_unit_beside_a_price_are_refused_as_a_line_would_be_one_piece(export):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", f"{n % 3 + 1} pcs", 10 + n) for n in range(40)]
    with pytest.raises(SourceError, match=r"'Quantity' may say how many.* such as '1 pcs': leave the unit out"):
        export.read(written(("customer", "date", "Quantity", "price"), rows))


@pytest.mark.parametrize(
    ("sign", "words"), [("", ("Invoice", "Payment")), ("-", ("Sales invoice", "Customer payment"))]
)
def test_a_ledger_of_invoices_and_what_pays_them_is_refused(export, sign, words):
    rows = [
        (f"c{n % 5}", f"2024-01-{n // 2 % 15 + 13}", f"{sign * (n % 2)}{10 + n // 2}", words[n % 2]) for n in range(40)
    ]
    with pytest.raises(SourceError, match=f"'{words[1]}' in 'Type' pay what those with '{words[0]}' charge"):
        export.read(written(("customer", "date", "amount", "Type"), rows))


def test_amounts_of_weighed_goods_are_quantity_times_price_by_the_decimal_comma_that_reads_them(export):
    rows = [
        (f"c{n % 5}", f"{n % 15 + 13}.01.2024", f"{n % 3 + 1},250", "4,00", f"{4 * (n % 3) + 5},00") for n in range(40)
    ]
    loaded = export.read(written(("customer", "date", "quantity", "price", "amount"), rows, ";"))
    assert loaded.money == sum(4 * (n % 3) + 5 for n in range(40))


def test_words_for_orders_that_came_to_nothing_in_a_column_of_no_role_are_refused_until_it_is_named(export):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, "Void" if n % 10 == 9 else "Payment") for n in range(40)]
    header = ("customer", "date", "amount", "Event Type")
    with pytest.raises(SourceError, match="'Void' in 'Event Type' seem to have come to nothing"):
        export.read(written(header, rows))
    assert export.read(written(header, rows), columns={"status": "Event Type"}).fates == {
        "sale": 36,
        "cancelled_status": 4,
    }


@pytest.mark.parametrize(
    ("old", "new", "cells"),
    [
        ("Rechnungsnr", "Auftragsnr", ("r{}", "a{}")),
        ("Nettobetrag", "Gesamtpreis", ("{}", "{}9")),
        ("Montant", "Montant total", ("{}", "{}9")),
        ("Importe", "Importe total", ("{}", "{}9")),
        ("payment_status", "booking_status", ("paid", "state {}")),
        ("payment_state", "order_state", ("paid", "state {}")),
        ("voided", "is_canceled", ("false", "0")),
    ],
)
def test_a_name_that_is_known_since_late_is_no_rival_of_one_known_before(export, old, new, cells):
    one, other = cells
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, one.format(n + 1), other.format(n + 1)) for n in range(40)]
    loaded = export.read(written(("customer", "date", "total", old, new), rows))
    assert (loaded.fates, loaded.money) == ({"sale": 40}, 820)


@pytest.mark.parametrize(
    "name", ["numero_de_commande", "Nº de pedido", "N° de commande", "Numéro de commande", "Order №"]
)
def test_names_of_columns_are_known_with_the_strokes_and_signs_that_they_are_written_with(export, name):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, f"o{n}") for n in range(40)]
    assert export.read(written(("customer", "date", "amount", name), rows)).intake.recognition.columns["order"] == name


def test_the_sales_of_a_country_are_no_sales_of_all(export):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, 7 * n, 9 * n) for n in range(40)]
    assert export.read(written(("customer", "date", "total", "Sales DE", "sales_de"), rows)).money == 820


def test_what_two_columns_could_both_be_is_told_in_a_noun(export):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, n % 2, n % 3) for n in range(40)]
    with pytest.raises(SourceError, match="'Refund Amount' and 'Amount Refunded' could both be the money given back"):
        export.read(written(("customer", "date", "amount", "Refund Amount", "Amount Refunded"), rows))


@pytest.mark.parametrize(
    ("name", "mark"), [("Cancelled at", "2024-02-01"), ("is_cancelled", "1"), ("status", "cancelled")]
)
def test_a_second_mark_of_what_was_cancelled_is_no_obstacle(export, name, mark):
    rows = [
        (f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, *((mark, "1") if n % 10 == 9 else ("0" * (mark == "1"), "0")))
        for n in range(40)
    ]
    loaded = export.read(written(("customer", "date", "amount", name, "cancelled_items"), rows))
    assert loaded.fates == {"sale": 36, "cancelled_status": 4}
