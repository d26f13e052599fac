"""A segment's rule in words, read off a small decision tree, and how well such a rule does on customers left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from segmenter.analysis.customers import Customers, Described, Format
from segmenter.analysis.order import by_content, evenly
from segmenter.analysis.types import Floats, Mask

DEPTH = 3
SAMPLE = 20_000
SMALLEST = 200  # a leaf holds at least one in so many customers
VALIDATED, FOLDS = 5_000, 5  # customers of the cross-validation, and its folds


@dataclass(frozen=True)
class Rule:
    """Conditions joined by "and"; `precision` of those who fit are in the segment, `recall` of the segment fit.

    Both are measured on `n_tried` customers, each left out when the rule was made; NaN where they are too few for that.
    """

    text: str
    precision: float
    recall: float
    n_tried: int


def describe(customers: Customers, mine: Mask, show: Format) -> Rule:
    """The rule for the customers `mine` (n,): the leaf, with the best F1, of a decision tree of depth 3, in raw units.

    Precision and recall are from a stratified five-fold cross-validation (Kohavi 1995) of the tree and of the choice of
    its leaf, on at most 5,000 customers. The folds follow from the customers' figures, not from a seed or their order.
    """
    if mine.all():
        return Rule("everybody", 1.0, 1.0, 0)
    X = np.column_stack([_filled(customers.column(name, default=np.nan)) for name in customers.used])
    order = by_content(X)
    many, few = (order[evenly(len(X), size)] for size in (SAMPLE, VALIDATED))
    tree, leaf = _fitted(X[many], mine[many])
    return Rule(_in_words(tree.tree_, leaf, customers, show), *_cross_validated(X[few], mine[few]))


def _fitted(X: Floats, mine: Mask) -> tuple[Any, int]:
    """A tree, and which of its leaves has the highest F1 for `mine`."""
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=max(1, len(X) // SMALLEST), random_state=0)
    leaves = tree.fit(X, mine).apply(X)
    return tree, int(max(np.unique(leaves), key=lambda leaf: _f1(leaves == leaf, mine)))


def _cross_validated(X: Floats, mine: Mask) -> tuple[float, float, int]:
    """Precision and recall of rules on the customers left out when they were made, and the number of these customers."""
    inside, outside = int(mine.sum()), int((~mine).sum())
    if min(inside, outside) < FOLDS:
        return float("nan"), float("nan"), 0
    fold = np.where(mine, mine.cumsum(), (~mine).cumsum()) % FOLDS
    picked = np.zeros(len(mine), dtype=bool)
    for left_out in (fold == part for part in range(FOLDS)):
        tree, leaf = _fitted(X[~left_out], mine[~left_out])
        picked[left_out] = tree.apply(X[left_out]) == leaf
    hits = int((picked & mine).sum())
    return hits / max(int(picked.sum()), 1), hits / inside, len(mine)


def _filled(column: Floats) -> Floats:
    """The column with its gaps filled by a value below all others, so that a tree can split them off."""
    known = column[np.isfinite(column)]
    return np.where(np.isfinite(column), column, 2 * known.min() - known.max() - 1 if len(known) else 0.0)


def _f1(inside: Mask, mine: Mask) -> float:
    return 2 * int((inside & mine).sum()) / (int(inside.sum()) + int(mine.sum()))


def _in_words(tree: Any, leaf: int, customers: Customers, show: Format) -> str:
    """The bounds on the way to `leaf`, one condition per feature."""
    bounds: dict[int, tuple[float, float]] = {}
    node = 0
    for child in _path(tree, leaf):
        low, high = bounds.get(int(tree.feature[node]), (-np.inf, np.inf))
        threshold = float(tree.threshold[node])
        is_left = child == tree.children_left[node]
        bounds[int(tree.feature[node])] = (low, min(high, threshold)) if is_left else (max(low, threshold), high)
        node = child
    by_name = {feature.name: feature for feature in customers.features}
    conditions = [
        _condition(by_name[name], customers.column(name), *bound, show)
        for name, bound in ((customers.used[at], bound) for at, bound in bounds.items())
    ]
    return " and ".join(conditions) or "everybody"


def _path(tree: Any, leaf: int) -> list[int]:
    """Nodes from below the root to `leaf`."""
    parent = {
        int(child): node
        for node in range(tree.node_count)
        for child in (tree.children_left[node], tree.children_right[node])
        if child >= 0
    }
    path = [leaf]
    while path[-1] in parent:
        path.append(parent[path[-1]])
    return path[-2::-1]


def _condition(feature: Described, values: Floats, low: float, high: float, show: Format) -> str:
    """One bound or two on a feature; between values that are all whole, such as orders, the bounds are such values."""
    known = values[np.isfinite(values)]
    if high < known.min():
        return f"{feature.label}: not known"
    if low < known.min():
        if not np.isfinite(high):
            return f"{feature.label}: known"
        low = -np.inf
    if (known == np.round(known)).all():
        low, high = np.floor(low) + 1, np.floor(high)
    if feature.least:
        if high < feature.least:
            return f"{feature.label}: fewer than {feature.least}"
        low = max(low, float(feature.least)) if np.isfinite(low) else low
    least, most = (_bound(feature, bound, show) if np.isfinite(bound) else "" for bound in (low, high))
    if least and most:
        return f"{feature.label}: exactly {least}" if low == high else f"{feature.label}: {least} to {most}"
    return f"{feature.label}: at least {least}" if least else f"{feature.label}: at most {most}"


def _bound(feature: Described, bound: float, show: Format) -> str:
    """A bound in words, without its unit where the feature's label says it: orders: at most 1."""
    shown = show(feature, bound)
    return shown.split(" ")[0] if feature.unit and feature.unit in feature.label else shown
