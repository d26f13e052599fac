"""The fast way for texts that are plainly written: DuckDB's reader types the cells itself while it cuts them.

Most exports are plain: all dates in one format, all numbers without frills, no torn record, no line end inside a field,
no blank line, and no line that leaves blank what another line of its order says. The first records suggest whether a text
is plain, and the scan proves it: it stops at the first record that is not, and what it cannot see is checked afterwards.
A text that is not plain is read the slow way (`segmenter.intake.parse`), to the same result.
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
SPECIAL_DATE = "1900-01-01"  # what the reader makes of the dates 'infinity' and 'epoch'


@dataclass(frozen=True)
class _Guess:
    """How the reader would type a batch: types of the columns, the one format of the dates, and the decimal mark.

    `mark` is empty where no number has decimals. `nothing` are the words for nothing among the first records. `sampled`
    is the evidence of the first records by file, so that what is known of a file does not depend on those it was read
    beside.
    """

    types: tuple[str, ...]
    schema: Schema
    timestamp: str
    mark: str
    nothing: tuple[str, ...]
    sampled: dict[int, Evidence]


def parse_fast(
    context: Context, batch: TextBatch, roles: Roles, known: Sequence[Evidence]
) -> dict[int, Evidence] | None:
    """Append the records of `batch` to ``lines`` in one scan; returns the evidence of its files, None where it is not plain.

    `known` is the evidence of files of the same layout from the cache.
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
    """Whether the scan went to its end: with the words for nothing that the sample holds, or else with all of them.

    The reader holds every cell against each of the words, so that few are faster.
    """
    for nothing in dict.fromkeys((guess.nothing, NA_VALUES)):
        try:
            context.connection.execute(*lines.insertion(_table(batch, guess, nothing), guess.schema, context.rules))
        except NOT_PLAIN:
            continue
        return True
    return False


def _guess(context: Context, batch: TextBatch, roles: Roles, known: Sequence[Evidence]) -> _Guess | None:
    """A guess from the first records; None where they, or the bytes, are not plain."""
    if any(text.tally.has_nul or text.tally.n_folded or not text.tally.is_utf8 for text in batch.texts.values()):
        return None
    connection, source = context.connection, context.source
    sample = _sample(connection, batch)
    time, numbers = roles.index["time"], number_columns(roles)
    if any([*roles.index.values()].count(index) > 1 for index in (time, *numbers)):
        return None  # what the other role asks for is the text
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
    nothing = tuple(word for word in NA_VALUES if not word or word in cells)
    return _Guess(types, Schema(roles, formats), timestamp, mark, nothing, sampled)


def _sample(connection: duckdb.DuckDBPyConnection, batch: TextBatch) -> list[tuple[int, Row]]:
    """The first records, each with the number of its file."""
    rows = ((number, row) for number in batch.texts for row in batch.head(connection, number, N_ROWS))
    return list(islice(rows, N_ROWS))


def _sample_table(
    connection: duckdb.DuckDBPyConnection, batch: TextBatch, sample: Sequence[tuple[int, Row]], columns: Sequence[int]
) -> RawTable:
    """The columns of the sample that hold dates and numbers, as a raw table."""
    wanted = sorted(set(columns))
    listed = ", ".join(f"unnest(CAST($c{index} AS VARCHAR[])) AS c{index}" for index in wanted)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE sample AS SELECT unnest(CAST($files AS INTEGER[])) AS file, {listed}",
        {"files": [file for file, _ in sample], **{f"c{index}": [row[index] for _, row in sample] for index in wanted}},
    )
    types = (TEXT,) * len(batch.dialect.header)
    return RawTable("sample", batch.layout, types, tuple(batch.texts), batch.path)


def _timestamp(connection: duckdb.DuckDBPyConnection, time: int, formats: Formats, evidence: Evidence) -> str | None:
    """The first format that reads a date of the sample, if it reads all and no other order reads as many.

    Only years of four digits and months in digits are plain: how many of the other dates another order could read is then
    known from the dates themselves.
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
    asked = f"SELECT count(try_strptime({date}, $shape)) FROM sample"  # noqa: S608 - our names
    return shape if connection.execute(asked, {"shape": shape}).fetchall()[0][0] == evidence.n_dates else None


def _decimal_mark(evidence: Evidence, formats: Formats, *, is_given: bool) -> str | None:
    """The decimal mark, empty where the sample has no decimals; None where the sample does not decide between the marks."""
    if is_given or evidence.points != evidence.commas:
        return formats.decimal
    return None if evidence.differing else ""


def _type(index: int, roles: Roles) -> str:
    """What the reader makes of a column: typed by its role, or text."""
    role = next((role for role, at in roles.index.items() if at == index), None)
    if role == "time":
        return "TIMESTAMP"
    return f"DECIMAL(18,{SCALES[role]})" if role in SCALES else TEXT


def _table(batch: TextBatch, guess: _Guess, nothing: Iterable[str]) -> RawTable:
    """The scan that types the batch by the guess; cells that hold a word of `nothing` are empty."""
    columns, shown = {}, []
    for index, kind in enumerate(guess.types):
        is_cast = kind.startswith("DECIMAL") and guess.mark != "."
        columns[f"c{index}"] = TEXT if is_cast else kind
        marks = ("',.'", "'.x'") if guess.mark else ("',.'", "'xx'")  # what cannot be cast then stops the scan
        shown.append(
            f"CAST(translate(c{index}, {marks[0]}, {marks[1]}) AS {kind}) AS c{index}" if is_cast else f"c{index}"
        )
    relation = (
        f"(SELECT {batch.file} AS file, {', '.join(shown)} FROM read_csv($paths, {CUT}, columns = $columns, "  # noqa: S608 - ours
        "nullstr = $nothing, timestampformat = $timestamp, filename = 'source_path'))"
    )
    more = {"columns": columns, "nothing": list(nothing), "timestamp": guess.timestamp}
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
    """The evidence of a file with so many dates, some of which could also be read with day and month exchanged."""
    order = guess.schema.formats.order
    read: dict[str, int] = {} if order == "ymd" else {"dmy": n_either, "mdy": n_either}
    return replace(guess.sampled.get(file, Evidence()), n_dates=n_dates, read={**read, order: n_dates})
