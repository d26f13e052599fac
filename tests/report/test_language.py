"""Numbers and money are written as the reader's locale writes them."""

import math

import pytest

from segmenter.config import Config
from segmenter.errors import ReportError
from segmenter.features.types import Feature
from segmenter.report.bidi import visual
from segmenter.report.language import MISSING, Voice
from segmenter.study.tables import formatter


@pytest.mark.parametrize(
    ("locale", "currency", "whole", "words"),
    [
        ("en_GB", "GBP", "£8,911,408", "£8.91M"),
        ("en", "", "8,911,408", "8.91 million"),
        ("de", "EUR", "8.911.408\xa0€", "8,91\xa0Mio.\xa0€"),
    ],
)
def test_money_follows_locale_and_currency(locale, currency, whole, words):
    voice = Voice(locale, currency)
    assert voice.money(8911407.9) == whole
    assert voice.money_in_words(8911407.9) == words


@pytest.mark.parametrize("locale", ["en", "de", "fr", "ja", "he", "hi", "pt_BR"])
def test_no_locale_writes_more_digits_than_a_reader_wants(locale):
    voice = Voice(locale, "EUR")
    for value in (0.3, 99.85000000000048, 999.4, 1234.5678, 98765.4321, 608602.7208533315, 8911407.9123):
        for shown in (voice.money_in_words(value), voice.money_short(value), voice.short(value)):
            assert sum(character.isdigit() for character in shown) <= 7


@pytest.mark.parametrize("value", [0.3, 7, 42.5, 99.85000000000048, 100, 999.4, 999.99, 12_345.6])
def test_what_a_chart_shows_is_the_value_to_two_digits_at_least(value):
    for short in (Voice("en", "GBP").money_short(value), Voice("en").short(value)):
        amount = float(short.strip("£K").replace(",", "")) * (1000 if short.endswith("K") else 1)
        assert amount == pytest.approx(value, rel=0.01)


@pytest.mark.parametrize("locale", ["en", "en_GB", "de", "fr", "he"])
def test_what_is_below_zero_has_a_minus_sign_and_zero_has_none(locale):
    voice = Voice(locale, "GBP")
    for form in (voice.number, voice.money, voice.cents, voice.money_short, voice.short, voice.percent):
        assert "−" in form(-107)
        assert "-" not in form(-107)
    assert "−" in voice.money_in_words(-203e6)
    assert "-" not in voice.money_in_words(-203e6)
    for shown in (voice.number(-0.001, 2), voice.money(-0.2), voice.percent(-0.0004), voice.short(-0.0)):
        assert "−" not in shown
        assert "-" not in shown


@pytest.mark.parametrize(
    ("shown", "seen"),
    [
        (Voice("he").number(-0.1, 2), "−0.10"),
        (Voice("he", "ILS").money(-12), "−12"),
        (Voice("he").gained(0.1, lambda value: Voice("he").number(value, 1)), "+0.1"),
        (Voice("he").translate("+102"), "+102"),
    ],
)
def test_a_sign_is_seen_left_of_its_number_where_texts_run_from_right_to_left(shown, seen):
    assert seen in visual(f"שינוי {shown}")


def test_a_difference_has_a_plus_where_the_locale_puts_a_minus_and_none_where_it_is_nothing():
    for locale in ("en_GB", "de_CH", "nl", "he"):
        money = Voice(locale, "GBP").money
        assert Voice.gained(12, money) == money(-12).replace("−", "+")
    assert Voice.gained(0.2, Voice("en").money) == "0"


def test_values_side_by_side_have_equally_many_decimals():
    voice = Voice("en_GB", "GBP")
    money = Feature("largest_order", "largest order", "", "money")
    assert voice.values(money, [805.2, 27.8, 0.0, None]) == ("£805", "£28", "£0", MISSING)
    assert voice.values(money, [27.8, 0.0, 64.4]) == ("£27.80", "£0.00", "£64.40")
    pieces = Feature("items_per_order", "pieces per order", "pieces", "count")
    assert voice.with_units(pieces, [1.0, 6.8]) == ("1.0 pieces", "6.8 pieces")
    assert voice.with_units(pieces, [1.0, 68.4]) == ("1 piece", "68 pieces")


def test_an_index_of_change_is_shown_as_what_came_more_or_less():
    trend = Feature("spend_trend", "spending of the last 90 days against before", "", "change")
    indices = [-1.0, -0.1, 0.0, 0.2, 0.9, 1.0, None]
    shown = ("−100%", "−18%", "0%", "+50%", "+1,800%", "+9,999%", MISSING)
    assert Voice("en").values(trend, indices) == shown
    show = formatter(Config())
    assert tuple(Voice("en").translate(show(trend, index)) for index in indices[:-1]) == shown[:-1]
    assert (
        Voice("de")
        .translate("spending of the last 90 days against before: -100% to +50%")
        .endswith(": −100\xa0% bis +50\xa0%")
    )


def test_zero_of_a_count_that_begins_at_three_is_shown_as_fewer_than_three():
    feature = Feature("orders_in_a_day", "most orders in a day", "orders", "count", least=3)
    assert Voice("en_GB").values(feature, [0.0, 4.0, None]) == ("fewer than 3", "4", MISSING)
    assert Voice("de").with_units(feature, [0.0, 4.0]) == ("weniger als 3 Bestellungen", "4 Bestellungen")
    assert Voice("de").translate("most orders in a day: fewer than 3 orders") == (
        "meiste Bestellungen an einem Tag: weniger als 3 Bestellungen"
    )


def test_days_and_amounts_of_an_english_text_are_written_as_the_locale_does():
    voice = Voice("en_GB", "GBP")
    told = voice.translate(
        "Since 2025-06-24, these segments changed in size by more than chance and overall customer growth explain: Lost (-12)."
    )
    assert (
        told
        == "Since 24 June 2025, these segments changed in size by more than chance and overall customer growth explain: Lost (−12)."
    )
    told = voice.translate("-4,288.10 GBP on 2025-05-02 14:34 (order A-2025-06-24-1, 12 pieces)")
    assert told == "−£4,288.10 on 2 May 2025, 14:34 (order A-2025-06-24-1, 12 pieces)"


def test_a_small_share_keeps_a_decimal_and_a_large_one_none():
    voice = Voice("en")
    assert [voice.percent(share) for share in (0.0834, 0.5, 0.0, 0.996, 1.0)] == ["8.3%", "50%", "0%", "99.6%", "100%"]


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_missing_is_a_dash(value):
    voice = Voice("en", "GBP")
    for form in (voice.number, voice.money, voice.cents, voice.money_in_words, voice.money_short, voice.percent):
        assert form(value) == MISSING


def test_an_unknown_locale_is_named():
    with pytest.raises(ReportError, match="xx_nowhere"):
        Voice("xx_nowhere")


@pytest.mark.parametrize(("share", "told"), [(0.994, "99%"), (0.9996, "99.9%"), (0.99999, "99.9%"), (1.0, "100%")])
def test_what_is_not_the_whole_never_passes_for_it(share, told):
    assert Voice("en").percent(share) == told
