"""SQL of Spark that parses the cells of an export in the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from segmenter.intake.blanks import NA_VALUES, WHITESPACE
from segmenter.intake.moments import EPOCH, UNCLOCKED
from segmenter.intake.records import SCALES

DAY = "[0-9]{4}-[0-9]{1,2}-[0-9]"  # required, because Spark would also read 10:00 or 2025 as a timestamp
CLOCKS = ("H:mm:ss", "H:mm", "h:mm:ssa", "h:mma")
FLOATS = {"double", "float"}


def quoted(name: str) -> str:
    """`name` as an identifier of Spark's SQL."""
    return "`" + name.replace("`", "``") + "`"


@dataclass(frozen=True)
class ClusterCells:
    """The cells of a source: column names by role and Spark types by name; see `segmenter.intake.records.Cells`."""

    columns: Mapping[str, str]
    types: Mapping[str, str]

    def text(self, role: str) -> str:
        """SQL of the text."""
        text = self._trimmed(role)
        return f"case when {text} not in ({', '.join(map(repr, NA_VALUES))}) then {text} end"

    def number(self, role: str) -> str:
        """SQL of the number."""
        return f"try_cast({quoted(self.columns[role])} as decimal(18, {SCALES[role]}))"

    def is_given(self, role: str) -> str:
        """SQL of whether the cell is filled."""
        return f"{self.text(role)} is not null"

    def moment(self) -> str:
        """SQL of the timestamp, from ISO 8601 with any offset from UTC dropped, or from seconds since 1970."""
        text = self._trimmed("time")
        since = f"cast(timestamp_seconds(try_cast(left({text}, 10) as bigint)) as timestamp_ntz)"
        return (
            f"case when {text} rlike '^{DAY}' then try_cast({text} as timestamp_ntz) "
            f"when {text} rlike '^({EPOCH})$' then {since} end"
        )

    def since_midnight(self) -> str:
        """SQL of the time of day."""
        text = f"upper(regexp_replace({self._trimmed('time_of_day')}, '{UNCLOCKED}', ''))"
        clock = f"coalesce({', '.join(f'try_to_timestamp({text}, {shape!r})' for shape in CLOCKS)})"
        apart = f"make_dt_interval(0, hour({clock}), minute({clock}), second({clock}))"
        return f"coalesce({apart}, make_dt_interval())"

    def _trimmed(self, role: str) -> str:
        """SQL of the text without surrounding white space; a whole number in a float column has all its digits, not 1.2E7."""
        name = self.columns[role]
        column = quoted(name)
        text = f"cast({column} as string)"
        if role == "customer" and self.types[name] in FLOATS:
            whole = f"cast(try_cast({column} as decimal(38, 0)) as string)"
            text = f"case when {column} = floor({column}) then {whole} else {text} end"
        return f"btrim({text}, '{WHITESPACE}')"
