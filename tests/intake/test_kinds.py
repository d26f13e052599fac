"""Rows of several kinds are not added up as sales, and the configuration says which count."""

from datetime import date

import pytest

from segmenter.errors import ConfigError, SourceError
from tests.intake.conftest import ways

N_SALES = 40


def sheet(*kinds, column="Type", order=True, n=N_SALES):
    """Rows of `kinds`, (word, money of the n-th sale), as CSV."""
    rows = [
        ",".join((*([f"o{at}"] if order else []), f"c{at % 4}", f"2024-{at % 12 + 1:02}-15", word, str(money(at))))
        for at in range(n)
        for word, money in kinds
    ]
    return "\n".join([",".join((*(["order_id"] if order else []), "customer", "date", column, "amount")), *rows]) + "\n"


def sale(at):
    return at + 10


SALES = sum(map(sale, range(N_SALES)))


def minus(at):
    return -sale(at)


def every_tenth(money):
    return lambda at: money(at) if at % 10 == 0 else ""


EXPORTS = {
    "events of a shop": ("event_type", (("view", sale), ("cart", sale), ("purchase", sale)), SALES),
    "stages of a payment": ("Type", (("Authorised", sale), ("Settled", sale)), SALES),
    "fees beside sales": ("Type", (("SALE", sale), ("FEE", lambda _: -1)), SALES),
    "payouts beside charges": ("Transaction Type", (("Charge", sale), ("Payout", minus)), SALES),
    "invoices and what pays them": ("Document Type", (("Invoice", sale), ("Payment", minus)), SALES),
    "lines and payments of a till": ("Line Type", (("Sale", sale), ("Payment", sale)), SALES),
    "Sage's invoices and receipts": ("Type", (("SI", sale), ("SR", sale)), SALES),
    "credit notes": ("Type", (("Sales invoice", sale), ("Sales credit note", every_tenth(sale))), SALES - 100),
    "SAP's returns": ("FKART", (("F2", sale), ("RE", every_tenth(sale))), SALES - 100),
    "captures and refunds": ("Event", (("CAPTURE", sale), ("REFUND", every_tenth(sale))), SALES - 100),
    "lines, postage and payments": ("Line: Type", (("Line Item", sale), ("Shipping Line", lambda _: 1), ("Transaction", sale)), SALES + 40),
    "pledges and gifts": ("Gift Type", (("Cash", sale), ("Pledge", every_tenth(lambda at: 12 * sale(at)))), SALES),
    "estimates and invoices": ("Transaction Type", (("Invoice", sale), ("Estimate", sale)), SALES),
    "orders and their invoices": ("Document Type", (("Invoice", sale), ("Sales Order", sale)), SALES),
    "Lexware's credits": ("Typ", (("RE", sale), ("GU", every_tenth(sale))), SALES - 100),
    "signs of their own": ("Vorzeichen", (("S", sale), ("H", every_tenth(sale))), SALES - 100),
    "Sage's credits": ("Type", (("SI", sale), ("SC", every_tenth(sale))), SALES - 100),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPORTS)
def test_rows_that_are_no_sales_are_refused_and_left_out_as_the_refusal_says(export, name):
    column, kinds, money = EXPORTS[name]
    text = sheet(*kinds, column=column)
    with pytest.raises(SourceError, match=f"'{column}'") as refused:
        export.read(text)
    count, none = ways(refused)
    loaded = export.read(text, columns=count["source.columns"], rules=count["rules"])
    assert loaded.money == money
    assert len(loaded.rows("DISTINCT customer_id")) == 4
    ignored = export.read(text, columns=none["source.columns"])
    assert ignored.intake.account.rows_used > loaded.intake.account.rows_used or ignored.money != money


def test_kinds_are_words_in_any_capitals_and_those_that_went_back_have_a_minus_once(export):
    text = sheet(("Sale", sale), ("refund", every_tenth(minus)), ("REFUND", every_tenth(sale)), ("gift", sale))
    loaded = export.read(text, columns={"kind": "Type"}, rules={"kinds": ("SALE",), "kinds_back": ("Refund",)})
    assert loaded.money == SALES - 2 * 100
    assert loaded.fates["other_kind"] == N_SALES


def test_rows_of_other_kinds_raise_no_doubts_and_their_faults_are_none(export):
    lines = [f"c{n % 4},2024-01-{n + 1:02},line,10,EUR" for n in range(20)]
    payments = [f"c{n % 4},2024-01-{n + 1:02},payment,in cash,USD" for n in range(20)]
    text = "\n".join(["customer,date,type,amount,currency", *lines, *payments])
    loaded = export.read(text, columns={"kind": "type"}, rules={"kinds": ("line",), "max_unreadable_share": 0.0})
    assert loaded.fates == {"sale": 20, "other_kind": 20}
    assert loaded.rejected == []
    assert loaded.intake.currency == "EUR"
    assert loaded.intake.account.rows_due == 20


