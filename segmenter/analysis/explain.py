"""Why a customer is odd: the features that set it apart, the jury's votes and the severity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segmenter.analysis import neighbours
from segmenter.analysis.customers import Described, Format
from segmenter.analysis.findings import Reason
from segmenter.analysis.prepare import NORMAL_IQR
from segmenter.analysis.threads import by_blocks
from segmenter.analysis.types import Anomalies, Floats, Ints, Mask, Segmentation

MOST_REASONS = 3
RARE = 0.02  # a value that at most this share of customers reaches is a reason of its own
IQR_FENCE = 3.0  # Tukey's outer fence
ROUNDING = 1e-9  # relative: whoever is exactly at the fence is not outside it in any unit of money
ROBUST_Z = 5.0
FAR = 99.0  # percentile beyond which a distance is far
SAMPLE = 20_000  # customers whose nearest neighbours that percentile is taken from
AT_STAKE = {"monetary", "largest_order", "largest_return"}
# What a high and a low value of a feature is called; {value} is the customer's, {median} a typical customer's.
PHRASES = {
    "monetary": (
        "spent {value}; a typical customer spends {median}",
        "spent {value}; a typical customer spends {median}",
    ),
    "frequency": ("placed {value}; a typical customer places {median}",) * 2,
    "largest_order": (
        "placed one order of {value}; a typical customer's largest is {median}",
        "never placed an order of more than {value}; a typical customer's largest is {median}",
    ),
    "largest_return": ("returned or cancelled goods worth {value} at once; a typical customer {median}",) * 2,
    "returned_lines": ("returned or cancelled {value} of orders; a typical customer {median}",) * 2,
    "return_share": ("got {value} of their money back; a typical customer {median}",) * 2,
    "average_order_value": ("spends {value} per order; a typical customer {median}",) * 2,
    "items_per_order": ("orders {value} at a time; a typical customer {median}",) * 2,
    "distinct_products": ("bought {value}; a typical customer {median}",) * 2,
    "recency": ("last ordered {value} ago; a typical customer {median} ago",) * 2,
    "tenure": ("has been a customer for {value}; a typical one for {median}",) * 2,
    "longest_gap": (
        "was silent for {value} at a stretch; a typical customer for {median}",
        "never let more than {value} pass between two orders; a typical customer {median}",
    ),
    "mean_gap": ("orders every {value}; a typical customer every {median}",) * 2,
    "burst": (
        "spent {value} of their money within 30 days; a typical customer {median}",
        "never spent more than {value} of their money within 30 days; a typical customer {median}",
    ),
    "spend_trend": (
        "spent much more per day in the last 90 days than before",
        "spent much less per day in the last 90 days than before",
    ),
    "hour_spread": (
        "orders at all hours (the hour varies by {value}, for a typical customer by {median})",
        "orders at almost the same time of day (the hour varies by {value}, for a typical customer by {median})",
    ),
    "orders_in_a_day": ("placed {value} on one day; a typical customer {median}",) * 2,
    "shared_orders": ("placed {value} identical to another customer's; a typical customer {median}",) * 2,
    "gap_variation": (
        "orders in bursts with long silences (the time between orders varies by {value} times its average, typically by {median})",
        "orders like clockwork (the time between orders varies by {value} times its average, typically by {median})",
    ),
}
# What replaces the comparison where a typical customer's value is zero.
SELDOM = {
    "largest_return": "most customers never do",
    "returned_lines": "most customers none",
    "return_share": "most customers nothing",
    "shared_orders": "most customers none",
    "orders_in_a_day": "a typical customer never more than two",  # fewer than three on one day count as none
}
NEGATIVE = "got {value} more back than they paid"  # what was bought before the record began
NEVER_MANY = "never placed more than two orders on one day; a typical customer {median}"
NO_ORDER = "placed no order that was not cancelled"
ALL_OF_LATE = "spent all of their money in the last 90 days"
MORE_OF_LATE = "spent many times as much per day in the last 90 days as before"
NONE_OF_LATE = "spent almost nothing in the last 90 days"


@dataclass(frozen=True)
class Explained:
    """The flagged customers, most severe first: row numbers, reasons, nearest ordinary customer, money at stake."""

    rows: Ints
    reasons: tuple[tuple[Reason, ...], ...]
    nearest: Ints
    stake: Floats


@dataclass(frozen=True)
class _Usual:
    """A feature's 5th, 50th and 95th percentile, and the flagged customers' values on it.

    `tails` is the share of customers at least as extreme, on the value's side; 1 where it is missing.
    """

    feature: Described
    values: Floats
    tails: Floats
    range: tuple[float, float, float]

    @classmethod
    def of(cls, column: Floats, rows: Ints, feature: Described) -> _Usual:
        """From the feature's values (n,) of all customers, sorted once."""
        values, known = column[rows], np.sort(column[np.isfinite(column)])
        below = np.searchsorted(known, values, side="right")
        above = len(known) - np.searchsorted(known, values, side="left")
        tails = np.where(np.isfinite(values), np.minimum(below, above) / max(len(known), 1), 1.0)
        if not len(known):
            return cls(feature, values, tails, (float("nan"),) * 3)
        low, high = np.percentile(known, (5, 95), method="nearest")  # values that customers have
        return cls(feature, values, tails, (float(low), float(np.median(known)), float(high)))


