"""What must hold of a damaged export that was read: nothing lost, by counts that owe nothing to the program.

Three checks from outside: the account adds up; its rows are the records that Python's csv module, a scan for quotes,
a JSON parser or the file's own metadata count; and every token of the file is among the lines or the rejected.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
from fuzz_corpus import TOKEN, Base

from segmenter.intake.types import Intake

TOKEN_COLUMNS = {"order_id", "description"}
CUT = "(the reader gives no more than the first 10,000 bytes)"


def faults(base: Base, path: Path, data: bytes, intake: Intake, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What is wrong with the account of `data`, which was read as `intake` into `connection`; empty where nothing is."""
    return [*_unbalanced(intake, connection), *_miscounted(path, data, intake), *_lost(base, data, intake, connection)]


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


def _miscounted(path: Path, data: bytes, intake: Intake) -> Iterator[str]:
    """The records between the header and the end, counted by every rule that may hold; one must agree."""
    rows, dialect = intake.account.rows_read, intake.readings[0].dialect
    if dialect.startswith(("parquet", "duckdb")):
        return
    if dialect.startswith("json"):
        if (n := _objects(data)) is not None and n != rows:
            yield f"{rows} rows of {n} JSON objects"
        return
    if dialect.startswith("XLSX"):
        if (most := _sheet_rows(path)) < rows:
            yield f"{rows} rows of {most} in the workbook"
        return
    if not any(_is_rest(records, rows) for records in _readings(as_text(data), dialect)):
        yield f"{rows} rows, but the file holds {[len(each) for each in _readings(as_text(data), dialect)]} records"


def _is_rest(records: list[str], rows: int) -> bool:
    """True where `rows` are the last of the records, and no sale stands above the header."""
    above = records[: len(records) - rows]
    return bool(above) and not any(TOKEN.search(record) for record in above)


def as_text(data: bytes) -> str:
    """The file as text in which at least the tokens, quotes and line ends are right."""
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
    words = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
    delimiter = next((mark for word, mark in words.items() if f"{word}-separated" in dialect), ",")
    plain = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").removeprefix("ï»¿")
    csv.field_size_limit(1 << 30)
    lenient = csv.reader(io.StringIO(plain, newline="\n"), delimiter=delimiter)
    return [[delimiter.join(row) for row in lenient if row], list(_between_quotes(plain))]


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
    """JSON objects, None where Python's parser takes the text for no JSON."""
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


def _sheet_rows(path: Path) -> int:
    """Rows of the largest sheet, by the text of its XML."""
    with zipfile.ZipFile(path) as book:
        sheets = [book.read(name) for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
    return max((sheet.count(b"<row") for sheet in sheets), default=0)


def _lost(base: Base, data: bytes, intake: Intake, connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Tokens of the file that are neither among the lines nor among the rejected, where both their columns are kept."""
    columns = set(intake.recognition.columns.values())
    twice = any(name.startswith(tuple(TOKEN_COLUMNS)) for name in intake.recognition.ignored)
    if base.kind not in {"text", "gzip"} or not columns >= TOKEN_COLUMNS or twice:
        return
    there = set(TOKEN.findall(as_text(data)))
    lines = "concat_ws(' ', customer_id, order_id, product, description)"
    kept = connection.execute(f"SELECT {lines} FROM records UNION ALL SELECT text FROM rejected").fetchall()
    lost = sorted(there - {token for (text,) in kept for token in TOKEN.findall(text)})
    cut = sum(text.endswith(CUT) for (text,) in kept)  # a row that is said to be cut may hide its token
    if len(lost) > cut:
        yield f"{len(lost)} of {len(there)} tokens are nowhere, such as {lost[0]}"
