"""Detects the delimiter and the header line of UTF-8 text from its first lines."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segmenter.errors import SourceError
from segmenter.intake.roles import count_roles

DELIMITERS = (",", ";", "\t", "|")
WORDS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
PROBE = 1 << 15
MIN_LINES = 20  # to detect a dialect from
CHUNK = 1 << 24
LONGEST_FIELD = 1 << 24
MOST_COPIED = 1 << 27  # bytes; DuckDB copies up to ten thousand of a line for each of its surplus columns
Records = list[tuple[int, list[str]]]  # the line that a record ends at, and its cells
NUMBER = re.compile(r"^(?=\D*\d)[-+]?[\d.,'\s]+$")  # takes linear time


@dataclass(frozen=True)
class Dialect:
    """How a text is split into fields; the first record follows `skip` lines, the last of which is the header."""

    delimiter: str
    header: tuple[str, ...]
    skip: int

    @property
    def in_words(self) -> str:
        """Delimiter and number of columns, for the account."""
        return f"{WORDS.get(self.delimiter, self.delimiter)}-separated, {len(self.header)} columns"


def probe(path: Path, name: str, delimiter: str | None) -> Dialect:
    """The dialect that splits the first lines of the UTF-8 text at `path` most evenly; `name` is for messages.

    Raises
    ------
    SourceError
        No delimiter gives a table, there is no header, or the header's quotes are not closed.
    """
    text = _head(path)
    tried = {mark: _records(text, mark) for mark in ([delimiter] if delimiter else DELIMITERS)}
    mark = max(tried, key=lambda each: _evenness(tried[each]))
    records = tried[mark]
    if _evenness(records)[0] == 0:
        raise SourceError(
            f"{name} is not a table: no delimiter gives columns. Set source.delimiter, or export it again."
        )
    records, width = _with_last_names(records), _width(records)
    _check_marks(records, text, mark, name)
    return _dialect(mark, _header_index(records, width, name), records, name)


def check_widths(path: Path, dialect: Dialect, name: str) -> None:
    """Refuse a text with so many lines wider than its header that DuckDB's copies of them would fill the memory.

    Raises
    ------
    SourceError
        There are too many; `name` is for the message.
    """
    if all(_copied(path, dialect, quotes) > MOST_COPIED for quotes in (False, True)):
        raise SourceError(
            f"{name}: too many lines have more columns than the header's {len(dialect.header)}. Export it again."
        )


def _copied(path: Path, dialect: Dialect, quotes: bool) -> int:
    """Bytes that DuckDB copies of lines with more columns than the header, with `quotes` respected or not."""
    mark, total, inside = dialect.delimiter.encode(), 0, 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            data = np.frombuffer(chunk, dtype=np.uint8)
            marks, feeds = data == mark[0], data == 10
            if quotes:
                parity = (np.cumsum(data == ord('"')) + inside) & 1
                marks, feeds, inside = marks & (parity == 0), feeds & (parity == 0), int(parity[-1])
            ends = np.append(np.flatnonzero(feeds), len(data))
            surplus = np.diff(np.searchsorted(np.flatnonzero(marks), ends), prepend=0) - (len(dialect.header) - 1)
            total += int((surplus.clip(0) * np.diff(ends, prepend=-1).clip(max=10_000)).sum())
    return total


def _head(path: Path) -> str:
    """The first lines: as many as fit into the probe, but at least a few."""
    with path.open("rb") as file:
        raw = file.read(PROBE)
        while raw.count(b"\n") < MIN_LINES and len(raw) < LONGEST_FIELD and (more := file.read(PROBE)):
            raw += more
        complete = not file.read(1)
    text = raw.decode("utf-8", errors="ignore")
    return text if complete else text[: text.rfind("\n") + 1] or text


def _records(text: str, delimiter: str) -> Records:
    """The records of `text`, each with the number of its last line; none where it cannot be parsed."""
    csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    try:
        return [(reader.line_num, row) for row in reader if row]
    except csv.Error:
        return []


def _width(records: Records) -> int:
    counts = Counter(len(row) for _, row in records)
    return max(counts, key=lambda width: (counts[width] * (width > 1), width))


def _evenness(records: Records) -> tuple[float, int]:
    """The share of records with the most common number of columns, and that number; 0 where there is only one column."""
    if not records or (width := _width(records)) < 2:
        return 0.0, 0
    return round(sum(len(row) == width for _, row in records) / len(records), 2), width


def _with_last_names(records: Records) -> Records:
    """The records, with an unnamed column added to the header where every other record ends in a surplus delimiter."""
    width = _width(records)
    if records and len(records[0][1]) == width - 1 and _is_header(records[0][1]):
        rows = [row for _, row in records[1:] if len(row) == width]
        if rows and not any(row[-1].strip() for row in rows):
            line, header = records[0]
            return [(line, [*header, ""]), *records[1:]]
    return records


def _check_marks(records: Records, text: str, mark: str, name: str) -> None:
    """Refuse a text with single quotes, escaped quotes, or another delimiter in its header.

    Raises
    ------
    SourceError
        It has one of these.
    """
    line, first = records[0]
    if all(map(_is_in_single_quotes, first)) or any(map(_are_in_single_quotes, _columns(records))):
        raise SourceError(f"{name}: its fields stand between single quotes. Export it with double quotes or none.")
    escaped = text.count('\\"')
    if escaped > text.count('""') and any(len(row) != len(first) for _, row in records):
        raise SourceError(f'{name}: quotes inside its fields are written as \\". Export it with doubled quotes.')
    others = [other for other in DELIMITERS if other != mark and len(first[0].split(other)) > 2]
    if len(first) == 1 and others and _is_header(first[0].split(others[0])):
        raise SourceError(
            f"{name}: the header on line {line} is cut by {WORDS[others[0]]}s, the rows by {WORDS.get(mark, mark)}s. Export "
            "it again with one delimiter."
        )


def _is_in_single_quotes(cell: str) -> bool:
    return len(cell) > 1 and cell[0] == cell[-1] == "'"


def _columns(records: Records) -> Iterator[tuple[str, ...]]:
    """The columns of the records of the most common width, without the first record."""
    width = _width(records)
    return zip(*(row for _, row in records[1:] if len(row) == width), strict=True)


def _are_in_single_quotes(column: Sequence[str]) -> bool:
    """Whether all non-empty cells of a column, and several, stand between single quotes."""
    cells = [cell for cell in column if cell]
    return len(cells) > 1 and all(map(_is_in_single_quotes, cells))


def _header_index(records: Records, width: int, name: str) -> int:
    """The index of the header: of the candidates before the first row of values, the one that names most roles.

    Raises
    ------
    SourceError
        There is no candidate.
    """
    likely = []
    for index, (_, row) in enumerate(records):
        if len(row) == width and _is_header(row):
            likely.append(index)
        elif len(row) == width and (likely or not _is_title(row)):
            break
    if likely:
        return max(likely, key=lambda index: count_roles(records[index][1]))
    line, first = records[0]
    if _is_header(first) and len(first) != width:
        raise SourceError(
            f"{name}: the header on line {line} names {len(first)} columns, the rows behind it have {width}. Export it again."
        )
    raise SourceError(
        f"{name} has no header: its first full line is {' '.join(first)[:60]!r}. Add a line that names the columns."
    )


def _is_title(row: list[str]) -> bool:
    """Whether a line looks like a title above the header: most of its cells are empty.

    Half of them are enough where the others are words, such as headings over pairs of columns.
    """
    named = [cell for cell in row if cell.strip()]
    return len(named) * 2 < len(row) or (len(named) * 2 == len(row) and not any(NUMBER.match(cell) for cell in named))


def _is_header(row: list[str]) -> bool:
    cells = [cell.strip() for cell in row]
    named = [cell for cell in cells if cell]
    while cells and not cells[-1]:
        cells.pop()
    return len(named) >= max(2, len(cells) - 1) and not any(NUMBER.match(cell) for cell in named)


def _dialect(mark: str, index: int, records: Records, name: str) -> Dialect:
    line, row = records[index]
    if any("\n" in cell for cell in row):
        raise SourceError(
            f"{name}: the header's quotes are not closed on line {line}. Correct the header and run again."
        )
    if len(records) == index + 1:
        raise SourceError(f"{name} has a header but no rows. Export it again, or leave it out.")
    return Dialect(mark, unique([cell.strip() for cell in row]), line)


def unique(names: list[str]) -> tuple[str, ...]:
    """`names` with empty ones filled in and repeated ones numbered."""
    seen: Counter[str] = Counter()
    result = []
    for number, name in enumerate(names, 1):
        plain = name or f"column {number}"
        seen[plain] += 1
        result.append(plain if seen[plain] == 1 else f"{plain} ({seen[plain]})")
    return tuple(result)


def n_skipped(path: Path, skip: int) -> int:
    """The number of non-blank lines among the first `skip` of the text at `path`."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return sum(1 for _, line in zip(range(skip), file, strict=False) if line.strip("\r\n"))
