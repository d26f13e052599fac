"""Numbers, money and dates follow the reader's locale; texts where there is a catalog."""

import re
from datetime import date

import pytest
from babel.messages.pofile import read_po

from segmenter.assets import asset
from segmenter.config.report import ReportConfig
from segmenter.errors import ReportError
from segmenter.report.alerts import alert_page
from segmenter.report.language import MISSING, Voice
from segmenter.report.types import AlertLine

CATALOGS = sorted(asset("templates/locale").glob("*/LC_MESSAGES/report.po"))


@pytest.mark.parametrize(
    ("locale", "currency", "shown"),
    [
        ("en_GB", "GBP", "£1,234,568"),
        ("de", "EUR", "1.234.568\xa0€"),
        ("en", "", "1,234,568"),
        ("de-CH", "", "1’234’568"),
    ],
)
def test_money_is_written_as_in_the_readers_country(locale, currency, shown):
    assert Voice(locale, currency).money(1234567.8) == shown


def test_what_is_missing_is_a_dash_in_every_format():
    voice = Voice("en", "GBP")
    for write in (voice.number, voice.money, voice.money_short, voice.money_in_words, voice.percent):
        assert write(None) == write(float("nan")) == MISSING


def test_an_unknown_locale_is_named():
    with pytest.raises(ReportError, match="xx_nowhere"):
        Voice("xx_nowhere")


def test_a_language_without_a_catalog_is_english_and_says_so():
    assert (Voice("ar").language, Voice("ar").direction) == ("en", "ltr")
    assert Voice("ar")("New") == "New"


def test_german_and_hebrew_alerts_speak_their_language_in_their_direction():
    lines = (AlertLine("12346", "new", 60, 77183.6, "odd"),)
    german = alert_page(lines, ReportConfig(currency="EUR", locale="de"), date(2011, 12, 9))
    assert "Ein Kunde ist neu oder stärker auffällig; es geht um 77.184\xa0€." in german
    assert "9. Dezember 2011" in german
    hebrew = alert_page(lines, ReportConfig(locale="he"), date(2011, 12, 9))
    assert 'lang="he" dir="rtl"' in hebrew
    assert "לקוחות חריגים" in hebrew


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.parts[-3])
def test_a_translation_keeps_every_name_in_braces(path):
    with path.open("rb") as file:
        catalog = read_po(file)
    entries = [message for message in catalog if message.id]
    assert entries
    for message in entries:
        assert sorted(re.findall(r"{\w+}", message.id)) == sorted(re.findall(r"{\w+}", message.string))
