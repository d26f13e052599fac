"""The libraries of a run's later stages, loaded while DuckDB reads the export."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ctypes import CDLL
from importlib import import_module
from threading import Event, Thread

STUDY = ("segmenter.study", "sklearn.cluster", "sklearn.manifold", "sklearn.mixture")
REPORT = ("matplotlib.figure", "matplotlib.backends.backend_svg", "segmenter.report.page", "segmenter.report.context")
PANGO = "libpangoft2-1.0.so.0"
ENVIRONMENT = {"KMP_DUPLICATE_LIB_OK": "True", "KMP_INIT_AT_FORK": "FALSE"}  # as scikit-learn sets it when it is loaded


@contextmanager
def warming_up(is_printed: bool) -> Iterator[Callable[[], None]]:
    """Load the libraries meanwhile, those of a PDF where the report `is_printed`; yields what waits until all are loaded.

    It must be called before one is used: two threads that load libraries whose modules need each other find them half
    made. A run that ends early waits for the library that is being loaded, and for no other: a process that ends in the
    midst of one crashes, or reports a failed registration in place of why the run ended. What they change in the
    environment is changed before: where one thread writes it, another that reads it in C, as DuckDB does, can crash.
    """
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


def _load_all(over: Event, is_printed: bool) -> None:
    for name in (*STUDY, *REPORT):
        if not over.is_set():
            _load(name)
    if is_printed and not over.is_set():
        with suppress(OSError):
            CDLL(PANGO)  # without it WeasyPrint prints a page of advice, and only the first thread may divert that
            _load("weasyprint")


def _load(library: str) -> None:
    with suppress(Exception):  # whoever needs it tells why it cannot be loaded, and in words
        import_module(library)
