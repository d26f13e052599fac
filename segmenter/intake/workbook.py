"""A workbook's sheet of transactions -> UTF-8 CSV, which then goes the way of every text export.

``python -m segmenter.intake.workbook FILE TARGET MEMORY [SHEET]`` converts: a process of its own and of bounded memory, as
the reader aborts its process where a sheet claims cells without end.
"""

from __future__ import annotations

import csv
import os
import re
import resource
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.errors import SourceError
from segmenter.intake.roles import count_roles

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

MOST_COLUMNS = 2000  # of any export: one of kilobytes that unfolds to gigabytes is refused
MOST_BYTES = 1 << 31
LEAST_MEMORY, MOST_MEMORY = 1 << 28, 4 << 30  # bytes of address space that the conversion may take
MEMORY_PER_BYTE = 8  # of the unpacked sheets: a cell of twenty letters is kept twice
REFUSED = 3
ALL = "*"  # the name for all sheets of one header
MOST_EXPANSION = 100  # a sheet compresses ten- to twentyfold
FREE_EXPANSION = 1 << 24
BOOKS = {"[Content_Types].xml", "content.xml"}  # what a workbook of Excel or LibreOffice has
TITLE_ROWS = 30
THREE_DECIMALS = re.compile(r"-?\d{1,3}\.\d{3}")


def sheet_as_csv(path: Path, sheet: str | None, target: Path) -> Path:
    """Write the sheet named `sheet`, else the one that looks most like transactions, from its header on; "*" takes all like that.

    Raises
    ------
    SourceError
        The file is no workbook, unfolds beyond reason, or has no sheet with a header of transactions, or several.
    """
    limit = min(LEAST_MEMORY + MEMORY_PER_BYTE * _unfolded(path), MOST_MEMORY)
    words = [str(path), str(target), str(limit), *([] if sheet is None else [sheet])]
    command = [sys.executable, "-P", "-m", "segmenter.intake.workbook", *words]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode == REFUSED:
        raise SourceError(os.fsdecode(done.stdout))
    if done.returncode < 0:
        raise SourceError(
            f"{path} cannot be unfolded in {limit >> 20:,} MiB of memory; a cell far outside its table does that. Export the "
            "transactions as CSV."
        )
    if done.returncode:
        reason = os.fsdecode(done.stderr).strip().rsplit("\n", 1)[-1][:200]
        raise SourceError(f"{path} is not a workbook that can be read: {reason}. Save it as XLSX or CSV.")
    return target


def main() -> int:
    """Convert the workbook that the arguments name; the reason of a refusal goes to standard output."""
    _, path, target, limit, *sheet = sys.argv
    resource.setrlimit(resource.RLIMIT_AS, (_own_memory() + int(limit),) * 2)
    try:
        _checked(Path(path), sheet[0] if sheet else None, Path(target))
    except SourceError as error:
        sys.stdout.buffer.write(os.fsencode(str(error)))
        return REFUSED
    return 0


def _own_memory() -> int:
    """Bytes of address space that this process has before the conversion begins."""
    status = Path("/proc/self/statm")
    return int(status.read_text(encoding="ascii").split()[0]) * resource.getpagesize() if status.exists() else 1 << 29


def _checked(path: Path, sheet: str | None, target: Path) -> None:
    from python_calamine import CalamineError

    encrypted = RuntimeError
    damage = (CalamineError, OSError, EOFError, encrypted, zipfile.BadZipFile, zlib.error)
    try:
        _refuse_zeros(path)
        _convert(path, sheet, target)
    except damage as error:  # it shows only where a sheet is read
        reason = str(error).replace("\n", " ")[:200]
        raise SourceError(f"{path} is not a workbook that can be read: {reason}. Save it as XLSX or CSV.") from None


def _refuse_zeros(path: Path) -> None:
    """Refuse a workbook whose XML holds zero bytes, behind which the reader leaves rows out without a word."""
    with zipfile.ZipFile(path) as archive:
        for entry in (each for each in archive.infolist() if each.filename.endswith(".xml")):
            with archive.open(entry) as file:
                is_wide = file.read(2) in {b"\xff\xfe", b"\xfe\xff"}  # in UTF-16 every second byte of a letter is zero
                if not is_wide and any(b"\0" in part for part in iter(partial(file.read, 1 << 20), b"")):
                    raise SourceError(
                        f"{path} is damaged: zero bytes stand in its {entry.filename}. Save it as XLSX or CSV again."
                    )


