"""Torn records: their text and where they begin, by the bytes of the file and not by the reader's word alone."""

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
LONGEST = 10_000  # bytes of a record that the reader gives
SHOWN = LONGEST - 10  # with more, letters of several bytes included, it is one that was cut
CUT = f" (the reader gives no more than the first {LONGEST:,} bytes)"


def reject(connection: duckdb.DuckDBPyConnection, paths: Mapping[int, Path]) -> None:
    """Add the records in ``torn`` of the files at `paths`, by their numbers, to ``rejected``, each with its own text.

    Where line ends stand inside quotes, the reader may give the record before the torn one, and take its rest up in the
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
    """The lines, from 1, on which the bytes `begins` (from 0) of the file at `path` stand."""
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
    """Give the records of one file their text as the file has it, where the reader gave another."""
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
    """Two masks of records whose text the reader got wrong.

    The first: it gave the text of the record before, having stumbled behind its end. The second: the text begins within a
    line.
    """
    begins, ends, first = found["begins"], found["ends"], found["first_fault"]
    last = letters[np.minimum(ends, len(letters) - 1)]
    is_ended = (last == FEED) | (last == RETURN)  # and not cut
    is_other = (begins == ends) | (is_ended & (first > ends + (last == RETURN)))
    return is_other, ~is_other & (begins > 0) & (letters[begins - 1] != FEED)


def _span(data: mmap.mmap, found: Mapping[str, int], is_other: bool) -> tuple[int, int]:
    """Whole lines that hold a record: its first byte, and the one behind its last."""
    if not is_other:
        return data.rfind(b"\n", 0, found["begins"]) + 1, found["ends"]
    begin = found["ends"]
    while begin < found["first_fault"] and data[begin] in (FEED, RETURN):
        begin += 1
    end = data.find(b"\n", found["last_fault"])
    end = len(data) if end < 0 else end
    return begin, end - (data[end - 1] == RETURN)
