"""How exports write timestamps: dates in three orders, times of day, serial numbers of spreadsheets, seconds since 1970."""

from __future__ import annotations

import re
from typing import Literal, cast

from segmenter.intake.date_words import OFFSET, are_digits, digits_sql, is_in_words

DayOrder = Literal["ymd", "dmy", "mdy"]
DateFormat = DayOrder | Literal["excel", "epoch"]
TIMES = ("", " %H:%M:%S", " %H:%M", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S", "T%H:%M", "T%H:%M:%S.%f",
         "T%H:%M:%SZ", "T%H:%M:%S.%fZ", " %H:%M:%S UTC")  # fmt: skip
BEGINNINGS = {  # how a date of each order starts; a cheap test before trying a hundred formats
    "ymd": "^([0-9]{4}|[0-9]{2}-)",
    "dmy": "^([^0-9]+, ?)?[0-9]{1,2}[-/. ]",
    "mdy": "^([0-9]{1,2}[-/.]|[A-Za-z])",
    "excel": "^[1-9]",
    "epoch": "^1[0-9]{9}",
}
PARTED = ", ?([0-9]{1,2}:[0-9:.]+)[ \u00a0\u202f]?"  # the time of day as browsers write it: 1/31/2025, 2:05 PM
# %y comes before %Y: the first format that fits is taken, and %Y would read 20 as the year 20.
DAYS: dict[DayOrder, tuple[str, ...]] = {
    "ymd": ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y %b %d", "%Y%m%d%H%M%S"),
    "dmy": (
        *(f"%d{mark}%m{mark}{year}" for mark in "/.-" for year in ("%y", "%Y")),
        *(f"%d{mark}{month}{mark}{year}" for mark in "- " for month in ("%b", "%B") for year in ("%y", "%Y")),
    ),
    "mdy": (
        *(f"%m{mark}%d{mark}{year}" for mark in "/.-" for year in ("%y", "%Y")),
        *("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%b-%d-%y", "%b-%d-%Y"),
    ),
}
EPOCH = "1[0-9]{9}([0-9]{3})?([.][0-9]+)?"  # seconds or milliseconds since 1970, from 2001 to 2033
EXCEL = re.compile(r"^[1-9]\d{4}(\.\d+)?$")
TIME = re.compile(
    r"^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}[- ][A-Za-z]{3,9}[- ]\d{2,4}"
    r"|([A-Za-z]+, )?[A-Za-z]{3,9}[ -]\d{1,2}(st|nd|rd|th)?,?[ -](\d{4}|\d{2})|(19|20)\d{6}(\d{6})?)([T ,].*)?$"
)
CLOCK = re.compile(r"^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?([ \u00a0\u202f]?[AP]M)?$", re.IGNORECASE)
UNCLOCKED = "[.][0-9]+|[ \u00a0\u202f]+"  # fractions of a second, and the spaces before AM and PM
CLOCKS = ("%H:%M:%S", "%H:%M", "%I:%M:%S%p", "%I:%M%p")
ORDERS: tuple[DateFormat, ...] = (*DAYS, "excel", "epoch")


def looks_like_time(text: str) -> bool:
    """Whether text looks like a date, an Excel serial day of 1927 to 2173, or seconds since 1970."""
    is_serial = EXCEL.match(text) and 10_000 <= float(text) < 100_000
    return bool(TIME.match(text) or is_serial or re.fullmatch(EPOCH, text) or is_in_words(text))


def looks_like_time_of_day(text: str) -> bool:
    """Whether text looks like a time of day, such as 14:05:33 or 2:05 pm."""
    return bool(CLOCK.match(text))


def believable(moment: str) -> str:
    """SQL of the column `moment`, NULL where its year lies outside 1900 to 2200.

    It takes a column and not an expression, because DuckDB would plan the expression twice, and planning a hundred formats
    takes as long as reading thousands of dates.
    """
    return f"CASE WHEN year({moment}) BETWEEN 1900 AND 2200 THEN {moment} END"


def time_sql(column: str, order: str) -> str:
    """SQL that parses text `column` as a TIMESTAMP, NULL where it is none.

    An offset from UTC is dropped and the time kept as written, because a shop's days and months are those of its own clock.
    """
    if order == "excel":
        days = f"TRY_CAST(CASE WHEN regexp_full_match({column}, '[1-9][0-9]{{4}}([.][0-9]+)?') THEN {column} END AS DOUBLE)"
        return f"(TIMESTAMP '1899-12-30' + to_seconds(CAST(round({days} * 86400) AS BIGINT)))"
    if order == "epoch":  # the first ten digits are the seconds, of milliseconds too
        seconds = (
            f"TRY_CAST(CASE WHEN regexp_full_match({column}, '{EPOCH}') THEN substr({column}, 1, 10) END AS BIGINT)"
        )
        return f"(TIMESTAMP '1970-01-01' + to_seconds({seconds}))"
    shapes = DAYS[cast(DayOrder, order)]
    shown = (
        f"CASE WHEN NOT {are_digits(column)} THEN {digits_sql(column)} WHEN regexp_matches({column}, '{OFFSET}') THEN regexp_replace({column}, '{OFFSET}', '\\1') "
        f"WHEN contains({column}, ',') THEN trim(regexp_replace({column}, '{PARTED}', ' \\1 ')) ELSE {column} END"
    )
    may_be = f"regexp_matches({column}, '{BEGINNINGS[order]}')"
    parsed = f"(CASE WHEN {may_be} THEN try_strptime({shown}, {_list(shapes, TIMES)}) END)"
    if order == "ymd":
        short = f"try_strptime({column}, {_list(('%y-%m-%d',), TIMES)})"
        parsed = f"(CASE WHEN regexp_matches({column}, '^[0-9]{{2}}-') THEN {short} ELSE {parsed} END)"
    return parsed


def time_of_day_sql(column: str) -> str:
    """SQL that parses text `column` as an INTERVAL of whole seconds since midnight, zero where it is no time of day."""
    whole = f"regexp_replace({column}, '{UNCLOCKED}', '', 'g')"
    read = f"try_strptime({whole}, {_list(('',), CLOCKS)}) - TIMESTAMP '1900-01-01'"
    return f"coalesce({read}, INTERVAL 0 SECOND)"


def _list(days: tuple[str, ...], times: tuple[str, ...]) -> str:
    return "[" + ", ".join(f"'{day}{time}'" for day in days for time in times) + "]"
