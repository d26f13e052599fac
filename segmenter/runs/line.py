"""The line between ordinary and odd, which every search draws anew: whom it moved, though what they did did not."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from segmenter.analysis.neighbours import nearest
from segmenter.analysis.preparation import apply
from segmenter.analysis.types import Floats, Mask
from segmenter.runs.types import Run


def moved_by_line(before: Run, now: Run) -> frozenset[str]:
    """Customers who are odd in one of two runs only, and whom the search of `before` judges today as it did then.

    Its density, units and eps are held against today's figures: whoever lies within its eps of one of its ordinary core
    customers is ordinary by it. So nobody whose figures are what they were counts as newly odd, nor as ordinary again. Of
    customers who are not in `now` nothing is told; of an earlier run that does not hold its search, nothing of anybody.
    """
    then, today = _odd(before), _odd(now)
    ids = now.customers["customer_id"].to_numpy(dtype=np.str_)
    was, is_odd = (np.isin(ids, np.array(sorted(odd), dtype=np.str_)) for odd in (then, today))
    asked = np.flatnonzero(was != is_odd)
    if not len(asked) or not _can_judge(before, now.customers.columns):
        return frozenset()
    by_then = _is_odd_by(before, now, asked)
    return frozenset(ids[asked[by_then == was[asked]]].tolist())


def _odd(run: Run) -> set[str]:
    return set(run.anomalies["customer_id"].astype(str))


def _can_judge(before: Run, columns: Collection[str]) -> bool:
    """Whether the run holds how it searched, and a run with these columns has the figures that it searched."""
    finding = before.findings.anomalies
    return finding.search is not None and finding.eps > 0 and set(finding.search.names) <= set(columns)


def _is_odd_by(before: Run, now: Run, asked: np.ndarray) -> Mask:
    """Whether the search of `before` finds the customers in the rows `asked` of `now` odd."""
    theirs = before.customers
    core = (theirs["dbscan_role"] == "core").to_numpy() & ~theirs["is_anomaly"].to_numpy(dtype=bool)
    if not core.any():
        return np.ones(len(asked), dtype=bool)
    distance, _ = nearest(_searched(before, before)[core], _searched(before, now)[asked])
    return np.asarray(distance > before.findings.anomalies.eps, dtype=bool)


def _searched(before: Run, run: Run) -> Floats:
    """The customers of `run` in the units in which `before` was searched."""
    search = before.findings.anomalies.search
    assert search is not None  # noqa: S101 - `_can_judge` has seen to it
    return apply(search, run.customers[list(search.names)].to_numpy(dtype=np.float64, na_value=np.nan))
