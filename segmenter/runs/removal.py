"""Finished runs are kept where they are while somebody works at them, and taken away whole."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from segmenter.folders import lock

HIDDEN = ".writing-"  # begins the name of a folder in which a run is written before it shows, or emptied on its way out


@contextmanager
def locked(run: Path, how: int = fcntl.LOCK_SH) -> Iterator[bool]:
    """Keep a finished run where it is within the block; False where it is gone or another process works at it."""
    handle = lock(run, how)
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
        hidden = Path(tempfile.mkdtemp(prefix=f"{HIDDEN}{run.name}-", dir=run.parent))
        run.rename(hidden)  # takes the place of the empty folder
        with suppress(FileNotFoundError):  # a sweep that took the empty folder empties it as well
            shutil.rmtree(hidden)
        return True
