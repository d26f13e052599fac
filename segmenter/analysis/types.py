"""Array results that go from one analysis to the next; rows are customers in the feature table's order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmenter.analysis.findings import AnomalyFinding, KChoice, Preparation
from segmenter.analysis.reading_types import HierarchyFinding, MapFinding

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Prepared:
    """The matrices that distances are taken in.

    `segments` has shape (n_customers, n_used): imputed, outliers treated, transformed, scaled,
    and projected if PCA is on. `anomalies` (n_customers, n_searched) is imputed, transformed and
    scaled, its outliers untouched. `preparation` and `search`, which is without notes, are plain
    numbers, enough to prepare new customers for either.
    """

    segments: Floats
    anomalies: Floats
    preparation: Preparation
    search: Preparation


@dataclass(frozen=True)
class Segmentation:
    """K-Means labels 0..n_clusters-1, the most valuable cluster first; centroids in prepared units.

    `silhouette` has shape (n_customers,): NaN for customers outside the sample it was measured on.
    """

    labels: Ints
    centroids: Floats
    silhouette: Floats
    choice: KChoice

    @property
    def n_clusters(self) -> int:
        """Number of segments."""
        return len(self.centroids)


@dataclass(frozen=True)
class Anomalies:
    """DBSCAN's verdict per customer, all of shape (n_customers,).

    `role` is core, border or noise; `labels` the DBSCAN cluster, -1 for noise; `rare_group` true in
    clusters below the stated share; `is_anomaly` noise or rare group; `score` the distance from the
    other customers, a typical customer's being 1 (analysis/oddness.py); `nearest` the row of the nearest
    ordinary core customer, -1 for those who are one themselves.
    """

    role: NDArray[np.object_]
    labels: Ints
    rare_group: Mask
    is_anomaly: Mask
    score: Floats
    nearest: Ints
    finding: AnomalyFinding


@dataclass(frozen=True)
class Hierarchy:
    """The hierarchical view on a sample: `sample` holds row numbers, the others are (n_sample,).

    `labels` are the dendrogram's cut at K, `divided` the groups of the top-down tree.
    """

    sample: Ints
    labels: Ints
    divided: Ints
    finding: HierarchyFinding


@dataclass(frozen=True)
class CustomerMap:
    """A map on a sample: t-SNE in 2-D and 3-D and PCA in 2-D, rows as in `sample`."""

    sample: Ints
    tsne2: Floats
    tsne3: Floats
    pca2: Floats
    finding: MapFinding
