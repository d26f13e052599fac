"""One file of the cache: the typed records of one or several exports, with how each of them was read.

A piece is a Parquet file named ``<hash>.parquet`` by the SHA-256 of its own bytes, so that a damaged one is known. One row
is a record as in ``lines``, or a rejected one; the column ``part`` tells which, ``place`` which of the piece's exports it is of.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from segmenter.assets import query
from segmenter.intake.formats import Evidence
from segmenter.intake.meaning import Meaning, ReadAgainError
from segmenter.intake.raw import Layout

if TYPE_CHECKING:
    from pydantic import TypeAdapter

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """An export that was read before: how, and in which `piece` at which `place` its records lie.

    `key` stands for its bytes and for all that decides how they are read; `source` is where it lay then.
    """

    key: str
    layout: Layout
    dialect: str
    meaning: Meaning
    evidence: Evidence
    n_rejected: int
    source: str = field(default="", compare=False)
    piece: Path = field(default=Path(), compare=False)
    place: int = field(default=0, compare=False)


def entries_of(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> dict[Path, tuple[Entry, ...]]:
    """The entries of each of the pieces `paths`; a piece that cannot be read is removed and left out."""
    found = {}
    for path, text in _documents(connection, paths).items():
        try:
            told = _adapter().validate_json(text)
        except ValueError:
            _remove_damaged(path)
        else:
            found[path] = tuple(replace(entry, piece=path, place=place) for place, entry in enumerate(told))
    return found


def _documents(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> dict[Path, str]:
    """What the pieces say of their entries: one question for all, and one for each only where that fails."""
    if not paths:
        return {}
    asked = {"paths": [str(path) for path in paths]}
    try:
        told = dict(connection.execute(query("intake_kept_entries"), asked).fetchall())
    except duckdb.Error:
        if len(paths) > 1:
            return {path: text for each in paths for path, text in _documents(connection, [each]).items()}
        told = {}
    for path in paths:
        if str(path) not in told:
            _remove_damaged(path)
    return {path: told[str(path)] for path in paths if str(path) in told}


@cache
def _adapter() -> TypeAdapter[tuple[Entry, ...]]:
    from pydantic import TypeAdapter

    return TypeAdapter(tuple[Entry, ...])


def is_sound(path: Path) -> bool:
    """Whether the piece's bytes are those that were written; a damaged one is removed, a sound one marked as used now."""
    try:
        os.utime(path)
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return False
    if found == path.stem:
        return True
    _remove_damaged(path)
    return False


def _remove_damaged(path: Path) -> None:
    if path.exists():
        log.warning("%s is damaged; it is removed, and what it holds is read from the exports again.", path)
        path.unlink(missing_ok=True)


def append(connection: duckdb.DuckDBPyConnection, entries: Mapping[int, Entry]) -> None:
    """Append the records of `entries`, by the number of their file, to ``lines`` and ``rejected``.

    Raises
    ------
    ReadAgainError
        A piece went meanwhile: the cache is another run's, too.
    """
    left = dict(entries)
    try:
        while left:
            once = {(entry.piece, entry.place): number for number, entry in left.items()}  # a file may be there twice
            _append_once(connection, once, any(entry.n_rejected for entry in left.values()))
            left = {number: entry for number, entry in left.items() if number not in once.values()}
    except duckdb.IOException:
        raise ReadAgainError(frozenset(entries)) from None


def _append_once(
    connection: duckdb.DuckDBPyConnection, once: Mapping[tuple[Path, int], int], has_rejected: bool
) -> None:
    numbers: dict[Path, list[int | None]] = {}  # of the file at each place of a piece, None where it is not asked for
    for (piece, place), number in once.items():
        row = numbers.setdefault(piece, [])
        row.extend([None] * (place + 1 - len(row)))
        row[place] = number
    asked = {"paths": [str(piece) for piece in numbers], "numbers": list(numbers.values())}
    columns = ", ".join(row[0] for row in connection.execute("DESCRIBE lines").fetchall())
    kept = query("intake_kept")
    connection.execute(f"INSERT INTO lines SELECT {columns} FROM ({kept}) WHERE part = 'lines'", asked)  # noqa: S608 - ours
    if has_rejected:
        wanted = 'file, line, "column", reason, text'
        connection.execute(
            f"INSERT INTO rejected ({wanted}) SELECT {wanted} FROM ({kept}) WHERE part = 'rejected'",  # noqa: S608 - ours
            asked,
        )


def write(connection: duckdb.DuckDBPyConnection, folder: Path, entries: Mapping[int, Entry]) -> None:
    """Write the files that `entries` names by number, which stand in ``lines`` and ``rejected``, as one piece."""
    _write(connection, "intake_keep", folder, list(entries.values()), {"numbers": list(entries)})


def without(piece: Path, entries: Sequence[Entry]) -> None:
    """Take all entries but `entries` out of the piece for good, even where it cannot be written anew."""
    places = [entry.place for entry in entries]
    try:
        if entries:
            with duckdb.connect(config={"autoload_known_extensions": False}) as connection:
                asked = {"piece": str(piece), "places": places}
                _write(connection, "intake_kept_some", piece.parent, entries, asked)
    finally:
        piece.unlink(missing_ok=True)


def _write(
    connection: duckdb.DuckDBPyConnection, name: str, folder: Path, entries: Sequence[Entry], asked: dict[str, Any]
) -> None:
    """Write what the query `name` gives aside, hash it, and name it whole."""
    aside = folder / f".{os.getpid()}-{id(entries):x}"
    document = _adapter().dump_json(tuple(entries), exclude={"__all__": {"piece", "place"}}).decode()
    try:
        connection.execute(query(name), {**asked, "path": str(aside), "entries": document})
        aside.chmod(0o600)
        with aside.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        aside.rename(folder / f"{digest}.parquet")
    finally:
        aside.unlink(missing_ok=True)
