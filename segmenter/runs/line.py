"""Customers who became odd or ordinary only because the anomaly search redrew the line between the two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segmenter.analysis.preparation import apply
from segmenter.analysis.types import Floats, Mask
from segmenter.runs.types import Run, ids_of

if TYPE_CHECKING:
    import pandas as pd


def moved_by_line(before: Run, now: Run) -> frozenset[str]:
    """Customers who are odd in one of two runs only, and not by what they did.

    As with moves between segments, the figures of both runs are judged by the searches of both, each with its own
    density, units and eps. The line alone moved a customer if each search judges the figures of then and of today alike;
    a figure that was not known then is taken as it is today. So nobody with unchanged figures is newly odd, or ordinary
    again. Customers who are not in `now` are left out, and all are where a run has no eps.
    """
    ids = ids_of(now.customers)
    was, is_odd = (np.isin(ids, ids_of(run.anomalies)) for run in (before, now))
    changed = np.flatnonzero(was != is_odd)
    if not len(changed) or not all(run.findings.anomalies.eps > 0 for run in (before, now)):
        return frozenset()
    figures = now.customers.iloc[changed].set_index("customer_id").select_dtypes("number")
    then = before.customers.set_index("customer_id").reindex(index=figures.index, columns=figures.columns)
    moved = _is_odd_by(before, figures) == was[changed]
    moved &= _is_odd_by(now, then.where(then.notna(), figures)) == is_odd[changed]
    return frozenset(ids[changed[moved]].tolist())


def _is_odd_by(judge: Run, customers: pd.DataFrame) -> Mask:
    """Whether `customers` are farther than a run's eps from each of its ordinary core customers, and so odd to it."""
    from segmenter.analysis.neighbours import nearest

    ours = judge.customers
    core = (ours["dbscan_role"] == "core").to_numpy() & ~ours["is_anomaly"].to_numpy(dtype=bool)
    if not core.any() or not len(customers):
        return np.ones(len(customers), dtype=bool)
    distance, _ = nearest(_searched(judge, ours[core]), _searched(judge, customers))
    return np.asarray(distance > judge.findings.anomalies.eps, dtype=bool)


def _searched(judge: Run, customers: pd.DataFrame) -> Floats:
    """`customers` in the units of the run's search; features that `customers` lack are NaN."""
    search = judge.findings.anomalies.search
    return apply(search, customers.reindex(columns=list(search.names)).to_numpy(dtype=np.float64, na_value=np.nan))
