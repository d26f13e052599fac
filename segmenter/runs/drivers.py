"""The odd customers who drive a change of revenue between two runs, where few make most of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from segmenter.analysis.chance import CHANCE
from segmenter.runs.types import Run

MOST = 5  # customers who may make up half of a change
HALF = 0.5  # share of a change that its drivers make up together
LEAST = 0.05  # share of it that each driver makes up


@dataclass(frozen=True)
class Drivers:
    """Odd customers, the largest change first, and the change of their money together."""

    customers: tuple[str, ...]
    amount: float


def drivers(run: Run, segment: str | None = None) -> Drivers | None:
    """The odd customers, of whom at most five make half of a change of revenue: of all customers, or of a segment by name.

    All who make at least a twentieth are included, however many. None where nothing changed, where half takes more than
    five, where the run has no moves, or where the others could make as much by chance, so that only their gains and losses
    happened to cancel out.
    """
    if run.moves is None:
        return None
    changes = _changes(run.moves, segment)
    total = float(changes.sum())
    odd = set(run.customers.loc[run.customers["is_anomaly"].astype(bool), "customer_id"])
    share = changes[changes.index.isin(odd)] / total if total else changes.head(0)
    found = share[share >= LEAST].sort_values(ascending=False, kind="stable")
    by_chance = CHANCE * math.sqrt((changes.drop(found.index) ** 2).sum())
    if found.head(MOST).sum() < HALF or abs(found.sum() * total) < by_chance:
        return None
    return Drivers(tuple(map(str, found.index)), float(found.sum() * total))


def _changes(moves: pd.DataFrame, segment: str | None) -> pd.Series:
    """Each customer's contribution to the change of revenue, or of one segment's, by customer id."""
    before, now = moves["money_before"], moves["money_now"]
    if segment is not None:
        before = before.where(moves["segment_before"] == segment, 0.0)
        now = now.where(moves["segment_now"] == segment, 0.0)
    return pd.Series((now - before).to_numpy(float), index=moves["customer_id"].to_numpy())
