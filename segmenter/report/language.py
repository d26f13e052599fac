"""The reader's language and formats: texts by gettext, numbers, money and dates by locale."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, time
from functools import cached_property
from typing import Any, Literal, TypeGuard
from unicodedata import name

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import (
    format_compact_currency,
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
)

from segmenter.errors import ReportError
from segmenter.features.types import Feature, gained
from segmenter.report.catalogue import catalogue
from segmenter.report.translation import Translation

MISSING = "–"
MINUS = "−"  # a hyphen is no minus sign
LEFT_TO_RIGHT = "\u200e"  # keeps a sign before its number where texts run from right to left
DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d))?")
AMOUNT = re.compile(r"([-+]?\d[\d,]*(?:\.(\d+))?(e[-+]\d+)?)(%| [A-Z]{3})?")
SCRIPTS = ("LATIN", "GREEK", "CYRILLIC")  # that the fonts of a report have
Direction = Literal["ltr", "rtl"]


class Voice:
    """The words and number formats of one locale; `voice("text")` translates.

    `texts` are the English texts and their translations, none where the report is in English. There the formats of a
    locale whose months or money are in a script that does not fit into English text are replaced by English ones. The
    team's `own` names of segments stay as they are.
    """

    def __init__(self, locale: str, currency: str = "", own: Iterable[str] = ()) -> None:
        try:
            asked = Locale.parse(locale.replace("-", "_"))
        except (UnknownLocaleError, ValueError) as error:
            raise ReportError(f"report.locale {locale!r} is not a known locale; try en, en_GB or de.") from error
        self.currency = currency
        self._own = tuple(own)
        self._catalogue = catalogue(asked.language)
        self.texts = self._catalogue.texts
        self.locale = asked if self.texts or _fits_english(asked) else Locale("en")

    def __call__(self, text: str, **values: Any) -> str:
        """`text` in the reader's language, its {names} filled with `values`."""
        translation = self.texts.get(text, text)
        return translation.format(**values) if values else translation

    def translate(self, text: str) -> str:
        """A finished English text of an analysis in the reader's language, as far as the catalogue knows it.

        In English too its numbers, amounts of money and dates are written as the locale does.
        """
        return self._translation(text) if text else text

    @cached_property
    def _translation(self) -> Translation:
        """Texts that an analysis writes, which the catalogue holds under the context ``analysis``."""
        return Translation(self._catalogue.analysis, self._written, self._own)

    def _written(self, text: str) -> str:
        """A number, share, amount of money or date written in English as this locale writes it."""
        if day := DAY.fullmatch(text):
            on = date.fromisoformat(day[1])
            if not day[2]:
                return self.date(on)
            at = time.fromisoformat(day[2])
            return f"{format_date(on, 'medium', self.locale)}, {format_time(at, 'short', locale=self.locale)}"
        if amount := AMOUNT.fullmatch(text):
            number, unit = amount[1], amount[4] or ""
            if unit and unit.strip() == self.currency:
                return self._amount(number)
            digits = 0 if amount[3] else len(amount[2] or "")
            if unit == "%":
                return self._signed(number, lambda value: self.percent(value / 100, digits))
            return self._signed(number, lambda value: self.number(value, digits)) + unit
        return text

    def _amount(self, text: str) -> str:
        """An amount of money written in English, with its decimals, as this locale writes it; nothing is 0."""
        decimals = text.partition(".")[2]
        return self._signed(text, lambda value: self.money(value, len(decimals) if value else 0))

    def _signed(self, text: str, write: Callable[[float], str]) -> str:
        """A number written in English, formatted by `write`; it keeps a plus sign."""
        value = float(text.replace(",", ""))
        return self.gained(value, write) if text.startswith("+") else write(value)

    @property
    def language(self) -> str:
        """The language that the texts are in: the reader's where there is a catalog, else English."""
        return str(self.locale).replace("_", "-") if self.texts or self.locale.language == "en" else "en"

    @property
    def direction(self) -> Direction:
        """The direction in which the texts run."""
        return "rtl" if self.language != "en" and self.locale.text_direction == "rtl" else "ltr"

    def number(self, value: float | None, digits: int = 0) -> str:
        """A number with the locale's marks and `digits` decimals."""
        return self._shown(value, lambda x: format_decimal(x, self._pattern(digits), self.locale), digits)

    def ordinal(self, value: int) -> str:
        """A place in a row: 102nd in English, 102. in other languages."""
        if self.language.split("-")[0] != "en":
            return f"{self.number(value)}."
        suffix = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
        return f"{self.number(value)}{suffix}"

    def money(self, value: float | None, digits: int = 0) -> str:
        """Money in the run's currency, a plain number where it has none."""
        if not self.currency:
            return self.number(value, digits)
        pattern = self.locale.currency_formats["standard"].pattern.replace("0.00", self._decimals(digits))
        return self._shown(
            value,
            lambda x: format_currency(x, self.currency, pattern, self.locale, currency_digits=False),
            digits,
        )

    def cents(self, value: float | None) -> str:
        """Money with cents below a hundred, whole above."""
        return self.money(value, 2 if value is not None and 0 < abs(value) < 100 else 0)

    def money_in_words(self, value: float | None) -> str:
        """Money for a sentence: whole below a million, above in three digits and a word (8.91 million)."""
        if value is None or not math.isfinite(value) or abs(value) < 1_000_000:
            return self.cents(value)
        digits = 2 - int(math.log10(abs(value))) % 3
        if self.currency:
            return self._shown(
                value, lambda x: format_compact_currency(x, self.currency, locale=self.locale, fraction_digits=digits)
            )
        return self._shown(
            value,
            lambda x: format_compact_decimal(x, format_type="long", locale=self.locale, fraction_digits=digits),
        )

    def money_short(self, value: float | None) -> str:
        """Money for a chart: £9.7M; in full where there is no short form."""
        if not self.currency:
            return self.short(value)
        if self._has_no_short_form(value):
            return self.cents(value)
        digits = self._digits(value)
        return self._shown(
            value, lambda x: format_compact_currency(x, self.currency, locale=self.locale, fraction_digits=digits)
        )

    def short(self, value: float | None) -> str:
        """A number for a chart: 9.7K; in full where there is no short form."""
        if self._has_no_short_form(value):
            return self.number(value, 0 if abs(value) >= 100 or float(value).is_integer() else 1)
        digits = self._digits(value)
        return self._shown(value, lambda x: format_compact_decimal(x, locale=self.locale, fraction_digits=digits))

    def _has_no_short_form(self, value: float | None) -> TypeGuard[float]:
        """Whether it rounds to less than a thousand, or to less than a million where, as in German, thousands are not shortened."""
        if value is None:
            return False
        thousands = self.locale.compact_decimal_formats["short"]["other"]["1000"].pattern
        return abs(value) < (1_000_000 if thousands == "0" else 999.5)

    @staticmethod
    def _digits(value: float | None) -> int:
        """One decimal where the short form would round: 1.2M but 3M."""
        if value is None or not math.isfinite(value) or abs(value) < 1000:
            return 0
        return 1 if abs(value) % 10 ** (3 * int(math.log10(abs(value)) // 3)) else 0

    def percent(self, share: float | None, digits: int | None = None) -> str:
        """A share of 0 to 1 as per cent with `digits` decimals.

        Without `digits` it has one below ten per cent and where it would otherwise round to 100%, else none.
        """
        if digits is None:
            digits = 1 if share and (abs(share) < 0.0995 or 0.995 <= abs(share) < 1) else 0
            share = 0.999 if share and 0.999 < share < 1 else share
        pattern = re.sub("0(?=\xa0?%)", self._decimals(digits), self.locale.percent_formats[None].pattern)
        return self._shown(share, lambda x: format_percent(x, pattern, self.locale), digits + 2)

    def change(self, index: float | None, digits: int = 0) -> str:
        """An index (a - b) / (a + b) as the difference of a from b in per cent of b: +50%, −100%."""
        if index is None or not math.isfinite(index):
            return MISSING
        return self.gained(gained(index), lambda share: self.percent(share, digits))

    def date(self, day: date) -> str:
        """A day, such as 9 December 2011."""
        return str(format_date(day, "long", self.locale))

    def month(self, month: str) -> str:
        """A month written 2011-12, as Dec 2011."""
        year, number = month.split("-")
        return str(format_date(date(int(year), int(number), 1), "MMM y", self.locale))

    def values(self, feature: Feature, values: Sequence[float | None]) -> tuple[str, ...]:
        """Values of one feature in the format of its kind, all with the same number of decimals."""
        digits = _decimals_of(feature, [abs(x) for x in values if x is not None and math.isfinite(x)])
        write = {"money": self.money, "share": self.percent, "change": self.change}.get(feature.kind, self.number)
        few = self("fewer than {n}", n=self.number(feature.least))
        return tuple(few if feature.least and value == 0 else write(value, digits) for value in values)

    def with_unit(self, feature: Feature, value: float | None) -> str:
        """A feature's value with its unit."""
        return self.with_units(feature, [value])[0]

    def with_units(self, feature: Feature, values: Sequence[float | None]) -> tuple[str, ...]:
        """Values of one feature with their units, all with the same number of decimals."""
        return tuple(self._in_units(feature, shown) for shown in self.values(feature, values))

    def _in_units(self, feature: Feature, shown: str) -> str:
        if shown == "1" and feature.unit:
            return f"1 {self(feature.unit.removesuffix('s'))}"
        return f"{shown} {self(feature.unit)}" if feature.unit and shown != MISSING else shown

    @staticmethod
    def gained(value: float, write: Callable[[float], str]) -> str:
        """A difference formatted by `write`; above zero it has a plus sign where the locale puts the minus."""
        return write(-value).replace(MINUS, "+", 1) if value > 0 else write(value)

    def _shown(self, value: float | None, write: Callable[[float], Any], digits: int = 9) -> str:
        """`value` formatted by `write`, a dash where there is none; what rounds to zero has no sign."""
        if value is None or not math.isfinite(value):
            return MISSING
        if round(value, digits) == 0:
            value = 0.0
        minus = f"{LEFT_TO_RIGHT}{MINUS}" if self.direction == "rtl" else MINUS
        shown = str(write(float(value)))
        return shown.replace("-", minus, 1) if value < 0 else shown

    @staticmethod
    def _decimals(digits: int) -> str:
        return f"0.{'0' * digits}" if digits else "0"

    def _pattern(self, digits: int) -> str:
        pattern: str = self.locale.decimal_formats[None].pattern
        return pattern.replace("0.###", self._decimals(digits))


def _fits_english(locale: Locale) -> bool:
    """Whether the locale writes dates and money in a script that fits into English text."""
    sample = format_date(date(2011, 12, 9), "long", locale) + format_compact_currency(12_000_000, "EUR", locale=locale)
    return (
        all(name(letter).startswith(SCRIPTS) for letter in sample if letter.isalpha())
        and locale.text_direction == "ltr"
    )


def _decimals_of(feature: Feature, sizes: Sequence[float]) -> int:
    """How many decimals values of these `sizes` need: money cents where all are below a hundred, and so on."""
    largest = max(sizes, default=0.0)
    if feature.kind == "money":
        return 2 if 0 < largest < 100 else 0
    if feature.kind == "share":
        return 1 if any(0 < size < 0.0995 for size in sizes) else 0
    if feature.kind == "ratio":
        return 2
    return 0 if feature.kind == "change" or largest >= 10 or all(float(size).is_integer() for size in sizes) else 1
