"""SQL of DuckDB that parses the cells of a raw table."""

from __future__ import annotations

from dataclasses import dataclass

from segmenter.intake.blanks import LONGEST_NA_VALUE, NA_VALUES, trimmed
from segmenter.intake.moments import time_of_day_sql, time_sql
from segmenter.intake.numbers import number_sql
from segmenter.intake.raw import INTEGERS, MOMENTS, TEXT, RawTable
from segmenter.intake.records import SCALES
from segmenter.intake.schema import Schema


@dataclass(frozen=True)
class TableCells:
    """The cells of `table` under its `schema`; see `segmenter.intake.records.Cells`."""

    table: RawTable
    schema: Schema

    def text(self, role: str) -> str:
        """SQL of the text, NULL for the markers of missing values.

        Nearly every text begins and ends with a visible character, and either begins with a digit or is too long to be such
        a marker; testing that is several times as fast as trimming and matching. The markers are matched by a pattern
        because DuckDB turns a long IN into a join, which does not preserve the order of the records.
        """
        raw = self._raw_text(role)
        if self._type(role) in INTEGERS:
            return raw
        text = trimmed(raw)
        is_missing = f"regexp_full_match({text}, '{'|'.join(NA_VALUES)}')"
        is_plain = f"(strlen({raw}) > {LONGEST_NA_VALUE} OR ({raw} >= '0' AND {raw} < ':'))"
        return (
            f"CASE WHEN {raw} >= '!' AND {raw}[-1] >= '!' AND {is_plain} THEN {raw} "
            f"WHEN strlen({text}) > {LONGEST_NA_VALUE} OR NOT {is_missing} THEN {text} END"
        )

    def number(self, role: str) -> str:
        """SQL of the number."""
        column, kind, scale = self._column(role), self._type(role), SCALES[role]
        if kind in INTEGERS or kind.startswith("DECIMAL"):
            return f"TRY_CAST({column} AS DECIMAL(18, {scale}))"
        if kind == "DOUBLE":
            return f"CASE WHEN isfinite({column}) THEN TRY_CAST({column} AS DECIMAL(18, {scale})) END"
        return number_sql(trimmed(self._raw_text(role)), self.schema.formats.decimal, scale)

    def is_given(self, role: str) -> str:
        """SQL of whether the cell is filled."""
        column, kind = self._column(role), self._type(role)
        if kind == TEXT:
            return f"({self.text(role)}) IS NOT NULL"
        is_number = f" AND NOT isnan({column})" if kind in {"DOUBLE", "FLOAT"} else ""
        return f"({column} IS NOT NULL{is_number})"

    def moment(self) -> str:
        """SQL of the timestamp; `segmenter.intake.moments.believable` bounds its year."""
        if self._type("time") in MOMENTS:
            return f"TRY_CAST({self._column('time')} AS TIMESTAMP)"
        return time_sql(trimmed(self._raw_text("time")), self.schema.formats.order)

    def since_midnight(self) -> str:
        """SQL of the time of day."""
        return time_of_day_sql(trimmed(self._raw_text("time_of_day")))

    def _column(self, role: str) -> str:
        return f"c{self.schema.roles.index[role]}"

    def _type(self, role: str) -> str:
        return self.table.types[self.schema.roles.index[role]]

    def _raw_text(self, role: str) -> str:
        """SQL of the cell as unchanged text."""
        column = self._column(role)
        return column if self._type(role) == TEXT else f"CAST({column} AS VARCHAR)"
