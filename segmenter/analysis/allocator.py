"""Returns freed memory to the system, which glibc keeps in an arena for each thread that ever ran."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

M_ARENA_MAX = -8  # of malloc.h
ARENAS = 2


@cache
def few_arenas() -> None:
    """Let all threads of the process share two arenas from now on, so that they reuse each other's freed memory.

    Does nothing under a C library other than glibc.
    """
    if (library := _glibc()) is not None:
        library.mallopt(M_ARENA_MAX, ARENAS)


def give_back() -> None:
    """Return free pages to the system, which takes some milliseconds; does nothing under another C library."""
    if (library := _glibc()) is not None:
        library.malloc_trim(0)


@cache
def _glibc() -> Any | None:
    try:
        library = ctypes.CDLL("libc.so.6")
        return library if hasattr(library, "malloc_trim") else None
    except OSError:  # another system, or musl
        return None
