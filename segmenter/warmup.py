"""The libraries of a run's later stages, loaded while DuckDB reads the export."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ctypes import CDLL
from importlib import import_module
from threading import Event, Thread

from segmenter.errors import ResourceError

STUDY = ("segmenter.study", "sklearn.cluster", "sklearn.manifold", "sklearn.mixture")
REPORT = ("matplotlib.figure", "matplotlib.backends.backend_svg", "segmenter.report.page", "segmenter.report.context")
PANGO = "libpangoft2-1.0.so.0"
ENVIRONMENT = {"KMP_DUPLICATE_LIB_OK": "True", "KMP_INIT_AT_FORK": "FALSE"}  # as scikit-learn sets it when it is loaded
# Bytes of address space: with half of it OpenBLAS retries the allocation of its buffers for ever and ignores signals.
ADDRESSES = 2 << 30


@contextmanager
def warming_up(is_printed: bool) -> Iterator[Callable[[], None]]:
    """Load the libraries in a thread, those of a PDF where the report `is_printed`; yields a function that waits for all.

    It must be called before any of them is used: two threads that import modules which import each other find them half
    initialised. A run that ends early waits for the library that is being loaded, and for no other: a process that ends
    during an import crashes, or reports a failed registration instead of why the run ended. The environment variables
    that the libraries set are set before: a thread that reads the environment in C, as DuckDB does, can crash while
    another writes it.

    Raises
    ------
    ResourceError
        The limit of address space is too low for the libraries.
    """
    _check_addresses()
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    _load("matplotlib")  # names a folder of its own where the home is read-only
    over = Event()
    thread = Thread(target=_load_all, args=(over, is_printed))
    thread.start()
    try:
        yield thread.join
    finally:
        over.set()
        thread.join()


def _check_addresses() -> None:
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < ADDRESSES:
        raise ResourceError(
            f"The limit of address space is {limit >> 20:,} MiB (ulimit -v), and the libraries of a run need {ADDRESSES >> 20:,} MiB "
            "or more, most of which they never touch. Raise it; what a run takes of the memory is bounded by engine.memory_limit."
        )


def _load_all(over: Event, is_printed: bool) -> None:
    for name in (*STUDY, *REPORT):
        if not over.is_set():
            _load(name)
    if is_printed and not over.is_set():
        with suppress(OSError):
            CDLL(PANGO)  # without it WeasyPrint prints a page of advice, which only the main thread may redirect
            _load("weasyprint")


def _load(library: str) -> None:
    with suppress(Exception):  # the code that needs it says why it cannot be loaded
        import_module(library)
