"""A report in another language speaks that language alone, on the page, in the alert and in the mail's words."""

import json
import re

import pytest

from segmenter.config.report import ReportConfig
from segmenter.features.table import UNUSED
from segmenter.intake import account, sources
from segmenter.intake.types import OTHER_CURRENCY
from segmenter.report import brief, render
from segmenter.report.catalogue import COMPLETE, read
from segmenter.report.language import Voice
from segmenter.runs.narration import STEPS
from tests.conftest import ROOT
from tests.report.made_up import bare_run
from tests.report.moved import moved_run
from tests.report.unspoken import HOW, one_letter, texts_of, unspoken

RAW = (
    "Theme",
    "Country",
    "recency",
    "mean_gap",
    "monetary",
    "winsorize",
    "MEDIUM CERAMIC TOP STORAGE JAR",
    "WHITE HANGING HEART",
    "LUNCH BAG RED",
    "JUMBO BAG",
)  # of users, and names of columns
LANGUAGES = ("de", "he")


def say_so(left):
    """Fail where texts are left in English, and name them."""
    assert not left, "\n".join([HOW, *dict.fromkeys(left)])


@pytest.fixture(scope="module", params=["de", pytest.param("he", marks=pytest.mark.slow)])
def spoken(request, tmp_path_factory):
    """A language and the folder of a report of every chapter, each text of whose catalogue is masked."""
    folder = tmp_path_factory.mktemp(request.param)
    with one_letter(request.param):
        render(moved_run(), ReportConfig(formats=("html",), locale=request.param, currency="GBP"), folder)
    return request.param, folder


@pytest.mark.parametrize("name", ["report.html", "alerts.html"])
def test_no_text_of_a_page_stays_in_english(spoken, name):
    locale, folder = spoken
    say_so(unspoken(texts_of((folder / name).read_text()), locale, RAW))


def test_what_scripts_say_is_translated_too(spoken):
    locale, folder = spoken
    page = (folder / "report.html").read_text()
    words, points = (json.loads(re.search(rf'id="{name}">(.*?)</script>', page)[1]) for name in ("words", "points"))
    said = [*words.values(), *points["labels"], *points["names"].values(), *points["reasons"].values()]
    say_so(unspoken(said, locale, RAW))


@pytest.mark.parametrize("locale", LANGUAGES)
def test_the_brief_of_a_mail_is_translated(locale):
    with one_letter(locale):
        told = brief(moved_run(), ReportConfig(locale=locale, currency="GBP"))
    acts = [text for action in told.actions for text in (action.name, action.text, action.money)]
    figures = [text for stat in told.stats for text in (stat.value, stat.label)]
    say_so(unspoken([told.title, told.date, *told.sentences, *told.changed, *acts, *figures], locale, RAW))


def test_a_run_with_nothing_to_tell_is_translated_too(tmp_path):
    with one_letter("de"):
        render(bare_run(), ReportConfig(formats=("html",), locale="de", currency="GBP"), tmp_path)
    say_so(unspoken(texts_of((tmp_path / "report.html").read_text()), "de", RAW))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text(language):
    own, complete = read(language), read(COMPLETE)
    for context in ("texts", "analysis"):
        texts, known = getattr(own, context), getattr(complete, context)
        assert not sorted(known.keys() - texts.keys()), f"translate these in templates/locale/{language}"
        assert not sorted(texts.keys() - known.keys()), (
            f"take these out of templates/locale/{language}: nobody says them"
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_the_names_that_are_filled_in(language):
    own = read(language)
    for text, told in (*own.texts.items(), *own.analysis.items()):
        assert sorted(set(re.findall(r"\{\w+\}", told))) == sorted(set(re.findall(r"\{\w+\}", text))), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_of_the_bridge_has_its_words(language):
    said = {words for step in STEPS.values() for words in (step.heading, step.who)}
    assert not sorted(said - read(language).texts.keys())


@pytest.mark.parametrize("locale", LANGUAGES)
def test_what_is_told_of_rows_that_need_a_look_is_translated(locale):
    torn = re.findall(r"(?:THEN|ELSE) '([a-z][^']+)'", (ROOT / "queries/intake_rejects.sql").read_text())
    typed = re.findall(r'"(an? [a-z ]+(?:read|store))"', (ROOT / "segmenter/intake/records.py").read_text())
    assert (len(torn), len(set(typed))) == (6, 3)
    reasons = "; ".join(f"{reason}: 1,204" for reason in (*torn, *typed, OTHER_CURRENCY))
    with one_letter(locale):
        voice = Voice(locale)
        told = voice.translate(f"Rows that could not be read: 12,040 ({reasons}); a run writes them to rejected.csv.")
        future = voice.translate(account.FUTURE.format(n="1,204", last="2062-01-01"))
        guests = voice.translate(account.GUESTS.format(n="1,204", product="0"))
        refunds = voice.translate(account.REFUNDS.format(n="1,204", value="12,040.50") + account.WHOLE.format(n="204"))
        cancelled = voice.translate(account.CANCELLED.format(n="75%"))
        left = voice.translate(sources.NOT_READ.format(folder="exports/2025", names="1.txt, 2.pdf"))
        unused = voice.translate(UNUSED.format(column="mean_gap"))
    theirs = (
        "exports", ".txt", ".pdf", "features.use", "features.anomalies_use", "SQL", "source.columns.status", "source.columns.cancelled"
    )  # fmt: skip
    say_so(unspoken([told, future, guests, refunds, cancelled, left, unused], locale, (*RAW, *theirs)))
