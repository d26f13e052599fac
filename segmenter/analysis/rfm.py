"""RFM scores by quintile and the eleven standard segments, beside the K-Means segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segmenter.analysis.reading_types import RfmFinding
from segmenter.analysis.stability import contingency
from segmenter.analysis.types import Floats, Ints, Mask

NAMES = (
    "Champions",
    "Loyal",
    "Potential Loyalist",
    "New",
    "Promising",
    "Need Attention",
    "About To Sleep",
    "At Risk",
    "Cannot Lose Them",
    "Hibernating",
    "Lost",
)
TIE_RULE = (
    "Customers with equal values get equal scores, by their average rank; those who ordered no more than once score 1 "
    "in orders, however many they are."
)


@dataclass(frozen=True)
class Rfm:
    """Per customer the `scores` (n, 3) from 1 to 5 and the standard segment's name.

    `disagrees` (n,) marks those who are in another K-Means segment than most of their RFM segment.
    """

    scores: Ints
    names: list[str]
    disagrees: Mask
    finding: RfmFinding


def score(recency: Floats, frequency: Floats, monetary: Floats, segments: Ints, n_clusters: int) -> Rfm:
    """Scores from 1 to 5, 5 the best, the standard segment per customer, and the crosswalk to `segments`.

    All arguments have shape (n,); a customer without an order (recency NaN) scores 1 in recency.
    """
    from sklearn.metrics import adjusted_rand_score

    columns = {"recency": -np.nan_to_num(recency, nan=np.inf), "frequency": frequency, "monetary": monetary}
    scores = np.column_stack([quintiles(np.nan_to_num(column)) for column in columns.values()])
    scores[np.nan_to_num(frequency) <= 1, 1] = 1  # a single order is no habit, even where half of all have no other
    place = _places()[tuple(scores.T - 1)]
    names: list[str] = np.array(NAMES, dtype=object)[place].tolist()
    crosswalk = contingency(place, segments, len(NAMES), n_clusters)
    disagrees = segments != crosswalk.argmax(axis=1)[place]
    finding = RfmFinding(
        cuts=_cuts(scores, {"recency": recency, "frequency": frequency, "monetary": monetary}),
        tie_rule=TIE_RULE,
        names=NAMES,
        customers=tuple(int(count) for count in crosswalk.sum(axis=1)),
        revenue=tuple(float(monetary[place == number].sum()) for number in range(len(NAMES))),
        crosswalk=tuple(tuple(int(cell) for cell in row) for row in crosswalk),
        agreement=float(adjusted_rand_score(place, segments)),
        n_disagree=int(disagrees.sum()),
    )
    return Rfm(scores, names, disagrees, finding)


def quintiles(values: Floats) -> Ints:
    """Scores 1 to 5 of `values` (n,), higher values higher scores, equal values equal scores."""
    distinct, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    if len(distinct) == 1:
        return np.full(len(values), 3, dtype=np.int64)
    middle = np.cumsum(counts) - (counts - 1) / 2 - 0.5
    return np.minimum(5, 1 + (5 * middle / len(values)).astype(np.int64))[place]


def segment(r: int, f: int, m: int) -> str:
    """The standard segment of scores 1 to 5: the first line that holds, and the last always does.

    Frequency and money are taken together as the better-founded of the two habits, (f + m) / 2.
    """
    value = (f + m) / 2
    rules = (
        (r >= 4 and value >= 4, "Champions"),
        (r == 5 and f == 1, "New"),
        (r == 4 and f == 1, "Promising"),
        (r >= 3 and value >= 3.5, "Loyal"),
        (r >= 4, "Potential Loyalist"),
        (r == 3 and value >= 2.5, "Need Attention"),
        (r == 3, "About To Sleep"),
        (value >= 4.5, "Cannot Lose Them"),
        (value >= 3, "At Risk"),
        (r == 2 or value >= 2, "Hibernating"),
    )
    return next((name for holds, name in rules if holds), "Lost")


def _places() -> Ints:
    """Number (5, 5, 5) of the standard segment of every code."""
    each = range(1, 6)
    return np.array([[[NAMES.index(segment(r, f, m)) for m in each] for f in each] for r in each], dtype=np.int64)


def _cuts(scores: Ints, columns: dict[str, Floats]) -> dict[str, tuple[float, ...]]:
    """Per column the worst value that still earns each score from 2 to 5 (recency: the most days), NaN where nobody has it."""
    cuts = {}
    for number, (name, values) in enumerate(columns.items()):
        worst = np.nanmax if name == "recency" else np.nanmin
        members = (values[scores[:, number] == score] for score in (2, 3, 4, 5))
        cuts[name] = tuple(float(worst(each)) if np.isfinite(each).any() else float("nan") for each in members)
    return cuts
