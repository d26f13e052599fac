"""The odd customers who drive a change of revenue between two runs, where few make most of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from segmenter.analysis.chance import CHANCE
from segmenter.runs.types import Run

MOST = 5  # customers who are still few, and as many as are named
HALF = 0.5  # share of a change that its drivers make up together
LEAST = 0.05  # share of it that each of them makes up


@dataclass(frozen=True)
class Drivers:
    """Odd customers, the largest change first, and by how much the money of all of them changed."""

    customers: tuple[str, ...]
    amount: float


def drivers(run: Run, segment: str | None = None) -> Drivers | None:
    """The odd customers who make half or more of a change of revenue, five or fewer of them; of all, or of a segment by name.

    All who make at least a twentieth are among them, however many they are; the rest is what all others did. None where
    nothing changed, where it takes more than five for half, where the run has no moves, or where all others make as much
    by chance, as their ups and downs happened to cancel each other out.
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
    """What each customer added to the revenue, or to that of one segment, by customer id."""
    before, now = moves["money_before"], moves["money_now"]
    if segment is not None:
        before = before.where(moves["segment_before"] == segment, 0.0)
        now = now.where(moves["segment_now"] == segment, 0.0)
    return pd.Series((now - before).to_numpy(float), index=moves["customer_id"].to_numpy())
