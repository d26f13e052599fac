"""The fast path for plainly written text: DuckDB's CSV reader converts the cells to their types while it splits the lines.

Most exports are plain: all dates in one format, simple numbers, no malformed record, no line end inside a field, no blank
line, and no cell to be filled in from another line of the order. The first records suggest whether a text is plain, and the
scan proves it: it fails at the first record that is not, and what it cannot see is checked afterwards. Other texts are read
by the slow path (`segmenter.intake.parse`), with the same result.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import duckdb

from segmenter.errors import SourceError
from segmenter.intake import lines
from segmenter.intake.blanks import NA_VALUES, trimmed
from segmenter.intake.context import Context
from segmenter.intake.formats import Evidence, Formats, formats_of, gather
from segmenter.intake.moments import DAYS, TIMES
from segmenter.intake.orders import leaves_blank
from segmenter.intake.raw import TEXT, RawTable
from segmenter.intake.records import SCALES, number_columns
from segmenter.intake.roles import Roles
from segmenter.intake.sample import N_ROWS, Row
from segmenter.intake.schema import Schema
from segmenter.intake.texts import CUT, TextBatch

NOT_PLAIN = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.OutOfRangeException)
SPECIAL_DATE = "1900-01-01"  # DuckDB reads the words 'infinity' and 'epoch' as this date


@dataclass(frozen=True)
class _Guess:
    """How to scan a batch: types of the columns, the format of the dates, and the decimal mark.

    `mark` is empty where no number has decimals. `na_values` are the markers of missing values among the first records.
    `sampled` is the evidence of the first records by file, so that a file's evidence does not depend on the files that are
    read with it.
    """

    types: tuple[str, ...]
    schema: Schema
    timestamp: str
    mark: str
    na_values: tuple[str, ...]
    sampled: dict[int, Evidence]


def parse_fast(
    context: Context, batch: TextBatch, roles: Roles, known: Sequence[Evidence]
) -> dict[int, Evidence] | None:
    """Append the records of `batch` to ``lines`` in one scan; returns the evidence by file, None where it is not plain.

    `known` is the evidence of cached files of the same layout.
    """
    connection, guess = context.connection, _guess(context, batch, roles, known)
    if guess is None or not _insert(context, batch, guess):
        return None
    n_rows, evidence = _outcome(connection, batch, guess)
    is_whole = n_rows == {number: batch.n_records(number) for number in batch.texts}
    if is_whole and not leaves_blank(connection, batch.texts, roles.index):
        return evidence
    lines.remove(connection, batch.texts)
    return None


def _insert(context: Context, batch: TextBatch, guess: _Guess) -> bool:
    """Whether the scan succeeded with the markers of missing values from the sample, or else with all of them.

    The reader compares every cell with each marker, so that fewer are faster.
    """
    for na_values in dict.fromkeys((guess.na_values, NA_VALUES)):
        try:
            context.connection.execute(*lines.insertion(_table(batch, guess, na_values), guess.schema, context.rules))
        except NOT_PLAIN:
            continue
        return True
    return False


def _guess(context: Context, batch: TextBatch, roles: Roles, known: Sequence[Evidence]) -> _Guess | None:
    """A guess from the first records; None where they or the tally of the bytes are not plain."""
    if any(text.tally.has_nul or text.tally.n_folded or not text.tally.is_utf8 for text in batch.texts.values()):
        return None
    connection, source = context.connection, context.source
    sample = _sample(connection, batch)
    time, numbers = roles.index["time"], number_columns(roles)
    if any([*roles.index.values()].count(index) > 1 for index in (time, *numbers)):
        return None  # the other role needs the text
    sampled = gather(connection, _sample_table(connection, batch, sample, [time, *numbers]), time, numbers)
    evidence = sum(sampled.values(), Evidence())
    try:
        formats = formats_of(sum(known, evidence), str(batch.path), source)
    except SourceError:
        return None
    timestamp = _timestamp(connection, time, formats, evidence)
    mark = _decimal_mark(evidence, formats, is_given=source.decimal is not None)
    if timestamp is None or mark is None:
        return None
    types = tuple(_type(index, roles) for index in range(len(batch.dialect.header)))
    cells = {cell for _, row in sample for cell in row}
    na_values = tuple(word for word in NA_VALUES if not word or word in cells)
    return _Guess(types, Schema(roles, formats), timestamp, mark, na_values, sampled)


def _sample(connection: duckdb.DuckDBPyConnection, batch: TextBatch) -> list[tuple[int, Row]]:
    """The first records, each with the number of its file."""
    rows = ((number, row) for number in batch.texts for row in batch.head(connection, number, N_ROWS))
    return list(islice(rows, N_ROWS))


def _sample_table(
    connection: duckdb.DuckDBPyConnection, batch: TextBatch, sample: Sequence[tuple[int, Row]], columns: Sequence[int]
) -> RawTable:
    """The columns of dates and numbers in the sample, as a raw table."""
    wanted = sorted(set(columns))
    listed = ", ".join(f"unnest(CAST($c{index} AS VARCHAR[])) AS c{index}" for index in wanted)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE sample AS SELECT unnest(CAST($files AS INTEGER[])) AS file, {listed}",
        {"files": [file for file, _ in sample], **{f"c{index}": [row[index] for _, row in sample] for index in wanted}},
    )
    types = (TEXT,) * len(batch.dialect.header)
    return RawTable("sample", batch.layout, types, tuple(batch.texts), batch.path)


def _timestamp(connection: duckdb.DuckDBPyConnection, time: int, formats: Formats, evidence: Evidence) -> str | None:
    """The first format that reads a date of the sample, if it reads all dates and no other order reads as many.

    Only years of four digits and months in digits are plain, because only then the dates themselves tell how many of them
    another order could read.
    """
    rivals = [n for order, n in evidence.read.items() if order != formats.order]
    if (
        formats.order not in DAYS
        or evidence.read.get(formats.order) != evidence.n_dates
        or max(rivals) == evidence.n_dates
    ):
        return None
    date = trimmed(f"c{time}")
    shapes = [f"{day}{hour}" for day in DAYS[formats.order] for hour in TIMES]
    tried = ", ".join(f"count(try_strptime(t, '{shape}'))" for shape in shapes)
    read = connection.execute(
        f"SELECT {tried} FROM (SELECT {date} AS t FROM sample WHERE {date} <> '' LIMIT 1)"  # noqa: S608 - our names
    ).fetchall()
    shape = next((shape for shape, n in zip(shapes, read[0], strict=True) if n), None) if read else None
    if shape is None or "%Y" not in shape or "%b" in shape.lower():
        return None
    count = f"SELECT count(try_strptime({date}, $shape)) FROM sample"  # noqa: S608 - our names
    return shape if connection.execute(count, {"shape": shape}).fetchall()[0][0] == evidence.n_dates else None


def _decimal_mark(evidence: Evidence, formats: Formats, *, is_given: bool) -> str | None:
    """The decimal mark, empty where the sample has no decimals; None where the sample does not decide between the marks."""
    if is_given or evidence.points != evidence.commas:
        return formats.decimal
    return None if evidence.differing else ""


def _type(index: int, roles: Roles) -> str:
    """The type in which the reader returns a column."""
    role = next((role for role, at in roles.index.items() if at == index), None)
    if role == "time":
        return "TIMESTAMP"
    return f"DECIMAL(18,{SCALES[role]})" if role in SCALES else TEXT


def _table(batch: TextBatch, guess: _Guess, na_values: Iterable[str]) -> RawTable:
    """The scan that reads the batch with the guessed types; cells among `na_values` are NULL."""
    columns, expressions = {}, []
    for index, kind in enumerate(guess.types):
        is_cast = kind.startswith("DECIMAL") and guess.mark != "."
        columns[f"c{index}"] = TEXT if is_cast else kind
        marks = ("',.'", "'.x'") if guess.mark else ("',.'", "'xx'")  # an x cannot be cast, which ends the scan
        expressions.append(
            f"CAST(translate(c{index}, {marks[0]}, {marks[1]}) AS {kind}) AS c{index}" if is_cast else f"c{index}"
        )
    relation = (
        f"(SELECT {batch.file} AS file, {', '.join(expressions)} FROM read_csv($paths, {CUT}, columns = $columns, "  # noqa: S608 - ours
        "nullstr = $na_values, timestampformat = $timestamp, filename = 'source_path'))"
    )
    more = {"columns": columns, "na_values": list(na_values), "timestamp": guess.timestamp}
    return RawTable(relation, batch.layout, guess.types, tuple(batch.texts), batch.path, {**batch.parameters, **more})


def _outcome(
    connection: duckdb.DuckDBPyConnection, batch: TextBatch, guess: _Guess
) -> tuple[dict[int, int], dict[int, Evidence]]:
    """The number of readable records and the evidence, by file."""
    found = connection.execute(
        "SELECT file, count(*) FILTER (WHERE fate <> 'unreadable' AND coalesce(CAST(ts AS DATE) <> $word, true) AND "
        "NOT (fate = 'no_customer' AND ts IS NULL AND amount IS NULL)), count(ts), "
        "count(*) FILTER (WHERE day(ts) <= 12) FROM lines WHERE list_contains($files, file) GROUP BY file",
        {"files": list(batch.texts), "word": SPECIAL_DATE},
    ).fetchall()
    rows = {file: n for file, n, *_ in found}
    evidence = {file: _date_evidence(guess, file, n_dates, n_either) for file, _, n_dates, n_either in found}
    return rows, evidence


def _date_evidence(guess: _Guess, file: int, n_dates: int, n_either: int) -> Evidence:
    """The evidence of a file with `n_dates` dates, `n_either` of which are also valid with day and month swapped."""
    order = guess.schema.formats.order
    read: dict[str, int] = {} if order == "ymd" else {"dmy": n_either, "mdy": n_either}
    return replace(guess.sampled.get(file, Evidence()), n_dates=n_dates, read={**read, order: n_dates})
