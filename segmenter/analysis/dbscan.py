"""DBSCAN (Ester, Kriegel, Sander and Xu 1996): who behaves like nobody else.

The roles and labels equal scikit-learn's; they are computed without its lists of all neighbours,
so that millions of customers fit in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

import numpy as np

from segmenter.analysis import neighbours
from segmenter.analysis.connection import components
from segmenter.analysis.findings import AnomalyFinding, Preparation
from segmenter.analysis.knee import knee
from segmenter.analysis.neighbours import Density, SpatialIndex
from segmenter.analysis.oddness import oddness
from segmenter.analysis.order import evenly
from segmenter.analysis.types import Anomalies, Floats, Ints, Mask

if TYPE_CHECKING:
    from segmenter.config.analysis import DbscanConfig

CURVE_SAMPLE = 10_000
CURVE_POINTS = 500
LEAST_SAMPLES = 4
ROLES = np.array(["noise", "border", "core"], dtype=object)  # the same three strings for all customers
MANY, FEW = 0.05, 0.0005
ABOVE_EPS = 1e-9  # relative


@dataclass(frozen=True)
class Clustering:
    """DBSCAN's labels (-1 noise) and core points, both of shape (n,) in the order of the rows given."""

    labels: Ints
    core: Mask


def dbscan(matrix: Floats, eps: float, min_samples: int) -> Clustering:
    """Labels and core points of rows (n, d), equal to scikit-learn's DBSCAN in O(n min_samples) memory at most.

    A core point has `min_samples` points, itself counted, within `eps`. Clusters are numbered by
    their first core point's row; a border point belongs to the first cluster that reaches it.
    """
    return clusters(neighbours.arrange(matrix), eps, min_samples)


def clusters(index: SpatialIndex, eps: float, min_samples: int) -> Clustering:
    """`dbscan` of indexed points; `index` cannot be used afterwards."""
    found, order = neighbours.density(index, eps, min_samples), index.order
    points = neighbours.compacted(index, found.core)
    del index
    joined = components(points, eps)
    del points
    here = np.full(len(order), -1, dtype=np.int64)
    here[found.core] = _by_first_row(joined, order[found.core])
    here[~found.core] = _reached(found, here)
    labels, core = np.empty(len(order), dtype=np.int64), np.empty(len(order), dtype=bool)
    labels[order], core[order] = here, found.core
    return Clustering(labels, core)


