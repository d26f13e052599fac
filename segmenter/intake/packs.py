"""One file of the cache: the typed records of one or several exports, with how each of them was read.

A pack is a Parquet file named ``<hash>.parquet`` by the SHA-256 of its own bytes, so that a damaged one is known. One row
is a record as in ``lines``, or a rejected one; the column ``part`` tells which, ``slot`` which of the pack's exports it is of.
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
from segmenter.intake.raw import Layout
from segmenter.intake.schema import Schema

if TYPE_CHECKING:
    from pydantic import TypeAdapter

log = logging.getLogger(__name__)


class StaleEntriesError(Exception):
    """Entries, by the numbers of their files, that cannot be used: the files have to be read again."""

    def __init__(self, files: frozenset[int]) -> None:
        super().__init__(files)
        self.files = files


@dataclass(frozen=True)
class Entry:
    """An export that was read before: how, and in which `pack` at which `slot` its records lie.

    `key` stands for its bytes and for all that decides how they are read; `source` is where it lay then.
    """

    key: str
    layout: Layout
    dialect: str
    schema: Schema
    evidence: Evidence
    n_rejected: int
    source: str = field(default="", compare=False)
    pack: Path = field(default=Path(), compare=False)
    slot: int = field(default=0, compare=False)


def entries_of(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> dict[Path, tuple[Entry, ...]]:
    """The entries of each of the packs `paths`; a pack that cannot be read is removed and left out."""
    found = {}
    for path, text in _metadata(connection, paths).items():
        try:
            entries = _adapter().validate_json(text)
        except ValueError:
            _remove(path, "was written by another version of segmenter" if is_intact(path) else "is damaged")
        else:
            found[path] = tuple(replace(entry, pack=path, slot=slot) for slot, entry in enumerate(entries))
    return found


def _metadata(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> dict[Path, str]:
    """What the packs say of their entries: one question for all, and one for each only where that fails."""
    if not paths:
        return {}
    asked = {"paths": [str(path) for path in paths]}
    try:
        found = dict(connection.execute(query("intake_pack_entries"), asked).fetchall())
    except duckdb.Error:
        if len(paths) > 1:
            return {path: text for each in paths for path, text in _metadata(connection, [each]).items()}
        found = {}
    for path in paths:
        if str(path) not in found:
            _remove(path, "is damaged")
    return {path: found[str(path)] for path in paths if str(path) in found}


@cache
def _adapter() -> TypeAdapter[tuple[Entry, ...]]:
    from pydantic import TypeAdapter

    return TypeAdapter(tuple[Entry, ...])


def is_intact(path: Path) -> bool:
    """Whether the pack's bytes are those that were written; a damaged one is removed, a sound one marked as used now."""
    try:
        os.utime(path)
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return False
    if found == path.stem:
        return True
    _remove(path, "is damaged")
    return False


def _remove(path: Path, why: str) -> None:
    if path.exists():
        log.warning("%s %s; it is removed, and what it holds is read from the exports again.", path, why)
        path.unlink(missing_ok=True)


def append(connection: duckdb.DuckDBPyConnection, entries: Mapping[int, Entry]) -> None:
    """Append the records of `entries`, by the number of their file, to ``lines`` and ``rejected``.

    Raises
    ------
    StaleEntriesError
        A pack went meanwhile: the cache is another run's, too.
    """
    left = dict(entries)
    try:
        while left:
            once = {(entry.pack, entry.slot): number for number, entry in left.items()}  # a file may be there twice
            _append_once(connection, once, any(entry.n_rejected for entry in left.values()))
            left = {number: entry for number, entry in left.items() if number not in once.values()}
    except duckdb.IOException:
        raise StaleEntriesError(frozenset(entries)) from None


def _append_once(
    connection: duckdb.DuckDBPyConnection, once: Mapping[tuple[Path, int], int], has_rejected: bool
) -> None:
    numbers: dict[Path, list[int | None]] = {}  # of the file in each slot of a pack, None where it is not asked for
    for (pack, slot), number in once.items():
        row = numbers.setdefault(pack, [])
        row.extend([None] * (slot + 1 - len(row)))
        row[slot] = number
    asked = {"paths": [str(pack) for pack in numbers], "numbers": list(numbers.values())}
    columns = ", ".join(row[0] for row in connection.execute("DESCRIBE lines").fetchall())
    kept = query("intake_pack_read")
    connection.execute(f"INSERT INTO lines SELECT {columns} FROM ({kept}) WHERE part = 'lines'", asked)  # noqa: S608 - ours
    if has_rejected:
        wanted = 'file, line, "column", reason, text'
        connection.execute(
            f"INSERT INTO rejected ({wanted}) SELECT {wanted} FROM ({kept}) WHERE part = 'rejected'",  # noqa: S608 - ours
            asked,
        )


def write(connection: duckdb.DuckDBPyConnection, folder: Path, entries: Mapping[int, Entry]) -> None:
    """Write the files that `entries` names by number, which stand in ``lines`` and ``rejected``, as one pack."""
    _write(connection, "intake_pack_write", folder, list(entries.values()), {"numbers": list(entries)})


def rewrite(pack: Path, entries: Sequence[Entry]) -> None:
    """Take all entries but `entries` out of the pack for good, even where it cannot be written anew."""
    slots = [entry.slot for entry in entries]
    try:
        if entries:
            with duckdb.connect(config={"autoload_known_extensions": False}) as connection:
                asked = {"pack": str(pack), "slots": slots}
                _write(connection, "intake_pack_rewrite", pack.parent, entries, asked)
    finally:
        pack.unlink(missing_ok=True)


def _write(
    connection: duckdb.DuckDBPyConnection, name: str, folder: Path, entries: Sequence[Entry], asked: dict[str, Any]
) -> None:
    """Write what the query `name` gives aside, hash it, and name it whole."""
    aside = folder / f".{os.getpid()}-{id(entries):x}"
    document = _adapter().dump_json(tuple(entries), exclude={"__all__": {"pack", "slot"}}).decode()
    try:
        connection.execute(query(name), {**asked, "path": str(aside), "entries": document})
        aside.chmod(0o600)
        with aside.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        aside.rename(folder / f"{digest}.parquet")
    finally:
        aside.unlink(missing_ok=True)
