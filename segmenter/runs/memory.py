"""What a run remembers: the run before it, who moved since, and which anomalies are news."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from segmenter.config.history import HistoryConfig
from segmenter.runs import archive
from segmenter.runs.alerts import alerts, count, holding, precision, read_verdicts, with_verdicts
from segmenter.runs.customers import Ids, of_the_same, seen_in
from segmenter.runs.history import Movement
from segmenter.runs.movement import movement, side
from segmenter.runs.state import open_state
from segmenter.runs.types import Run


def remember(run: Run, root: Path, config: HistoryConfig) -> Run:
    """`run` with its movement since the run before it, and its alerts; a first run gets its baseline of alerts.

    Raises
    ------
    RunError
        The run before it is damaged.
    """
    kin = _kin(root, run.customers, run.manifest.as_of) if config.follow else iter(())
    before = archive.read(found[0]) if (found := next(kin, None)) else None
    moved, moves = None, None
    if before is not None and before.model is not None:
        seen = seen_in(kin, _newcomers(before, run))
        moved, moves = movement(side(before), side(run), config.period_days, run.manifest.seed, seen)
    as_of, known = run.manifest.as_of, before.alerts if before else None
    with open_state(root) as state:
        verdicts, judged = read_verdicts(state), precision(state)
    table = alerts(run.anomalies, known, run.manifest.run_id, as_of, config, holding(verdicts, as_of))
    table = with_verdicts(table, verdicts, as_of)
    counts = count(table, judged, as_of, is_baseline=known is None)
    history = replace(run.history, movement=moved, alerts=counts)
    return replace(run, history=history, moves=moves, alerts=table)


def compared(before: Run, now: Run, root: Path, period_days: int) -> tuple[Movement, pd.DataFrame]:
    """Movement between any two runs of the archive, as `remember` tells it of the last two.

    Raises
    ------
    RunError
        An earlier run is damaged.
    """
    seen = seen_in(_kin(root, now.customers, before.manifest.as_of), _newcomers(before, now))
    return movement(side(before), side(now), period_days, now.manifest.seed, seen)


def _kin(root: Path, customers: pd.DataFrame, day: date) -> Iterator[tuple[Path, Ids]]:
    """The runs that see the same customers from before `day`, the latest first."""
    days = [(archive.as_of(folder), folder) for folder in archive.list_runs(root)]
    earlier = (folder for as_of, folder in sorted(days, reverse=True) if as_of < day)
    return of_the_same(earlier, customers["customer_id"].to_numpy(dtype=np.str_))


def _newcomers(before: Run, now: Run) -> set[str]:
    return set(now.customers["customer_id"]) - set(before.customers["customer_id"])
