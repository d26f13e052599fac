"""Packs, the files of the cache: the typed records of one or several exports, with how each of them was read.

A pack is a Parquet file named ``<hash>.parquet`` after the SHA-256 of its own content, so that damage is detected. One row
is a record of ``lines`` or of ``rejected``, according to ``part``; ``slot`` is the index of its export in the pack.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
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
    """Cache entries cannot be used; `files` are the numbers of the files that have to be read again."""

    def __init__(self, files: frozenset[int]) -> None:
        super().__init__(files)
        self.files = files


@dataclass(frozen=True)
class Entry:
    """An export that was read before: how it was read, and the `pack` and `slot` that hold its records.

    `key` hashes its content and everything that decides how it is read; `source` is the path that it had.
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
    """The entries of each pack in `paths`; a pack that cannot be read is removed and left out."""
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
    """The JSON of the packs' entries, by one query for all; only where that fails, one by one."""
    if not paths:
        return {}
    try:
        found = dict(
            connection.execute(query("intake_pack_entries"), {"paths": [str(path) for path in paths]}).fetchall()
        )
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
    """Whether the pack's content matches its name; a damaged pack is removed, an intact one is marked as used now."""
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
        A pack was removed meanwhile, by another run with the same cache.
    """
    left = dict(entries)
    try:
        while left:
            unique = {(entry.pack, entry.slot): number for number, entry in left.items()}  # files may be identical
            _append_unique(connection, unique, any(entry.n_rejected for entry in left.values()))
            left = {number: entry for number, entry in left.items() if number not in unique.values()}
    except duckdb.IOException:
        raise StaleEntriesError(frozenset(entries)) from None


def _append_unique(
    connection: duckdb.DuckDBPyConnection, unique: Mapping[tuple[Path, int], int], has_rejected: bool
) -> None:
    numbers: dict[Path, list[int | None]] = {}  # the file number for each slot of a pack, None for unwanted slots
    for (pack, slot), number in unique.items():
        row = numbers.setdefault(pack, [])
        row.extend([None] * (slot + 1 - len(row)))
        row[slot] = number
    parameters = {"paths": [str(pack) for pack in numbers], "numbers": list(numbers.values())}
    columns = ", ".join(row[0] for row in connection.execute("DESCRIBE lines").fetchall())
    cached = query("intake_pack_read")
    connection.execute(f"INSERT INTO lines SELECT {columns} FROM ({cached}) WHERE part = 'lines'", parameters)  # noqa: S608 - ours
    if has_rejected:
        columns = 'file, line, "column", reason, text'
        connection.execute(
            f"INSERT INTO rejected ({columns}) SELECT {columns} FROM ({cached}) WHERE part = 'rejected'",  # noqa: S608 - ours
            parameters,
        )


def write(connection: duckdb.DuckDBPyConnection, folder: Path, entries: Mapping[int, Entry]) -> None:
    """Write the records in ``lines`` and ``rejected`` of the files with the numbers of `entries` as one pack."""
    _write(connection, "intake_pack_write", folder, list(entries.values()), {"numbers": list(entries)})


def rewrite(pack: Path, entries: Sequence[Entry]) -> None:
    """Remove all but `entries` from the pack; where that fails, the whole pack is removed."""
    slots = [entry.slot for entry in entries]
    try:
        if entries:
            with duckdb.connect(config={"autoload_known_extensions": False}) as connection:
                parameters = {"pack": str(pack), "slots": slots}
                _write(connection, "intake_pack_rewrite", pack.parent, entries, parameters)
    finally:
        pack.unlink(missing_ok=True)


def _write(
    connection: duckdb.DuckDBPyConnection, name: str, folder: Path, entries: Sequence[Entry], parameters: dict[str, Any]
) -> None:
    """Write the result of the query `name` to a temporary file, hash it, and rename it."""
    document = _adapter().dump_json(tuple(entries), exclude={"__all__": {"pack", "slot"}}).decode()
    handle, unfinished = tempfile.mkstemp(prefix=".", dir=folder)
    os.close(handle)
    temporary = Path(unfinished)
    try:
        connection.execute(query(name), {**parameters, "path": str(temporary), "entries": document})
        temporary.chmod(0o600)  # DuckDB puts a file of its own in place of the temporary one
        with temporary.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        temporary.rename(folder / f"{digest}.parquet")
    finally:
        temporary.unlink(missing_ok=True)
