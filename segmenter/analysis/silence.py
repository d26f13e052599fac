"""Regular customers who have been silent for much longer than they usually are."""

from __future__ import annotations

from segmenter.analysis.names import HABIT
from segmenter.analysis.types import Floats, Mask

LATE = 3.0  # own usual gaps between orders beyond which a silence is no longer a long pause


def gone_quiet(recency: Floats, tenure: Floats, mean_gap: Floats, longest_gap: Floats, unseen: float = 0.0) -> Mask:
    """Whether each customer (n,) with orders on at least `HABIT` days is overdue.

    That is silent for more than `LATE` times the own mean gap and for longer than ever before. Everything is in days: since the
    last order, since the first, and between two days with orders, NaN where there is no such gap. Of the silence the
    `unseen` last days, for which there is no data of anybody, do not count.
    """
    is_regular = tenure - recency >= (HABIT - 1.5) * mean_gap  # half a gap below, as the mean is rounded; not where NaN
    silent = recency - unseen
    quiet: Mask = is_regular & (silent > LATE * mean_gap) & (silent > longest_gap)
    return quiet
