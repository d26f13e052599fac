"""How exports write numbers: with a decimal point or comma, thousands separators, currencies and several minus signs."""

from __future__ import annotations

import re

from segmenter.intake.raw import literal

SPACES = " \u00a0\u2009\u202f"  # plain, no-break, thin, narrow no-break: all separate thousands
APART = f"'\u2019{SPACES}"
EXPONENT = r"([eE][-+]?\d+)?"
LAKHS = r"\d{1,2}(,\d{2})+,\d{3}"  # India's groups of digits
DOT = rf"[-+]?(\d+(_\d+)*|\d{{1,3}}([,{APART}]\d{{3}})+|{LAKHS})?(\.(\d+(_\d+)*)?)?{EXPONENT}"
COMMA = rf"[-+]?(\d+(_\d+)*|\d{{1,3}}([.{APART}]\d{{3}})+)?(,(\d+(_\d+)*)?)?{EXPONENT}"
CODES = "EUR|USD|GBP|CHF|JPY|PLN|SEK|NOK|DKK|CZK|HUF|RON|BGN|TRY|BRL|INR|CAD|AUD|NZD|MXN|ZAR|ILS|CNY|HKD|SGD|KRW|THB|AED|SAR|RUB|UAH"
MONEY = rf"R[$]|US[$]|[€£$¥₹₺₽₪₩₴]|zł|Kč|TL|kr\.?|Rs\.?|{CODES}"
# Other ways to write the same currency.
SIGNS = {
    "EUR": "€", "USD": "$", "US$": "$", "GBP": "£", "JPY": "¥", "BRL": "R$", "INR": "₹", "Rs": "₹", "Rs.": "₹", "TRY": "₺", "TL": "₺",
    "RUB": "₽", "ILS": "₪", "KRW": "₩", "UAH": "₴", "PLN": "zł", "CZK": "Kč", "kr.": "kr",
}  # fmt: skip
DASHES = "-\u2013\u2014\u2212"  # hyphen, dashes, and the typographic minus
# What may surround a number: a currency, before or after a minus or a bracket, and the dash in 12,- which is no minus.
# The same in the middle, as in 5.-10 and 12USD34, makes it no number.
ABOUT_MONEY = (
    rf"^([{DASHES}+(]?[{SPACES}]*)({MONEY})|([.,][{DASHES}]{{1,2}})?[{SPACES}]*({MONEY})?([{SPACES}]*[{DASHES})]?)$"
)
BARE = r"\1\5"  # the groups of ABOUT_MONEY to keep
# A negative number in brackets (accountants), with a trailing minus (SAP), or with a leading one, a space allowed.
NEGATIVE = rf"^(?:[(][{SPACES}]*(.*?)[{SPACES}]*[)]|([0-9].*?)[{SPACES}]*[{DASHES}]|[{DASHES}][{SPACES}]*(.*))$"
LONGEST = 100  # characters of a number; a float has about sixty at most, and matching a long text is slow


def decimal_candidates(text: str) -> dict[str, float]:
    """The values of `text` by decimal mark, for each mark with which it is a number."""
    if len(text) > LONGEST:
        return {}
    plain = re.sub(NEGATIVE, r"-\1\2\3", re.sub(ABOUT_MONEY, BARE, text).strip())
    found = {}
    for mark, pattern in ((".", DOT), (",", COMMA)):
        if re.search(r"\d", plain) and re.fullmatch(pattern, plain):
            bare = re.sub(f"[{APART}]", "", plain).replace("." if mark == "," else ",", "")
            found[mark] = float(bare.replace(",", "."))
    return found


def number_sql(column: str, decimal: str, scale: int) -> str:
    """SQL that parses text `column` as DECIMAL, NULL where it is no number, or is NaN or infinite."""
    pattern, thousands = (DOT, ",") if decimal == "." else (COMMA, ".")
    bare = f"trim(regexp_replace({column}, '{ABOUT_MONEY}', '{BARE}', 'g'), '{SPACES}')"
    signed = f"regexp_replace({bare}, '{NEGATIVE}', '-\\1\\2\\3')"
    valid = f"CASE WHEN regexp_full_match({signed}, {literal(pattern)}) THEN {signed} END"
    digits = f"replace(translate({valid}, {literal(thousands + APART)}, ''), ',', '.')"
    return f"TRY_CAST({digits} AS DECIMAL(18, {scale}))"
