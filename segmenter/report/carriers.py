"""The few odd customers who carry a change of revenue between two runs."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from segmenter.runs.types import Run

MOST = 5  # customers who are still few
HALF = 0.5  # share of a change that those who carry it make up together
LEAST = 0.05  # share of it that each of them makes up


@dataclass(frozen=True)
class Carriers:
    """Odd customers, the largest first, and what their money changed by; together they carry most of a change."""

    customers: tuple[str, ...]
    amount: float


def carriers(run: Run, segment: str | None = None) -> Carriers | None:
    """At most five odd customers who carry half of the change of revenue or more, of all or of one segment by name.

    None where nothing changed, where it takes more of them, or where the run has no moves.
    """
    if run.moves is None:
        return None
    changes = _changes(run.moves, segment)
    total = float(changes.sum())
    odd = set(run.customers.loc[run.customers["is_anomaly"].astype(bool), "customer_id"])
    share = changes[changes.index.isin(odd)] / total if total else changes.head(0)
    few = share[share >= LEAST].sort_values(ascending=False, kind="stable").head(MOST)
    if few.sum() < HALF:
        return None
    return Carriers(tuple(map(str, few.index)), float(few.sum() * total))


def _changes(moves: pd.DataFrame, segment: str | None) -> pd.Series:
    """What each customer added to the revenue, or to that of one segment, by customer id."""
    before, now = moves["money_before"], moves["money_now"]
    if segment is not None:
        before = before.where(moves["segment_before"] == segment, 0.0)
        now = now.where(moves["segment_now"] == segment, 0.0)
    return pd.Series((now - before).to_numpy(float), index=moves["customer_id"].to_numpy())
