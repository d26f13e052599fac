"""The archive's mutable state, beside the immutable runs: one SQLite file in WAL mode.

Acceptances, verdicts, due times and deliveries are in ``segmenter.sqlite``. Every change is one short transaction that
is on disk when it returns. The file is checked when it is opened (`segmenter.runs.integrity`): a damaged one is set
aside under a name with the time, neither used nor deleted, and the newest sound copy takes its place.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from segmenter.assets import query
from segmenter.errors import RunError, remedy
from segmenter.folders import temporary_folder, try_lock
from segmenter.runs import integrity
from segmenter.runs.integrity import FAULTS, DamagedError, is_damage

FILE = "segmenter.sqlite"
LOCK = ".segmenter.lock"
SCHEMA = ("state_runs", "state_schedule", "state_delivery")  # queries that make the tables
VERSION = 4  # of the tables
PATIENCE = 30.0  # seconds to wait for another process's transaction
_creating = threading.Lock()


@contextmanager
def open_state(archive: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the archive's state, which is created where there is none; rows are `sqlite3.Row`.

    A damaged file is set aside as ``segmenter.sqlite.damaged-<time>`` and its newest sound copy takes its place; without
    one it starts empty. That is logged, and recorded in the table ``repair``.

    Raises
    ------
    RunError
        The file is of another version, or cannot be opened or written.
    """
    path = archive / FILE
    with ExitStack() as stack:
        try:
            archive.mkdir(parents=True, exist_ok=True)
            connection = _opened(path, stack)
        except OSError as error:
            raise RunError(_unusable(path, error)) from None
        try:
            yield connection
        except FAULTS as error:
            if is_damage(error):
                integrity.unmark_checked(path)
                raise
            raise RunError(_unusable(path, error)) from None
        stack.close()
        integrity.mark_checked(path)


def _unusable(path: Path, error: Exception) -> str:
    """Why a file that is not damaged cannot be used, and what to do."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return (
            f"{path} is in use by another process that has not let go of it for {PATIENCE:.0f} seconds. Try again when that "
            "one has ended, or end it if it was stopped."
        )
    reason = getattr(error, "strerror", None) or error
    return f"{path} cannot be opened or written: {reason}. {remedy(error)}"


def _opened(path: Path, stack: ExitStack) -> sqlite3.Connection:
    """A connection to a sound file, closed by `stack` with the shared lock."""
    stack.enter_context(_locked(path.parent, fcntl.LOCK_SH))
    try:
        connection = _connect(path)
    except DamagedError:
        stack.close()
        _repair(path)
        stack.enter_context(_locked(path.parent, fcntl.LOCK_SH))
        connection = _connect(path)
    stack.callback(connection.close)
    return connection


@contextmanager
def read_state(archive: Path) -> Iterator[sqlite3.Connection]:
    """The archive's state, read-only: nothing is written or repaired, so that it also works on a full or read-only disk.

    Raises
    ------
    RunError
        The file is damaged or cannot be read.
    """
    path = archive / FILE
    with ExitStack() as stack:
        try:
            if (archive / LOCK).exists():
                stack.enter_context(_locked(archive, fcntl.LOCK_SH, os.O_RDONLY))
            connection = _read_only(path, stack)
        except (DamagedError, OSError, *FAULTS) as error:
            if isinstance(error, OSError) or not is_damage(error):
                raise RunError(_unusable(path, error)) from None
            raise RunError(
                f"{path} cannot be read: {error}. The service, or the next run, puts its newest copy in its place."
            ) from None
        stack.callback(connection.close)
        yield connection


@contextmanager
def look_at_state(archive: Path) -> Iterator[sqlite3.Connection]:
    """The archive's state for a command that only reads: repaired where it is damaged, read-only where that is not possible.

    So the runs that fill a disk can still be listed and removed.

    Raises
    ------
    RunError
        The file is of another version, or cannot be read.
    """
    with ExitStack() as stack:
        try:
            state = stack.enter_context(open_state(archive))
        except RunError:
            state = stack.enter_context(read_state(archive))
        yield state


def _read_only(path: Path, stack: ExitStack) -> sqlite3.Connection:
    """A connection to the file where it can be opened read-only, else to a temporary copy of it."""
    log = path.with_name(f"{path.name}-wal")
    for way in ("mode=ro", "immutable=1") if path.exists() else ():
        if way == "immutable=1" and log.exists() and log.stat().st_size:
            continue  # it would not read the log
        try:
            connection = integrity.connect(f"{path.absolute().as_uri()}?{way}", PATIENCE)
            if _version(connection) == VERSION:
                integrity.check(connection, VERSION)
                return connection
            connection.close()
        except sqlite3.OperationalError as error:
            if is_damage(error):
                raise
    folder = stack.enter_context(temporary_folder())
    for each in (path, log):
        if each.exists():
            shutil.copyfile(each, folder / each.name)
    return _connect(folder / path.name)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """A write transaction, committed at the end of the block or rolled back; other writers wait."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # SQLite has rolled back itself where the disk is full
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    integrity.record_changes(connection)


