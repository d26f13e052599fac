"""Torn records, which do not fit the header: corrects their text and position, in which DuckDB's reader may be wrong."""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import duckdb
import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Found = dict[str, Numbers]
FEED, RETURN = 10, 13
CHUNK = 1 << 22
LONGEST = 10_000  # bytes of a record that the reader returns
SHOWN = LONGEST - 10  # longer ones are truncated; a multi-byte letter may have been cut off
CUT = f" (the reader gives no more than the first {LONGEST:,} bytes)"


def reject(connection: duckdb.DuckDBPyConnection, paths: Mapping[int, Path]) -> None:
    """Add the records in ``torn`` of the files at `paths`, by file number, to ``rejected`` with their true text.

    Where fields hold line ends, the reader may return the text of the record before the torn one, and may continue in the
    middle of a line.
    """
    for number, path in paths.items():
        _mend(connection, number, path)
    connection.execute(
        'INSERT INTO rejected BY NAME SELECT file, line, "column", reason, begins, '
        "text || CASE WHEN strlen(text) > $shown THEN $cut ELSE '' END AS text FROM torn",
        {"shown": SHOWN, "cut": CUT},
    )


def lines_of(path: Path, begins: Numbers) -> Numbers:
    """The line numbers, from 1, of the byte positions `begins`, from 0, in the file at `path`."""
    order = np.argsort(begins)
    wanted, found = begins[order], np.empty(len(begins), dtype=np.int64)
    line, start, done = 1, 0, 0
    with path.open("rb") as file:
        while done < len(wanted) and (chunk := file.read(CHUNK)):
            feeds = start + np.flatnonzero(np.frombuffer(chunk, dtype=np.uint8) == FEED)
            start += len(chunk)
            until = int(np.searchsorted(wanted, start))
            found[order[done:until]] = line + np.searchsorted(feeds, wanted[done:until])
            line, done = line + len(feeds), until
    found[order[done:]] = line
    return found


def _mend(connection: duckdb.DuckDBPyConnection, number: int, path: Path) -> None:
    """Replace wrong texts of one file's torn records by those in the file."""
    found = cast(
        Found,
        connection.execute(
            "SELECT rowid AS at, begins, begins + strlen(text) AS ends, first_fault, last_fault FROM torn WHERE file = ?",
            [number],
        ).fetchnumpy(),
    )
    if not len(found["at"]):
        return
    is_other, is_rest = _doubtful(np.memmap(path, dtype=np.uint8, mode="r"), found)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        rows = np.flatnonzero(is_other | is_rest)
        spans = [_span(data, {name: int(found[name][row]) for name in found}, bool(is_other[row])) for row in rows]
        texts = [data[begin : min(end, begin + LONGEST)].decode("utf-8", "replace") for begin, end in spans]
    begins = np.array([begin for begin, _ in spans], dtype=np.int64)
    connection.register("mended", {"at": found["at"][rows], "begins": begins, "text": np.array(texts, dtype=object)})
    connection.execute("UPDATE torn SET begins = m.begins, text = m.text FROM mended AS m WHERE torn.rowid = m.at")
    connection.unregister("mended")


def _doubtful(letters: NDArray[np.uint8], found: Found) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Two masks of records with wrong text: it is that of the record before the fault, or it begins in the middle of a line."""
    begins, ends, first = found["begins"], found["ends"], found["first_fault"]
    last = letters[np.minimum(ends, len(letters) - 1)]
    is_ended = (last == FEED) | (last == RETURN)  # not truncated
    is_other = (begins == ends) | (is_ended & (first > ends + (last == RETURN)))
    return is_other, ~is_other & (begins > 0) & (letters[begins - 1] != FEED)


def _span(data: mmap.mmap, found: Mapping[str, int], is_other: bool) -> tuple[int, int]:
    """The byte range of the whole lines that contain a record."""
    if not is_other:
        return data.rfind(b"\n", 0, found["begins"]) + 1, found["ends"]
    begin = found["ends"]
    while begin < found["first_fault"] and data[begin] in (FEED, RETURN):
        begin += 1
    end = data.find(b"\n", found["last_fault"])
    end = len(data) if end < 0 else end
    return begin, end - (data[end - 1] == RETURN)
