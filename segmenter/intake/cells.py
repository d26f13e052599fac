"""What the cells of a raw table hold, in DuckDB's SQL."""

from __future__ import annotations

from dataclasses import dataclass

from segmenter.intake.raw import RawTable
from segmenter.intake.records import SCALES
from segmenter.intake.schema import Schema
from segmenter.intake.values import given, number_of, since_midnight, text_of, time_of


@dataclass(frozen=True)
class TableCells:
    """The cells of `table`, read by its `schema`; see `segmenter.intake.records.Cells`."""

    table: RawTable
    schema: Schema

    def text(self, role: str) -> str:
        """SQL of the text."""
        return text_of(*self._column(role))

    def number(self, role: str) -> str:
        """SQL of the number."""
        return number_of(*self._column(role), self.schema.formats.decimal, SCALES[role])

    def is_given(self, role: str) -> str:
        """SQL of whether the cell holds anything."""
        return given(*self._column(role))

    def moment(self) -> str:
        """SQL of the moment."""
        return time_of(*self._column("time"), self.schema.formats.order)

    def since_midnight(self) -> str:
        """SQL of the time of day."""
        return since_midnight(*self._column("time_of_day"))

    def _column(self, role: str) -> tuple[str, str]:
        """Name and type of the column in a role."""
        index = self.schema.roles.index[role]
        return f"c{index}", self.table.types[index]
