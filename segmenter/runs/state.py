"""What changes beside the immutable runs: one SQLite file in the archive, in WAL mode.

Acceptances, verdicts, due times and deliveries live in ``segmenter.sqlite``. Every change is one
short transaction that is on the disk when it returns. What is read is checked
(`segmenter.runs.integrity`): a file that is damaged is set aside under a name with its time, never used
and never deleted, and the newest copy that can be trusted takes its place.
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
_making = threading.Lock()


@contextmanager
def open_state(archive: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the archive's state, made where there is none; rows are `sqlite3.Row`.

    A damaged file is set aside as ``segmenter.sqlite.damaged-<time>`` and its newest copy that can be trusted takes
    its place; without one it begins anew. That is logged, and a row of ``repair`` tells of it.

    Raises
    ------
    RunError
        The file is of another version, or cannot be opened or written.
    """
    path = archive / FILE
    with ExitStack() as held:
        try:
            archive.mkdir(parents=True, exist_ok=True)
            connection = _opened(path, held)
        except OSError as error:
            raise RunError(_unusable(path, error)) from None
        try:
            yield connection
        except FAULTS as error:
            if is_damage(error):
                integrity.forget(path)
                raise
            raise RunError(_unusable(path, error)) from None
        held.close()
        integrity.trust(path)


def _unusable(path: Path, error: Exception) -> str:
    """Why the file cannot be used for a reason that is not its own, and what to do."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return (
            f"{path} is in use by another process that has not let go of it for {PATIENCE:.0f} seconds. Try again when that "
            "one has ended, or end it if it was stopped."
        )
    reason = getattr(error, "strerror", None) or error
    return f"{path} cannot be opened or written: {reason}. {remedy(error)}"


def _opened(path: Path, held: ExitStack) -> sqlite3.Connection:
    """A sound connection, open and under the shared lock as long as `held`."""
    held.enter_context(_locked(path.parent, fcntl.LOCK_SH))
    try:
        connection = _connect(path)
    except DamagedError:
        held.close()
        _repair(path)
        held.enter_context(_locked(path.parent, fcntl.LOCK_SH))
        connection = _connect(path)
    held.callback(connection.close)
    return connection


@contextmanager
def read_state(archive: Path) -> Iterator[sqlite3.Connection]:
    """The archive's state for reading alone: nothing is written, mended or set aside, also on a full or read-only disk.

    Raises
    ------
    RunError
        The file is damaged or cannot be read.
    """
    path = archive / FILE
    with ExitStack() as held:
        try:
            if (archive / LOCK).exists():
                held.enter_context(_locked(archive, fcntl.LOCK_SH, os.O_RDONLY))
            connection = _read_only(path, held)
        except (DamagedError, OSError, *FAULTS) as error:
            if isinstance(error, OSError) or not is_damage(error):
                raise RunError(_unusable(path, error)) from None
            raise RunError(
                f"{path} cannot be read: {error}. The service, or the next run, puts its newest copy in its place."
            ) from None
        held.callback(connection.close)
        yield connection


@contextmanager
def look_at_state(archive: Path) -> Iterator[sqlite3.Connection]:
    """The archive's state for a command that only looks: mended where it is damaged, but read as it is where nothing can be written.

    Otherwise nobody could see, or remove, the runs that fill a disk.

    Raises
    ------
    RunError
        The file is of another version, or cannot be read.
    """
    with ExitStack() as held:
        try:
            state = held.enter_context(open_state(archive))
        except RunError:
            state = held.enter_context(read_state(archive))
        yield state


def _read_only(path: Path, held: ExitStack) -> sqlite3.Connection:
    """The file itself where it can be opened as it is, else what a copy of it holds."""
    log = path.with_name(f"{path.name}-wal")
    for way in ("mode=ro", "immutable=1") if path.exists() else ():
        if way == "immutable=1" and log.exists() and log.stat().st_size:
            continue  # it would not see what the log holds
        try:
            connection = integrity.connect(f"{path.absolute().as_uri()}?{way}", PATIENCE)
            if _version(connection) == VERSION:
                integrity.check(connection, VERSION)
                return connection
            connection.close()
        except sqlite3.OperationalError as error:
            if is_damage(error):
                raise
    folder = held.enter_context(temporary_folder())
    for each in (path, log):
        if each.exists():
            shutil.copyfile(each, folder / each.name)
    return _connect(folder / path.name)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """What happens inside is written whole or not at all; other writers wait."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # else SQLite gave it up itself, as on a full disk
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    integrity.note(connection)


