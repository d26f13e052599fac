"""Neighbours and density at scale: exact, in memory that grows with the number of points and of neighbours asked for.

The points are first sorted by the leaves of a k-d tree, so that neighbours lie side by side in memory and every later
query is several times faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from segmenter.analysis.threads import by_blocks, one_thread
from segmenter.analysis.types import Floats, Ints, Mask

LEAF = 64
SLACKS = (3.0, 1.0)  # how much nearer than the limit a box must be to be opened in the quick first passes
WINDOW = 512  # points at least whose distances are taken all at once
BLOCK = 2_048  # points queried at a time: small, so that a slow region is shared among threads
MOVED = 65_536  # points moved at a time
ROUNDING = 2.0**-24  # of float32


@dataclass(frozen=True)
class SpatialIndex:
    """Points of shape (n, d) in the leaf order of their k-d tree: `points[i]` is row `order[i]` of the input."""

    points: Floats
    order: Ints

    @cached_property
    def tree(self) -> cKDTree:
        """The k-d tree over the ordered points."""
        return tree_of(self.points)


@dataclass(frozen=True)
class Density:
    """Which points are core, (n,), and the points within eps of each of the m others.

    The neighbours of the i-th point that is not core are `neighbours[starts[i] : starts[i + 1]]`, itself among them.
    """

    core: Mask
    starts: Ints
    neighbours: NDArray[np.int32]


def tree_of(points: Floats) -> cKDTree:
    """A k-d tree that is quick to build: midpoint splits, and boxes that are not shrunk to their points."""
    return cKDTree(points, leafsize=LEAF, balanced_tree=False, compact_nodes=False)


def leaf_order(points: Floats) -> Ints:
    """Row numbers of points (n, d) in the order of their tree's leaves."""
    return np.asarray(tree_of(points).indices, dtype=np.int64)


def arrange(points: Floats) -> SpatialIndex:
    """The points in leaf order of their k-d tree; no NaN, at least one column."""
    order = leaf_order(points)
    return SpatialIndex(np.ascontiguousarray(points[order]), order)


def kth_distances(index: SpatialIndex, k: int, rows: Ints | slice = slice(None)) -> Floats:
    """Distance from each point (or those in `rows`, in leaf order) to its k-th neighbour, itself counted as the first."""
    points = index.points[rows]
    return np.concatenate(by_blocks(lambda block: _query(index.tree, points[block], [k])[0][:, 0], len(points), BLOCK))


def density(index: SpatialIndex, eps: float, min_samples: int) -> Density:
    """Core points, with at least `min_samples` points (themselves counted) within `eps`, and the neighbours of the others.

    Enough neighbours close in leaf order prove that a point is core, and so does an approximate k-th neighbour within
    eps; exact queries are made only for the few points that neither decides.
    """
    core = _surely_core(index.points, eps, min_samples)
    for slack in SLACKS:
        open_ = np.flatnonzero(~core)
        core[open_] = _reaches(index, open_, min_samples, eps, slack)
    open_ = np.flatnonzero(~core)
    found = by_blocks(lambda block: _exact(index, open_[block], min_samples, eps), len(open_), BLOCK)
    core[open_] = np.concatenate([is_core for is_core, _, _ in found])
    starts = np.cumsum(np.concatenate([np.zeros(1, dtype=np.int64), *(counts for _, counts, _ in found)]))
    return Density(core, starts, np.concatenate([neighbours for _, _, neighbours in found]))


def compacted(index: SpatialIndex, rows: Mask) -> Floats:
    """The points (m, d) at `rows` (n,), moved to the front of `index.points`: a copy would take a third of the memory.

    `index` cannot be used afterwards.
    """
    points, at = index.points, 0
    for start in range(0, len(points), MOVED):
        block = points[start : start + MOVED][rows[start : start + MOVED]]
        points[at : at + len(block)] = block
        at += len(block)
    return points[:at]


def nearest(points: Floats, others: Floats) -> tuple[Floats, Ints]:
    """Distance from each of `others` (m, d) to its nearest among `points` (n, d), at least one, and that one's row."""
    index, queries = arrange(points), arrange(others)
    distances, rows = np.empty(len(others)), np.empty(len(others), dtype=np.int64)
    found = by_blocks(lambda block: _query(index.tree, queries.points[block], [1]), len(others), BLOCK)
    distances[queries.order] = np.concatenate([distance[:, 0] for distance, _ in found])
    rows[queries.order] = index.order[np.concatenate([place[:, 0] for _, place in found])]
    return distances, rows


def within(tree: cKDTree, points: Floats, k: Sequence[int], eps: float, slack: float = 0.0) -> tuple[Mask, Ints]:
    """Whether the k-th nearest (m, len(k)) of points (m, d) lie within eps, and their places where they do.

    With `slack` the search skips boxes that are only a little nearer than eps: what it finds is right, but it may miss
    some.
    """
    distances, places = _query(tree, points, k, float(np.nextafter(eps, np.inf)), slack)
    return np.isfinite(distances), places


def _query(
    tree: cKDTree, points: Floats, k: Sequence[int], bound: float = np.inf, slack: float = 0.0
) -> tuple[Floats, Ints]:
    distances, places = tree.query(points, k=k, eps=slack, distance_upper_bound=bound)
    return np.asarray(distances, dtype=np.float64), np.asarray(places, dtype=np.int64)


def _reaches(index: SpatialIndex, rows: Ints, k: int, eps: float, slack: float) -> Mask:
    """Rows whose k-th neighbour lies within eps, as far as a search with slack can tell."""
    points = index.points[rows]
    near = by_blocks(lambda block: within(index.tree, points[block], [k], eps, slack)[0], len(points), BLOCK)
    return np.concatenate(near)[:, 0]


def _exact(index: SpatialIndex, rows: Ints, min_samples: int, eps: float) -> tuple[Mask, Ints, NDArray[np.int32]]:
    """Which rows are core, by exact queries; how many neighbours each of the others has, and these neighbours."""
    near, places = within(index.tree, index.points[rows], range(1, min_samples + 1), eps)
    core = near[:, -1]
    return core, near[~core].sum(axis=1), places[~core][near[~core]].astype(np.int32)


def _surely_core(points: Floats, eps: float, min_samples: int) -> Mask:
    """Points that have `min_samples` within eps in their own block of leaf order and the two beside it; others may be core, too.

    A block has at least twice as many points as are needed. Squared distances are x x + y y - 2 x y, one product in
    float32 relative to the block's first point, with the squares enlarged by more than the rounding error, so that no
    point beyond eps is counted.
    """
    enlarged = np.float32(1 + (4 * points.shape[1] + 32) * ROUNDING)
    limit = np.float32(eps * eps * (1 - 16 * ROUNDING))
    window = max(WINDOW, 2 * min_samples)

    def prove(block: slice) -> Mask:
        first = max(0, block.start - window)
        around = (points[first : block.stop + window] - points[block.start]).astype(np.float32)
        squares, ones = np.einsum("ij,ij->i", around, around) * enlarged, np.ones(len(around), np.float32)
        rows = np.column_stack([-2 * around, squares, ones])[block.start - first : block.stop - first]
        near = rows @ np.vstack([around.T, ones, squares]) <= limit
        return np.asarray(np.bitwise_count(np.packbits(near, axis=1)).sum(axis=1, dtype=np.int64) >= min_samples)

    with one_thread():
        return np.concatenate(by_blocks(prove, len(points), window))
