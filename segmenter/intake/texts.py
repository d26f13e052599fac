"""Reads text files of one layout into a raw table of text and checks that no record is lost."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from segmenter.assets import query
from segmenter.errors import SourceError
from segmenter.intake import torn
from segmenter.intake.dialect import LONGEST_FIELD, Dialect, check_widths, n_skipped
from segmenter.intake.encoding import Text
from segmenter.intake.line_numbers import locate
from segmenter.intake.raw import TEXT, Layout, RawTable, unreadable
from segmenter.intake.sample import Row

CUT = "auto_detect = false, header = false, skip = $skip, delim = $delimiter, quote = '\"', escape = '\"', strict_mode = true"
PIECE = 1 << 13  # bytes, some eighty lines
DATED = "[0-9]{1,4}[-/. ]([0-9]{1,2}|[A-Za-z]{3,9})[-/., ]|[0-9]{8}"  # in lines of transactions, but in few notes


@dataclass(frozen=True)
class TextBatch:
    """Text files of one dialect, by their numbers."""

    dialect: Dialect
    is_workbook: bool
    texts: Mapping[int, Text]

    @property
    def layout(self) -> Layout:
        """The layout of the files."""
        source = "text of a workbook" if self.is_workbook else "text"
        return Layout(self.dialect.header, f"{source} {self.dialect.delimiter!r} after {self.dialect.skip} lines")

    @property
    def dialects(self) -> dict[int, str]:
        """How each file is read, in words, by its number."""
        cut = f"{len(self.dialect.header)} columns" if self.is_workbook else self.dialect.in_words
        return {number: f"{text.encoding}, {cut}" for number, text in self.texts.items()}

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """Parameters of the scan of all files; `numbers` are file numbers in the order of `paths`."""
        return {
            "paths": [str(text.path) for text in self.texts.values()],
            "numbers": list(self.texts),
            "skip": self.dialect.skip,
            "delimiter": self.dialect.delimiter,
        }

    @property
    def path(self) -> Path:
        """The path of the first file, for messages."""
        return next(iter(self.texts.values())).source.path

    @property
    def file(self) -> str:
        """SQL of the file number in a scan with the column ``source_path``."""
        return "CAST($numbers[list_position($paths, source_path)] AS INTEGER)"

    def head(self, connection: duckdb.DuckDBPyConnection, number: int, n_rows: int) -> list[Row]:  # noqa: ARG002 - as TableBatch has it
        """The first records of one of the files, as text."""
        csv.field_size_limit(LONGEST_FIELD)
        width = len(self.dialect.header)
        with self.texts[number].path.open(encoding="utf-8", errors="replace", newline="") as file:
            for _ in range(self.dialect.skip):
                file.readline()
            records = (row for row in csv.reader(file, delimiter=self.dialect.delimiter) if len(row) == width)
            return [tuple(cell or None for cell in row) for row in islice(records, n_rows)]

    def later(self, number: int, n_seen: int, n_spots: int) -> list[Row]:
        """Records from `n_spots` places spread evenly over one of the files, after its first `n_seen` records.

        There are none where fields hold line ends, as a place may then be inside a field.
        """
        text, n_records = self.texts[number], self.n_records(number)
        if text.tally.n_folded or n_records <= 2 * n_seen:
            return []
        size = text.path.stat().st_size
        start = size * 3 * n_seen // (2 * n_records)  # lines differ in length
        found: list[Row] = []
        with text.path.open("rb") as file:
            for spot in range(n_spots):
                file.seek(start + (size - start) * spot // n_spots)
                piece = file.read(min(PIECE, (size - start) // n_spots)).decode("utf-8", "replace")
                rows = csv.reader(piece.split("\n")[1:-1], delimiter=self.dialect.delimiter)
                found += [tuple(cell or None for cell in row) for row in rows if len(row) == len(self.dialect.header)]
        return found

    def n_records(self, number: int) -> int:
        """The number of records of one of the files, by the tally of its bytes."""
        text = self.texts[number]
        return text.tally.n_records - n_skipped(text.path, self.dialect.skip)

    def raw(self, connection: duckdb.DuckDBPyConnection) -> RawTable:
        """All records that can be split into columns, as text; the others are added to ``rejected``.

        Raises
        ------
        SourceError
            A file cannot be read, or the number of records read differs from an independent count.
        """
        for text in self.texts.values():
            check_widths(text.path, self.dialect, str(text.source.path))
        self._cut(connection)
        connection.execute("CREATE OR REPLACE TEMP TABLE text_files (file INTEGER, path VARCHAR)")
        named = [(number, str(text.path)) for number, text in self.texts.items()]
        connection.executemany("INSERT INTO text_files VALUES (?, ?)", named)
        connection.execute(query("intake_rejects"), {"header": list(self.dialect.header)})
        torn.reject(connection, {number: text.path for number, text in self.texts.items()})
        self._check_whole(connection)
        self._check_counts(connection)
        self._check_folded(connection)
        empty = " AND ".join(f"c{index} IS NULL" for index in range(len(self.dialect.header)))
        firsts = dict(connection.execute("SELECT file, min(rowid) FROM raw GROUP BY file").fetchall())
        connection.execute(f"DELETE FROM raw WHERE {empty}")  # noqa: S608 - ours; spreadsheets leave such lines at the end
        relation = "(SELECT *, rowid - $firsts[list_position($numbers, file)] + 1 AS record FROM raw)"
        more = {"numbers": list(self.texts), "firsts": [firsts.get(number, 0) for number in self.texts]}
        types = (TEXT,) * len(self.dialect.header)
        return RawTable(relation, self.layout, types, tuple(self.texts), self.path, more, self.dialect.delimiter)

    def _cut(self, connection: duckdb.DuckDBPyConnection) -> None:
        columns = {f"c{index}": TEXT for index in range(len(self.dialect.header))}
        try:
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE raw AS SELECT {self.file} AS file, * EXCLUDE (source_path) "  # noqa: S608 - ours
                f"FROM read_csv($paths, {CUT}, columns = $columns, nullstr = [''], store_rejects = true, "
                "rejects_limit = 0, filename = 'source_path')",
                {**self.parameters, "columns": columns},
            )
        except duckdb.Error as error:
            raise unreadable(self.path, error) from None

    def _check_whole(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Refuse a record that swallows so many lines that DuckDB does not return all of them."""
        cut = connection.execute(
            "SELECT file, line FROM rejected WHERE strlen(text) > $shown AND contains(text, chr(10)) ORDER BY ALL LIMIT 1",
            {"shown": torn.SHOWN},
        ).fetchall()
        for number, line in cut:
            raise _swallowing(self.texts[number], line)

    def _check_counts(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Check the number of records against a count that is independent of DuckDB."""
        rows = dict(connection.execute("SELECT file, count(*) FROM raw GROUP BY 1").fetchall())
        rejected = dict(connection.execute("SELECT file, count(*) FROM rejected GROUP BY 1").fetchall())
        for number, text in self.texts.items():
            found, counted = rows.get(number, 0) + rejected.get(number, 0), self.n_records(number)
            if found != counted and found != _slow_count(text.path, self.dialect):
                raise SourceError(
                    f"{text.source.path}: {found:,} of its records could be read, but it holds {counted:,}. "
                    "Usually a quote is opened and never closed; correct it and run again."
                )

    def _check_folded(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Refuse a field that contains whole records, because stray quotes happened to pair up.

        If only one line end was swallowed, the record's first half is at the end of the field and its second half at the
        beginning.
        """
        if not any(text.tally.n_folded for text in self.texts.values()):
            return
        width = len(self.dialect.header)
        folded = " UNION ALL ".join(
            f"SELECT file, place, n, unnest(list_append(lines[2:-2], lines[-1] || lines[1])) AS line FROM ("  # noqa: S608 - ours
            f"SELECT file, rowid AS place, string_split(c{index}, chr(10)) AS lines, len(lines) - 1 AS n FROM raw "
            f"WHERE contains(c{index}, chr(10)))"
            for index in range(width)
        )
        found = connection.execute(
            f"SELECT file, place - (SELECT min(rowid) FROM raw WHERE raw.file = folded.file) + 1, n FROM ({folded}) AS folded "  # noqa: S608 - ours
            "WHERE len(string_split(line, $delimiter)) = $width AND regexp_matches(line, $date) ORDER BY ALL LIMIT 1",
            {"delimiter": self.dialect.delimiter, "width": width, "date": DATED},
        ).fetchall()
        for number, record, n in found:
            raise _swallowing(self.texts[number], self.dialect.skip + record, f"{n:,} lines")

    def locate_rejected(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Set the line numbers in ``rejected``, as an editor shows them."""
        for number, text in self.texts.items():
            locate(connection, number, text.path, text.tally, self.dialect)


def _swallowing(text: Text, record: int, what: str = "the lines") -> SourceError:
    return SourceError(
        f"{text.source.path}, record {record}: an unclosed quote swallows {what} behind it. Correct it and run again."
    )


def _slow_count(path: Path, dialect: Dialect) -> int:
    """The number of records if a quote counts only at the beginning of a field, unlike in ``5" pipe``; -1 on an error."""
    csv.field_size_limit(LONGEST_FIELD)
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            reader = csv.reader(file, delimiter=dialect.delimiter, strict=True)
            return sum(1 for row in reader if row and reader.line_num > dialect.skip)
    except csv.Error:
        return -1
