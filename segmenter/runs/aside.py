"""Hidden folders of an archive in which a run is written, or emptied on its way out, each locked by its process.

The lock is the operating system's and dies with the process, so that what a dead one left is known for certain: a
process number would not tell, as in a container the dead and the living are both number 1.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = ".writing-"


@contextmanager
def aside(archive: Path, name: str) -> Iterator[Path]:
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


def remove(run: Path) -> None:
    """Take a finished run away: readers see the whole run or none of it."""
    handle = _lock(run)
    if handle is None:
        return  # somebody else is removing it
    hidden = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{run.name}-", dir=run.parent))
    try:
        run.rename(hidden)  # takes the place of the empty folder
        with suppress(FileNotFoundError):  # a sweep that took the empty folder empties it as well
            shutil.rmtree(hidden)
    finally:
        os.close(handle)


def sweep(archive: Path) -> list[str]:
    """Remove what processes that died left behind, and return the names of the folders."""
    swept = []
    for folder in sorted(archive.glob(f"{PREFIX}*")):
        if (handle := _lock(folder)) is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(handle)
            swept.append(folder.name)
    return swept


def _lock(folder: Path) -> int | None:
    """A handle that locks `folder` until it is closed; None where another process has it, or the folder is gone."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held = os.path.samestat(os.fstat(handle), folder.stat())
    except OSError:  # locked by another process, or removed in the meantime
        held = False
    if held:
        return handle
    os.close(handle)
    return None
