"""Detects damage to the archive's state, and keeps a copy to restore it from.

SQLite finds damage to its own pages, but neither a flipped bit in a value nor a write-ahead log whose tail is lost.
So the file has a table `seal`: per table the number of rows, the sum of their hashes and the number of changes,
maintained by triggers in the changing transaction. The number of committed changes is also in a file beside it: a state
with fewer has lost some. After each closed due time a copy is written, checked and renamed.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from zlib import crc32

from segmenter.runs.seal import sync

COPY, CHANGES = ".segmenter.copy.sqlite", ".segmenter.changes"
UNFINISHED = 3600.0  # seconds after which an unfinished copy was left by a killed process
SEALED = ("acceptance", "verdict", "slot", "watch", "delivery", "repair")
MASK = (1 << 60) - 1
# errors of the machine or of other processes; any other SQLite error on opening and checking the file means damage
NO_DAMAGE = {
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH,
}  # fmt: skip
log = logging.getLogger("segmenter.state")
Stamp = tuple[int, int, int]


class DamagedError(Exception):
    """The state is not as it was written; the text says what is wrong with it."""


@dataclass
class _Known:
    """The file's stamp when this process last checked or wrote it; without it the file is checked again."""

    path: str
    stamp: Stamp | None = None


@lru_cache
def _known(path: str) -> _Known:
    return _Known(path)


def is_checked(path: Path) -> bool:
    """Whether this process has checked the file, and nobody else has written it since."""
    return _known(str(path)).stamp == _stamp(path)


def mark_checked(path: Path) -> None:
    """Remember the file as it is now, after this process has checked or changed it."""
    _known(str(path)).stamp = _stamp(path)


def unmark_checked(path: Path) -> None:
    """Check the file again when it is opened next."""
    _known(str(path)).stamp = None


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


FAULTS = (sqlite3.Error, UnicodeDecodeError)  # the second: SQLite's own message, or a text of a row, is damaged


def is_damage(error: Exception) -> bool:
    """Whether one of `FAULTS` means that the file is damaged."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF not in NO_DAMAGE


def connect(uri: str, patience: float) -> sqlite3.Connection:
    """An autocommit connection that can write the sealed tables; rows are `sqlite3.Row`."""
    connection = sqlite3.connect(uri, timeout=patience, isolation_level=None, uri=True)
    connection.row_factory = sqlite3.Row
    connection.create_function("digest_of", -1, _digest_of, deterministic=True)
    return connection


def _digest_of(*values: object) -> int:
    return int.from_bytes(hashlib.blake2b(repr(values).encode(), digest_size=8).digest()) & MASK


def install(connection: sqlite3.Connection, version: int) -> None:
    """Seal the new tables, inside the caller's transaction."""
    connection.execute(
        "CREATE TABLE seal (name TEXT PRIMARY KEY, n_rows INTEGER NOT NULL, digest INTEGER NOT NULL, "
        "n_changes INTEGER NOT NULL) STRICT"
    )
    for table in SEALED:
        _add_triggers(connection, table)
        connection.execute("INSERT INTO seal VALUES (?, 0, 0, 0)", (table,))
    connection.execute("INSERT INTO seal VALUES ('schema', ?, ?, 0)", (version, _digest_of_schema(connection)))


def _add_triggers(connection: sqlite3.Connection, table: str) -> None:
    """Add the triggers that maintain the seal of `table`."""
    columns = [row["name"] for row in connection.execute(f"PRAGMA table_info({table})")]
    old, new = (f"digest_of({', '.join(f'{side}.{column}' for column in columns)})" for side in ("OLD", "NEW"))
    steps = {"INSERT": ("+ 1", f"+ {new}"), "UPDATE": ("", f"- {old} + {new}"), "DELETE": ("- 1", f"- {old}")}
    for event, (rows, digest) in steps.items():
        connection.execute(
            f"CREATE TRIGGER seal_{table}_{event.lower()} AFTER {event} ON {table} BEGIN UPDATE seal SET n_rows = n_rows {rows}, "  # noqa: S608 - our names
            f"digest = (digest {digest}) & {MASK}, n_changes = n_changes + 1 WHERE name = '{table}'; END"
        )


def _digest_of_table(connection: sqlite3.Connection, table: str) -> tuple[int, int]:
    n_rows, digest = 0, 0
    for row in connection.execute(f"SELECT * FROM {table} NOT INDEXED"):  # noqa: S608 - our names
        n_rows, digest = n_rows + 1, (digest + _digest_of(*row)) & MASK
    return n_rows, digest


def _digest_of_schema(connection: sqlite3.Connection) -> int:
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")
    return _digest_of(*(tuple(row) for row in rows if not row["name"].startswith("sqlite_")))


def confirms_version(connection: sqlite3.Connection, version: int) -> bool:
    """Whether the seal has the same `version`."""
    try:
        row = connection.execute("SELECT n_rows FROM seal WHERE name = 'schema'").fetchone()
    except FAULTS:
        return False
    return row is not None and int(row["n_rows"]) == version


def check(connection: sqlite3.Connection, version: int) -> None:
    """Check the whole file against its seal.

    Raises
    ------
    DamagedError
        They differ.
    """
    try:
        with _snapshot(connection):
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            seals = {row["name"]: tuple(row)[1:3] for row in connection.execute("SELECT * FROM seal")}
            wrong = [table for table in SEALED if seals.get(table) != _digest_of_table(connection, table)]
            wrong += ["schema"] if seals.get("schema") != (version, _digest_of_schema(connection)) else []
            wrong += ["version"] if connection.execute("PRAGMA user_version").fetchone()[0] != version else []
    except FAULTS as error:
        if not is_damage(error):
            raise
        raise DamagedError(str(error)) from None
    if found != "ok" or wrong:
        raise DamagedError(found if found != "ok" else f"{', '.join(wrong)}: not as it was written")


@contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """A read transaction, in which several reads see the same state."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def _changes(connection: sqlite3.Connection) -> int:
    """The number of changes committed since the tables were sealed; 0 before."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'seal'").fetchone() is None:
        return 0
    return int(connection.execute("SELECT coalesce(sum(n_changes), 0) FROM seal").fetchone()[0])


def record_changes(connection: sqlite3.Connection) -> None:
    """Write the number of committed changes into the file beside the state."""
    path = Path(connection.execute("PRAGMA database_list").fetchone()["file"])
    number = str(_changes(connection))
    line = f"{number:>19} {crc32(number.encode()):>10}\n".encode()
    with suppress(OSError):  # the change itself is safe; only a lost tail of the log would go unnoticed
        handle = os.open(path.with_name(CHANGES), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(handle, line, 0)
        finally:
            os.close(handle)


def recorded_changes(path: Path) -> int:
    """The number of committed changes in the file beside the state; 0 where that cannot be read."""
    try:
        number, check = path.with_name(CHANGES).read_text(encoding="ascii").split()
        return int(number) if int(check) == crc32(number.encode()) else 0
    except (OSError, ValueError):
        return 0


def check_not_missing(path: Path) -> None:
    """Refuse to create a state where there is a copy of an earlier one, as after a backup was restored in part.

    Raises
    ------
    DamagedError
        The file is missing but its copy is there.
    """
    if not path.exists() and path.with_name(COPY).exists():
        raise DamagedError("it is missing")


def check_changes(connection: sqlite3.Connection, recorded: int) -> None:
    """Check the number of changes in the file against the one that was `recorded` before it was opened.

    Raises
    ------
    DamagedError
        Changes are lost, as where the write-ahead log is damaged.
    """
    lost = recorded - _changes(connection)
    if lost > 0:
        raise DamagedError(f"its last {lost:,} changes are lost")


def write_copy(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Copy the state, check the copy and rename it; then empty the write-ahead log.

    Raises
    ------
    DamagedError
        The copy, and so the state, is damaged.
    OSError, sqlite3.Error
        The copy cannot be written.
    """
    _sweep(path.parent)
    handle, name = tempfile.mkstemp(prefix=f"{COPY}-", dir=path.parent)
    os.close(handle)
    unfinished = Path(name)
    try:
        connection.execute("VACUUM INTO ?", (str(unfinished),))
        with closing(connect(f"{unfinished.absolute().as_uri()}?mode=ro", 0)) as copy:
            check(copy, version)
        sync(unfinished)
        unfinished.rename(path.with_name(COPY))
        sync(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _sweep(archive: Path) -> None:
    """Remove unfinished copies, and their journals, that killed processes left."""
    for left in archive.glob(f"{COPY}-*"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > UNFINISHED:
                left.unlink()


def restore(path: Path, reason: str, version: int) -> str:
    """Set the damaged file aside and put the newest sound state in its place; returns what was done, in words.

    The caller must hold the state's lock exclusively. Without a sound state there is no file afterwards.
    """
    copy, damaged, was_there = path.with_name(COPY), _name_of_damaged(path), path.exists()
    found = {each: n for each in (path, copy) if (n := _sound(each, version)) is not None}
    newest = max(found, key=lambda each: (found[each], each == path), default=None)
    for suffix in ("", "-wal"):
        if path.with_name(path.name + suffix).exists():
            shutil.copy2(path.with_name(path.name + suffix), damaged.with_name(damaged.name + suffix))
    if newest != path:
        for suffix in ("-wal", "-shm", ""):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    if newest == copy:
        shutil.copyfile(copy, path)
        path.chmod(0o600)
        sync(path)
    if newest is None and copy.exists():
        copy.rename(_name_of_damaged(copy))
    path.with_name(CHANGES).unlink(missing_ok=True)
    what = f"is damaged ({reason}) and now lies beside as {damaged.name}" if was_there else "is missing"
    repair = f"{path} {what}. {_loss(newest, copy)}"
    log.warning(repair)
    return repair


def _name_of_damaged(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    return path.with_name(f"{path.name}.damaged-{stamp}")


def _sound(path: Path, version: int) -> int | None:
    """The number of changes in a file; None where it is damaged or missing."""
    if not path.exists():
        return None
    try:
        with closing(connect(f"{path.absolute().as_uri()}?mode=ro", 0)) as connection:
            check(connection, version)
            return _changes(connection)
    except (*FAULTS, DamagedError):
        return None


def _loss(newest: Path | None, copy: Path) -> str:
    if newest is None:
        return "There was no copy: acceptances, verdicts and the ledger of due times begin anew. The runs are whole."
    if newest != copy:
        return "All that could be read of it is kept; what came last may be missing: a due time or a mail may be made twice."
    moment = datetime.fromtimestamp(copy.stat().st_mtime, UTC)
    return (
        f"The copy of {moment:%Y-%m-%d %H:%M:%S} UTC, kept after the last due time before, took its place: what came later "
        "is missing, and a due time or a mail may be made twice. The runs are whole."
    )
