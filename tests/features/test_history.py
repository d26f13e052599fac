"""The transactions behind a customer."""

from dataclasses import replace
from datetime import date

import pytest

from segmenter.features import evidence, in_words, sentences_of
from tests.features.conftest import line

LINES = [
    line("ann", "2024-01-01 10:00", "1", 77183.60, quantity=74215, status="cancelled"),
    line("ann", "2024-01-01 10:16", "C1", -77183.60, quantity=-74215, status="cancellation"),
    line("ann", "2024-03-01 09:00", "2", 30, quantity=3),
    line("ann", "2024-03-05 09:00", "3", 60, quantity=6),
    line("ann", "2024-01-10 09:00", "4", 10, quantity=1),
    line("bob", "2024-01-02 09:00", "5", 7),
]


def test_the_largest_order_comes_first_and_says_what_of_it_was_cancelled(transactions):
    proof = evidence(transactions(LINES), ["ann"])["ann"]
    assert [order.order_id for order in proof.orders] == ["1", "3", "2"]
    assert (proof.orders[0].amount, proof.orders[0].cancelled, proof.orders[0].pieces) == (77183.60, 77183.60, 74215)
    assert [(line.amount, line.cancelled) for line in proof.returns] == [(77183.60, True)]


def test_money_given_back_of_a_sale_is_shown_beside_the_order_as_it_was_placed(transactions):
    lines = [line("ann", "2024-01-01", "1", 200, refunded=300), line("ann", "2024-01-05", "2", 400)]
    proof = evidence(transactions(lines), ["ann"])["ann"]
    assert [(order.order_id, order.amount) for order in proof.orders] == [("1", 500), ("2", 400)]
    assert [(line.amount, line.cancelled, line.pieces) for line in proof.returns] == [(300, False, None)]


def test_the_busiest_spell_knows_its_share_and_the_silence_before_it(transactions):
    spell = evidence(transactions(LINES), ["ann"])["ann"].spell
    assert (spell.first_day, spell.last_day, spell.n_orders) == (date(2024, 3, 1), date(2024, 3, 5), 2)
    assert spell.share == pytest.approx(0.9)
    assert spell.silence == 50


def test_a_spell_right_behind_another_day_with_an_order_knows_of_no_silence(transactions):
    lines = [line("ann", "2024-03-01", "1", 5), *(line("ann", f"2024-03-{n:02d}", f"{n}", 100) for n in range(2, 32))]
    found = evidence(transactions(lines), ["ann"])["ann"]
    assert (found.spell.first_day, found.spell.silence) == (date(2024, 3, 2), 0)
    assert "without an order" not in in_words(found)


def test_a_number_that_comes_back_on_another_day_is_another_order(transactions):
    lines = [line("ann", f"2024-0{n}-01", "1", 10 * n) for n in (1, 2, 3)]
    proof = evidence(transactions(lines), ["ann"])["ann"]
    assert [(order.placed.month, order.amount) for order in proof.orders] == [(3, 30), (2, 20), (1, 10)]


def test_days_without_order_numbers_are_an_order_each_of_the_busiest_spell(transactions):
    lines = [line("ann", f"2024-03-{n:02d}", None, 10) for n in (1, 1, 2, 5)]
    assert evidence(transactions(lines), ["ann"])["ann"].spell.n_orders == 3


def test_a_customer_of_one_day_has_no_spell_and_an_unknown_one_no_evidence(transactions):
    found = evidence(transactions(LINES), ["bob", "nobody"])
    assert found["bob"].spell is None
    assert not found["nobody"].orders


def test_the_words_name_orders_money_and_dates(transactions):
    found = evidence(transactions(LINES), ["ann", "bob"])
    assert in_words(found["ann"], "GBP") == (
        "Largest orders: 77,183.60 GBP on 2024-01-01 10:00 (order 1, 74,215 pieces), 77,183.60 GBP of it cancelled; "
        "60.00 GBP on 2024-03-05 09:00 (order 3, 6 pieces); 30.00 GBP on 2024-03-01 09:00 (order 2, 3 pieces). "
        "Largest returns: 77,183.60 GBP on 2024-01-01 10:00 (cancelled, 74,215 pieces of “Cup”). "
        "Busiest period: 2 orders from 2024-03-01 to 2024-03-05, 90.00 GBP or 90% of the money, after 50 days without "
        "an order."
    )
    assert in_words(found["bob"]) == "Largest orders: 7.00 on 2024-01-02 09:00 (order 5, 1 piece)."


def test_what_an_export_does_not_know_is_not_told(transactions):
    lines = [
        line("dot", "2024-01-02 00:00", None, 7, quantity=None),
        line("dot", "2024-01-03 00:00", "17", 5, quantity=None),
    ]
    words = in_words(evidence(transactions(lines), ["dot"])["dot"])
    assert words.startswith("Largest orders: 7.00 on 2024-01-02; 5.00 on 2024-01-03 (order 17).")


def test_what_came_back_is_named_where_nobody_counted_the_pieces(transactions):
    lines = [
        line("dot", "2024-01-02", "1", 7, quantity=None),
        line("dot", "2024-01-03", "2", -4, quantity=None, status="return"),
    ]
    words = in_words(evidence(transactions(lines), ["dot"])["dot"])
    assert "4.00 on 2024-01-03 (returned: “Cup”)" in words


def test_a_product_whose_name_would_fill_the_page_is_told_by_its_beginning(transactions):
    lines = [
        line("ann", "2024-01-02", "1", 9, quantity=1),
        line("ann", "2024-01-03", "2", -9, quantity=-1, status="return"),
    ]
    found = evidence(transactions(lines), ["ann"])["ann"]
    told = in_words(replace(found, returns=(replace(found.returns[0], product="cable, two metres, " * 20),)))
    assert "of “cable, two metres, " in told
    assert "…”" in told
    assert len(told) < 250


def test_the_words_can_be_taken_apart_into_their_sentences(transactions):
    words = in_words(evidence(transactions(LINES), ["ann"])["ann"])
    assert [sentence.split(":")[0] for sentence in sentences_of(words)] == [
        "Largest orders",
        "Largest returns",
        "Busiest period",
    ]
    assert " ".join(sentences_of(words)) == words


def test_an_id_is_a_value_and_never_part_of_the_query(transactions):
    assert not evidence(transactions(LINES), ["'); drop table transactions; --"])[
        "'); drop table transactions; --"
    ].orders
