"""What changes beside the immutable runs: one SQLite file in the archive, in WAL mode.

Acceptances, verdicts, due times and deliveries live in ``segmenter.sqlite``. Every change is one
short transaction that is on the disk when it returns. A file that SQLite finds damaged is set
aside under a name with its time, never used and never deleted.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from segmenter.assets import query
from segmenter.errors import RunError

FILE = "segmenter.sqlite"
SCHEMA = ("state_runs", "state_schedule", "state_delivery")
VERSION = 1
PATIENCE = 30.0  # seconds to wait for another process's transaction


@contextmanager
def open_state(archive: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the archive's state, made where there is none; rows are `sqlite3.Row`.

    Raises
    ------
    RunError
        The file is of a newer program, cannot be written, or was damaged: it then lies beside under
        a name that ends in ``.damaged-<time>``, and the next opening begins anew.
    """
    archive.mkdir(parents=True, exist_ok=True)
    path = archive / FILE
    try:
        connection = _connect(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise RunError(
                f"{path} cannot be opened: {error}. Permit it, free space, or name another archive."
            ) from None
        raise RunError(_set_aside(path, str(error))) from None
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """What happens inside is written whole or not at all; other writers wait."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _connect(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        _check(connection, path)
        _migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(found)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise RunError(f"{path} is of version {version}, this program reads {VERSION}. Use the newer segmenter.")


def _migrate(connection: sqlite3.Connection) -> None:
    """Make the tables of a new file; the version is looked at again inside the transaction, as two may come at once."""
    if connection.execute("PRAGMA user_version").fetchone()[0] == VERSION:
        return
    with transaction(connection):
        if connection.execute("PRAGMA user_version").fetchone()[0] < VERSION:
            for name in SCHEMA:
                _execute_all(connection, query(name))
            connection.execute(f"PRAGMA user_version = {VERSION}")


def _execute_all(connection: sqlite3.Connection, script: str) -> None:
    """Run the statements of `script` inside the open transaction, which executescript would end."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""


def _set_aside(path: Path, reason: str) -> str:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    target = path.with_name(f"{path.name}.damaged-{stamp}")
    path.rename(target)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return (
        f"{path} is damaged ({reason}) and now lies beside as {target.name}. The runs are whole; acceptances, verdicts "
        "and the ledger of due times begin anew with the next command, or restore the file from a copy."
    )
