"""The texts of a language: the gettext catalogues of templates/locale, and whether one is complete enough to be used."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from segmenter.assets import asset

COMPLETE = "de"  # the catalogue that holds every text of the report; tests keep it so
ENOUGH = 0.9  # a report in two languages is worse than one in English


@dataclass(frozen=True)
class Catalogue:
    """Translations by English text: `texts` of the report itself, `analysis` of what an analysis writes.

    A language without a catalogue, or with less than nine tenths of the texts, has no `texts`, and `analysis` maps the
    English texts to themselves, so that numbers and dates in them still get the locale's format.
    """

    texts: dict[str, str]
    analysis: dict[str, str]


@lru_cache(maxsize=8)
def catalogue(language: str) -> Catalogue:
    """The catalogue of a language, such as de; English where there is none that is complete enough."""
    complete = read(COMPLETE)
    own = complete if language == COMPLETE else read(language)
    if _size(own) >= ENOUGH * _size(complete):
        return own
    return Catalogue({}, {text: text for text in complete.analysis})


def read(language: str) -> Catalogue:
    """The translations in a language's file, complete or not; none where there is no file."""
    from babel.messages.pofile import read_po

    found: dict[str, dict[str, str]] = {"": {}, "analysis": {}}
    try:
        source = asset(f"templates/locale/{language}/LC_MESSAGES/report.po")
    except FileNotFoundError:
        return Catalogue({}, {})
    with source.open("rb") as file:
        for message in read_po(file, locale=language):
            if message.id and message.string:
                found[message.context or ""][str(message.id)] = str(message.string)
    return Catalogue(found[""], found["analysis"])


def _size(found: Catalogue) -> int:
    return len(found.texts) + len(found.analysis)
