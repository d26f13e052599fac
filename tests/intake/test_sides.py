"""Money that stands on two sides, or twice, is counted once and off the right customer."""

import pytest

from segmenter.errors import SourceError

CENTS = "whole numbers of three figures"


def sheet(header, rows):
    return "\n".join([header, *rows]) + "\n"


def ledger(debit, credit, none=""):
    """Twenty invoices over 100 and a credit note over 30 for every fifth."""
    rows = [f"c{n % 4},2024-01-{n + 1:02},100.00,{none}" for n in range(20)]
    rows += [f"c{n % 4},2024-02-{n + 1:02},{none},30.00" for n in range(0, 20, 5)]
    return sheet(f"customer,date,{debit},{credit}", rows)


def money_of(loaded):
    return float(loaded.rows("sum(amount)", "status IN ('sale', 'return', 'discount')")[0][0] or 0)


@pytest.mark.parametrize(
    "sides", [("Debit", "Credit"), ("Soll", "Haben"), ("Money In", "Money Out"), ("Debit Amount", "Credit Amount")]
)
@pytest.mark.parametrize("none", ["", "0.00"])
def test_credits_of_a_ledger_are_not_left_out_without_a_word_and_are_taken_off_where_named(export, sides, none):
    debit, credit = sides
    text = ledger(debit, credit, none)
    with pytest.raises(SourceError, match=rf"\[source.columns\] credit = '{credit}'"):
        export.read(text, columns={"amount": debit})
    loaded = export.read(text, columns={"amount": debit, "credit": credit})
    assert money_of(loaded) == 2000 - 4 * 30
    assert loaded.fates == {"sale": 20, "return": 4}
    assert money_of(export.read(text, columns={"amount": debit, "ignore": (credit,)})) == 2000


def test_a_credit_with_a_minus_of_its_own_is_taken_off_too(export):
    text = ledger("Debit", "Credit").replace("30.00", "-30.00")
    assert money_of(export.read(text, columns={"amount": "Debit", "credit": "Credit"})) == 1880


def test_an_amount_that_is_less_what_was_given_back_loses_nothing_again(export):
    def row(n):
        back = {3: 40, 7: 10, 8: 15, 11: 100, 13: 25, 17: 5}.get(n, 0)
        return f"o{n},c{n % 4},2024-01-{n + 1:02},100.00,{back}.00,{100 - back}.00"

    text = sheet("order_id,customer,date,gross,refunded amount,amount", [row(n) for n in range(20)])
    loaded = export.read(text)
    assert money_of(loaded) == 2000 - 195
    assert "less what was given back already" in loaded.intake.recognition.reasons["amount"]
    assert money_of(export.read(text, columns={"amount": "gross"})) == 2000 - 195


def paypal():
    rows = [f"2024-01-{n + 1:02},Buyer {n % 4},b{n % 4}@x.com,shop@x.com,50.00" for n in range(20)]
    rows += [f"2024-02-{n + 1:02},Buyer {n % 4},shop@x.com,b{n % 4}@x.com,-20.00" for n in range(3)]
    return sheet("date,name,from email,to email,gross", rows)


def test_a_business_is_no_customer_of_its_own_where_it_gives_money_back(export):
    columns = {"customer": "from email", "amount": "gross"}
    with pytest.raises(SourceError, match=r"shop@x.com stands in 'to email'.*guest_ids = \['shop@x.com'\]"):
        export.read(paypal(), columns=columns)
    by_name = export.read(paypal(), columns={**columns, "customer": "name"})
    assert len(by_name.rows("DISTINCT customer_id")) == 4
    assert money_of(by_name) == 1000 - 60
    loaded = export.read(paypal(), columns=columns, rules={"guest_ids": ("shop@x.com",)})
    assert len(loaded.rows("DISTINCT customer_id")) == 4


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
