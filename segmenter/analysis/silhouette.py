"""Silhouettes (Rousseeuw 1987), of many labelings at the price of one."""

from __future__ import annotations

import numpy as np

from segmenter.analysis.findings import SilhouetteProfile
from segmenter.analysis.order import evenly
from segmenter.analysis.threads import by_blocks, one_thread
from segmenter.analysis.types import Floats, Ints

BLOCK = 250
SAMPLE = 10_000  # customers of a mean
PROFILE_POINTS = 200


def silhouettes(points: Floats, labelings: Ints) -> Floats:
    """Exact silhouette of every point (n, d) under every labeling (m, n), shape (m, n).

    A block of Euclidean distances is computed once and summed per cluster, for all labelings in one product with their
    indicator columns. A point that is alone in its cluster has 0, and so has every point in a labeling of one cluster.
    """
    from scipy.spatial.distance import cdist

    n = len(points)
    columns, edges = _indicators(labelings)
    result = np.empty((len(labelings), n))
    sizes = columns.sum(axis=0)

    def fill(rows: slice) -> None:
        sums = cdist(points[rows], points) @ columns
        for number, labels in enumerate(labelings):
            part = slice(edges[number], edges[number + 1])
            result[number, rows] = _from_sums(sums[:, part], sizes[part], labels[rows])

    with one_thread():
        by_blocks(fill, n, BLOCK)
    return result


def mean_silhouette(points: Floats, labels: Ints) -> float:
    """Mean silhouette of customers (n, d) by their labels (n,), on an even sample where they are many; NaN for one cluster."""
    step = -(-len(labels) // SAMPLE)
    inhabited = np.unique(labels[::step], return_inverse=True)[1]
    if not len(inhabited) or not inhabited.any():
        return float("nan")
    return float(silhouettes(points[::step], inhabited[None, :]).mean())


def _indicators(labelings: Ints) -> tuple[Floats, Ints]:
    """Indicator columns (n, total clusters) of all labelings side by side, and where each begins."""
    sizes = labelings.max(axis=1) + 1
    edges = np.concatenate([[0], np.cumsum(sizes)])
    columns = np.zeros((labelings.shape[1], int(edges[-1])))
    for start, labels in zip(edges, labelings, strict=False):
        columns[np.arange(len(labels)), start + labels] = 1.0
    return columns, edges


def _from_sums(sums: Floats, sizes: Floats, labels: Ints) -> Floats:
    """Silhouettes from summed distances to each cluster (rows, k), cluster sizes (k,) and own labels (rows,)."""
    if len(sizes) < 2:
        return np.zeros(len(labels))
    rows = np.arange(len(labels))
    own_size = sizes[labels]
    within = sums[rows, labels] / np.maximum(own_size - 1, 1)
    means = sums / np.maximum(sizes, 1)
    means[:, sizes == 0] = np.inf
    means[rows, labels] = np.inf
    nearest = means.min(axis=1)
    larger = np.maximum(within, nearest)
    value = np.divide(nearest - within, larger, out=np.zeros(len(rows)), where=larger > 0)
    return np.where(own_size > 1, value, 0.0)


def silhouette_profiles(silhouette: Floats, labels: Ints) -> tuple[SilhouetteProfile, ...]:
    """Sorted silhouettes per cluster, largest first, for the silhouette diagram.

    `silhouette` (n,) may hold NaN for customers outside the sample; clusters with none in it have no values.
    """
    return tuple(_profile(int(label), silhouette[labels == label]) for label in np.unique(labels))


def _profile(label: int, values: Floats) -> SilhouetteProfile:
    known = np.sort(values[~np.isnan(values)])[::-1]
    mean = float(known.mean()) if len(known) else 0.0
    return SilhouetteProfile(label, tuple(float(value) for value in known[evenly(len(known), PROFILE_POINTS)]), mean)
