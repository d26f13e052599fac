"""What a run remembers: the run before it, who moved since, and which anomalies are news."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from segmenter.config.history import HistoryConfig
from segmenter.runs import archive
from segmenter.runs.acceptance import SAME_CUSTOMERS, shared_customers
from segmenter.runs.alerts import alerts, count, read_verdicts, with_verdicts
from segmenter.runs.movement import movement, side
from segmenter.runs.state import open_state
from segmenter.runs.tables import read_column
from segmenter.runs.types import Run


def remember(run: Run, root: Path, config: HistoryConfig) -> Run:
    """`run` with its movement since the run before it, and its alerts; a first run gets its baseline of alerts.

    Raises
    ------
    RunError
        The run before it is damaged.
    """
    before = previous(root, run) if config.follow else None
    moved, moves = None, None
    if before is not None and before.model is not None:
        moved, moves = movement(side(before), side(run), config.period_days, run.manifest.seed)
    as_of, known = run.manifest.as_of, before.alerts if before else None
    with open_state(root) as state:
        verdicts = read_verdicts(state)
    table = with_verdicts(alerts(run.anomalies, known, run.manifest.run_id, as_of, config), verdicts, as_of)
    counts = count(table, verdicts, as_of, is_baseline=known is None)
    history = replace(run.history, movement=moved, alerts=counts)
    return replace(run, history=history, moves=moves, alerts=table)


def previous(root: Path, run: Run) -> Run | None:
    """The latest run of the archive that sees the same customers from an earlier day, None where there is none."""
    ours = run.customers["customer_id"].to_numpy(dtype=np.str_)
    earlier = [
        (day, folder) for folder in archive.list_runs(root) if (day := archive.as_of(folder)) < run.manifest.as_of
    ]
    for _, folder in sorted(earlier, reverse=True):
        theirs = read_column(folder / "customers.parquet", "customer_id").to_numpy(dtype=np.str_)
        if folder.name != run.manifest.run_id and shared_customers(ours, theirs) >= SAME_CUSTOMERS:
            return archive.read(folder)
    return None
