"""Money that stands on two sides, or twice, is counted once and off the right customer."""

import pytest

from segmenter.config.source import RulesConfig
from segmenter.errors import SourceError
from tests.intake.conftest import ways

CENTS = "whole numbers of three digits"


def sheet(header, rows):
    return "\n".join([header, *rows]) + "\n"


def ledger(debit, credit, none=""):
    """Twenty invoices over 100 and a credit note over 30 for every fifth."""
    rows = [f"c{n % 4},2024-01-{n + 1:02},100.00,{none}" for n in range(20)]
    rows += [f"c{n % 4},2024-02-{n + 1:02},{none},30.00" for n in range(0, 20, 5)]
    return sheet(f"customer,date,{debit},{credit}", rows)


@pytest.mark.parametrize(
    "sides", [("Debit", "Credit"), ("Soll", "Haben"), ("Money In", "Money Out"), ("Debit Amount", "Credit Amount")]
)
@pytest.mark.parametrize("none", ["", "0.00"])
def test_credits_of_a_ledger_are_not_left_out_without_a_word_and_are_taken_off_where_named(export, sides, none):
    debit, credit = sides
    text = ledger(debit, credit, none)
    with pytest.raises(SourceError) as refused:
        export.read(text, columns={"amount": debit})
    assert ways(refused)[0] == {"source.columns": {"credit": credit}}
    loaded = export.read(text, columns={"amount": debit, "credit": credit})
    assert loaded.money == 2000 - 4 * 30
    assert loaded.fates == {"sale": 20, "return": 4}
    assert export.read(text, columns={"amount": debit, "ignore": (credit,)}).money == 2000


def test_a_credit_with_a_minus_of_its_own_is_taken_off_too(export):
    text = ledger("Debit", "Credit").replace("30.00", "-30.00")
    assert export.read(text, columns={"amount": "Debit", "credit": "Credit"}).money == 1880


def test_an_amount_that_is_less_what_was_given_back_loses_nothing_again(export):
    def row(n):
        back = {3: 40, 7: 10, 8: 15, 11: 100, 13: 25, 17: 5}.get(n, 0)
        return f"o{n},c{n % 4},2024-01-{n + 1:02},100.00,{back}.00,{100 - back}.00"

    text = sheet("order_id,customer,date,gross,refunded amount,amount", [row(n) for n in range(20)])
    loaded = export.read(text)
    assert loaded.money == 2000 - 195
    assert "less what was given back already" in loaded.intake.recognition.reasons["amount"]
    assert export.read(text, columns={"amount": "gross"}).money == 2000 - 195


def paypal():
    rows = [f"2024-01-{n + 1:02},Buyer {n % 4},b{n % 4}@x.com,shop@x.com,50.00" for n in range(20)]
    rows += [f"2024-02-{n + 1:02},Buyer {n % 4},shop@x.com,b{n % 4}@x.com,-20.00" for n in range(3)]
    return sheet("date,name,from email,to email,gross", rows)


def test_a_business_is_no_customer_of_its_own_where_it_gives_money_back(export):
    columns = {"customer": "from email", "amount": "gross"}
    with pytest.raises(SourceError, match=r"shop@x\.com stands in 'to email'") as refused:
        export.read(paypal(), columns=columns)
    assert ways(refused)[1] == {"rules": {"guest_ids": [*RulesConfig().guest_ids, "shop@x.com"]}}
    by_name = export.read(paypal(), columns={**columns, "customer": "name"})
    assert len(by_name.rows("DISTINCT customer_id")) == 4
    assert by_name.money == 1000 - 60
    loaded = export.read(paypal(), columns=columns, rules={"guest_ids": ("shop@x.com",)})
    assert len(loaded.rows("DISTINCT customer_id")) == 4
    ignored = export.read(paypal(), columns={**columns, "ignore": ("to email",)})
    assert len(ignored.rows("DISTINCT customer_id")) == 5


@pytest.mark.parametrize(
    ("money", "currency", "is_told"),
    [
        ("{}99", "EUR", True),
        ("{}99", "JPY", False),
        ("{}99.00", "eur", True),
        ("{}9.90", "EUR", False),
        ("{}", "EUR", False),
    ],
)
def test_money_that_may_be_cents_is_told(export, money, currency, is_told):
    rows = [f"c{n % 4},2024-01-{n + 1:02},{money.format(n + 10)},{currency}" for n in range(25)]
    warnings = export.read(sheet("customer,date,amount,currency", rows)).intake.account.warnings
    assert any(CENTS in warning for warning in warnings) == is_told


