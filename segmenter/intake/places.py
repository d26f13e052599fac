"""Where the records of a text stand: the line that a person finds in an editor."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import cast

import duckdb
import numpy as np
from numpy.typing import NDArray

from segmenter.intake.dialect import LONGEST_FIELD, Dialect
from segmenter.intake.tally import Tally

Numbers = NDArray[np.int64]


def place(connection: duckdb.DuckDBPyConnection, number: int, path: Path, tally: Tally, dialect: Dialect) -> None:
    """Put true lines into ``rejected`` for file `number`.

    A torn record has the ``line`` that the reader gave it, which counts records; a whole one that cannot be understood
    has its number among the file's whole ones (``record``). Where every line is a record, that settles it; only a file
    with blank lines or line ends inside fields is walked through.
    """
    asked = connection.execute(
        "SELECT rowid AS at, coalesce(record, 0) AS record, coalesce(line, 0) AS line FROM rejected "
        "WHERE file = ? ORDER BY rowid",
        [number],
    )
    found = cast(dict[str, Numbers], asked.fetchnumpy())
    is_torn = found["record"] == 0
    torn, whole = np.unique(found["line"][is_torn] - dialect.skip), found["record"][~is_torn]
    lines = found["line"].copy()
    if tally.n_records == tally.n_lines:
        lines[~is_torn] = dialect.skip + _among_all(whole, torn)
    elif len(lines):
        walked = _walk(path, dialect, set(torn.tolist()), set(whole.tolist()))
        lines[is_torn] = [
            walked.get((0, at), at + dialect.skip) for at in (found["line"][is_torn] - dialect.skip).tolist()
        ]
        lines[~is_torn] = [walked.get((at, 0), at + dialect.skip) for at in whole.tolist()]
    connection.register("places", {"at": found["at"], "line": lines})
    connection.execute("UPDATE rejected SET line = places.line FROM places WHERE rejected.rowid = places.at")
    connection.unregister("places")


def _among_all(whole: Numbers, torn: Numbers) -> Numbers:
    """Numbers among all records of records known by their numbers among the `whole` ones; `torn` are those between."""
    return whole + np.searchsorted(torn - np.arange(1, len(torn) + 1), whole, side="left")


def _walk(path: Path, dialect: Dialect, torn: set[int], whole: set[int]) -> dict[tuple[int, int], int]:
    """First lines of records: under (n, 0) of the n-th whole one, under (0, n) of the n-th of all if it is torn."""
    csv.field_size_limit(LONGEST_FIELD)
    found: dict[tuple[int, int], int] = {}
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        for _ in range(dialect.skip):
            file.readline()
        reader, start, n_whole = csv.reader(file, delimiter=dialect.delimiter), 1, 0
        try:
            for record, row in enumerate(reader, 1):
                is_whole = bool(row) and record not in torn
                n_whole += is_whole
                if record in torn:
                    found[0, record] = dialect.skip + start
                elif is_whole and n_whole in whole:
                    found[n_whole, 0] = dialect.skip + start
                start = reader.line_num + 1
        except csv.Error:
            return {}
    return found
