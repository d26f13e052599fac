"""How an export writes dates and numbers: candidates, proof over the column, and SQL that reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

import duckdb

from segmenter.config.source import SourceConfig
from segmenter.errors import SourceError, UndecidedError
from segmenter.intake.dates import are_digits, digits_sql, is_in_words
from segmenter.intake.numbers import MONEY, SIGNS, number_sql
from segmenter.intake.raw import TEXT, RawTable

Order = Literal["ymd", "dmy", "mdy"]
Written = Order | Literal["excel", "epoch"]
TIMES = ("", " %H:%M:%S", " %H:%M", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S", "T%H:%M", "T%H:%M:%S.%f",
         "T%H:%M:%SZ", "T%H:%M:%S.%fZ", " %H:%M:%S UTC")  # fmt: skip
BEGINNINGS = {  # what a date of each order begins with: spares trying a hundred formats in vain
    "ymd": "^([0-9]{4}|[0-9]{2}-)",
    "dmy": "^([^0-9]+, ?)?[0-9]{1,2}[-/. ]",
    "mdy": "^([0-9]{1,2}[-/.]|[A-Za-z])",
    "excel": "^[1-9]",
    "epoch": "^1[0-9]{9}",
}
PARTED = (
    ", ?([0-9]{1,2}:[0-9:.]+)[ \u00a0\u202f]?"  # a day and its time of day as browsers show them: 1/31/2025, 2:05 PM
)
OFFSET = "(:[0-9]{2}([.][0-9]+)?) ?[+-][0-9]{2}(:?[0-9]{2})?$"
# %y stands before %Y: the reader takes the first that fits, and %Y would read 20 as the year 20.
DAYS: dict[Order, tuple[str, ...]] = {
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
EPOCH = "1[0-9]{9}([0-9]{3})?([.][0-9]+)?"  # seconds since 1970, or thousandths of them, from 2001 to 2033
EXCEL = re.compile(r"^[1-9]\d{4}(\.\d+)?$")
TIME = re.compile(
    r"^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}[- ][A-Za-z]{3,9}[- ]\d{2,4}"
    r"|([A-Za-z]+, )?[A-Za-z]{3,9}[ -]\d{1,2}(st|nd|rd|th)?,?[ -](\d{4}|\d{2})|(19|20)\d{6}(\d{6})?)([T ,].*)?$"
)
CLOCK = re.compile(r"^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?([ \u00a0\u202f]?[AP]M)?$", re.IGNORECASE)
UNCLOCKED = "[.][0-9]+|[ \u00a0\u202f]+"  # fractions of a second, and the spaces before AM and PM
CLOCKS = ("%H:%M:%S", "%H:%M", "%I:%M:%S%p", "%I:%M%p")
ORDERS: tuple[Written, ...] = (*DAYS, "excel", "epoch")
WORDS = {"ymd": "year first", "dmy": "day first", "mdy": "month first"}
WORDS_FOR_NOTHING = ("nan", "null", "none", "n/a", "na", "#n/a")
NOTHING = ("", "-", "NaN", *(case(word) for word in WORDS_FOR_NOTHING for case in (str.lower, str.upper, str.title)))
LONGEST_NOTHING = max(map(len, NOTHING))
ABOUT = " \t\n\r\v\f"  # may stand about a value
INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
MOMENTS = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"}
FEW_DECIDE, MANY_DIFFER = 2, 20  # distinct numbers that settle no mark, and how many they would settle it for
ENOUGH = 0.8  # share of a column that a format must read to be the column's


@dataclass(frozen=True)
class Formats:
    """How one table writes its dates and its numbers."""

    order: Written
    decimal: str

    @property
    def in_words(self) -> str:
        """For the account."""
        words = {
            "ymd": "year-month-day",
            "dmy": "day-month-year",
            "mdy": "month-day-year",
            "excel": "Excel serial dates",
            "epoch": "seconds since 1970 (UTC)",
        }
        return f"{words[self.order]}, decimal {'point' if self.decimal == '.' else 'comma'}"


def looks_like_time(text: str) -> bool:
    """True for text in the shape of a date, of an Excel serial day of 1927 to 2173, or of seconds since 1970."""
    is_serial = EXCEL.match(text) and 10_000 <= float(text) < 100_000
    return bool(TIME.match(text) or is_serial or re.fullmatch(EPOCH, text) or is_in_words(text))


def looks_like_time_of_day(text: str) -> bool:
    """True for text in the shape of a time of day, such as 14:05:33 or 2:05 pm."""
    return bool(CLOCK.match(text))


def trimmed(column: str) -> str:
    """SQL of text without the white space about it."""
    return f"trim({column}, '{ABOUT}')"


def text_of(column: str, kind: str) -> str:
    """SQL of a text value in `column`, of type `kind` (see `RawTable`); what exports write for nothing is NULL.

    Nearly all text begins and ends with a letter or digit and is too long for such a word, or begins with a digit: that is
    seen several times as fast as it would be trimmed and matched. A pattern, because DuckDB makes a join of a long IN, and
    a join does not keep the order of the records.
    """
    if kind in INTEGERS:
        return f"CAST({column} AS VARCHAR)"
    raw = column if kind == TEXT else f"CAST({column} AS VARCHAR)"
    text = trimmed(raw)
    nothing = f"regexp_full_match({text}, '{'|'.join(NOTHING)}')"
    is_word = f"(strlen({raw}) > {LONGEST_NOTHING} OR ({raw} >= '0' AND {raw} < ':'))"
    return (
        f"CASE WHEN {raw} >= '!' AND {raw}[-1] >= '!' AND {is_word} THEN {raw} "
        f"WHEN strlen({text}) > {LONGEST_NOTHING} OR NOT {nothing} THEN {text} END"
    )


def given(column: str, kind: str) -> str:
    """SQL that is true where `column` holds something, be it readable or not."""
    if kind == TEXT:
        return f"({text_of(column, kind)}) IS NOT NULL"
    return f"({column} IS NOT NULL AND NOT isnan({column}))" if kind in {"DOUBLE", "FLOAT"} else f"{column} IS NOT NULL"


def time_of(column: str, kind: str, order: str) -> str:
    """SQL of the TIMESTAMP in `column`, of type `kind`, NULL where it is none; `believable` bounds its year."""
    if kind in MOMENTS:
        return f"TRY_CAST({column} AS TIMESTAMP)"
    return time_sql(trimmed(column if kind == TEXT else f"CAST({column} AS VARCHAR)"), order)


def believable(moment: str) -> str:
    """SQL of the column `moment`, NULL where it lies outside 1900 to 2200.

    Of a column, because what is asked for twice is planned twice, and planning a hundred formats takes as long as reading
    thousands of dates.
    """
    return f"CASE WHEN year({moment}) BETWEEN 1900 AND 2200 THEN {moment} END"


def since_midnight(column: str, kind: str) -> str:
    """SQL of the time of day in `column` as an INTERVAL of whole seconds, of none where none can be read."""
    text = trimmed(column if kind == TEXT else f"CAST({column} AS VARCHAR)")
    whole = f"regexp_replace({text}, '{UNCLOCKED}', '', 'g')"
    read = f"try_strptime({whole}, {_list(('',), CLOCKS)}) - TIMESTAMP '1900-01-01'"
    return f"coalesce({read}, INTERVAL 0 SECOND)"


def number_of(column: str, kind: str, decimal: str, scale: int) -> str:
    """SQL of the number in `column`, of type `kind`, as DECIMAL, NULL where it is none."""
    if kind in INTEGERS or kind.startswith("DECIMAL"):
        return f"TRY_CAST({column} AS DECIMAL(18, {scale}))"
    if kind == "DOUBLE":
        return f"CASE WHEN isfinite({column}) THEN TRY_CAST({column} AS DECIMAL(18, {scale})) END"
    return number_sql(trimmed(column if kind == TEXT else f"CAST({column} AS VARCHAR)"), decimal, scale)


def time_sql(column: str, order: str) -> str:
    """SQL that reads text `column` as a TIMESTAMP, NULL where it is none.

    Of a moment with its distance from UTC the clock that it shows counts: a shop's days and months are those of its place.
    """
    if order == "excel":
        days = f"TRY_CAST(CASE WHEN regexp_full_match({column}, '[1-9][0-9]{{4}}([.][0-9]+)?') THEN {column} END AS DOUBLE)"
        return f"(TIMESTAMP '1899-12-30' + to_seconds(CAST(round({days} * 86400) AS BIGINT)))"
    if order == "epoch":  # of thousandths, too, the first ten digits are the seconds
        seconds = (
            f"TRY_CAST(CASE WHEN regexp_full_match({column}, '{EPOCH}') THEN substr({column}, 1, 10) END AS BIGINT)"
        )
        return f"(TIMESTAMP '1970-01-01' + to_seconds({seconds}))"
    shapes = DAYS[cast(Order, order)]
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


def _list(days: tuple[str, ...], times: tuple[str, ...]) -> str:
    return "[" + ", ".join(f"'{day}{time}'" for day in days for time in times) + "]"


@dataclass(frozen=True)
class Evidence:
    """How far each format reads a file's dates and numbers. Adds up over files.

    `n_dates` rows hold a date, `read` of them under each order; `points` and `commas` are distinct numbers
    that a decimal point and a decimal comma read, `differing` those that both read, differently. `date` and
    `number` are examples, `signs` the currencies that stand beside numbers.
    """

    n_dates: int = 0
    read: dict[str, int] = field(default_factory=dict)
    date: str | None = None
    points: int = 0
    commas: int = 0
    differing: int = 0
    number: str | None = None
    signs: frozenset[str] = frozenset()

    def __add__(self, other: Evidence) -> Evidence:
        """The evidence of both."""
        return Evidence(
            self.n_dates + other.n_dates,
            {order: self.read.get(order, 0) + other.read.get(order, 0) for order in ORDERS},
            _first(self.date, other.date),
            self.points + other.points,
            self.commas + other.commas,
            self.differing + other.differing,
            _first(self.number, other.number),
            self.signs | other.signs,
        )


def _first(*texts: str | None) -> str | None:
    return min((text for text in texts if text is not None), default=None)


def gather(
    connection: duckdb.DuckDBPyConnection, table: RawTable, time: int, numbers: Sequence[int]
) -> dict[int, Evidence]:
    """The evidence of every file of raw table `table`, from its column `time` and its columns `numbers`, by index."""
    is_typed = table.types[time] in MOMENTS
    found = _typed(connection, table, f"c{time}") if is_typed else _dated(connection, table, _as_text(time))
    for column in (number for number in numbers if table.types[number] == TEXT):
        for file, points, commas, differing, number, signs in connection.execute(
            "SELECT file, count(point), count(comma), count(*) FILTER (WHERE point <> comma), "  # noqa: S608 - our names
            f"min(t) FILTER (WHERE point <> comma), list(DISTINCT regexp_extract(t, '{MONEY}')) FROM "
            f"(SELECT file, t, {number_sql('t', '.', 6)} AS point, "
            f"{number_sql('t', ',', 6)} AS comma FROM (SELECT DISTINCT file, {_as_text(column)} AS t FROM {table.relation})) "
            "GROUP BY file",
            table.parameters or None,
        ).fetchall():
            money = frozenset(SIGNS.get(sign, sign) for sign in signs if sign)
            read = Evidence(points=points, commas=commas, differing=differing, number=number, signs=money)
            found[file] = found.get(file, Evidence()) + read
    return found


def _dated(connection: duckdb.DuckDBPyConnection, table: RawTable, text: str) -> dict[int, Evidence]:
    """The evidence of dates that are text: every distinct one is tried under the orders that any of them begins like."""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE dates AS SELECT file, {text} AS t, count(*) AS n FROM {table.relation} "  # noqa: S608 - our names
        "GROUP BY ALL HAVING t <> ''",
        table.parameters or None,
    )
    asked = ", ".join(f"bool_or(regexp_matches(t, '{BEGINNINGS[order]}'))" for order in ORDERS)
    begun = connection.execute(f"SELECT {asked} FROM dates").fetchall()[0]  # noqa: S608 - our names
    tried = [order for order, is_begun in zip(ORDERS, begun, strict=True) if is_begun]
    moments = "".join(f", {time_sql('t', order)} AS {order}" for order in tried)
    counts = "".join(f", coalesce(sum(n) FILTER ({believable(order)} IS NOT NULL), 0)::BIGINT" for order in tried)
    found = connection.execute(
        f"SELECT file, sum(n)::BIGINT, min(t){counts} FROM (SELECT file, t, n{moments} FROM dates) GROUP BY file"  # noqa: S608 - our names
    ).fetchall()
    connection.execute("DROP TABLE dates")
    return {file: Evidence(n, _by_order(tried, read), date) for file, n, date, *read in found}


def _by_order(tried: Sequence[str], read: Sequence[int]) -> dict[str, int]:
    return {**dict.fromkeys(ORDERS, 0), **dict(zip(tried, read, strict=True))}


def _as_text(column: int) -> str:
    return trimmed(f"CAST(c{column} AS VARCHAR)")


def _typed(connection: duckdb.DuckDBPyConnection, table: RawTable, time: str) -> dict[int, Evidence]:
    """The evidence of files whose dates are typed: they can be read in one way."""
    found = connection.execute(
        f"SELECT file, count({time}) FROM {table.relation} GROUP BY file",  # noqa: S608 - our names
        table.parameters or None,
    ).fetchall()
    return {file: Evidence(n, {"ymd": n}) for file, n in found}


def settle(evidence: Evidence, name: str, source: SourceConfig) -> Formats:
    """The formats that read what `evidence` is of; `name` is for messages.

    Raises
    ------
    SourceError
        Dates fit both day-first and month-first, numbers both a decimal point and a comma, or neither; or numbers are money
        of several currencies.
    """
    if len(evidence.signs) > 1:
        raise SourceError(
            f"{name}: the amounts are of several currencies by what stands beside them ({', '.join(sorted(evidence.signs))}), "
            "which cannot be added up. Write the currency in a column of its own and choose one in the configuration, "
            '[rules] currency = "...", or convert them first.'
        )
    decimal = source.decimal or _decimal(evidence, name)
    return Formats(source.date_order or _order(evidence, name), decimal)


def _order(evidence: Evidence, name: str) -> Written:
    total, read, example = evidence.n_dates, evidence.read, evidence.date
    best = max(ORDERS, key=lambda order: read.get(order, 0))
    fitting = read.get(best, 0)
    if fitting < ENOUGH * total or not total:
        raise SourceError(
            f"{name}: the dates cannot be read ({total - fitting:,} of {total:,} rows, such as {example!r}). "
            "Name the right column as source.columns.time, or write dates as 2025-06-30."
        )
    tied = [order for order in DAYS if read[order] == fitting]
    if len(tied) > 1:
        words = " and ".join(WORDS[order] for order in tied)
        what = f"{name}: dates such as {example!r} can be read {words}"
        raise UndecidedError(what, "date_order", tuple(tied))
    return best


def _decimal(evidence: Evidence, name: str) -> str:
    """The mark that reads more of the number columns; text that both read, differently, is an ambiguity.

    One or two numbers do not decide how a thousand others are read.
    """
    few = abs(evidence.points - evidence.commas) <= FEW_DECIDE
    if evidence.differing and (evidence.points == evidence.commas or (few and evidence.differing > MANY_DIFFER)):
        what = f"{name}: numbers such as {evidence.number!r} can be read with a decimal point and with a decimal comma"
        raise UndecidedError(what, "decimal", (".", ","))
    return "." if evidence.points >= evidence.commas else ","