def explain(
    values: Floats, features: Sequence[Described], matrix: Floats, anomalies: Anomalies, severity: Floats, show: Format
) -> Explained:
    """Reasons for every flagged customer. `values` (n, p) are raw, `matrix` (n, d) the one searched for anomalies."""
    rows = np.flatnonzero(anomalies.is_anomaly)
    rows = rows[np.lexsort((rows, -severity[rows]))]
    names = anomalies.finding.names
    by_name = {feature.name: (at, feature) for at, feature in enumerate(features)}
    deviation = _robust_z(matrix, _quartiles(matrix), rows) if len(rows) else matrix[rows]
    usual = [_Usual.of(values[:, at], rows, feature) for at, feature in (by_name[n] for n in names if n in by_name)]
    reasons = tuple(_reasons(usual, place, deviation[place], show) for place in range(len(rows)))
    return Explained(rows, reasons, anomalies.nearest[rows], stake(values, features)[rows])


def _robust_z(matrix: Floats, quartiles: Floats, rows: Ints | slice = slice(None)) -> Floats:
    """Distance of `rows` from the median in robust standard deviations (m, d): (x - median) / (IQR / 1.349).

    The standard deviation replaces an IQR of 0, of columns in which more than half of the customers share a value.
    """
    low, middle, high = quartiles
    scale = np.where(high > low, (high - low) / NORMAL_IQR, matrix.std(axis=0))
    z: Floats = (matrix[rows] - middle) / np.where(scale > 0, scale, 1.0)
    return z


def _quartiles(matrix: Floats) -> Floats:
    """The three quartiles (3, d) of the columns of customers (n, d)."""
    columns = by_blocks(lambda block: np.percentile(matrix[:, block], (25, 50, 75), axis=0), matrix.shape[1], 1)
    return np.hstack(columns)


def stake(values: Floats, features: Sequence[Described]) -> Floats:
    """Money at stake (n,): the largest of what a customer spent, ordered at once or gave back at once."""
    at = [index for index, feature in enumerate(features) if feature.name in AT_STAKE]
    if not at:
        return np.zeros(len(values))
    money: Floats = np.nan_to_num(np.abs(values[:, at])).max(axis=1)
    return money