def test_a_row_of_another_kind_is_that_first_whoever_its_customer_is_and_whenever_it_was(export):
    sales = [f"c{n % 4},2024-01-{n + 1:02},line,10" for n in range(20)]
    payments = ["Guest,2024-01-05,payment,10", "Total,2024-01-05,payment,10", "c1,2030-01-01,payment,10"]
    text = "\n".join(["customer,date,type,amount", *sales, *payments])
    rules = {"kinds": ("line",), "missing_customer": "refuse", "total_ids": ("total",)}
    loaded = export.read(text, columns={"kind": "type"}, rules=rules, as_of=date(2024, 2, 1))
    assert loaded.fates == {"sale": 20, "other_kind": 3}


def test_money_of_a_credit_note_that_counts_still_needs_its_minus(export):
    text = sheet(("SI", sale), ("SC", every_tenth(sale)), ("SR", sale))
    with pytest.raises(SourceError, match="'SC'") as refused:
        export.read(text, columns={"kind": "Type"}, rules={"kinds": ("SI", "SC")})
    assert ways(refused)[0]["rules"] == {"kinds_back": ["SC"]}
    rules = {"kinds": ("SI",), "kinds_back": ("SC",)}
    assert export.read(text, columns={"kind": "Type"}, rules=rules).money == SALES - 100


@pytest.mark.parametrize(("columns", "rules"), [({"kind": "Type"}, {}), ({}, {"kinds": ("SI",)})])
def test_a_column_of_kinds_and_their_words_mean_nothing_without_each_other(export, columns, rules):
    with pytest.raises(ConfigError, match="Add the missing one"):
        export.read(sheet(("SI", sale)), columns=columns, rules=rules)


@pytest.mark.parametrize(
    "kinds",
    [
        (("Membership", sale), ("Entry fee", lambda at: at + 5)),
        (("Renewal", lambda at: 10), ("New", lambda at: 10)),
        (("Online", sale), ("Store", lambda at: at + 11)),
        (("F2", sale), ("L2", lambda at: at + 3)),
        (("Sale", sale), ("Exchange", every_tenth(minus))),
        (("Sales Order", sale), ("Return", every_tenth(minus))),
    ],
    ids=lambda kinds: kinds[1][0],
)
def test_kinds_of_sales_are_all_sales(export, kinds):
    assert export.read(sheet(*kinds, order=False)).intake.account.rows_read == 2 * N_SALES


def test_customers_that_head_their_rows_are_refused(export):
    groups = [f"c{n},,\n,2024-01-{n + 1:02},10\n,2024-02-{n + 1:02},12\nTotal for c{n},,22" for n in range(12)]
    with pytest.raises(SourceError, match="'customer' stands on rows of its own"):
        export.read("\n".join(["customer,date,amount", *groups]))


def many(special, at):
    """Six thousand sales with `special` rows from the place `at` on, every fortieth of them."""
    return "\n".join(
        [
            "order_id,customer,date,type,amount",
            *(
                special.format(n=n)
                if n >= at and n % 40 == 0
                else f"o{n},c{n % 50},2024-01-{n % 28 + 1:02},Invoice,10.00"
                for n in range(6000)
            ),
        ]
    )


def test_money_that_went_back_late_in_a_file_raises_a_doubt_too(export):
    text = many("o{n},c1,2024-02-01,Credit note,10.00", at=4000)
    with pytest.raises(SourceError) as refused:
        export.read(text)
    assert ways(refused)[0]["rules"] == {"kinds_back": ["Credit note"]}
    rules = {"kinds_back": ("Credit note",)}
    assert export.read(text, columns={"kind": "type"}, rules=rules).money == (6000 - 2 * 50) * 10


def test_what_stands_late_in_another_file_of_the_export_raises_a_doubt_too(export):
    first = export.write(many("o{n},c1,2024-02-01,Invoice,10.00", at=0), "a.csv")
    second = export.write(many("o{n},c1,2024-02-01,Credit note,10.00", at=100), "b.csv")
    with pytest.raises(SourceError, match="Credit note"):
        export.load(first, second)


def test_late_lines_with_line_ends_within_are_left_alone(export):
    text = many('o{n},c1,2024-02-01,"Credit\nnote",10.00', at=4000)
    assert export.read(text).intake.account.rows_read == 6000
