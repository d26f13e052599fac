"""Folders that belong to one process: each is locked by it, and those of dead processes are removed.

The lock is the operating system's and ends with the process, so that a folder of a dead one is recognised for certain. A
process number would not do: in a container the dead and the living are both number 1.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from segmenter.errors import ResourceError

TEMPORARY = "segmenter-temporary-"
FULL = {errno.ENOSPC, errno.EDQUOT}
ATTEMPTS = 20  # at a new folder that no sweep takes


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder in TMPDIR for what is too large for the memory, such as an unpacked export; removed after the block.

    Folders of processes that were killed are removed first: they can be as large as an export, and nobody else would.
    """
    place = Path(tempfile.gettempdir())
    sweep(place, TEMPORARY)
    with own_folder(place, TEMPORARY) as folder:
        yield folder


@contextmanager
def telling_where_no_space_is() -> Iterator[None]:
    """Name TMPDIR in the error where a temporary file inside finds no space.

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
            f"There is no space for temporary files in {_temporary()}: {error.strerror or error}. Free space, or name a folder "
            "with more of it in the environment variable TMPDIR."
        ) from None


def _temporary() -> str:
    """The folder for temporary files, in words where there is none."""
    try:
        return tempfile.gettempdir()
    except OSError:
        return "the folder for temporary files"


@contextmanager
def own_folder(place: Path, prefix: str) -> Iterator[Path]:
    """A new folder in `place`, locked within the block; removed afterwards unless it was renamed.

    Raises
    ------
    ResourceError
        The file system has no locks.
    """
    for _ in range(ATTEMPTS):
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        if (handle := lock(folder)) is not None:
            break
        shutil.rmtree(folder, ignore_errors=True)  # which a sweep had locked first, or which cannot be locked
    else:
        raise ResourceError(
            f"The folder {place} cannot be used: folders in it cannot be locked. Name one on another file system: the archive with "
            "-o, the folder for temporary files in the environment variable TMPDIR."
        )
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def sweep(place: Path, prefix: str) -> list[str]:
    """Remove the folders in `place` of processes that died, and return their names."""
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
    with suppress(OSError):  # removed in the meantime
        if try_lock(handle, how) and os.path.samestat(os.fstat(handle), folder.stat()):
            return handle
    os.close(handle)
    return None


def try_lock(handle: int, how: int = fcntl.LOCK_EX) -> bool:
    """Lock the file of the open `handle` until it is closed; False where another process has it locked."""
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
