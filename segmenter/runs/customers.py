"""Which runs of an archive are about the same customers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmenter.runs.tables import read_column

Ids = NDArray[np.str_]
SAME_CUSTOMERS = 0.5  # of the smaller run's customers, from which on two runs are about the same business


def customers_of(folder: Path) -> Ids:
    """Ids of the customers of the run in `folder`.

    Raises
    ------
    RunError
        Its customers.parquet is missing or damaged.
    """
    return read_column(folder / "customers.parquet", "customer_id").to_numpy(dtype=np.str_)


def of_the_same(folders: Iterable[Path], ids: Ids) -> Iterator[tuple[Path, Ids]]:
    """Those of the runs in `folders` that are about the customers `ids`, with theirs; each is read when asked for.

    Raises
    ------
    RunError
        A run is damaged.
    """
    for folder in folders:
        theirs = customers_of(folder)
        if shared_customers(ids, theirs) >= SAME_CUSTOMERS:
            yield folder, theirs


def seen_in(runs: Iterator[tuple[Path, Ids]], ids: set[str]) -> set[str]:
    """Those of the customers `ids` whom one of `runs` has; none is read once all are found."""
    seen: set[str] = set()
    while seen < ids and (found := next(runs, None)):
        seen |= ids.intersection(found[1].tolist())
    return seen


def shared_customers(ours: Ids, theirs: Ids) -> float:
    """Share of the smaller set of distinct ids that is in both."""
    smaller = min(len(ours), len(theirs))
    return len(np.intersect1d(ours, theirs, assume_unique=True)) / smaller if smaller else 0.0
