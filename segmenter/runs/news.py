"""A run's alerts relative to any earlier run, which need not be the previous one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from segmenter.errors import RunError
from segmenter.runs.alerts import of_run
from segmenter.runs.archive import read
from segmenter.runs.customers import other_money
from segmenter.runs.state import read_state
from segmenter.runs.types import Run


def as_news(run: Run, root: Path, since: str | None) -> Run:
    """`run` with its alerts as new, worsened, ongoing or resolved since the run `since` of the archive `root`.

    So a run between the two, or a second one on the same export, neither hides nor repeats an alert. `run` is returned
    unchanged where `since` is None, gone, damaged, without alerts or in another currency.
    """
    before = _earlier(root, since, run.manifest.currency) if since else None
    if before is None or before.alerts is None or run.alerts is None:
        return run
    config = run.manifest.settings.history
    with read_state(root) as state:
        table, counts = of_run(state, run, before, config)
    return replace(run, alerts=table, history=replace(run.history, alerts=counts))


def _earlier(root: Path, run_id: str, currency: str) -> Run | None:
    try:
        found = read(root / run_id)
    except RunError:
        return None
    return None if other_money(run_id, found.manifest.currency, currency) else found