def keep_copy(archive: Path) -> None:
    """Keep a copy of the state as it is now, checked, for the day on which the file is damaged.

    Raises
    ------
    RunError
        It cannot be written, or the state turns out to be damaged: the next opening mends it.
    """
    with open_state(archive) as connection:
        try:
            integrity.keep(connection, archive / FILE, VERSION)
        except (OSError, *FAULTS, DamagedError) as error:
            integrity.forget(archive / FILE)
            raise RunError(f"No copy of {archive / FILE} could be kept: {error}.") from None


def _connect(path: Path) -> sqlite3.Connection:
    """A sound connection of this program's version; DamagedError where what is there cannot be trusted."""
    integrity.check_there(path)
    _make(path)
    promised = integrity.promised(path)
    connection = integrity.connect(path.absolute().as_uri(), PATIENCE)
    try:
        _keep_log(connection)
        connection.execute("PRAGMA synchronous = FULL")
        version = _version(connection)
        if version not in {0, VERSION} and not integrity.vouches(connection, version):
            raise DamagedError("its version cannot be")
        if version not in {0, VERSION}:
            raise RunError(f"{path} is of version {version}, this program reads {VERSION}. Use the other segmenter.")
        if version == VERSION and not integrity.is_trusted(path):
            integrity.check(connection, VERSION)
        integrity.check_promise(connection, promised)
        _make_tables(connection)
    except BaseException as error:
        connection.close()
        if isinstance(error, FAULTS) and is_damage(error):
            raise DamagedError(str(error)) from None
        if isinstance(error, sqlite3.Error):
            raise RunError(_unusable(path, error)) from None
        raise
    return connection


def _make(path: Path) -> None:
    """Make the file, for its owner alone, where there is none; one that is there is not as much as opened.

    To close a file lets go of all locks that this process has on it, those of SQLite's connections in other threads too
    (POSIX; sqlite.org/howtocorrupt.html, 2.2). Another process would then take its log away, and with it what they commit.
    """
    with _making, suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _keep_log(connection: sqlite3.Connection) -> None:
    """Turn the file to its write-ahead log; where two turn a new file at once, SQLite refuses one without waiting."""
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


def _make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables of a new file; it is looked at again inside the transaction, as two may come at once."""
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
    """Put the newest state that can be trusted in the place of a damaged one, unless another process just did."""
    with _locked(path.parent, fcntl.LOCK_EX):
        try:
            _connect(path).close()
        except DamagedError as damage:
            told = integrity.restore(path, str(damage), VERSION)
        else:
            return
        connection = _connect(path)
        with transaction(connection):
            connection.execute("INSERT INTO repair (cause) VALUES (?)", (told,))
        connection.close()


@contextmanager
def _locked(archive: Path, how: int, mode: int = os.O_RDWR | os.O_CREAT) -> Iterator[None]:
    """Hold the lock of the state: shared by all who use the file, alone by one who replaces it."""
    handle = os.open(archive / LOCK, mode | os.O_CLOEXEC, 0o600)
    try:
        end = time.monotonic() + PATIENCE
        while not try_lock(handle, how):
            if time.monotonic() > end:
                raise RunError(f"{archive / FILE} is in use and cannot be mended now. Try again in a minute.")
            time.sleep(0.05)
        yield
    finally:
        os.close(handle)
