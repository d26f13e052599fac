"""What must hold of a damaged export that was read: nothing is lost, by counts that are independent of the program.

Three checks: the account adds up; its rows are the records that Python's csv module, a scan for quotes,
a JSON or XML parser or the file's own metadata count; and every token of the file is among the lines or the rejected, in
a record of its own.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TypeVar
from xml.etree import ElementTree

import duckdb
from fuzz_corpus import TOKEN, Base

from segmenter.intake.types import Intake

TOKEN_COLUMNS = {"order_id", "description"}
QUOTED = re.compile('"[^"]*"')
Record = TypeVar("Record")
SHEET_ROW = re.compile(rb"<row\b.*?</row>", re.DOTALL)
ROOT = re.compile(rb"<[A-Za-z]")
CUT = "(the reader gives no more than the first 10,000 bytes)"


def faults(base: Base, path: Path, data: bytes, intake: Intake, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What is wrong with the account of `data`, which was read as `intake` into `connection`; empty where nothing is."""
    return [
        *_unbalanced(intake, connection),
        *_miscounted(base, path, data, intake),
        *_lost(base, data, intake, connection),
    ]


def _unbalanced(intake: Intake, connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    account = intake.account
    if account.rows_read != sum(line.rows for line in account.lines):
        yield "the account's rows do not add up"
    if account.amount_read != sum((line.amount for line in account.lines if line.amount is not None), Decimal(0)):
        yield "the account's money does not add up"
    used, n_rejected = connection.execute(
        "SELECT (SELECT count(*) FROM transactions WHERE status IN ('sale', 'return')), (SELECT count(*) FROM rejected)"
    ).fetchall()[0]
    if used != account.rows_used:
        yield f"{used} transactions count, the account says {account.rows_used}"
    if n_rejected != sum(line.rows for line in account.lines if line.reason == "unreadable"):
        yield f"{n_rejected} rows are in rejected, the account says otherwise"


def _miscounted(base: Base, path: Path, data: bytes, intake: Intake) -> Iterator[str]:
    """The records between the header and the end, counted by every rule that may hold; one must agree."""
    rows, dialect = intake.account.rows_read, intake.readings[0].dialect
    if dialect.startswith(("parquet", "duckdb")):
        n = _footer_rows(path) if dialect.startswith("parquet") else base.n_rows
        if n != rows:
            yield f"{rows} rows of {n} that the file announces"
        return
    if dialect.startswith("json"):
        if (n := _objects(data)) is not None and n != rows:
            yield f"{rows} rows of {n} JSON objects"
        return
    if dialect.startswith("XLSX"):
        if rows not in (counts := set(_sheet_rows(path))):
            yield f"{rows} rows; below the possible headers of the sheets stand {sorted(counts)}"
        return
    if not any(_is_rest(records, rows) for records in _readings(as_text(data), dialect)):
        yield f"{rows} rows, but the file holds {[len(each) for each in _readings(as_text(data), dialect)]} records"


def _is_rest(records: list[str], rows: int) -> bool:
    """True where `rows` are the last of the records, and no sale stands above the header."""
    above = records[: len(records) - rows]
    return bool(above) and not any(TOKEN.search(record) for record in above)


def as_text(data: bytes) -> str:
    """The file as text in which at least tokens, quotes and line ends are right."""
    if data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    even, odd = data[:4096:2].count(0), data[1:4096:2].count(0)
    if max(even, odd) > 0.2 * len(data[:4096]):
        return data.decode("utf-16-be" if even > odd else "utf-16-le", "replace")
    return data.decode("latin-1")


def _readings(text: str, dialect: str) -> list[list[str]]:
    """The records of `text`, blank ones left out: quotes by the standard, leniently, and as letters."""
    delimiter = _delimiter(dialect)
    plain = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").removeprefix("ï»¿")
    csv.field_size_limit(1 << 30)
    lenient = [row for row in csv.reader(io.StringIO(plain, newline="\n"), delimiter=delimiter) if row]
    careful = list(_between_quotes(plain))
    return [
        [delimiter.join(row) for row in _without_empty(lenient, lenient)],
        list(_without_empty(careful, [QUOTED.sub("", record).split(delimiter) for record in careful])),
    ]


def _without_empty(records: Sequence[Record], cells: Sequence[list[str]]) -> Iterator[Record]:
    """The records without a spreadsheet's empty lines, whose `cells` are as many as usual and all empty."""
    width = max(Counter(map(len, cells)).items(), key=lambda each: each[1], default=(0, 0))[0]
    return (record for record, row in zip(records, cells, strict=True) if width < 2 or len(row) != width or any(row))


def _delimiter(dialect: str) -> str:
    """The column delimiter, by its name in the account."""
    words = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
    return next((mark for word, mark in words.items() if f"{word}-separated" in dialect), ",")


def _between_quotes(text: str) -> Iterator[str]:
    """Records that end at a line feed behind an even number of quotes."""
    pending = ""
    for line in text.split("\n"):
        pending = f"{pending}\n{line}" if pending else line
        if pending.count('"') % 2 == 0:
            if pending:
                yield pending
            pending = ""
    if pending:
        yield pending


def _objects(data: bytes) -> int | None:
    """The number of JSON objects, None where Python's parser rejects the text."""
    text = data.decode("utf-8-sig", "replace").strip()
    decoder, n = json.JSONDecoder(strict=False), 0
    try:
        if text.startswith("["):
            return len(decoder.decode(text))
        while text:
            _, end = decoder.raw_decode(text)
            text, n = text[end:].lstrip(), n + 1
    except (ValueError, RecursionError):
        return None
    return n


def _footer_rows(path: Path) -> int:
    """Rows by the footer of a Parquet file."""
    with duckdb.connect() as connection:
        return int(connection.execute("SELECT num_rows FROM parquet_file_metadata(?)", [str(path)]).fetchall()[0][0])


def _sheet_rows(path: Path) -> Iterator[int]:
    """For every sheet and every row of its first that may be the header: the filled rows below it, by the XML or its marks."""
    with zipfile.ZipFile(path) as book:
        strings = [_text(item) for item in _elements(book, "xl/sharedStrings.xml", "si")]
        for name in book.namelist():
            if name.startswith("xl/worksheets/"):
                strict = [any(_cell(cell, strings) for cell in row) for row in _elements(book, name, "row")]
                # readers go on after what is no XML
                lenient = [b"<v>" in row for row in SHEET_ROW.findall(book.read(name))]
                for filled in (strict, lenient):
                    yield from (sum(filled[header + 1 :]) for header in range(min(len(filled), 40)))


def _elements(book: zipfile.ZipFile, name: str, tag: str) -> list[ElementTree.Element]:
    """Elements of a member, whatever stands before its root; none where it is missing, the first where it ends too early."""
    parser = ElementTree.XMLPullParser(["end"])
    found = []
    with contextlib.suppress(KeyError, ElementTree.ParseError):
        content = book.read(name)
        parser.feed(content[root.start() if (root := ROOT.search(content)) else 0 :])
    with contextlib.suppress(ElementTree.ParseError):  # raised after the elements before the fault
        found.extend(element for _, element in parser.read_events())
    return [element for element in found if element.tag.endswith(f"}}{tag}")]


def _text(element: ElementTree.Element) -> str:
    return "".join(element.itertext()).strip()


def _cell(cell: ElementTree.Element, strings: list[str]) -> str:
    """What a cell shows."""
    text = _text(cell)
    if cell.get("t") == "s" and text.isdigit():
        return strings[int(text)] if int(text) < len(strings) else ""
    return text


def _lost(base: Base, data: bytes, intake: Intake, connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Tokens of the file that are neither among the lines nor among the rejected, where both their columns are read."""
    columns = set(intake.recognition.columns.values())
    twice = any(name.startswith(tuple(TOKEN_COLUMNS)) for name in intake.recognition.ignored)
    if base.kind not in {"text", "gzip"} or not columns >= TOKEN_COLUMNS or twice:
        return
    there = set(TOKEN.findall(as_text(data)))
    columns_of_text = "SELECT unnest([customer_id, order_id, product, description]) AS text FROM records"
    cells = connection.execute(f"SELECT text FROM ({columns_of_text}) WHERE text IS NOT NULL").fetchall()
    rejected = [text for (text,) in connection.execute("SELECT text FROM rejected").fetchall()]
    found = {token for (text,) in cells for token in _own_tokens(text)}
    found |= {token for text in rejected for token in TOKEN.findall(text)}
    lost = sorted(there - found - _ignored(data, intake))
    cut = sum(text.endswith(CUT) for text in rejected)  # a row that is said to be cut may hide its token
    if len(lost) > cut:
        yield f"{len(lost)} of {len(there)} tokens are nowhere, such as {lost[0]}"


def _ignored(data: bytes, intake: Intake) -> set[str]:
    """Tokens on a line of their own in columns that the account calls ignored."""
    found: set[str] = set()
    places: list[int] = []
    plain = as_text(data).replace("\r\n", "\n").replace("\r", "\n")
    csv.field_size_limit(1 << 30)
    for row in csv.reader(io.StringIO(plain, newline="\n"), delimiter=_delimiter(intake.readings[0].dialect)):
        if set(row) >= TOKEN_COLUMNS:
            places = [place for place, name in enumerate(row) if name.strip() in intake.recognition.ignored]
        cells = [row[place] for place in places if place < len(row) and "\n" not in row[place]]
        found.update(token for cell in cells for token in TOKEN.findall(cell))
    return found


def _own_tokens(text: str) -> Iterator[str]:
    """The tokens of a kept cell: where lines are folded into it, those of its first line and what belongs to it."""
    yield from TOKEN.findall(text.partition("\n")[0])
