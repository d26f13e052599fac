"""A run's alerts as news to one who last heard of an earlier run, which need not be the run before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from segmenter.config.history import HistoryConfig
from segmenter.errors import RunError
from segmenter.runs.alerts import of_run
from segmenter.runs.archive import read
from segmenter.runs.customers import other_money
from segmenter.runs.state import read_state
from segmenter.runs.types import Run


def as_news(run: Run, root: Path, since: str | None) -> Run:
    """`run` with its alerts as they are new, worse, ongoing or resolved since the run `since` of the archive `root`.

    A run that was made between the two, or a second one on the same export, thus neither hides nor repeats an
    alert. `run` as it is where `since` is None, gone, damaged, without alerts or in other money.
    """
    before = _earlier(root, since, run.manifest.currency) if since else None
    if before is None or before.alerts is None or run.alerts is None:
        return run
    config = HistoryConfig(**run.manifest.config.get("history", {}))
    with read_state(root) as state:
        table, counts = of_run(state, run, before, config)
    return replace(run, alerts=table, history=replace(run.history, alerts=counts))


def _earlier(root: Path, run_id: str, currency: str) -> Run | None:
    try:
        found = read(root / run_id)
    except RunError:
        return None
    return None if other_money(run_id, found.manifest.currency, currency) else found
