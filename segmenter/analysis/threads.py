"""Work on all cores with the same figures everywhere: our own threads, each a single thread to the numeric libraries.

The libraries' own threads add up sums in another order on every machine, wait for one another in a loop where cores are
few, and gain nothing on pieces as small as these.
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

    import_module("sklearn.utils._openmp_helpers")  # what is not loaded yet cannot be held
    held: AbstractContextManager[Any] = threadpool_limits(1)
    return held


def single_threaded(work: Callable[Given, Result]) -> Callable[Given, Result]:
    """`work` with the numeric libraries held to one thread."""

    @wraps(work)
    def held(*args: Given.args, **options: Given.kwargs) -> Result:
        with one_thread():
            return work(*args, **options)

    return held


@contextmanager
def workers(count: int | None = None) -> Iterator[ThreadPoolExecutor]:
    """So many threads, one per core unless told otherwise, each a single thread to the numeric libraries."""
    with one_thread(), ThreadPoolExecutor(count or cores(), initializer=one_thread) as pool:
        yield pool


def cores() -> int:
    """Cores that this process may use, by its affinity and its container's quota."""
    from joblib import cpu_count

    return int(cpu_count())


def by_blocks(work: Callable[[slice], Result], n: int, size: int) -> list[Result]:
    """What `work` makes of each block of `size` of n rows, in parallel; of one empty block where there is no row.

    It gains where most of the work is numpy's or scipy's, which let go of the interpreter.
    """
    blocks = (slice(start, start + size) for start in range(0, max(n, 1), size))
    if n <= size:
        return [work(block) for block in blocks]
    with ThreadPoolExecutor(cores()) as pool:
        return list(pool.map(work, blocks))
