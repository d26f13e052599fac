"""Work on all cores with the same figures on every machine: threads of our own, in which the numeric libraries start none.

The libraries' own threads add up sums in another order on every machine, spin while they wait for one another where cores
are few, and gain nothing on pieces as small as these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from importlib import import_module
from typing import Any, ParamSpec, TypeVar

Result = TypeVar("Result")
Given = ParamSpec("Given")


def one_thread() -> AbstractContextManager[Any]:
    """Limits BLAS, in the whole process, and OpenMP, in the calling thread, to one thread each."""
    from threadpoolctl import threadpool_limits

    import_module("sklearn.utils._openmp_helpers")  # only libraries that are already loaded can be limited
    limits: AbstractContextManager[Any] = threadpool_limits(1)
    return limits


def single_threaded(work: Callable[Given, Result]) -> Callable[Given, Result]:
    """`work` with the numeric libraries limited to one thread."""

    @wraps(work)
    def limited(*args: Given.args, **options: Given.kwargs) -> Result:
        with one_thread():
            return work(*args, **options)

    return limited


@contextmanager
def workers(count: int | None = None) -> Iterator[ThreadPoolExecutor]:
    """A pool of `count` threads, by default one per core, each limiting the numeric libraries to itself."""
    with one_thread(), ThreadPoolExecutor(count or cores(), initializer=one_thread) as pool:
        yield pool


def cores() -> int:
    """Cores that this process may use, by its affinity and its container's quota."""
    from joblib import cpu_count

    return int(cpu_count())


def by_blocks(work: Callable[[slice], Result], n: int, size: int) -> list[Result]:
    """The results of `work` on each block of `size` of n rows, in parallel; on one empty block where there is no row.

    Threads gain where most of the work is numpy's or scipy's, which release the interpreter's lock.
    """
    blocks = (slice(start, start + size) for start in range(0, max(n, 1), size))
    if n <= size:
        return [work(block) for block in blocks]
    with ThreadPoolExecutor(cores()) as pool:
        return list(pool.map(work, blocks))
