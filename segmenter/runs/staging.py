"""Hidden folders of an archive in which a run is written before it shows, or emptied on its way out, each locked by its process.

The lock is the operating system's and dies with the process, so that what a dead one left is known for certain: a
process number would not tell, as in a container the dead and the living are both number 1.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = ".writing-"


@contextmanager
def staging(archive: Path, name: str) -> Iterator[Path]:
    """A new hidden folder for the run `name`, locked within the block; removed afterwards unless it was renamed."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{name}-", dir=archive))
        if (handle := _lock(folder)) is not None:
            break  # else a sweep took the folder before it was locked
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


@contextmanager
def locked(run: Path, how: int = fcntl.LOCK_SH) -> Iterator[bool]:
    """Keep a finished run where it is within the block; False where it is gone or another process works at it."""
    handle = _lock(run, how)
    try:
        yield handle is not None
    finally:
        if handle is not None:
            os.close(handle)


def remove(run: Path, spared: Callable[[], Collection[str]] = tuple) -> bool:
    """Take a finished run away: readers see the whole run or none of it. False where it stays, or is gone already.

    It stays where somebody holds it, or where it is among those `spared` by then.
    """
    with locked(run, fcntl.LOCK_EX) as is_ours:
        if not is_ours or run.name in spared():
            return False
        hidden = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{run.name}-", dir=run.parent))
        run.rename(hidden)  # takes the place of the empty folder
        with suppress(FileNotFoundError):  # a sweep that took the empty folder empties it as well
            shutil.rmtree(hidden)
        return True


def sweep(archive: Path) -> list[str]:
    """Remove what processes that died left behind, and return the names of the folders."""
    swept = []
    for folder in sorted(archive.glob(f"{PREFIX}*")):
        if (handle := _lock(folder)) is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(handle)
            swept.append(folder.name)
    return swept


def _lock(folder: Path, how: int = fcntl.LOCK_EX) -> int | None:
    """A handle that locks `folder` until it is closed; None where another process has it, or the folder is gone."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
        held = os.path.samestat(os.fstat(handle), folder.stat())
    except OSError:  # locked by another process, or removed in the meantime
        held = False
    if held:
        return handle
    os.close(handle)
    return None
