"""How well clusters survive resampling: the bootstrap Jaccard coefficient of Hennig (2007)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from segmenter.analysis.types import Floats, Ints

Cluster = Callable[[Floats, int], Ints]


def contingency(rows: Ints, columns: Ints, n_rows: int, n_columns: int) -> Ints:
    """How many of the same customers (n,) are in each pair of clusters: (n_rows, n_columns)."""
    counts = np.zeros((n_rows, n_columns), dtype=np.int64)
    np.add.at(counts, (rows, columns), 1)
    return counts


def jaccard(counts: Ints) -> Floats:
    """Jaccard coefficient of each pair of clusters, from their `contingency`: customers in both / customers in either."""
    union = counts.sum(axis=1)[:, None] + counts.sum(axis=0)[None, :] - counts
    shared: Floats = counts / np.maximum(union, 1)
    return shared


def stability(points: Floats, labels: Ints, cluster: Cluster, bootstraps: int, seed: int) -> Floats:
    """Mean Jaccard coefficient of each cluster over bootstrap resamples, shape (n_clusters,).

    `cluster(points, seed)` labels a resample as `labels` (n,) were made. A cluster is compared on the
    distinct points of each resample; one that is missing from it does not count in that resample.
    Around 0.6 and below a cluster dissolves, from 0.75 it is valid, above 0.85 highly stable. A cluster so small that it
    is missing from all resamples has 0.
    """
    n, k = len(points), int(labels.max()) + 1
    found = np.full((bootstraps, k), np.nan)
    for number, generator in enumerate(np.random.default_rng(seed).spawn(bootstraps)):
        rows = np.sort(generator.choice(n, n))
        others = cluster(points[rows], int(generator.integers(2**31)))
        first = np.unique(rows, return_index=True)[1]
        own, other = labels[rows[first]], others[first]
        present = np.unique(own)
        both = contingency(own, other, k, int(other.max()) + 1)
        found[number, present] = jaccard(both).max(axis=1)[present]
    times = np.isfinite(found).sum(axis=0)
    return np.asarray(np.nansum(found, axis=0) / np.maximum(times, 1), dtype=np.float64)
