"""How an export writes its dates and numbers: the evidence for each format, and the choice among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import duckdb

from segmenter.config.source import SourceConfig
from segmenter.intake.blanks import trimmed
from segmenter.intake.moments import BEGINNINGS, DAYS, ORDERS, DateFormat, believable, time_sql
from segmenter.intake.numbers import MONEY, SIGNS, number_sql
from segmenter.intake.raw import MOMENTS, TEXT, RawTable
from segmenter.intake.undecided import Doubt, UndecidedError, Way, naming

WORDS = {"ymd": "year first", "dmy": "day first", "mdy": "month first"}
MARKS = {".": "with a decimal point", ",": "with a decimal comma"}
FEW_DECIDE, MANY_DIFFER = 2, 20  # a lead of so few distinct numbers does not decide the mark of more than so many
MIN_SHARE = 0.8  # of a column's dates that a format has to read


@dataclass(frozen=True)
class Formats:
    """How one table writes its dates and its numbers."""

    order: DateFormat
    decimal: str

    @property
    def in_words(self) -> str:
        """The formats in words, for the account."""
        words = {
            "ymd": "year-month-day",
            "dmy": "day-month-year",
            "mdy": "month-day-year",
            "excel": "Excel serial dates",
            "epoch": "seconds since 1970 (UTC)",
        }
        return f"{words[self.order]}, decimal {'point' if self.decimal == '.' else 'comma'}"


@dataclass(frozen=True)
class Evidence:
    """What a file's dates and numbers look like; can be added over files.

    `n_dates` rows hold a date; `read` counts how many of them each format can read. `points` and `commas` count the
    distinct numbers that are valid with a decimal point and with a decimal comma, `differing` those that are valid with
    both and differ in value. `date` and `number` are examples, `signs` are the currencies found beside numbers.
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
        """The combined evidence."""
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
    """The evidence by file of raw `table`, from the columns with the indices `time` and `numbers`."""
    is_typed = table.types[time] in MOMENTS
    found = _typed_dates(connection, table, time) if is_typed else _text_dates(connection, table, time)
    for column in (number for number in numbers if table.types[number] == TEXT):
        for file, evidence in _numbers(connection, table, column).items():
            found[file] = found.get(file, Evidence()) + evidence
    return found


def _numbers(connection: duckdb.DuckDBPyConnection, table: RawTable, column: int) -> dict[int, Evidence]:
    """The evidence of a text column of numbers: each distinct one is parsed with either decimal mark."""
    rows = connection.execute(
        "SELECT file, count(point), count(comma), count(*) FILTER (WHERE point <> comma), "  # noqa: S608 - our names
        f"min(t) FILTER (WHERE point <> comma), list(DISTINCT regexp_extract(t, '{MONEY}')) FROM "
        f"(SELECT file, t, {number_sql('t', '.', 6)} AS point, "
        f"{number_sql('t', ',', 6)} AS comma FROM (SELECT DISTINCT file, {_as_text(column)} AS t FROM {table.relation})) "
        "GROUP BY file",
        table.parameters or None,
    ).fetchall()
    found = {}
    for file, points, commas, differing, number, signs in rows:
        money = frozenset(SIGNS.get(sign, sign) for sign in signs if sign)
        found[file] = Evidence(points=points, commas=commas, differing=differing, number=number, signs=money)
    return found


def _text_dates(connection: duckdb.DuckDBPyConnection, table: RawTable, column: int) -> dict[int, Evidence]:
    """The evidence of a text column of dates: each distinct one is parsed in every format that matches some date's start."""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE dates AS SELECT file, {_as_text(column)} AS t, count(*) AS n FROM {table.relation} "  # noqa: S608 - our names
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


def _typed_dates(connection: duckdb.DuckDBPyConnection, table: RawTable, column: int) -> dict[int, Evidence]:
    """The evidence of a column of DuckDB's date types, which are unambiguous."""
    found = connection.execute(
        f"SELECT file, count(c{column}) FROM {table.relation} GROUP BY file",  # noqa: S608 - our names
        table.parameters or None,
    ).fetchall()
    return {file: Evidence(n, {"ymd": n}) for file, n in found}


def formats_of(evidence: Evidence, name: str, source: SourceConfig) -> Formats:
    """The formats that fit the `evidence`; `name` is the file's, for messages.

    Raises
    ------
    UndecidedError
        Dates or numbers fit several formats or none, or the amounts are of several currencies.
    """
    decimal = source.decimal or _decimal(evidence, name)
    order = source.date_order or _order(evidence, name)
    money = _several_currencies(evidence, name)
    if money or isinstance(decimal, Doubt) or isinstance(order, Doubt):
        raise UndecidedError([*money, *(each for each in (decimal, order) if isinstance(each, Doubt))])
    return Formats(order, decimal)


def _several_currencies(evidence: Evidence, name: str) -> list[Doubt]:
    if len(evidence.signs) < 2:
        return []
    what = (
        f"{name}: the amounts are of several currencies by what stands beside them ({', '.join(sorted(evidence.signs))}), "
        "which cannot be added up. Write the currency in a column of its own and choose one with rules.currency, or convert "
        "them first."
    )
    return [Doubt(what)]


def _order(evidence: Evidence, name: str) -> DateFormat | Doubt:
    total, read, example = evidence.n_dates, evidence.read, evidence.date
    best = max(ORDERS, key=lambda order: read.get(order, 0))
    fitting = read.get(best, 0)
    if fitting < MIN_SHARE * total or not total:
        unread = f"{name}: the dates cannot be read ({total - fitting:,} of {total:,} rows, such as {example!r})."
        return Doubt(
            f"{unread} Write them as 2025-06-30, or take another column.",
            (naming("by the name of the right column", time="..."),),
        )
    tied = [order for order in DAYS if read[order] == fitting]
    if len(tied) > 1:
        what = f"{name}: dates such as {example!r} can be read {' and '.join(WORDS[order] for order in tied)}."
        return Doubt(what, tuple(Way({"source": {"date_order": order}}, WORDS[order]) for order in tied))
    return best


def _decimal(evidence: Evidence, name: str) -> str | Doubt:
    """The decimal mark that reads more of the distinct numbers.

    It is undecided where both read equally many with different values, or where a lead of one or two numbers would decide
    the value of many others.
    """
    few = abs(evidence.points - evidence.commas) <= FEW_DECIDE
    if evidence.differing and (evidence.points == evidence.commas or (few and evidence.differing > MANY_DIFFER)):
        what = f"{name}: numbers such as {evidence.number!r} can be read {' and '.join(MARKS.values())}."
        return Doubt(what, tuple(Way({"source": {"decimal": mark}}, words) for mark, words in MARKS.items()))
    return "." if evidence.points >= evidence.commas else ","
