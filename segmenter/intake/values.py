"""SQL of what a cell of an export holds: a text, a number, a moment, or nothing."""

from __future__ import annotations

from segmenter.intake.moments import time_of_day_sql, time_sql
from segmenter.intake.numbers import number_sql
from segmenter.intake.raw import TEXT

WORDS_FOR_NOTHING = ("nan", "null", "none", "n/a", "na", "#n/a")
NOTHING = ("", "-", "NaN", *(case(word) for word in WORDS_FOR_NOTHING for case in (str.lower, str.upper, str.title)))
LONGEST_NOTHING = max(map(len, NOTHING))
ABOUT = " \t\n\r\v\f"  # may stand about a value
INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
MOMENTS = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"}


def trimmed(column: str) -> str:
    """SQL of text without the white space about it."""
    return f"trim({column}, '{ABOUT}')"


def text_of(column: str, kind: str) -> str:
    """SQL of a text value in `column`, of type `kind` (see `RawTable`); what exports write for nothing is NULL.

    Nearly every text begins and ends with a visible character and is too long to be a word for nothing, or begins with a
    digit; that test is several times as fast as to trim and match each. The words are matched by a pattern, because
    DuckDB makes a join of a long IN, and a join does not keep the order of the records.
    """
    if kind in INTEGERS:
        return f"CAST({column} AS VARCHAR)"
    raw = _as_text(column, kind)
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
    return time_sql(trimmed(_as_text(column, kind)), order)


def since_midnight(column: str, kind: str) -> str:
    """SQL of the time of day in `column` as an INTERVAL of whole seconds, of none where none can be read."""
    return time_of_day_sql(trimmed(_as_text(column, kind)))


def number_of(column: str, kind: str, decimal: str, scale: int) -> str:
    """SQL of the number in `column`, of type `kind`, as DECIMAL, NULL where it is none."""
    if kind in INTEGERS or kind.startswith("DECIMAL"):
        return f"TRY_CAST({column} AS DECIMAL(18, {scale}))"
    if kind == "DOUBLE":
        return f"CASE WHEN isfinite({column}) THEN TRY_CAST({column} AS DECIMAL(18, {scale})) END"
    return number_sql(trimmed(_as_text(column, kind)), decimal, scale)


def _as_text(column: str, kind: str) -> str:
    return column if kind == TEXT else f"CAST({column} AS VARCHAR)"
