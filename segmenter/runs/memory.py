"""What a run remembers: the run before it, who moved since, and which anomalies are news."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from segmenter.config.history import HistoryConfig
from segmenter.errors import RunError
from segmenter.runs import archive
from segmenter.runs.acceptance import SAME_CUSTOMERS, shared_customers
from segmenter.runs.alerts import alerts, count, read_verdicts, with_verdicts
from segmenter.runs.movement import movement, side
from segmenter.runs.state import open_state
from segmenter.runs.tables import read_column
from segmenter.runs.types import Run

Part = TypeVar("Part")


def remember(run: Run, root: Path, config: HistoryConfig) -> Run:
    """`run` with its movement since the run before it, and its alerts; a first run gets its baseline of alerts.

    Raises
    ------
    RunError
        The archive's state cannot be read.
    """
    before, told = previous(root, run) if config.follow else (None, ())
    moved, moves = None, None
    if before is not None and before.model is not None:
        moved, moves = movement(side(before), side(run), config.period_days, run.manifest.seed)
    as_of, known = run.manifest.as_of, before.alerts if before else None
    with open_state(root) as state:
        verdicts = read_verdicts(state)
    table = with_verdicts(alerts(run.anomalies, known, run.manifest.run_id, as_of, config), verdicts, as_of)
    counts = count(table, verdicts, as_of, is_baseline=known is None)
    history = replace(run.history, movement=moved, alerts=counts, sentences=(*run.history.sentences, *told))
    return replace(run, history=history, moves=moves, alerts=table)


def previous(root: Path, run: Run) -> tuple[Run | None, tuple[str, ...]]:
    """The latest run of the archive that sees the same customers from an earlier day, None where there is none.

    A damaged run is passed over, with a sentence that names it; one that is pruned meanwhile is not there.
    """
    ours, damaged = run.customers["customer_id"].to_numpy(dtype=np.str_), list[str]()
    earlier = [
        (day, folder)
        for folder in archive.list_runs(root)
        if (day := _whole(archive.as_of, folder, damaged)) and day < run.manifest.as_of
    ]
    for _, folder in sorted(earlier, reverse=True):
        theirs = _whole(_customers, folder, damaged)
        if theirs is None or folder.name == run.manifest.run_id or shared_customers(ours, theirs) < SAME_CUSTOMERS:
            continue
        if found := _whole(archive.read, folder, damaged):
            return found, _told(damaged)
    return None, _told(damaged)


def _customers(folder: Path) -> NDArray[np.str_]:
    return read_column(folder / "customers.parquet", "customer_id").to_numpy(dtype=np.str_)


def _whole(read: Callable[[Path], Part], folder: Path, damaged: list[str]) -> Part | None:
    """What `read` finds in a run's folder; None where that is gone, or damaged and then named in `damaged`."""
    try:
        return read(folder)
    except RunError:
        if folder.exists():
            damaged.append(folder.name)
        return None


def _told(damaged: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"The earlier run {name} is damaged and was passed over." for name in damaged)