def test_a_return_with_a_minus_on_pieces_price_and_money_is_one(export):
    rows = [f"o{n},c{n % 4},2024-01-{n + 1:02},2,5.00,10.00" for n in range(20)] + ["r1,c1,2024-02-01,-2,-10.00,-10.00"]
    loaded = export.read(sheet("order_id,customer,date,quantity,price,amount", rows), columns={"amount": "amount"})
    assert loaded.money == 190
    assert "negative_price" not in loaded.fates


def test_a_line_that_is_not_voided_stands_though_the_first_of_its_order_is(export):
    rows = [
        f"o{n},c{n % 4},2024-01-{n + 1:02},5.00,{void}"
        for n in range(10)
        for void in ("true" if n == 3 else "false", "false")
    ]
    loaded = export.read(sheet("order_id,customer,date,amount,Void?", rows))
    assert loaded.fates == {"sale": 19, "cancelled_status": 1}


@pytest.mark.parametrize("name", ["Amount (EUR)", "Betrag (€)", "Betrag in EUR", "Nettobetrag [CHF]"])
def test_an_amount_is_known_by_its_name_with_the_currency_behind(export, name):
    rows = [f"c{n % 4},2024-01-{n + 1:02},5.00" for n in range(10)]
    assert export.read(sheet(f"customer,date,{name}", rows)).money == 50


def test_two_numbers_of_the_same_orders_are_one_and_those_of_other_orders_are_an_ambiguity(export):
    def rows(invoice):
        return [f"{n // 2},{invoice(n)},c{n % 4},2024-01-{n + 1:02},5.00" for n in range(20)]

    header = "order_id,order_number,customer,date,amount"
    loaded = export.read(sheet(header, rows(lambda n: f"W-{n // 2}")))
    assert len(loaded.rows("DISTINCT order_id")) == 10
    with pytest.raises(SourceError, match="could both be the order"):
        export.read(sheet(header, rows(lambda n: f"W-{n}")))


def test_of_several_codes_of_products_the_stock_keepers_is_taken(export):
    rows = [f"c{n % 4},2024-01-{n + 1:02},{900 + n},S{n % 3},5.00" for n in range(10)]
    loaded = export.read(sheet("customer,date,Item Id,SKU,amount", rows))
    assert loaded.intake.recognition.columns["product"] == "SKU"


def test_words_over_pairs_of_columns_are_no_header(export):
    rows = [f"{n},2024-01-{n + 1:02},c{n % 4},5.00" for n in range(10)]
    loaded = export.read("\n".join(["Order,,Money,", "No,Date,Customer,Amount", *rows]) + "\n")
    assert loaded.intake.account.rows_used == 10


@pytest.mark.parametrize(("column", "id_"), [("customer_id", "1.23E+11"), ("order_id", "4,00638E+12")])
def test_ids_that_a_spreadsheet_has_rounded_are_refused(export, column, id_):
    header = "order_id;customer_id;email;date;amount"
    rows = [[f"o{n}", f"c{n % 4}", f"b{n % 4}@x.com", f"2024-01-{n + 1:02}", "5.00"] for n in range(20)]
    for row in rows[10:]:
        row[header.split(";").index(column)] = id_
    text = sheet(header, map(";".join, rows))
    with pytest.raises(SourceError, match="a spreadsheet has rounded"):
        export.read(text)
    loaded = export.read(text, columns={"ignore": (column,)})
    assert len(loaded.rows("DISTINCT customer_id")) == 4


def test_what_is_left_of_money_after_an_adjustment_is_not_passed_over(export):
    rows = [f"o{n},b{n % 4},2024-01-{n + 1:02},50.00,{'30.00' if n == 7 else '0.00'}" for n in range(20)]
    text = sheet("order_id,buyer,date,order total,adjusted order total", rows)
    with pytest.raises(SourceError, match="what is left of 'order total' after a refund, such as 30"):
        export.read(text)
    assert export.read(text, columns={"ignore": ("adjusted order total",)}).money == 1000


@pytest.mark.parametrize("word", ["FAIL", "refused", "Rejected", "expired"])
def test_payments_that_came_to_nothing_are_known_by_their_result(export, word):
    rows = [f"o{n},b{n % 4},2024-01-{n + 1:02},50.00,{word if n == 7 else 'SUCCESS'}" for n in range(20)]
    text = sheet("order_id,buyer,date,amount,Result", rows)
    with pytest.raises(SourceError) as refused:
        export.read(text)
    assert ways(refused)[0] == {"source.columns": {"status": "Result"}}
    assert export.read(text, columns={"status": "Result"}).money == 950
