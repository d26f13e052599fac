"""Tables of a run on disk: Parquet by DuckDB, and CSV without formulas, which is safe to open in a spreadsheet."""

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

UNSEEN = r"\s\x00-\x1f\u200b-\u200f\u2060\ufeff"  # what a spreadsheet may strip from the beginning of a cell
SIGNS = r"=+\-@＝＋－＠"  # Chinese and Japanese spreadsheets treat the fullwidth signs alike
BEGINNING = re.compile(rf"[{UNSEEN}]*+[{SIGNS}]|[\t\r\n]")
CUT = re.compile(rf"([;|\t\r\n][;|{UNSEEN}]*+)([{SIGNS}])?")
LINE_END = "\r\n"  # RFC 4180; and before 3.13, Python quotes a carriage return only where the line end contains one


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
    """A cached connection that reads and writes Parquet, as connecting takes longer than a table.

    One thread, so that the same table gives the same bytes. Without DuckDB's file cache, which keeps a kilobyte for each
    file ever opened, so that a service would grow for ever.
    """
    return duckdb.connect(config={"threads": 1, "enable_external_file_cache": False})


def write_safe_csv(table: pd.DataFrame, path: Path, *, bom: bool = False) -> None:
    """Write `table` as UTF-8 CSV without formulas (`safe_cell`); with `bom` spreadsheets recognise the encoding."""
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

    An apostrophe is put before what would begin a formula: at the beginning of the text, and after the characters at which
    a spreadsheet may split it into cells.
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
            rows = pd.read_csv(path, dtype={"text": str}, keep_default_na=False, na_values=[""])
            return _without_apostrophes(rows)
        with _database().cursor() as cursor:
            return cursor.execute("SELECT * FROM read_parquet(?)", [str(path)]).df()
    except (OSError, ValueError, duckdb.Error) as error:
        raise _fault(path, error) from None


def _fault(path: Path, error: Exception) -> Exception:
    """The exception for a table that cannot be read; a lack of memory does not mean that the file is damaged."""
    reason = str(error).split("\n", 1)[0]
    if isinstance(error, duckdb.OutOfMemoryException):
        return MemoryError(reason)
    return RunError(f"{path} is missing or damaged ({reason}). Run again, or restore the folder.")


def _without_apostrophes(table: pd.DataFrame) -> pd.DataFrame:
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
