"""What the columns of an export tell against adding up its rows as sales."""

import pytest

from segmenter.errors import SourceError


def written(header, rows, delimiter=","):
    return "\n".join(delimiter.join(map(str, row)) for row in (header, *rows)) + "\n"


def money(loaded):
    return float(sum(row[0] for row in loaded.rows("amount")))


@pytest.mark.parametrize("name", ["Refund", "refunded_total", "Total Refunds", "Montant remboursé"])
def test_money_given_back_is_known_by_the_names_that_shops_give_its_column(export, name):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", 20 + n, 5 if n % 10 == 9 else 0) for n in range(40)]
    assert money(export.read(written(("customer", "date", "total", name), rows))) == sum(20 + n for n in range(40)) - 20


@pytest.mark.parametrize(
    ("name", "mark"), [("Returned Quantity", 2), ("is_refund", "TRUE"), ("Returned", "yes"), ("refunded", 1)]
)
def test_what_was_given_back_by_a_column_of_no_role_is_refused_but_not_where_the_money_has_a_minus(export, name, mark):
    def rows(back):
        return [
            (f"c{n % 5}", f"2024-01-{n % 15 + 13}", back * n if n % 10 == 9 else n + 1, mark if n % 10 == 9 else 0)
            for n in range(40)
        ]

    with pytest.raises(SourceError, match=f"'{name}' seems to tell what was given back"):
        export.read(written(("customer", "date", "amount", name), rows(1)))
    assert export.read(written(("customer", "date", "amount", name), rows(-1))).fates == {"sale": 36, "return": 4}


def test_net_sales_are_less_what_was_given_back_already(export):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", 20 + n, n % 2, 20) for n in range(40)]
    header = ("customer", "date", "gross sales", "returns", "net sales")
    assert money(export.read(written(header, rows))) == 800


@pytest.mark.parametrize("name", ["Return ID", "Refundable", "refund_date", "Returning"])
def test_a_column_that_tells_something_else_of_returns_is_no_obstacle(export, name):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, n % 4 + 20240100) for n in range(40)]
    assert export.read(written(("customer", "date", "amount", name), rows)).fates == {"sale": 40}


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
    assert money(loaded) == sum(4 * (n % 3) + 5 for n in range(40))


@pytest.mark.parametrize(
    ("name", "no", "yes"),
    [("is_canceled", "0", "1"), ("Voided", "FALSE", "TRUE"), ("Payment Status", "paid", "failed")],
)
def test_orders_that_came_to_nothing_are_known_by_flags_and_by_the_state_of_their_payment(export, name, no, yes):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, yes if n % 10 == 9 else no) for n in range(40)]
    loaded = export.read(written(("customer", "date", "amount", name), rows))
    assert loaded.fates == {"sale": 36, "cancelled_status": 4}


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
    assert (loaded.fates, money(loaded)) == ({"sale": 40}, 820)


@pytest.mark.parametrize(
    "name", ["numero_de_commande", "Nº de pedido", "N° de commande", "Numéro de commande", "Order №"]
)
def test_names_of_columns_are_known_with_the_strokes_and_signs_that_they_are_written_with(export, name):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, f"o{n}") for n in range(40)]
    assert export.read(written(("customer", "date", "amount", name), rows)).intake.recognition.columns["order"] == name


def test_the_sales_of_a_country_are_no_sales_of_all(export):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, 7 * n, 9 * n) for n in range(40)]
    assert money(export.read(written(("customer", "date", "total", "Sales DE", "sales_de"), rows))) == 820
