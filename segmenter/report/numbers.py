"""Numbers, money and dates as a reader of a locale writes them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_compact_currency, format_compact_decimal, format_currency, format_decimal

from segmenter.features.types import Feature

NONE = "–"
Number = float | int | Decimal | None


@dataclass(frozen=True)
class Numbers:
    """Formats for one locale and currency; what is None, NaN or infinite becomes a dash."""

    locale: Locale
    currency: str

    @classmethod
    def of(cls, locale: str, currency: str) -> Numbers:
        """Formats for a locale such as en, en_GB or de-DE."""
        return cls(Locale.parse(locale.replace("-", "_")), currency)

    def decimal(self, value: Number, digits: int = 2) -> str:
        """A number with exactly `digits` decimals."""
        return NONE if _absent(value) else format_decimal(value, _pattern(digits), locale=self.locale)

    def count(self, value: Number) -> str:
        """A whole number with the locale's thousands mark."""
        return self.decimal(value, 0)

    def signed(self, value: Number, digits: int = 1) -> str:
        """A number that shows its sign, with a true minus."""
        if _absent(value):
            return NONE
        pattern = _pattern(digits)
        return str(format_decimal(value, f"+{pattern};−{pattern}", locale=self.locale))

    def share(self, value: Number, digits: int | None = None) -> str:
        """A share of one as per cent: one decimal below ten per cent, none above unless told."""
        if _absent(value):
            return NONE
        per_cent = float(value) * 100  # type: ignore[arg-type]
        if digits is None:
            digits = 0 if abs(per_cent) >= 9.95 or per_cent == 0 else 1
        return f"{self.decimal(per_cent, digits)}\u202f%"

    def money(self, value: Number, digits: int | None = None) -> str:
        """An amount; cents only below a hundred unless `digits` says otherwise."""
        if _absent(value):
            return NONE
        if digits is None:
            digits = 2 if 0 < abs(float(value)) < 100 else 0  # type: ignore[arg-type]
        return self._currency(value, digits) if self.currency else self.decimal(value, digits)

    def brief_money(self, value: Number) -> str:
        """An amount in three digits and a word: 8.91 million."""
        if _absent(value):
            return NONE
        size = abs(float(value))  # type: ignore[arg-type]
        if size < 10_000:
            return self.money(value)
        digits = 2 - (int(math.log10(size)) % 3)
        return self._compact(value, digits, long=True)

    def axis_money(self, value: Number) -> str:
        """An amount as short as an axis needs it: 250K."""
        return NONE if _absent(value) else self._compact(value, 1, long=False)

    def days(self, value: Number) -> str:
        """Days, whole from ten on."""
        return self.decimal(value, 0 if _absent(value) or abs(float(value)) >= 10 or float(value).is_integer() else 1)  # type: ignore[arg-type]

    def value(self, feature: Feature, value: Number) -> str:
        """A value of a feature in its own kind, without its unit."""
        if feature.kind == "money":
            return self.money(value)
        if feature.kind == "share":
            return self.share(value)
        if feature.kind == "ratio":
            return self.decimal(value, 2)
        return self.days(value)

    def date(self, value: date) -> str:
        """A day in words: 9 December 2011."""
        return str(format_date(value, "long", locale=self.locale))

    def moment(self, value: datetime) -> str:
        """A day and time."""
        return str(format_datetime(value, "d MMMM y, HH:mm", locale=self.locale))

    def month(self, month: str) -> str:
        """A month written 2011-12, in words."""
        year, number = month.split("-")
        return str(format_date(date(int(year), int(number), 1), "MMM y", locale=self.locale))

    def _currency(self, value: Number, digits: int) -> str:
        return str(
            format_currency(
                value, self.currency, self._money_pattern(digits), locale=self.locale, currency_digits=False
            )
        )

    def _money_pattern(self, digits: int) -> str:
        """The locale's own pattern with this many decimals."""
        pattern: str = self.locale.currency_formats["standard"].pattern
        return pattern.replace("0.00", f"0.{'0' * digits}" if digits else "0")

    def _compact(self, value: Number, digits: int, long: bool) -> str:
        width = "long" if long else "short"
        if not self.currency:
            return str(
                format_compact_decimal(value, format_type=width, locale=self.locale, fraction_digits=digits)
            )
        return str(format_compact_currency(value, self.currency, locale=self.locale, fraction_digits=digits))


def _pattern(digits: int) -> str:
    return f"#,##0.{'0' * digits}" if digits else "#,##0"


def _absent(value: Number) -> bool:
    return value is None or not math.isfinite(value)