def keep_copy(archive: Path) -> None:
    """Write a checked copy of the state, from which a damaged file is restored.

    Raises
    ------
    RunError
        It cannot be written, or the state is damaged: it is repaired when it is opened next.
    """
    with open_state(archive) as connection:
        try:
            integrity.write_copy(connection, archive / FILE, VERSION)
        except (OSError, *FAULTS, DamagedError) as error:
            integrity.unmark_checked(archive / FILE)
            raise RunError(f"No copy of {archive / FILE} could be kept: {error}.") from None


def _connect(path: Path) -> sqlite3.Connection:
    """A connection to the checked file, created where there is none; raises DamagedError where it is damaged."""
    integrity.check_not_missing(path)
    _create_file(path)
    recorded = integrity.recorded_changes(path)
    connection = integrity.connect(path.absolute().as_uri(), PATIENCE)
    try:
        _use_write_ahead_log(connection)
        connection.execute("PRAGMA synchronous = FULL")
        version = _version(connection)
        if version not in {0, VERSION} and not integrity.confirms_version(connection, version):
            raise DamagedError("its version is impossible")
        if version not in {0, VERSION}:
            raise RunError(f"{path} is of version {version}, this program reads {VERSION}. Use the other segmenter.")
        if version == VERSION and not integrity.is_checked(path):
            integrity.check(connection, VERSION)
        integrity.check_changes(connection, recorded)
        _create_tables(connection)
    except BaseException as error:
        connection.close()
        if isinstance(error, FAULTS) and is_damage(error):
            raise DamagedError(str(error)) from None
        if isinstance(error, sqlite3.Error):
            raise RunError(_unusable(path, error)) from None
        raise
    return connection


def _create_file(path: Path) -> None:
    """Create the file, readable by its owner only, where there is none; an existing one must not even be opened.

    Closing a file releases all locks that this process has on it, including those of SQLite's connections in other threads
    (POSIX; sqlite.org/howtocorrupt.html, 2.2). Another process could then delete the log, and with it their commits.
    """
    with _creating, suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL mode; where two processes do so at once, SQLite refuses one without waiting."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _create_tables(connection: sqlite3.Connection) -> None:
    """Create the tables of a new file, unless another process has done so meanwhile."""
    if _version(connection) == VERSION:
        return
    with transaction(connection):
        if _version(connection) == 0:
            for name in SCHEMA:
                _execute_all(connection, query(name))
            connection.execute(f"PRAGMA user_version = {VERSION}")
            integrity.install(connection, VERSION)


def _execute_all(connection: sqlite3.Connection, script: str) -> None:
    """Run the statements of `script` inside the open transaction, which executescript would end."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""


def _repair(path: Path) -> None:
    """Restore a damaged state from the newest sound one, unless another process has done so meanwhile."""
    with _locked(path.parent, fcntl.LOCK_EX):
        try:
            _connect(path).close()
        except DamagedError as damage:
            repair = integrity.restore(path, str(damage), VERSION)
        else:
            return
        connection = _connect(path)
        with transaction(connection):
            connection.execute("INSERT INTO repair (cause) VALUES (?)", (repair,))
        connection.close()


@contextmanager
def _locked(archive: Path, how: int, mode: int = os.O_RDWR | os.O_CREAT) -> Iterator[None]:
    """Hold the lock of the state: shared to use the file, exclusive to replace it."""
    handle = os.open(archive / LOCK, mode | os.O_CLOEXEC, 0o600)
    try:
        end = time.monotonic() + PATIENCE
        while not try_lock(handle, how):
            if time.monotonic() > end:
                raise RunError(f"{archive / FILE} is in use and cannot be repaired now. Try again in a minute.")
            time.sleep(0.05)
        yield
    finally:
        os.close(handle)