def severity(anomalies: Anomalies, money: Floats) -> Floats:
    """From 0 to 100 (n,): 100 x (oddness + money) / 2, and 0 for ordinary customers.

    oddness = 1 - 1/s with s the distance from the other customers, a typical customer's being 1;
    money = m / (m + m95) with m the money at stake and m95 its 95th percentile over all customers.
    """
    usual = float(np.percentile(money, 95)) if len(money) else 0.0
    oddness = 1 - 1 / np.maximum(anomalies.score, 1.0)
    weight = money / (money + usual) if usual > 0 else np.zeros_like(money)
    return np.where(anomalies.is_anomaly, 50 * (oddness + weight), 0.0)


def jury(matrix: Floats, segments: Floats, segmentation: Segmentation, anomalies: Anomalies) -> Ints:
    """Votes (n,) from 0 to 5 that a customer is odd.

    DBSCAN; Tukey's outer fences; robust z-score beyond 5; distance to the own centroid beyond the
    99th percentile; and late joining in the single-linkage dendrogram (nearest neighbour beyond the
    99th percentile). DBSCAN is the verdict, the votes are its confidence.
    """
    if len(matrix) < 3 or not matrix.size:
        return np.zeros(len(matrix), dtype=np.int64)
    quartiles = _quartiles(matrix)
    low, _, high = quartiles
    fence = (1 + ROUNDING) * IQR_FENCE * (high - low)
    outside = ((matrix < low - fence) | (matrix > high + fence)) & (high > low)
    away = np.linalg.norm(segments - segmentation.centroids[segmentation.labels], axis=1)
    votes = (
        anomalies.is_anomaly,
        outside.any(axis=1),
        (np.abs(_robust_z(matrix, quartiles)) > ROBUST_Z).any(axis=1),
        away > np.percentile(away, FAR),
        _alone(matrix),
    )
    count: Ints = np.column_stack(votes).sum(axis=1)
    return count


def _alone(matrix: Floats) -> Mask:
    """Customers (n,) whose nearest neighbour is farther away than that of 99 in 100 customers of an even sample."""
    index = neighbours.arrange(matrix)
    sample = np.arange(0, len(matrix), 1 + len(matrix) // SAMPLE)
    far = float(np.percentile(neighbours.kth_distances(index, 2, sample), FAR))
    alone = np.empty(len(matrix), dtype=bool)
    alone[index.order] = ~neighbours.density(index, far, 2).core
    return alone


def _reasons(usual: Sequence[_Usual], place: int, deviation: Floats, show: Format) -> tuple[Reason, ...]:
    tails = np.array([column.tails[place] for column in usual])
    order = np.lexsort((-np.abs(deviation), tails))[:MOST_REASONS]
    strong = [at for rank, at in enumerate(order) if rank == 0 or tails[at] <= RARE]
    known = (at for at in strong if np.isfinite(usual[at].values[place]))
    return tuple(_reason(usual[at], place, float(deviation[at]), show) for at in known)


def _reason(usual: _Usual, place: int, deviation: float, show: Format) -> Reason:
    value, feature, (low, median, high) = float(usual.values[place]), usual.feature, usual.range
    shown = abs(value) if feature.name == "monetary" else value
    text = _phrase(feature, value, median, deviation).format(value=show(feature, shown), median=show(feature, median))
    return Reason(feature.name, value, low, high, median, text)


def _phrase(feature: Described, value: float, median: float, deviation: float) -> str:
    """The template for a value, with {value} and mostly {median} in it."""
    phrase = PHRASES.get(feature.name, (feature.label + ": {value}; typical {median}",) * 2)[deviation < 0]
    if feature.name == "monetary" and value < 0:
        return NEGATIVE
    if feature.name == "frequency" and value == 0:
        return NO_ORDER
    if feature.name == "orders_in_a_day" and value == 0:
        return NEVER_MANY
    if feature.name == "spend_trend" and abs(value) > 0.9:
        return NONE_OF_LATE if value < 0 else MORE_OF_LATE if value < 1 else ALL_OF_LATE
    if feature.name in SELDOM and median == 0:
        return f"{phrase.split('; ')[0]}; {SELDOM[feature.name]}"
    return phrase
