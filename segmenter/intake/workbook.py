"""Converts a workbook's sheet of transactions to UTF-8 CSV, which is then read like any text export.

The conversion is a process of its own with bounded memory, ``python -m segmenter.intake.workbook FILE TARGET MEMORY [SHEET]``,
because the library aborts the process on a sheet that claims to have endless cells.
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

MOST_COLUMNS = 2000  # of any export, so that a small file cannot expand to gigabytes
MOST_BYTES = 1 << 31
LEAST_MEMORY, MOST_MEMORY = 1 << 28, 4 << 30  # bytes of address space that the conversion may take
MEMORY_PER_BYTE = 8  # of the unpacked sheets: a cell of twenty letters is kept twice
REFUSED = 3
ALL = "*"  # selects all sheets with the same header
MOST_EXPANSION = 100  # a sheet compresses ten- to twentyfold
FREE_EXPANSION = 1 << 24
WORKBOOK_FILES = {"[Content_Types].xml", "content.xml"}  # files in workbooks of Excel and LibreOffice
TITLE_ROWS = 30
THREE_DECIMALS = re.compile(r"-?\d{1,3}\.\d{3}")


def sheet_as_csv(path: Path, sheet: str | None, target: Path) -> Path:
    """Write the `sheet`, from its header on, as CSV to `target`, and return that path.

    None stands for the sheet that looks most like transactions, "*" for all sheets with the same header as that one.

    Raises
    ------
    SourceError
        The file is no workbook, expands beyond reason, or has no sheet of transactions, or several of the same columns.
    """
    limit = min(LEAST_MEMORY + MEMORY_PER_BYTE * _unpacked_size(path), MOST_MEMORY)
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
    """Convert the workbook named by the command line; the reason for a refusal is written to standard output."""
    _, path, target, limit, *sheet = sys.argv
    resource.setrlimit(resource.RLIMIT_AS, (_own_memory() + int(limit),) * 2)
    try:
        _checked(Path(path), sheet[0] if sheet else None, Path(target))
    except SourceError as error:
        sys.stdout.buffer.write(os.fsencode(str(error)))
        return REFUSED
    return 0


def _own_memory() -> int:
    """Bytes of address space in use before the conversion begins."""
    status = Path("/proc/self/statm")
    return int(status.read_text(encoding="ascii").split()[0]) * resource.getpagesize() if status.exists() else 1 << 29


def _checked(path: Path, sheet: str | None, target: Path) -> None:
    from python_calamine import CalamineError

    encrypted = RuntimeError
    damage = (CalamineError, OSError, EOFError, encrypted, zipfile.BadZipFile, zlib.error)
    try:
        _refuse_zeros(path)
        _convert(path, sheet, target)
    except damage as error:  # noticed only when a sheet is read
        reason = str(error).replace("\n", " ")[:200]
        raise SourceError(f"{path} is not a workbook that can be read: {reason}. Save it as XLSX or CSV.") from None


def _refuse_zeros(path: Path) -> None:
    """Refuse a workbook with zero bytes in its XML, after which the library silently skips rows."""
    with zipfile.ZipFile(path) as archive:
        for entry in (each for each in archive.infolist() if each.filename.endswith(".xml")):
            with archive.open(entry) as file:
                is_wide = file.read(2) in {b"\xff\xfe", b"\xfe\xff"}  # UTF-16 has zero bytes
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


def _unpacked_size(path: Path) -> int:
    """The unpacked size that the archive declares; one beyond reason is refused before anything is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            unfolded = sum(entry.file_size for entry in archive.infolist())
            is_book = any(name in WORKBOOK_FILES or name.startswith("xl/") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError) as error:
        raise SourceError(f"{path} is not a workbook: {error}. Save it as XLSX or CSV.") from None
    if not is_book:
        raise SourceError(f"{path} is a ZIP archive, not a workbook. Unpack it and name what comes out.")
    if unfolded > MOST_BYTES or (unfolded > FREE_EXPANSION and unfolded > MOST_EXPANSION * path.stat().st_size):
        raise SourceError(f"{path} unfolds to {unfolded:,} bytes; refused. Export the transactions as CSV.")
    return unfolded


def _rows(sheet: CalamineSheet) -> list[list[Any]]:
    """The first rows, among which the header is."""
    return [row[:MOST_COLUMNS] for row in sheet.to_python(nrows=TITLE_ROWS)] if sheet.height else []


def _header_row(rows: Sequence[Sequence[Any]]) -> int:
    return max(range(len(rows)), key=lambda index: count_roles([str(cell) for cell in rows[index]]), default=0)


def _score(rows: Sequence[Sequence[Any]]) -> tuple[int, int]:
    """How much a sheet looks like transactions: the number of roles that its header names, and of the rows from there on."""
    if len(rows) < 2:
        return 0, 0
    index = _header_row(rows)
    return count_roles([str(cell) for cell in rows[index]]), len(rows) - index


def _write(sheets: Sequence[CalamineSheet], target: Path) -> None:
    """Write the rows of sheets with the same header, which is written once."""
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for place, sheet in enumerate(sheets):
            first = _header_row(_rows(sheet)) + (place > 0)
            for number, row in enumerate(sheet.iter_rows()):
                cells = [_text(cell) for cell in row]
                if number >= first and any(cells):
                    writer.writerow(cells)


def _text(cell: Any) -> str:
    """A cell as plain text: whole numbers without ``.0``, times in ISO 8601."""
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
    """A number as text; three decimals get a fourth, so that the point is not taken for a thousands separator."""
    return f"{number}0" if THREE_DECIMALS.fullmatch(number) else number


if __name__ == "__main__":
    sys.exit(main())