def _by_first_row(labels: Ints, rows: Ints) -> Ints:
    """The same components, numbered by their smallest row."""
    if not len(labels):
        return labels
    first = np.full(int(labels.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, labels, rows)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[labels]


def _reached(found: Density, labels: Ints) -> Ints:
    """Smallest label among the core points within eps of each non-core point, -1 where there is none."""
    if found.core.all():
        return np.zeros(0, dtype=np.int64)
    unreached = np.iinfo(np.int64).max
    near = np.where(found.core, labels, unreached)[found.neighbours]
    smallest = np.minimum.reduceat(near, found.starts[:-1])
    return np.where(smallest < unreached, smallest, -1)


def detect(matrix: Floats, search: Preparation, config: DbscanConfig) -> Anomalies:
    """Noise and rare groups among customers (n, d), and how far everybody is from the others.

    `search` is how the features became the matrix. Clusters with less than `config.rare_group_share` of the
    customers are rare groups; customers of all other clusters are ordinary.
    """
    n, d = matrix.shape
    min_samples, min_samples_reason = _min_samples(n, d, config)
    if d == 0 or n <= min_samples or np.ptp(matrix, axis=0).max() == 0:
        return _no_anomalies(n, search, min_samples, min_samples_reason)
    index = neighbours.arrange(matrix)
    curve = k_distances(index, min_samples)
    eps, eps_reason = choose_eps(curve, min_samples, config)
    clustering = clusters(index, eps, min_samples)
    del index  # `clusters` has moved its points
    rare = _rare_groups(clustering.labels, config.rare_group_share)
    noise = clustering.labels < 0
    role = ROLES[np.where(clustering.core, 2, np.where(noise, 0, 1))]
    beyond, nearest = _beyond(matrix, clustering.core & ~rare, min_samples)
    return Anomalies(
        role=role,
        labels=clustering.labels,
        rare_group=rare,
        is_anomaly=noise | rare,
        score=oddness(matrix, beyond, eps),
        nearest=nearest,
        finding=AnomalyFinding(
            names=search.names,
            eps=eps,
            min_samples=min_samples,
            eps_reason=eps_reason,
            min_samples_reason=min_samples_reason,
            k_distances=_thinned(curve),
            n_customers=n,
            n_core=int(clustering.core.sum()),
            n_border=int((~clustering.core & ~noise).sum()),
            n_noise=int(noise.sum()),
            n_rare=int(rare.sum()),
            n_clusters=int(clustering.labels.max()) + 1,
            warnings=_warnings(noise | rare, clustering.labels),
            contrast=None,
            n_contrast=0,
            search=search,
        ),
    )


def _min_samples(n: int, d: int, config: DbscanConfig) -> tuple[int, str]:
    """The dimension times ln n, which grows as Birant and Kut (2007) have it, and why.

    With twice the dimension (Sander et al. 1998) two dozen customers who are odd in the same way would pass for ordinary.
    """
    if config.min_samples is not None:
        return config.min_samples, "set in the configuration"
    chosen = max(LEAST_SAMPLES, min(round(d * log(max(n, 1))), n // 10))
    return chosen, (
        f"{d} features times the natural logarithm of {n:,} customers, at most a tenth of them: customers who are odd "
        f"in the same way must not make each other look ordinary"
    )


def k_distances(index: SpatialIndex, k: int) -> Floats:
    """Distances to the k-th neighbour, largest first, of all customers or an even sample in leaf order."""
    n = len(index.order)
    rows = np.arange(0, n, 1 + n // CURVE_SAMPLE)
    return np.sort(neighbours.kth_distances(index, k, rows))[::-1]


def choose_eps(curve: Floats, min_samples: int, config: DbscanConfig) -> tuple[float, str]:
    """The knee of the k-distances on a logarithmic axis.

    It is sought among the largest tenth, so that at most so many customers lack a dense
    neighbourhood, and does not depend on how far out the most extreme half percent lie.
    """
    if config.eps is not None:
        return config.eps, "set in the configuration"
    if not curve[0] > 0:
        return float(np.finfo(np.float32).eps), f"every customer has {min_samples - 1} others who are exactly alike"
    height = np.log(np.maximum(curve, curve[curve > 0][-1]))
    height = np.minimum(height, height[len(height) // 200])
    bend = knee(np.arange(len(curve), dtype=np.float64), height, within=max(1, len(curve) // 10))
    if bend is None:
        return _above(curve[0]), f"the largest distance to neighbour number {min_samples}: the curve has no knee"
    return _above(curve[bend]), f"the knee of the distances to neighbour number {min_samples}, on a logarithmic axis"


def _above(distance: float) -> float:
    """Slightly more than a distance, so that the customer at that distance is within it despite rounding."""
    return float(distance) * (1 + ABOVE_EPS)


def _rare_groups(labels: Ints, share: float) -> Mask:
    """Customers of clusters below the share; the largest cluster is always ordinary."""
    sizes = np.bincount(labels + 1)
    sizes[0] = 0
    is_rare = sizes < share * len(labels)
    is_rare[[0, int(sizes.argmax())]] = False
    return np.asarray(is_rare[labels + 1])


def _beyond(matrix: Floats, ordinary: Mask, min_samples: int) -> tuple[Floats, Ints]:
    """Distance to the nearest ordinary core customer and that one's row; 0 and -1 for ordinary core customers themselves.

    Where there are none: the distance to the k-th neighbour, and -1.
    """
    beyond, rows = np.zeros(len(matrix)), np.full(len(matrix), -1, dtype=np.int64)
    if ordinary.any():
        beyond[~ordinary], found = neighbours.nearest(matrix[ordinary], matrix[~ordinary])
        rows[~ordinary] = np.flatnonzero(ordinary)[found]
        return beyond, rows
    index = neighbours.arrange(matrix)
    beyond[index.order] = neighbours.kth_distances(index, min_samples)
    return beyond, rows


def _thinned(curve: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in curve[evenly(len(curve), CURVE_POINTS)])


def _warnings(odd: Mask, labels: Ints) -> tuple[str, ...]:
    if (labels < 0).all():
        return ("No customer has enough others nearby: everybody counts as noise, and the flags mean nothing.",)
    if odd.mean() > MANY:
        return (
            f"{odd.mean():.0%} of the customers were flagged as anomalies, too many for all of them to be odd. "
            "Read them in order of severity, or set a larger eps.",
        )
    if not odd.any() and len(odd) * FEW < 1:
        return (f"Among {len(odd):,} customers, nobody is far from the others; among more, somebody may be.",)
    if odd.mean() < FEW:
        return ("Hardly anybody came out as an anomaly: eps may be too large, or the customers are much alike.",)
    return ()


def _no_anomalies(n: int, search: Preparation, min_samples: int, reason: str) -> Anomalies:
    """The verdict where density says nothing: customers all alike, or fewer than a neighbourhood needs."""
    return Anomalies(
        role=np.full(n, "core", dtype=object),
        labels=np.zeros(n, dtype=np.int64),
        rare_group=np.zeros(n, dtype=bool),
        is_anomaly=np.zeros(n, dtype=bool),
        score=np.zeros(n),
        nearest=np.full(n, -1, dtype=np.int64),
        finding=AnomalyFinding(
            names=search.names,
            eps=0.0,
            min_samples=min_samples,
            eps_reason="not chosen: there is no distance to choose from",
            min_samples_reason=reason,
            k_distances=(),
            n_customers=n,
            n_core=n,
            n_border=0,
            n_noise=0,
            n_rare=0,
            n_clusters=1 if n else 0,
            warnings=("The customers are too few or too similar to tell anomalies from others.",),
            contrast=None,
            n_contrast=0,
            search=search,
        ),
    )
