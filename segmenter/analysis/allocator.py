"""Memory that is done with, given back to the system: glibc keeps it for later, in an arena per thread that ever ran."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

M_ARENA_MAX = -8  # of malloc.h
ARENAS = 2


@cache
def few_arenas() -> None:
    """Let all threads share two arenas from now on, in the whole process: what one leaves, the others use.

    Nothing under another C library than glibc.
    """
    if (library := _glibc()) is not None:
        library.mallopt(M_ARENA_MAX, ARENAS)


def give_back() -> None:
    """Return the pages that hold nothing any more, which takes some milliseconds; nothing under another C library."""
    if (library := _glibc()) is not None:
        library.malloc_trim(0)


@cache
def _glibc() -> Any | None:
    try:
        library = ctypes.CDLL("libc.so.6")
        return library if hasattr(library, "malloc_trim") else None
    except OSError:  # another system, or musl
        return None
