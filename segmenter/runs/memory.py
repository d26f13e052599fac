"""What a run is told by the runs before it: its movement and its alerts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from segmenter.config.history import HistoryConfig
from segmenter.runs.alerts import of_run
from segmenter.runs.customers import Earlier
from segmenter.runs.history import Movement
from segmenter.runs.movement import movement, side
from segmenter.runs.state import open_state
from segmenter.runs.types import Run


def remember(run: Run, root: Path, config: HistoryConfig) -> Run:
    """`run` with its movement since the run before it, and its alerts; a first run gets its baseline of alerts.

    Raises
    ------
    RunError
        The archive's state cannot be read.
    """
    earlier = Earlier(root, _ids(run.customers), run.manifest.as_of)
    before = earlier.newest() if config.follow else None
    moved, moves = None, None
    if before is not None and before.model is not None:
        seen = earlier.seen(_newcomers(before, run))
        moved, moves = movement(side(before), side(run), config.period_days, run.manifest.seed, seen)
    manifest, known = run.manifest, before.alerts if before else None
    with open_state(root) as state:
        table, counts = of_run(state, run.anomalies, known, manifest.run_id, manifest.as_of, config)
    sentences = (*run.history.sentences, *earlier.sentences)
    return replace(
        run, history=replace(run.history, movement=moved, alerts=counts, sentences=sentences), moves=moves, alerts=table
    )


def compared(before: Run, now: Run, root: Path, period_days: int) -> tuple[Movement, pd.DataFrame]:
    """Movement between any two runs of the archive, as `remember` tells it of the last two."""
    seen = Earlier(root, _ids(now.customers), before.manifest.as_of).seen(_newcomers(before, now))
    return movement(side(before), side(now), period_days, now.manifest.seed, seen)


def _ids(customers: pd.DataFrame) -> np.ndarray:
    return customers["customer_id"].to_numpy(dtype=np.str_)


def _newcomers(before: Run, now: Run) -> set[str]:
    return set(now.customers["customer_id"]) - set(before.customers["customer_id"])
