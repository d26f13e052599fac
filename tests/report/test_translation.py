"""What an analysis wrote in English is told in the reader's language, and its numbers as the locale writes them."""

import ast
import re
from datetime import datetime

import pytest

from segmenter.features import in_words
from segmenter.features.types import Evidence, Return
from segmenter.report import catalogue as catalogues
from segmenter.report.catalogue import ENOUGH, Catalogue, catalogue, read
from segmenter.report.language import Voice
from segmenter.report.translation import Translation
from segmenter.words import quoted
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("locale", "text", "told"),
    [
        ("en_GB", "Spent 13,549 EUR; a typical customer spends 0.00 EUR", "Spent €13,549; a typical customer spends €0"),
        ("en_GB", "Largest orders: 34.50 EUR on 2025-06-27 10:00 (order 17, 3 pieces).", "Largest orders: €34.50 on 27 Jun 2025, 10:00 (order 17, 3 pieces)."),
        ("fr", "Spent 13,549 EUR; a typical customer spends 0.00 EUR", "Spent 13\u202f549\xa0€; a typical customer spends 0\xa0€"),
        ("de", "In a fresh fit: 5 segments: the elbow of inertia and stability (2 of 5 criteria) agree.",
         "Neu gewählt: 5 Segmente: Knick der Inertia und Stabilität (2 von 5 Kriterien) stimmen überein."),
        ("de", "Tested on the last 30 days, the forecast expected 1,200 orders and none came; above 25% no forecast is given.",
         "An den letzten 30 Tagen erprobt, erwartete die Prognose 1.200 Bestellungen, und keine kam; über 25\xa0% wird keine Prognose abgegeben."),
    ],
)  # fmt: skip
def test_a_text_is_told_whole_with_what_is_nested_in_it(locale, text, told):
    assert Voice(locale, "EUR").translate(text) == told


def test_a_list_is_cut_at_marks_outside_of_parentheses_alone():
    texts = {
        "{a} and {b}": "{a} und {b}",
        "odd ({n}; {n_usual})": "komisch ({n}; {n_usual})",
        "calm, quiet": "still",
        "big": "groß",
    }
    told = Translation(texts, str)
    assert told("odd (3; 1); big") == "komisch (3; 1); groß"
    assert told("calm, quiet, big and big") == "still, groß und groß"


@pytest.mark.parametrize("locale", ["en", "de", "fr"])
def test_what_a_user_wrote_stays_as_it_is(locale):
    product = "Voucher 1,000 EUR and 2024-01-01"
    text = f"Largest returns: 3.50 EUR on 2025-06-27 10:00 (cancelled, 1 piece of {product})."
    assert product in Voice(locale, "EUR").translate(text)


@pytest.mark.parametrize("locale", ["en", "de"])
@pytest.mark.parametrize("name", ["2024", "Lost, big", "Active and new", "{n}", "1,000 EUR"])
def test_a_teams_own_name_of_a_segment_stays_as_it_is(locale, name):
    voice = Voice(locale, "EUR", [name])
    assert voice.translate(name) == name
    assert name in voice.translate(f"{name} is a new segment (12 customers).")
    assert voice.translate("9,000 EUR") != "9,000 EUR", "other texts are translated as before"


@pytest.mark.parametrize("language", ["de", "he"])
def test_an_entry_with_names_is_one_sentence_as_texts_are_matched_sentence_by_sentence(language):
    assert not [text for text in read(language).analysis if "{" in text and re.search(r"[.!?]\s", text)]


def plain_sentences(room):
    """Sentences without a value that the code of a room writes, but for those of errors and of docstrings."""
    for path in (ROOT / "segmenter" / room).rglob("*.py"):
        nodes = [*ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
        unread = {
            id(part)
            for node in nodes
            if isinstance(node, ast.Raise | ast.Expr | ast.JoinedStr)
            for part in ast.walk(node)
        }
        for node in nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in unread:
                yield from re.findall(r"[A-Z][^{}.\n]* [^{}.\n]* [^{}.\n]*\.(?=\s|$)", node.value)


def test_every_plain_sentence_of_an_analysis_has_an_entry():
    known = {sentence for text in read("de").analysis for sentence in re.split(r"(?<=[.])\s+", text)}
    sentences = [sentence for room in ("analysis", "features", "study") for sentence in plain_sentences(room)]
    assert sentences
    assert not [sentence for sentence in sentences if sentence not in known]


@pytest.mark.parametrize(
    "product", ["DOORMAT ST. GEORGE. LARGE", "MUG; RED", "LAMP (LARGE", "10) and so on", "a “b” c"]
)
def test_a_product_of_any_name_hides_nothing_of_its_sentence(product):
    lines = [
        Return(datetime.fromisoformat("2025-06-27 10:00"), product, 1, 3.5, True),
        Return(datetime.fromisoformat("2025-06-28"), "CUP", 2, 9, False),
    ]
    told = Voice("de", "EUR").translate(in_words(Evidence((), tuple(lines), None), "EUR"))
    assert told == (
        f"Größte Rückgaben: 3,50\xa0€ am 27.06.2025, 10:00 (storniert, 1 Stück „{quoted(product)[1:-1]}“); "
        "9,00\xa0€ am 28. Juni 2025 (zurückgegeben, 2 Stück „CUP“)."
    )


@pytest.mark.parametrize(
    ("locale", "told"), [("en", "“MUG; RED”"), ("fr", "“MUG; RED”"), ("de", "„MUG; RED“"), ("he", "„MUG; RED”")]
)
def test_a_users_text_stands_between_the_quotation_marks_of_the_language(locale, told):
    assert Voice(locale).translate("“MUG; RED”") == told


@pytest.mark.parametrize("locale", ["en", "de", "he"])
def test_a_text_that_no_catalogue_knows_stays_as_it_is(locale):
    assert Voice(locale).translate("Quite another thing.") == "Quite another thing."


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
