"""The line numbers of a text's rejected records, as an editor shows them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import cast

import duckdb
import numpy as np

from segmenter.intake.dialect import LONGEST_FIELD, Dialect
from segmenter.intake.tally import Tally
from segmenter.intake.torn import Numbers, lines_of


def locate(connection: duckdb.DuckDBPyConnection, number: int, path: Path, tally: Tally, dialect: Dialect) -> None:
    """Set the line numbers of file `number` in ``rejected``.

    The line of a torn record is that of its first byte. A whole record is known by its number among the file's whole records
    (``record``), from which its line follows where every line is a record. A file with blank lines or line ends inside
    fields is parsed again.
    """
    result = connection.execute(
        "SELECT rowid AS at, coalesce(record, 0) AS record, coalesce(begins, 0) AS begins FROM rejected "
        "WHERE file = ? ORDER BY rowid",
        [number],
    )
    found = cast(dict[str, Numbers], result.fetchnumpy())
    is_torn = found["record"] == 0
    lines, whole = np.empty(len(is_torn), dtype=np.int64), found["record"][~is_torn]
    lines[is_torn] = lines_of(path, found["begins"][is_torn])
    torn = np.unique(lines[is_torn])
    if tally.n_records == tally.n_lines:
        lines[~is_torn] = dialect.skip + _among_all(whole, torn - dialect.skip)
    elif len(whole):
        walked = _walk(path, dialect, set(torn.tolist()), set(whole.tolist()))
        lines[~is_torn] = [walked.get(record, record + dialect.skip) for record in whole.tolist()]
    connection.register("located", {"at": found["at"], "line": lines})
    connection.execute("UPDATE rejected SET line = located.line FROM located WHERE rejected.rowid = located.at")
    connection.unregister("located")


def _among_all(whole: Numbers, torn: Numbers) -> Numbers:
    """The numbers of `whole` records among all records, given the numbers `torn` of the others."""
    return whole + np.searchsorted(torn - np.arange(1, len(torn) + 1), whole, side="left")


def _walk(path: Path, dialect: Dialect, torn: set[int], whole: set[int]) -> dict[int, int]:
    """The first line of each record in `whole`, by record number; records with a line in `torn` are not counted."""
    csv.field_size_limit(LONGEST_FIELD)
    found: dict[int, int] = {}
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        for _ in range(dialect.skip):
            file.readline()
        reader, start, n_whole = csv.reader(file, delimiter=dialect.delimiter), dialect.skip + 1, 0
        try:
            for row in reader:
                end = dialect.skip + reader.line_num
                n_whole += bool(row) and torn.isdisjoint(range(start, end + 1))
                if n_whole in whole:
                    found.setdefault(n_whole, start)
                start = end + 1
        except csv.Error:
            return {}
    return found
