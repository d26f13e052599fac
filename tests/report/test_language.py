"""Numbers and money are written as the reader's locale writes them."""

import math

import pytest

from segmenter.errors import ReportError
from segmenter.report.language import MISSING, Voice


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
    for value in (1234.5678, 98765.4321, 608602.7208533315, 8911407.9123):
        for shown in (voice.money_in_words(value), voice.money_short(value), voice.short(value)):
            assert sum(character.isdigit() for character in shown) <= 7


def test_a_small_share_keeps_a_decimal_and_a_large_one_none():
    voice = Voice("en")
    assert [voice.percent(share) for share in (0.0834, 0.5, 0.0)] == ["8.3%", "50%", "0%"]


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_missing_is_a_dash(value):
    voice = Voice("en", "GBP")
    for form in (voice.number, voice.money, voice.cents, voice.money_in_words, voice.money_short, voice.percent):
        assert form(value) == MISSING


def test_an_unknown_locale_is_named():
    with pytest.raises(ReportError, match="xx_nowhere"):
        Voice("xx_nowhere")
