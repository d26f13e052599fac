"""Locks finished runs while they are in use, and removes them atomically."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from segmenter.folders import lock

HIDDEN = ".writing-"  # prefix of a folder in which a run is written before it is complete, or emptied when removed


@contextmanager
def locked(run: Path, how: int = fcntl.LOCK_SH) -> Iterator[bool]:
    """Lock a finished run against removal within the block; yields False where it is gone or another process uses it."""
    handle = lock(run, how)
    try:
        yield handle is not None
    finally:
        if handle is not None:
            os.close(handle)


def remove(run: Path, spared: Callable[[], Collection[str]] = tuple) -> bool:
    """Remove a finished run, of which readers see all or nothing; False where it stays or is gone already.

    It stays where it is locked, or where `spared`, called under the lock, returns it.
    """
    with locked(run, fcntl.LOCK_EX) as is_ours:
        if not is_ours or run.name in spared():
            return False
        hidden = Path(tempfile.mkdtemp(prefix=f"{HIDDEN}{run.name}-", dir=run.parent))
        run.rename(hidden)  # replaces the empty folder
        with suppress(FileNotFoundError):  # a sweep that took the empty folder removes the run, too
            shutil.rmtree(hidden)
        return True
