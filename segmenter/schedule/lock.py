"""At most one service at a time holds an archive, by a lock that the operating system releases with the process."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from segmenter.errors import HeldError
from segmenter.folders import try_lock

FILE = ".service.lock"
TRIES, PAUSE = 5, 0.05  # `serving` holds the lock for an instant, so that one refusal does not mean another service


@contextmanager
def hold(archive: Path, *, wait: bool, pause: Callable[[], None]) -> Iterator[None]:
    """Hold `archive` within the block; with `wait` stand by for it, calling `pause` between two tries.

    Raises
    ------
    HeldError
        Another service, named by its process number, holds it and `wait` is off.
    """
    archive.mkdir(parents=True, exist_ok=True)
    handle = os.open(archive / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        tries = 0
        while not try_lock(handle):
            tries += 1
            if not wait and tries < TRIES:
                time.sleep(PAUSE)
            elif not wait:
                raise HeldError(
                    f"The service with process number {_read(handle)} holds {archive}. Stop that one first, or start "
                    "without --no-wait to stand by and take over when it ends."
                )
            else:
                pause()
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


def serving(archive: Path) -> int | None:
    """Process number of the service that holds `archive`, None where none does."""
    path = archive / FILE
    if not path.exists():
        return None
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)  # a monitor may lack write permission
    try:
        return None if try_lock(handle) else int(_read(handle) or 0)
    finally:
        os.close(handle)


def _read(handle: int) -> str:
    return os.pread(handle, 32, 0).decode()
