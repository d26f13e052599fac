"""A run compared with the runs before it: its movement and its alerts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from segmenter.config.history import HistoryConfig
from segmenter.engine.drawn import common_limit, within
from segmenter.runs.alerts import of_run
from segmenter.runs.customers import Earlier
from segmenter.runs.history import Movement
from segmenter.runs.movement import movement, side
from segmenter.runs.restated import restated
from segmenter.runs.state import open_state
from segmenter.runs.types import Manifest, Run, ids_of
from segmenter.runs.weeks import unusual_week

EMPTY = "The export holds nothing for the {days} days before {day}: its latest transaction is from {last}."
UNTOLD = "So the report does not say who moved: everybody would seem to have stopped buying."
OTHER_PERIOD = (
    "The run {run} counts the money of {before} days and this one that of {now} days (history.period_days), so the report does "
    "not say who moved between the two."
)
SAME_DAY = (
    "The earlier run {run} sees these customers as of the same day, {day}, and no run as of an earlier one, so nobody "
    "can have moved since."
)
COVERS = (
    "Customers and their revenue are compared on the sample that both runs hold, today {n:,} of {n_all:,} customers: "
    "these sums are not those of the whole business."
)


def with_history(run: Run, root: Path, config: HistoryConfig) -> Run:
    """`run` with its movement since the previous run, and its alerts; a first run gets a baseline of alerts.

    A run in another currency does not count as the previous one: the exchange rate would look like customers' doing.

    Raises
    ------
    RunError
        The archive's state cannot be read.
    """
    manifest = run.manifest
    earlier = Earlier(root, run.drawn, manifest.as_of, manifest.currency)
    before = earlier.newest() if config.follow else None
    other = _comparable(before, earlier)
    moved, moves = None, None
    if other is not None and not (manifest.has_empty_period or _other_period(manifest, other)):
        moved, moves = _moved(other, run, earlier, config.period_days)
    with open_state(root) as state:
        table, counts = of_run(state, run, before, config)
    alone = _alone(manifest, earlier, before, other) if config.follow else ()
    sentences = tuple(dict.fromkeys((*run.history.sentences, *alone, *earlier.sentences)))  # two may be about one run
    return replace(
        run, history=replace(run.history, movement=moved, alerts=counts, sentences=sentences), moves=moves, alerts=table
    )


def _comparable(before: Run | None, earlier: Earlier) -> Run | None:
    """The latest run, from `before` back, whose period has transactions."""
    while before is not None and before.manifest.has_empty_period:
        before = earlier.newest()
    return before


def _other_period(manifest: Manifest, other: Run) -> bool:
    """Whether the other run's periods of money are of another length, as one configured otherwise."""
    return other.manifest.period_days != manifest.period_days


def _alone(manifest: Manifest, earlier: Earlier, before: Run | None, other: Run | None) -> tuple[str, ...]:
    """Why there is no movement, where that needs a sentence; `other` is the run before whose period has transactions."""
    if manifest.has_empty_period:
        return (f"{emptiness(manifest)} {UNTOLD}",)
    if other is not None and _other_period(manifest, other):
        then = other.manifest
        return (OTHER_PERIOD.format(run=then.run_id, before=then.period_days, now=manifest.period_days),)
    same = earlier.of_the_same_day() if before is None and not earlier.in_other_money else None
    return (SAME_DAY.format(run=same.name, day=manifest.as_of),) if same else ()


def emptiness(manifest: Manifest) -> str:
    """The sentence on a run whose period has no transactions."""
    return EMPTY.format(days=manifest.period_days, day=manifest.as_of, last=manifest.period.last_day)


def compared(before: Run, now: Run, root: Path, period_days: int) -> tuple[Movement, pd.DataFrame]:
    """The movement between any two runs of the archive, as `with_history` finds it between the last two."""
    return _moved(before, now, Earlier(root, now.drawn, before.manifest.as_of), period_days)


def _moved(before: Run, now: Run, earlier: Earlier, period_days: int) -> tuple[Movement, pd.DataFrame]:
    """The movement between two runs, with restated revenue; customers of any of the `earlier` runs are not new.

    Samples are compared as far as both reach, so that nobody is gone or new who was only not drawn.
    """
    limit = common_limit(before.drawn, now.drawn)
    before, now = (_up_to(run, limit) for run in (before, now))
    newcomers = set(now.customers["customer_id"]) - set(before.customers["customer_id"])
    seen = earlier.seen(newcomers)
    found, moves = movement(side(before), side(now), period_days, now.manifest.seed, seen)
    sentences = (
        *unusual_week(now.manifest.period, now.manifest.as_of),
        *found.sentences,
        *restated(before.manifest, now.manifest),
    )
    n, n_all = len(now.customers), now.manifest.period.n_customers
    covers = COVERS.format(n=n, n_all=n_all) if limit else ""
    ends = before.manifest.period_end, now.manifest.period_end
    return replace(found, sentences=sentences, period_ends=ends, covers=covers), moves


def _up_to(run: Run, limit: str | None) -> Run:
    """`run` with its customers up to a hash; itself, where that is None."""
    if limit is None:
        return run
    return replace(run, customers=run.customers[within(ids_of(run.customers), limit)].reset_index(drop=True))
