"""A segment's rule in words, read off a small decision tree, with how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from segmenter.analysis.customers import Customers, Described, Format
from segmenter.analysis.types import Floats, Mask

DEPTH = 3
SAMPLE = 20_000
SMALLEST = 200  # a leaf holds at least one in so many customers


@dataclass(frozen=True)
class Rule:
    """Conditions joined by "and"; `precision` of those who fit are in the segment, `recall` of the segment fit."""

    text: str
    precision: float
    recall: float


def describe(customers: Customers, mine: Mask, show: Format) -> Rule:
    """The leaf of a tree of depth 3 that describes the customers `mine` (n,) best by F1, in raw units."""
    from sklearn.tree import DecisionTreeClassifier

    if mine.all():
        return Rule("everybody", 1.0, 1.0)
    X = np.column_stack([_filled(customers.column(name, default=np.nan)) for name in customers.used])
    step = max(1, len(X) // SAMPLE)
    few = X[::step]
    tree = DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=max(1, len(few) // SMALLEST), random_state=0)
    tree.fit(few, mine[::step])
    leaves = tree.apply(X)
    best = max(np.unique(leaves), key=lambda leaf: _f1(leaves == leaf, mine))
    inside = leaves == best
    hits = int((inside & mine).sum())
    text = _in_words(tree.tree_, int(best), customers, show)
    return Rule(text, hits / max(int(inside.sum()), 1), hits / max(int(mine.sum()), 1))


def _filled(column: Floats) -> Floats:
    """The column with what is not known below all that is, where a tree can tell it from the rest."""
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
    least, most = (_bound(feature, bound, show) if np.isfinite(bound) else "" for bound in (low, high))
    if least and most:
        return f"{feature.label}: exactly {least}" if low == high else f"{feature.label}: {least} to {most}"
    return f"{feature.label}: at least {least}" if least else f"{feature.label}: at most {most}"


def _bound(feature: Described, bound: float, show: Format) -> str:
    """A bound in words, without its unit where the feature's label says it: orders: at most 1."""
    shown = show(feature, bound)
    return shown.split(" ")[0] if feature.unit and feature.unit in feature.label else shown
