"""Finished English sentences of an analysis in the reader's language, by the templates of its catalogue.

An analysis writes whole sentences and knows no reader; the catalogue holds each sentence with names in
braces for what differs: ``spent {value}; a typical customer spends {median}``. A sentence is matched with its
template, the text matched by each name is translated in turn, and the translation is filled with it. What no
template matches stays as it is. A name, up to an underscore, says what it stands for:

    n                             a number or share, written as the reader's locale does
    value, median, least, most    a number with its unit, or an amount of money with its currency
    day, moment                   a date, a date and where there is one a time
    list                          anything whose parentheses are closed
    doubts                        anything
    product, order, run, column   a text of the user's or an identifier, never translated
    any other                     words without a semicolon
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from segmenter.words import QUOTED

NUMBER = r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[+-]\d+)?%?"
VALUE = rf"{NUMBER}(?: [A-Za-z]+)?"
DAY = r"\d{4}-\d\d-\d\d"
KINDS = {
    "n": NUMBER, "value": VALUE, "median": VALUE, "least": VALUE, "most": VALUE, "day": DAY, "moment": rf"{DAY}(?: \d\d:\d\d)?",
    "list": r"[^()]*(?:\([^()]*\)[^()]*)*", "doubts": ".+",
}  # fmt: skip
RAW = {"product", "order", "run", "column"}
NAME = re.compile(r"\{(\w+)\}")
EMPTY = "“”"  # an entry of the catalogue, too: the language's own marks
JOINT = "{a} and {b}"  # how a list ends
Template = tuple[str, re.Pattern[str], tuple[str, ...], str]


class Translation:
    """The templates of one catalogue; calling it translates a text.

    `write` writes a number or date by locale; the names in `own` are users', which stay as they are.
    """

    def __init__(self, texts: Mapping[str, str], write: Callable[[str], str], own: Iterable[str] = ()) -> None:
        self.texts = {text: translation for text, translation in texts.items() if text != EMPTY}
        self.marks = texts.get(EMPTY, EMPTY)
        self.write = write
        named = [text for text in self.texts if NAME.search(text) and text != JOINT]
        named.sort(key=lambda text: -len(NAME.sub("", text)))  # the most specific is tried first
        self.templates = [_template(text, texts[text]) for text in named]
        self.texts |= {name: name for name in own}
        self.known: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """`text` in the reader's language, as far as the catalogue knows it.

        Text between “ ” is a user's: it is not translated, and gets the language's own quotation marks.
        """
        quotations = iter(QUOTED.findall(text))
        translated = self._translated(QUOTED.sub(EMPTY, text))
        return re.sub(EMPTY, lambda _: next(quotations)[1:-1].join(self.marks), translated)

    def _translated(self, text: str) -> str:
        if text not in self.known:
            self.known[text] = (
                self.texts.get(text) or self._sentences(text) or self._capitalised(text) or self._rest(text)
            )
        return self.known[text]

    def _sentences(self, text: str) -> str | None:
        """Several sentences one by one."""
        sentences = re.split(r"(?<=[.!?])\s+(?=\S)", text)
        return " ".join(map(self._translated, sentences)) if len(sentences) > 1 else None

    def _capitalised(self, text: str) -> str | None:
        """The text as one entry of the catalogue, also where only its first letter was capitalised."""
        found = self._entry(text)
        if found is None and text[:1].isupper():
            found = self._entry(text[0].lower() + text[1:])
            return found and found[0].upper() + found[1:]
        return found

    def _entry(self, text: str) -> str | None:
        if text in self.texts:
            return self.texts[text]
        for literal, pattern, names, translation in self.templates:
            if literal in text and (match := pattern.fullmatch(text)):
                values = zip(names, match.groups(), strict=True)
                return translation.format(**{name: self._value(name, value) for name, value in values})
        return None

    def _value(self, name: str, value: str) -> str:
        return value if _kind(name) in RAW else self._translated(value)

    def _rest(self, text: str) -> str:
        """A text without an entry: a list piece by piece, a number or date in the locale's format, or the text as it is."""
        for mark in ("; ", ", ", " and "):
            pieces = _outside(text, mark)
            if len(pieces) == 1:
                continue
            translated = self._pieces(pieces, mark)
            if mark == "; " or translated != pieces or all(re.fullmatch(NUMBER, piece) for piece in pieces):
                return (self.texts[JOINT].format(a="", b="") if mark == " and " else mark).join(translated)
        return self.write(text)

    def _pieces(self, pieces: list[str], mark: str) -> list[str]:
        """The pieces of a list translated; up to three are taken together where an entry of the catalogue holds the mark itself."""
        translated = []
        while pieces:
            size = next((n for n in (1, 2, 3) if n <= len(pieces) and self._capitalised(mark.join(pieces[:n]))), 1)
            translated.append(self._translated(mark.join(pieces[:size])))
            pieces = pieces[size:]
        return translated


def _outside(text: str, mark: str) -> list[str]:
    """`text` split at every `mark` outside parentheses."""
    return re.split(rf"{mark}(?![^()]*\))", text)


def _kind(name: str) -> str:
    """What a name stands for: ``n_came`` is an ``n``."""
    return name.partition("_")[0]


def _template(text: str, translation: str) -> Template:
    """The longest fixed text of a template, the pattern of its sentences, and the names in order.

    Looking for the fixed text first takes a tenth of the time of the pattern and rules out nearly every template.
    """
    names = tuple(NAME.findall(text))
    literals = NAME.split(text)[::2]
    pattern = re.escape(literals[0])
    for name, literal in zip(names, literals[1:], strict=True):
        pattern += f"({KINDS.get(_kind(name), '[^;]+?')})" + re.escape(literal)
    return max(literals, key=len), re.compile(pattern), names, translation
