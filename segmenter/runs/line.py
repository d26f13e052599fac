"""Whom the line between ordinary and odd moved, which every search draws anew: their own figures did not move them."""

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

    As with moves between segments, the figures of both runs are held against the searches of both, each with its own
    density, units and eps. The line alone moved a customer if each of the two searches judges the figures of then and
    those of today alike; a figure that was not known then is taken as it is today. So nobody with unchanged figures is
    newly odd, or ordinary again. Customers who are not in `now` are left out; where a run had no distance to search
    by, so are all.
    """
    ids = ids_of(now.customers)
    was, is_odd = (np.isin(ids, ids_of(run.anomalies)) for run in (before, now))
    asked = np.flatnonzero(was != is_odd)
    if not len(asked) or not all(run.findings.anomalies.eps > 0 for run in (before, now)):
        return frozenset()
    figures = now.customers.iloc[asked].set_index("customer_id").select_dtypes("number")
    then = before.customers.set_index("customer_id").reindex(index=figures.index, columns=figures.columns)
    moved = _is_odd_by(before, figures) == was[asked]
    moved &= _is_odd_by(now, then.where(then.notna(), figures)) == is_odd[asked]
    return frozenset(ids[asked[moved]].tolist())


def _is_odd_by(judge: Run, customers: pd.DataFrame) -> Mask:
    """Whether the search of a run finds `customers` odd: beyond its eps of each of its ordinary core customers."""
    from segmenter.analysis.neighbours import nearest

    ours = judge.customers
    core = (ours["dbscan_role"] == "core").to_numpy() & ~ours["is_anomaly"].to_numpy(dtype=bool)
    if not core.any() or not len(customers):
        return np.ones(len(customers), dtype=bool)
    distance, _ = nearest(_searched(judge, ours[core]), _searched(judge, customers))
    return np.asarray(distance > judge.findings.anomalies.eps, dtype=bool)


def _searched(judge: Run, customers: pd.DataFrame) -> Floats:
    """`customers` in the units in which the run was searched; a figure that their own run did not have is missing."""
    search = judge.findings.anomalies.search
    return apply(search, customers.reindex(columns=list(search.names)).to_numpy(dtype=np.float64, na_value=np.nan))