def _convert(path: Path, sheet: str | None, target: Path) -> None:
    from python_calamine import CalamineWorkbook

    workbook = CalamineWorkbook.from_path(str(path))
    names = workbook.sheet_names
    if not names:
        raise SourceError(f"{path} has no sheet. Save it as XLSX or CSV.")
    if sheet not in {None, ALL, *names}:
        raise SourceError(f"{path} has no sheet {sheet!r}; it has {', '.join(names)}. Set source.sheet to one of them.")
    sheets = [workbook.get_sheet_by_name(name) for name in (names if sheet in {None, ALL} else [sheet])]
    best = max(sheets, key=lambda each: _score(_rows(each)))
    if _score(_rows(best)) == (0, 0):
        raise SourceError(f"{path}: no sheet looks like transactions ({', '.join(names)}). Set source.sheet.")
    if best.width > MOST_COLUMNS:
        raise SourceError(
            f"{path}: the sheet {best.name} has {best.width:,} columns; at most {MOST_COLUMNS:,} are read."
        )
    alike = [each for each in sheets if _header(each) == _header(best)]
    if len(alike) > 1 and sheet != ALL:
        raise SourceError(
            f"{path} has several sheets of the same columns ({', '.join(each.name for each in alike)}). Set source.sheet to one "
            f'of them, or to "{ALL}" to read them all.'
        )
    _write(alike, target)


def _header(sheet: CalamineSheet) -> tuple[str, ...]:
    rows = _rows(sheet)
    return tuple(_text(cell) for cell in rows[_header_row(rows)]) if rows else ()


def _unfolded(path: Path) -> int:
    """Bytes that the archive announces; one that unfolds beyond reason is refused before anything is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            unfolded = sum(entry.file_size for entry in archive.infolist())
            is_book = any(name in BOOKS or name.startswith("xl/") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError) as error:
        raise SourceError(f"{path} is not a workbook: {error}. Save it as XLSX or CSV.") from None
    if not is_book:
        raise SourceError(f"{path} is a ZIP archive, not a workbook. Unpack it and name what comes out.")
    if unfolded > MOST_BYTES or (unfolded > FREE_EXPANSION and unfolded > MOST_EXPANSION * path.stat().st_size):
        raise SourceError(f"{path} unfolds to {unfolded:,} bytes; refused. Export the transactions as CSV.")
    return unfolded


def _rows(sheet: CalamineSheet) -> list[list[Any]]:
    """The first rows, as many as a title above a header may take."""
    return [row[:MOST_COLUMNS] for row in sheet.to_python(nrows=TITLE_ROWS)] if sheet.height else []


def _header_row(rows: Sequence[Sequence[Any]]) -> int:
    return max(range(len(rows)), key=lambda index: count_roles([str(cell) for cell in rows[index]]), default=0)


def _score(rows: Sequence[Sequence[Any]]) -> tuple[int, int]:
    """How many roles the best header row fills, and how many rows follow it."""
    if len(rows) < 2:
        return 0, 0
    index = _header_row(rows)
    return count_roles([str(cell) for cell in rows[index]]), len(rows) - index


def _write(sheets: Sequence[CalamineSheet], target: Path) -> None:
    """The rows of sheets of one header from there on, the header once."""
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for place, sheet in enumerate(sheets):
            first = _header_row(_rows(sheet)) + (place > 0)
            for number, row in enumerate(sheet.iter_rows()):
                cells = [_text(cell) for cell in row]
                if number >= first and any(cells):
                    writer.writerow(cells)


def _text(cell: Any) -> str:
    """A cell as plain text: ids without the float's ``.0``, times in ISO."""
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else _plain(repr(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date | time | timedelta):
        return str(cell)
    return str(cell).replace("\r", " ").strip()


def _plain(number: str) -> str:
    """A number as text; three decimals get a fourth, so that no reader takes the point for one between thousands."""
    return f"{number}0" if THREE_DECIMALS.fullmatch(number) else number


if __name__ == "__main__":
    sys.exit(main())
