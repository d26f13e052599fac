"""Folders that one process writes and no other sees: each is locked by its process, and what dead ones left is removed.

The lock is the operating system's and dies with the process, so that what a dead one left is known for certain: a
process number would not tell, as in a container the dead and the living are both number 1.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segmenter.errors import ResourceError

TEMPORARY = "segmenter-temporary-"
FULL = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder in TMPDIR for what is too large for the memory, such as an export unpacked; it goes with the block.

    What processes that were killed left there is removed first: it can be as large as an export, and nobody else would.
    """
    place = Path(tempfile.gettempdir())
    sweep(place, TEMPORARY)
    with own_folder(place, TEMPORARY) as folder:
        yield folder


@contextmanager
def telling_where_no_space_is() -> Iterator[None]:
    """Tell of TMPDIR where a file inside finds no space: what is written there is nothing that a person asked for.

    Raises
    ------
    ResourceError
        TMPDIR is full, or there is no such folder.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in FULL and "temporary directory" not in str(error):
            raise
        raise ResourceError(
            f"There is no space for temporary files in {_named()}: {error.strerror or error}. Free space, or name a folder "
            "with more of it in the environment variable TMPDIR."
        ) from None


def _named() -> str:
    """The folder for temporary files, as far as there is one."""
    try:
        return tempfile.gettempdir()
    except OSError:
        return "the folder for temporary files"


@contextmanager
def own_folder(place: Path, prefix: str) -> Iterator[Path]:
    """A new folder in `place`, locked within the block; removed afterwards unless it was renamed."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        if (handle := lock(folder)) is not None:
            break  # else a sweep took the folder before it was locked
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def sweep(place: Path, prefix: str) -> list[str]:
    """Remove the folders in `place` that processes which died left behind, and return their names."""
    swept = []
    for folder in sorted(place.glob(f"{prefix}*")):
        if (handle := lock(folder)) is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(handle)
            swept.append(folder.name)
    return swept


def lock(folder: Path, how: int = fcntl.LOCK_EX) -> int | None:
    """A handle that locks `folder` until it is closed; None where another process has it, or the folder is gone."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        held = try_lock(handle, how) and os.path.samestat(os.fstat(handle), folder.stat())
    except OSError:  # removed in the meantime
        held = False
    if held:
        return handle
    os.close(handle)
    return None


def try_lock(handle: int, how: int = fcntl.LOCK_EX) -> bool:
    """Whether what the open `handle` is of could be locked, until it is closed; False where another process has it."""
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
