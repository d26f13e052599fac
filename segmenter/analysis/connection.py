"""Connected components of points that lie close together: exact, without a list of all edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from segmenter.analysis.neighbours import BLOCK, leaf_order, tree_of, within
from segmenter.analysis.threads import by_blocks
from segmenter.analysis.types import Floats, Ints, Mask

Rows = NDArray[np.int32]  # row numbers and labels, at half the memory of int64

STRIDES = tuple(2**power for power in range(14))  # places apart in an order at which edges are looked for
ROTATIONS = 2  # orders beside the first: leaf orders of the points rotated, in which other neighbours lie side by side
FEW = 64  # components
SMALL = 0.01  # of the points, a component
MOST_STRAYS = 0.05  # of the points, all in small components: a search for each costs less than a round over the bits
STRAY_NEIGHBOURS = 8
PAIRS = 65_536  # whose distances are taken at a time
PIECE = 1 << 20  # points copied at a time; in leaf order they lie close together, so that queries end early
BOXED = 256  # components at most whose boxes are compared, each with each


def components(points: Floats, eps: float) -> Ints:
    """Connected components of the graph that joins points (n, d) at most `eps` apart, numbered from 0, the largest first.

    `points` in leaf order are quickest: most edges are then between points that are close in that order, or in the leaf
    order of the rotated points, and are found without a search. Then the nearest neighbours of points in small components
    are searched. Last, edges between the remaining components are searched, split into halves by one bit of their number
    after another: any two differ in some bit, so that a round over all bits without a new edge proves that there is none.
    """
    labels = _strided(points, np.arange(len(points), dtype=np.int32), _runs(points, eps), eps)
    for turn in range(ROTATIONS):
        if len(labels) and labels.max() >= FEW:
            labels = _strided(points, _rotated_order(points, turn), labels, eps)
    return _all_bridged(points, _strays_joined(points, labels, eps), eps).astype(np.int64)


def _rotated_order(points: Floats, seed: int) -> Rows:
    """The leaf order of the points after a random rotation, piece by piece. It affects the time taken, not the components."""
    d = points.shape[1]
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0]
    parts = [leaf_order(points[start : start + PIECE] @ rotation) + start for start in range(0, len(points), PIECE)]
    return np.concatenate(parts).astype(np.int32)


def _runs(points: Floats, eps: float) -> Rows:
    """Components joined by the edges between points that follow one another."""
    rows = np.arange(len(points), dtype=np.int32)
    labels = np.zeros(len(points), dtype=np.int32)
    np.cumsum(~_close(points, rows[:-1], rows[1:], eps), out=labels[1:])
    return _largest_first(labels)


def _strided(points: Floats, order: Rows, labels: Rows, eps: float) -> Rows:
    """Components joined by the edges between points 1, 2, 4, ... places apart in `order`."""
    for stride in STRIDES:
        along = labels[order]
        first = np.flatnonzero(along[:-stride] != along[stride:])
        left, right = order[first], order[first + stride]
        close = _close(points, left, right, eps)
        labels = _joined(labels, labels[left[close]], labels[right[close]])
    return labels


def _close(points: Floats, left: Rows, right: Rows, eps: float) -> Mask:
    """True for pairs of rows at most eps apart."""

    def measure(block: slice) -> Mask:
        differences = points[left[block]] - points[right[block]]
        return np.asarray(np.einsum("ij,ij->i", differences, differences) <= eps * eps)

    return np.concatenate(by_blocks(measure, len(left), PAIRS))


def _joined(labels: Rows, left: Rows, right: Rows) -> Rows:
    """The labels after components `left` and `right` are joined pairwise; the largest becomes 0."""
    if not len(left):
        return labels
    n = int(labels.max()) + 1
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(n, n))
    return _largest_first(np.asarray(connected_components(graph, directed=False)[1], dtype=np.int32)[labels])


def _largest_first(labels: Rows) -> Rows:
    """The same components, numbered by their size."""
    sizes = np.bincount(labels)
    rank = np.empty(len(sizes), dtype=np.int32)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return rank[labels]


def _strays_joined(points: Floats, labels: Rows, eps: float) -> Rows:
    """Components joined by the nearest neighbours of points in small components, where these points are few."""
    n = len(labels)
    strays = np.flatnonzero(np.bincount(labels)[labels] < SMALL * n)
    if not 0 < len(strays) <= MOST_STRAYS * n:
        return labels
    tree, wanted = tree_of(points), range(1, min(STRAY_NEIGHBOURS, n) + 1)
    parts = by_blocks(lambda block: within(tree, points[strays[block]], wanted, eps), len(strays), BLOCK)
    near, found = (np.concatenate(part) for part in zip(*parts, strict=True))
    return _joined(labels, np.repeat(labels[strays], near.sum(axis=1)), labels[found[near]])


def _all_bridged(points: Floats, labels: Rows, eps: float) -> Rows:
    """Components joined until a round over all bits finds no edge, or every pair is known to have none."""
    near = None
    while len(labels) and (n_left := int(labels.max()) + 1) > 1:
        near = _near(points, labels, eps) if near is None and n_left <= BOXED else near
        for bit in range((n_left - 1).bit_length()):
            joined = _bridged(points, labels, bit, eps, near)
            if near is not None:
                near = _still_near(near, bit) if joined is labels else _merged(near, labels, joined)
            labels = joined
        if int(labels.max()) + 1 == n_left or (near is not None and not near.any()):
            break
    return labels


def _still_near(near: Mask, bit: int) -> Mask:
    """The pairs that may still be joined, after no edge was found between the halves that differ in this bit."""
    half = (np.arange(len(near)) >> bit) & 1 == 1
    return np.asarray(near & (half[:, None] == half))


def _merged(near: Mask, labels: Rows, joined: Rows) -> Mask:
    """The pairs by the numbers that the components have after some were joined."""
    number = np.empty(len(near), dtype=np.int64)
    number[labels] = joined
    one, other = (number[part] for part in np.nonzero(near))
    after = np.zeros((int(joined.max()) + 1,) * 2, dtype=bool)
    after[one[one != other], other[one != other]] = True
    return after


def _near(points: Floats, labels: Rows, eps: float) -> Mask:
    """Pairs of different components (c, c) whose bounding boxes are at most `eps` apart: no edge joins any others.

    Clusters that differ in one feature alone, as customers with returns and those without, are told apart by it without
    a query; a tree over both would have to find that out for each point.
    """
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(int(labels.max()) + 1))
    low, high = (  # a column at a time: no copy of all points
        np.column_stack([bound.reduceat(column[order], starts) for column in points.T])
        for bound in (np.minimum, np.maximum)
    )
    gaps = np.maximum(low[:, None] - high[None], low[None] - high[:, None]).clip(0.0)
    near = np.einsum("ijk,ijk->ij", gaps, gaps) <= eps * eps
    np.fill_diagonal(near, val=False)
    return np.asarray(near)


def _bridged(points: Floats, labels: Rows, bit: int, eps: float, near: Mask | None) -> Rows:
    """Components joined across the two halves whose numbers differ in this bit, by each point's nearest in the other half.

    Components that are not `near` any of the other half are left out.
    """
    small, large = _halves(labels, bit, near)
    if not len(small):
        return labels
    ends = [_edges(points, small, large[start : start + PIECE], eps) for start in range(0, len(large), PIECE)]
    return _joined(labels, *(labels[np.concatenate(rows)] for rows in zip(*ends, strict=True)))


def _edges(points: Floats, queries: Ints, others: Ints, eps: float) -> tuple[Ints, Ints]:
    """Rows of `queries` that have one of `others` within eps, and of each the nearest."""
    tree = tree_of(points[others])
    found = by_blocks(lambda block: within(tree, points[queries[block]], [1], eps), len(queries), BLOCK)
    close, place = (np.concatenate(parts)[:, 0] for parts in zip(*found, strict=True))
    return queries[close], others[place[close]]


def _halves(labels: Rows, bit: int, near: Mask | None) -> tuple[Ints, Ints]:
    """Rows whose number has the bit, and rows whose number has not, the fewer first."""
    numbers = np.arange(int(labels.max()) + 1)
    half = (numbers >> bit) & 1 == 1
    is_kept = np.ones(len(numbers), dtype=bool) if near is None else (near & (half[:, None] != half)).any(axis=1)
    small, large = sorted(
        (np.flatnonzero((half & is_kept)[labels]), np.flatnonzero((~half & is_kept)[labels])), key=len
    )
    return small, large
