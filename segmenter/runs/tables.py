"""Tables of a run on disk: Parquet by DuckDB, and CSV that a spreadsheet can open without running anything."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd

from segmenter.atomic import atomic_write
from segmenter.errors import RunError
from segmenter.runs.seal import check

UNSEEN = r"\s\x00-\x1f\u200b-\u200f\u2060\ufeff"  # what a spreadsheet may drop before it looks
SIGNS = r"=+\-@＝＋－＠"  # the wide ones are the same signs to a spreadsheet in Chinese or Japanese
BEGINNING = re.compile(rf"[{UNSEEN}]*+[{SIGNS}]|[\t\r\n]")
CUT = re.compile(rf"([;|\t\r\n][;|{UNSEEN}]*+)([{SIGNS}])?")

LINE_END = "\r\n"  # RFC 4180's; and Python before 3.13 quotes a carriage return only where it is part of the line's end


def write_parquet(table: pd.DataFrame, path: Path, order_by: str | None = None) -> None:
    """Write `table` sorted by a column, or as it stands; the same table gives the same bytes."""
    target = str(path).replace("'", "''")
    with _database().cursor() as cursor:
        cursor.register("given", table)
        order = f'ORDER BY "{order_by}"' if order_by else ""
        rows = f"SELECT * FROM given {order}"  # noqa: S608 - a column of ours
        cursor.execute(f"COPY ({rows}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """What reads and writes Parquet: made once, as that takes longer than a table; one thread, so that bytes repeat.

    Without DuckDB's cache of files, which keeps a kilobyte for each file ever opened: a service opens new ones for ever.
    """
    return duckdb.connect(config={"threads": 1, "enable_external_file_cache": False})


def write_safe_csv(table: pd.DataFrame, path: Path, *, bom: bool = False) -> None:
    """Write `table` as UTF-8 CSV in which no text is a formula (`safe_cell`); by a byte order mark spreadsheets know the encoding."""
    with (
        atomic_write(path) as temporary,
        temporary.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator=LINE_END)
        writer.writerow(map(safe_cell, table.columns))
        for row in table.itertuples(index=False):
            writer.writerow([safe_cell(value) for value in row])


def safe_cell(value: object) -> object:
    """`value` for a CSV cell: numbers as they are, missing values empty, text never a formula (OWASP, CSV injection).

    An apostrophe stands before what would begin a formula: at the beginning of the text, and behind the marks at
    which a spreadsheet may cut it into cells.
    """
    if isinstance(value, str):
        text = CUT.sub(lambda cut: f"{cut[1]}'{cut[2]}" if cut[2] else cut[1], value)
        return f"'{text}" if BEGINNING.match(value) else text
    return "" if value is None or value is pd.NA or value != value else value  # noqa: PLR0124 - NaN differs from itself


def read_table(path: Path) -> pd.DataFrame:
    """A table of a run.

    Raises
    ------
    RunError
        The file is missing or damaged.
    """
    check(path)
    try:
        if path.suffix == ".csv":
            rows = pd.read_csv(
                path, dtype={"text": str}, keep_default_na=False, na_values=[""]
            )  # though a number's look
            return _as_it_was(rows)
        with _database().cursor() as cursor:
            return cursor.execute("SELECT * FROM read_parquet(?)", [str(path)]).df()
    except (OSError, ValueError, duckdb.Error) as error:
        raise _fault(path, error) from None


def _fault(path: Path, error: Exception) -> Exception:
    """What to raise where a table cannot be read; for want of memory it is not the file that is to be restored."""
    reason = str(error).split("\n", 1)[0]
    if isinstance(error, duckdb.OutOfMemoryException):
        return MemoryError(reason)
    return RunError(f"{path} is missing or damaged ({reason}). Run again, or restore the folder.")


def _as_it_was(table: pd.DataFrame) -> pd.DataFrame:
    """`table` without the apostrophes that `safe_cell` put before texts."""
    texts: list[str] = [*table.select_dtypes("string").columns]
    return table.assign(**{name: table[name].str.replace(rf"^'(?=[{SIGNS}\t\r\n])", "", regex=True) for name in texts})


def read_column(path: Path, name: str) -> pd.Series:
    """One column of a Parquet table of a run.

    Raises
    ------
    RunError
        The file is missing or damaged, or has no such column.
    """
    check(path)
    column = '"' + name.replace('"', '""') + '"'
    try:
        with _database().cursor() as cursor:
            return cursor.execute(f"SELECT {column} FROM read_parquet(?)", [str(path)]).df()[name]  # noqa: S608
    except duckdb.Error as error:
        raise _fault(path, error) from None
