"""What an analysis wrote in English is told in the reader's language, and its numbers as the locale writes them."""

import pytest

from segmenter.report import catalogue as catalogues
from segmenter.report.catalogue import ENOUGH, Catalogue, catalogue, read
from segmenter.report.language import Voice


@pytest.mark.parametrize(
    ("locale", "text", "told"),
    [
        ("en_GB", "Spent 13,549 EUR; a typical customer spends 0.00 EUR", "Spent €13,549; a typical customer spends €0"),
        ("en_GB", "Largest orders: 17 of 2025-06-27 10:00, 3 pieces for 34.50.", "Largest orders: 17 of 27 Jun 2025, 10:00, 3 pieces for €34.50."),
        ("fr", "Spent 13,549 EUR; a typical customer spends 0.00 EUR", "Spent 13\u202f549\xa0€; a typical customer spends 0\xa0€"),
        ("de", "Orders in bursts and silences (unevenness 3.5; typical 0.6); bought 9 products; a typical customer 3 products",
         "Bestellt in Schüben und Pausen (Ungleichmäßigkeit 3,5; typisch 0,6); hat 9 Produkte gekauft; ein typischer Kunde 3 Produkte"),
        ("de", "Chosen anew: 5 segments: the elbow of inertia and stability (2 of 5 criteria) agree.",
         "Neu gewählt: 5 Segmente: Knick der Inertia und Stabilität (2 von 5 Kriterien) stimmen überein."),
    ],
)  # fmt: skip
def test_a_text_is_told_whole_with_what_is_nested_in_it(locale, text, told):
    assert Voice(locale, "EUR").retell(text) == told


@pytest.mark.parametrize("locale", ["en", "de", "fr"])
def test_what_a_user_wrote_stays_as_it_is(locale):
    product = "Voucher 1,000 EUR and 2024-01-01"
    text = f"Largest returns: 2025-06-27 10:00 cancelled {product}, 1 piece for 3.50."
    assert product in Voice(locale, "EUR").retell(text)


@pytest.mark.parametrize("locale", ["en", "de", "he"])
def test_a_text_that_no_catalogue_knows_stays_as_it_is(locale):
    assert Voice(locale).retell("Quite another thing.") == "Quite another thing."


@pytest.mark.parametrize(("share", "speaks"), [(ENOUGH - 0.05, ("en", "ltr")), (1.0, ("he", "rtl"))])
def test_a_language_speaks_only_where_its_catalogue_holds_nearly_all_texts(monkeypatch, share, speaks):
    whole = read("de")

    def part(language):
        texts, analysis = (dict([*each.items()][: int(share * len(each))]) for each in (whole.texts, whole.analysis))
        return Catalogue(texts, analysis) if language == "he" else whole

    monkeypatch.setattr(catalogues, "read", part)
    catalogue.cache_clear()
    voice = Voice("he_IL")
    said = (voice.language.partition("-")[0], voice.direction)
    catalogue.cache_clear()
    assert said == speaks
