"""Neighbours, density and connection at scale: exact, in memory that grows with the number of points only.

The points are put in the order of a k-d tree's leaves first: neighbours then lie beside each
other in memory, which makes every later query several times faster.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from segmenter.analysis.types import Floats, Ints

Mask = NDArray[np.bool_]
SLACK = 3.0  # how much nearer than the limit a box must be to be opened in the quick first pass
WINDOW = 256  # points whose distances are taken all at once
STRIDES = tuple(2**power for power in range(14))  # places apart in leaf order at which edges are looked for


@dataclass(frozen=True)
class Neighbourhood:
    """Points of shape (n, d) in leaf order: `points[i]` is row `order[i]` of what was given."""

    points: Floats
    order: Ints

    @cached_property
    def tree(self) -> cKDTree:
        """The k-d tree over the ordered points."""
        return _tree(self.points)


def _tree(points: Floats) -> cKDTree:
    return cKDTree(points, leafsize=32, balanced_tree=False, compact_nodes=False)


def arrange(points: Floats) -> Neighbourhood:
    """The points in leaf order of their k-d tree; no NaN, at least one column."""
    order = np.asarray(_tree(points).indices, dtype=np.int64)
    return Neighbourhood(np.ascontiguousarray(points[order]), order)


def kth_distances(hood: Neighbourhood, k: int, rows: Ints | slice = slice(None)) -> Floats:
    """Distance from each point (or those in `rows`, in leaf order) to its k-th neighbour, itself counted as the first."""
    distances, _ = hood.tree.query(hood.points[rows], k=[k], workers=-1)
    return np.asarray(distances, dtype=np.float64)[:, 0]


def core_points(hood: Neighbourhood, eps: float, min_samples: int) -> Mask:
    """Points with at least `min_samples` points (themselves counted) within `eps`, in leaf order.

    Enough neighbours among those close in leaf order are proof of a core point, and so is an
    approximate k-th neighbour within eps; only the few that both leave open are asked exactly.
    """
    core = _crowded(hood.points, eps, min_samples)
    for slack in (SLACK, 0.0):
        open_ = np.flatnonzero(~core)
        core[open_] = _reaches(hood.tree, hood.points[open_], min_samples, eps, slack)
    return core


def nearest(points: Floats, others: Floats) -> Floats:
    """Distance from each of `others` to its nearest among `points`."""
    hood, asking = arrange(points), arrange(others)
    distances = np.empty(len(others))
    distances[asking.order] = hood.tree.query(asking.points, workers=-1)[0]
    return distances


def within(points: Floats, others: Floats, eps: float) -> Mask:
    """True for each of `others` that has one of `points` within eps."""
    hood = arrange(points)
    near = _reaches(hood.tree, others, 1, eps, SLACK)
    near[~near] = _reaches(hood.tree, others[~near], 1, eps, 0.0)
    return near


def _crowded(points: Floats, eps: float, min_samples: int) -> Mask:
    """Points with `min_samples` within eps in their own block of leaf order and the two beside it."""

    def count(start: int) -> Mask:
        around = points[max(0, start - WINDOW) : start + 2 * WINDOW]
        near = cdist(points[start : start + WINDOW], around) <= eps
        return np.asarray(near.sum(axis=1) >= min_samples)

    with ThreadPoolExecutor() as pool:
        return np.concatenate([np.zeros(0, dtype=bool), *pool.map(count, range(0, len(points), WINDOW))])


def _reaches(tree: cKDTree, points: Floats, k: int, eps: float, slack: float) -> Mask:
    bound = np.nextafter(eps, np.inf)
    distances, _ = tree.query(points, k=[k], eps=slack, distance_upper_bound=bound, workers=-1)
    return np.asarray(np.isfinite(distances)[:, 0])


def components(points: Floats, eps: float) -> Ints:
    """Connected components of the graph that joins points at most `eps` apart, numbered from 0.

    `points` in leaf order are quickest: most edges then lie between points that are close in that
    order and are found without a search. What falls apart by that is joined by asking for edges
    between components directly. Any two components differ in some bit of their number, so that a
    round over all bits without a new edge proves that none is left.
    """
    if not len(points):
        return np.zeros(0, dtype=np.int64)
    labels = _strided(points, eps)
    for slack in (SLACK, 0.0):
        labels = _all_bridged(points, labels, eps, slack)
    return labels


def _all_bridged(points: Floats, labels: Ints, eps: float, slack: float) -> Ints:
    """Components joined until a round over all bits finds no edge; without slack none is then left."""
    while (n_left := int(labels.max()) + 1) > 1:
        for bit in range((n_left - 1).bit_length()):
            labels = _bridged(points, labels, bit, eps, slack)
        if int(labels.max()) + 1 == n_left:
            break
    return labels


def _strided(points: Floats, eps: float) -> Ints:
    """Components by the edges between points 1, 2, 4, ... places apart."""
    n = len(points)
    labels = np.arange(n)
    for stride in STRIDES:
        if stride < n:
            near = np.flatnonzero(_square(points[stride:] - points[:-stride]) <= eps * eps)
            labels = _joined(labels, labels[near], labels[near + stride])
    return labels


def _square(differences: Floats) -> Floats:
    lengths: Floats = np.einsum("ij,ij->i", differences, differences)
    return lengths


def _joined(labels: Ints, left: Ints, right: Ints) -> Ints:
    """The labels after components `left` and `right` are joined pairwise; the largest becomes 0."""
    n = int(labels.max()) + 1
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(n, n))
    joined = np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)[labels]
    sizes = np.bincount(joined)
    rank = np.empty(len(sizes), dtype=np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return rank[joined]


def _bridged(points: Floats, labels: Ints, bit: int, eps: float, slack: float) -> Ints:
    """Components joined across the two halves whose numbers differ in this bit, by each point's nearest beyond."""
    half = (labels >> bit) & 1 == 1
    small, large = sorted((np.flatnonzero(half), np.flatnonzero(~half)), key=len)
    if not len(small):
        return labels
    bound = np.nextafter(eps, np.inf)
    nearest = _tree(points[large]).query(points[small], eps=slack, distance_upper_bound=bound, workers=-1)
    found = np.asarray(nearest[1], dtype=np.int64)
    met = found < len(large)
    return _joined(labels, labels[small[met]], labels[large[found[met]]])
