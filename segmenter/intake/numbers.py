"""How exports write numbers: with a decimal point or comma, with thousands parted, as money, and less than nothing."""

from __future__ import annotations

import re

SPACES = " \u00a0\u2009\u202f"  # plain, no-break, thin, narrow no-break: all stand between thousands
APART = f"'\u2019{SPACES}"
EXPONENT = r"([eE][-+]?\d+)?"
LAKHS = r"\d{1,2}(,\d{2})+,\d{3}"  # as India parts them
DOT = rf"[-+]?(\d+(_\d+)*|\d{{1,3}}([,{APART}]\d{{3}})+|{LAKHS})?(\.(\d+(_\d+)*)?)?{EXPONENT}"
COMMA = rf"[-+]?(\d+(_\d+)*|\d{{1,3}}([.{APART}]\d{{3}})+)?(,(\d+(_\d+)*)?)?{EXPONENT}"
CODES = "EUR|USD|GBP|CHF|JPY|PLN|SEK|NOK|DKK|CZK|HUF|RON|BGN|TRY|BRL|INR|CAD|AUD|NZD|MXN|ZAR|ILS|CNY|HKD|SGD|KRW|THB|AED|SAR|RUB|UAH"
MONEY = rf"R[$]|US[$]|[€£$¥₹₺₽₪₩₴]|zł|Kč|TL|kr\.?|Rs\.?|{CODES}"
# Ways to write one currency.
SIGNS = {
    "EUR": "€", "USD": "$", "US$": "$", "GBP": "£", "JPY": "¥", "BRL": "R$", "INR": "₹", "Rs": "₹", "Rs.": "₹", "TRY": "₺", "TL": "₺",
    "RUB": "₽", "ILS": "₪", "KRW": "₩", "UAH": "₴", "PLN": "zł", "CZK": "Kč", "kr.": "kr",
}  # fmt: skip
DASHES = "-\u2013\u2014\u2212"  # hyphen, dashes, and the minus of typesetters
# What stands about a number, at its ends alone: the currency, before or behind a minus or a bracket, and the stroke for no
# cents in 12,- which is no minus. What is in the middle, as in 5.-10 and 12USD34, makes it no number.
ABOUT_MONEY = (
    rf"^([{DASHES}+(]?[{SPACES}]*)({MONEY})|([.,][{DASHES}]{{1,2}})?[{SPACES}]*({MONEY})?([{SPACES}]*[{DASHES})]?)$"
)
BARE = r"\1\5"  # what is left of it
# As accountants write it, SAP, and everybody else, who may leave a blank behind the minus.
NEGATIVE = rf"^(?:[(][{SPACES}]*(.*?)[{SPACES}]*[)]|([0-9].*?)[{SPACES}]*[{DASHES}]|[{DASHES}][{SPACES}]*(.*))$"
LONGEST = 100  # characters of a number; a float written out in full has some sixty, and a pattern takes long to miss a long text


def decimal_candidates(text: str) -> dict[str, float]:
    """The values that `text` has under a decimal point and under a decimal comma."""
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
    """SQL that reads text `column` as DECIMAL, NULL where it is none; NaN and infinity are none."""
    pattern, thousands = (DOT, ",") if decimal == "." else (COMMA, ".")
    bare = f"trim(regexp_replace({column}, '{ABOUT_MONEY}', '{BARE}', 'g'), '{SPACES}')"
    signed = f"regexp_replace({bare}, '{NEGATIVE}', '-\\1\\2\\3')"
    kept = f"CASE WHEN regexp_full_match({signed}, '{pattern.replace(chr(39), chr(39) * 2)}') THEN {signed} END"
    digits = f"replace(translate({kept}, '{thousands}{APART.replace(chr(39), chr(39) * 2)}', ''), ',', '.')"
    return f"TRY_CAST({digits} AS DECIMAL(18, {scale}))"
