"""How segments changed in size and money between two runs, each change with a bootstrap interval."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist

import numpy as np
import pandas as pd

from segmenter.analysis.types import Floats, Ints
from segmenter.runs.history import Interval, SegmentChange

GROUPS = 1000  # random groups of customers that are resampled, so that the cost does not grow with their number
RESAMPLES = 2000
LEVEL = 0.05
ABSENT = -1  # stands for the segment of a customer who is not there


def numbers_of(table: pd.DataFrame) -> tuple[Ints, Ints]:
    """Segment numbers before and now (n,), `ABSENT` where the customer was not there."""
    before, now = (table[f"number_{side}"].fillna(ABSENT).to_numpy(dtype=np.int64) for side in ("before", "now"))
    return before, now


def segment_changes(
    moves: pd.DataFrame, names: Mapping[int, str], seed: int
) -> tuple[tuple[SegmentChange, ...], Interval]:
    """Each segment's changes, and the change of everybody's money."""
    before, now = numbers_of(moves)
    money_before, money_now = moves["money_before"].to_numpy(), moves["money_now"].to_numpy()
    were, are = (np.array([side == number for number in names], dtype=float).T for side in (before, now))
    earned, earns = were * money_before[:, None], are * money_now[:, None]
    there = np.column_stack([before != ABSENT, now != ABSENT])
    sizes, beyond, money, (revenue,) = _intervals(np.hstack([were, are, earns - earned, there]), seed)
    segments = tuple(
        SegmentChange(
            number=number,
            name=name,
            customers_before=int(were[:, at].sum()),
            customers_now=int(are[:, at].sum()),
            customers=sizes[at],
            money_before=float(earned[:, at].sum()),
            money_now=float(earns[:, at].sum()),
            money=money[at],
            beyond=beyond[at],
        )
        for at, (number, name) in enumerate(names.items())
    )
    return segments, revenue


def _intervals(customers: Floats, seed: int) -> tuple[list[Interval], ...]:
    """Bootstrap intervals (Efron 1979) of what `_changes` tells of each segment, 95 % for all together, and of everybody.

    `customers` (n, 3 k + 2) are what `_changes` sums. They are put into at most 1,000 random groups and the groups are
    resampled. Each segment's interval is taken at 5 % / 2 k (Bonferroni; what needs two intervals to agree is no further
    claim), so that among many segments chance does not call one of them changed, and is the wider of the percentiles' and the
    normal one: far out, 2,000 resamples know little.
    """
    generator = np.random.default_rng(seed)
    groups = min(len(customers), GROUPS)
    member: Ints = generator.permutation(len(customers)) % max(groups, 1)
    sums = np.zeros((groups, customers.shape[1]))
    np.add.at(sums, member, customers)
    weights = generator.multinomial(groups, np.full(groups, 1 / groups), size=RESAMPLES)
    found, drawn = _changes(customers.sum(axis=0)[None])[0], _changes(weights @ sums)
    k = len(found) // 3
    each, total = LEVEL / (2 * k) / 2, LEVEL / 2
    intervals = [*_with_ends(found[:-1], drawn[:, :-1], each), *_with_ends(found[-1:], drawn[:, -1:], total)]
    return intervals[:k], intervals[k : 2 * k], intervals[2 * k : 3 * k], intervals[3 * k :]


def _with_ends(found: Floats, drawn: Floats, tail: float) -> list[Interval]:
    """Intervals of what was `found` (m,) from what was `drawn` (r, m), with the share `tail` beyond either end."""
    reach = NormalDist().inv_cdf(1 - tail) * drawn.std(axis=0)
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
    ends = np.minimum(low, found - reach), np.maximum(high, found + reach)
    return [Interval(*map(float, each)) for each in zip(found, *ends, strict=True)]


def _changes(sums: Floats) -> Floats:
    """Each segment's change in size, the same beyond the growth of all, its change in money, and everybody's, (r, 3 k + 1).

    `sums` (r, 3 k + 2) are its customers before and now, its change in money, and all customers before and now. Customers
    add up as an export goes on; money does not, as it is of as many days in both runs, and is taken as it is.
    """
    k = (sums.shape[1] - 2) // 3
    before, now, money = sums[:, :k], sums[:, k : 2 * k], sums[:, 2 * k : 3 * k]
    growth = sums[:, -1:] / np.maximum(sums[:, -2:-1], 1)
    return np.hstack([now - before, now - growth * before, money, money.sum(axis=1, keepdims=True)])
