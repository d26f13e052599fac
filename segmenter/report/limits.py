"""Limits on making a page: memory beyond what the process has already, time, and loops of a template."""

from __future__ import annotations

import resource
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jinja2 import TemplateRuntimeError, nodes
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

SECONDS = 300.0  # for one template, and for one PDF
AGAIN = 1.0  # seconds after which the alarm is repeated, in case a C library swallowed the exception of the first
ROOM = 4 << 30  # bytes of address space that a template or a PDF may add
MOST_REPEATED = 10_000_000  # letters or items that a product in a template may have


@contextmanager
def memory_limit() -> Iterator[None]:
    """Raise MemoryError where the block allocates more than `ROOM` bytes; no limit outside of the main thread of Linux."""
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = min([_address_space() + ROOM, *(each for each in (soft, hard) if each != resource.RLIM_INFINITY)])
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _address_space() -> int:
    """Bytes of address space that this process has."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


@contextmanager
def time_limit() -> Iterator[None]:
    """Raise TimeoutError where the block takes longer than `SECONDS`; no limit outside of the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, SECONDS, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """A sandbox whose loops and calls fail `SECONDS` after it was made, as do products and powers that are too large."""

    intercepted_binops = frozenset({"*", "**"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.until = time.monotonic() + SECONDS
        self.filters["in_time"] = self._in_time

    def _check(self) -> None:
        if time.monotonic() > self.until:
            raise TemplateRuntimeError(f"it takes longer than {SECONDS:,.0f} seconds")

    def _in_time(self, items: Iterable[Any]) -> Iterator[Any]:
        """The items of a loop, with a check of the time before each."""
        for item in items:
            self._check()
            yield item

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """The template with the filter ``in_time`` on what every loop goes through."""
        tree = super()._parse(source, name, filename)
        for loop in tree.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, "in_time", [], [], None, None, lineno=loop.lineno)
        return tree

    def call(self, context: Context, called: Any, /, *arguments: Any, **named: Any) -> Any:
        """A call as in any sandbox, after a check of the time."""
        self._check()
        return super().call(context, called, *arguments, **named)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """A product or a power; an error where its result would be huge."""
        sizes = [len(side) if isinstance(side, Sized) else abs(side) for side in (left, right)]
        repeats = any(isinstance(side, Sized) for side in (left, right))
        if (operator == "**" and sizes[1] > 64) or (repeats and sizes[0] * sizes[1] > MOST_REPEATED):
            raise TemplateRuntimeError(f"{operator} makes something too large")
        return super().call_binop(context, operator, left, right)
