"""The hierarchical view: which customers join whom as groups are merged, on a bounded sample."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from segmenter.analysis.divisive import divide
from segmenter.analysis.order import draw, drawn_rows
from segmenter.analysis.reading_types import Curve, HierarchyFinding, LinkageFinding
from segmenter.analysis.threads import single_threaded
from segmenter.analysis.types import Floats, Hierarchy, Ints

Linkage = Literal["single", "complete", "average", "centroid", "ward"]
Metric = Literal["euclidean", "cityblock", "cosine"]
LINKAGES: tuple[Linkage, ...] = ("single", "complete", "average", "centroid", "ward")
METRICS: tuple[Metric, ...] = ("euclidean", "cityblock", "cosine")
WORDS = {"euclidean": "Euclidean", "cityblock": "Manhattan", "cosine": "cosine"}
EUCLIDEAN_ONLY = {"centroid", "ward"}
LEAVES = 30
COMPARED = 1_000  # customers that the linkages and distances are compared on


@single_threaded
def build(
    matrix: Floats, segments: Ints, centroids: Floats, *, method: Linkage, metric: Metric, sample_size: int, seed: int
) -> Hierarchy:
    """Dendrogram of at most `sample_size` rows of `matrix` (n, d), cut at as many groups as `centroids` has rows.

    Every linkage is compared under every distance that it is defined for, by its cophenetic correlation
    (Sokal and Rohlf 1962) and by how its cut agrees with the K-Means labels `segments` (n,). Centroid
    and Ward linkage are defined for Euclidean distances only and use them whatever `metric` says.
    O(sample²) memory.
    """
    from scipy.cluster.hierarchy import linkage

    sample = drawn_rows(matrix, sample_size, seed)
    points, labels, n_clusters = matrix[sample], segments[sample], len(centroids)
    if len(np.unique(points, axis=0)) < 2:
        alone = np.zeros(len(sample), dtype=np.int64)
        return Hierarchy(sample, alone, alone, _no_tree(method, metric, len(sample)))
    used = _metric(method, metric)
    tree = linkage(_distances(points, used), method)
    few = draw(len(sample), COMPARED, seed)
    compared = _compared(points[few], labels[few], n_clusters)
    divided = divide(points, labels, n_clusters, seed)
    finding = _shown(tree, labels, n_clusters, centroids, method, used)
    reason = _in_words(compared, method, metric)
    found = replace(finding, linkages=compared, n_compared=len(few), splits=divided.splits, reason=reason)
    return Hierarchy(sample, cut(tree, n_clusters), divided.labels, found)


def cut(tree: Floats, n_clusters: int) -> Ints:
    """Labels 0.. of the leaves where the tree is cut into at most `n_clusters` groups.

    Centroid linkage may invert heights; the merges are then cut by their order.
    """
    from scipy.cluster.hierarchy import fcluster

    ordered = tree.copy()
    ordered[:, 2] = np.arange(len(tree)) + 1.0
    return np.asarray(fcluster(ordered, len(tree) + 1 - n_clusters + 0.5, "distance") - 1, dtype=np.int64)


def _metric(method: Linkage, metric: Metric) -> Metric:
    return "euclidean" if method in EUCLIDEAN_ONLY else metric


def _distances(points: Floats, metric: Metric) -> Floats:
    """Condensed distances; a customer at the origin, who has no direction, is at a right angle to the others."""
    from scipy.spatial.distance import pdist

    return np.nan_to_num(pdist(points, metric), nan=1.0)


def _compared(points: Floats, segments: Ints, n_clusters: int) -> tuple[LinkageFinding, ...]:
    """Every linkage under every distance that it is defined for."""
    found = []
    for metric in METRICS:
        distances = _distances(points, metric)
        found += [
            _compare(name, metric, distances, segments, n_clusters)
            for name in LINKAGES
            if _metric(name, metric) == metric
        ]
    return tuple(found)


def _compare(name: Linkage, metric: Metric, distances: Floats, segments: Ints, n_clusters: int) -> LinkageFinding:
    from scipy.cluster.hierarchy import cophenet, linkage
    from sklearn.metrics import adjusted_rand_score

    tree = linkage(distances, name)
    labels = cut(tree, n_clusters)
    sizes = tuple(sorted((int(size) for size in np.bincount(labels)), reverse=True))
    agreement = float(adjusted_rand_score(segments, labels))
    return LinkageFinding(name, metric, _correlation(cophenet(tree), distances), agreement, sizes)


def _in_words(compared: tuple[LinkageFinding, ...], method: Linkage, metric: Metric) -> str:
    best = max(compared, key=lambda each: each.cophenetic)
    used = _metric(method, metric)
    instead = (
        "" if used == metric else f" {WORDS[metric]} distance was requested, but this linkage is not defined for it."
    )
    return (
        f"{best.linkage.capitalize()} linkage with {WORDS[best.metric]} distance preserves the distances between "
        f"customers best (cophenetic correlation {best.cophenetic:.2f}); {method.replace('ward', 'Ward')} linkage "
        f"with {WORDS[used]} distance is shown."
        f"{instead}"
    )


def _correlation(some: Floats, others: Floats) -> float:
    """Pearson's, 0 where either is constant; without the copies that `numpy.corrcoef` makes of millions of pairs."""
    one, other = some - some.mean(), others - others.mean()
    scale = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / scale if scale > 0 else 0.0


def _shown(
    tree: Floats, segments: Ints, n_clusters: int, centroids: Floats, method: str, metric: str
) -> HierarchyFinding:
    """The upper part of a tree over customers of `segments` (n_sample,), without what it is compared with."""
    n = len(tree) + 1
    leaves = min(LEAVES, n)
    groups = cut(tree, leaves)
    heights = tree[:, 2]
    upper = heights[n - n_clusters] if n_clusters > 1 else 0.0
    lower = heights[n - n_clusters - 1] if 1 < n_clusters < n else 0.0
    truncated, order = _truncate(tree, groups, leaves)
    return HierarchyFinding(
        linkage=method,
        metric=metric,
        n_sample=n,
        tree=truncated,
        leaf_sizes=tuple(int((groups == leaf).sum()) for leaf in order),
        leaf_segments=tuple(int(np.bincount(segments[groups == leaf]).argmax()) for leaf in order),
        cut_height=float((upper + lower) / 2),
        linkages=(),
        merges=_merges(centroids, np.bincount(segments, minlength=n_clusters)),
        reason="",
    )


def _truncate(tree: Floats, groups: Ints, leaves: int) -> tuple[tuple[Curve, ...], list[int]]:
    """The last merges as a linkage matrix over the groups that they join; and the groups in leaf order."""
    n = len(tree) + 1
    number: dict[int, int] = {}
    order: list[int] = []
    rows: list[Curve] = []
    for merge in range(n - leaves, n - 1):
        left, right, height, _ = tree[merge]
        ends = [_leaf(int(node), tree, groups, number, order) for node in (left, right)]
        size = sum(1.0 if end < leaves else rows[end - leaves][3] for end in ends)
        rows.append((float(min(ends)), float(max(ends)), float(height), size))
        number[n + merge] = leaves + len(rows) - 1
    return tuple(rows), order


def _leaf(node: int, tree: Floats, groups: Ints, number: dict[int, int], order: list[int]) -> int:
    """Number of `node` in the truncated tree; a node below the cut is the leaf of its group."""
    if node not in number:
        member, n = node, len(tree) + 1
        while member >= n:
            member = int(tree[member - n, 0])
        number[node] = len(order)
        order.append(int(groups[member]))
    return number[node]


def _merges(centroids: Floats, sizes: Ints) -> tuple[tuple[int, int, int], ...]:
    """Which segments join as K falls, by Ward's criterion on their centroids and sizes."""
    weight = {label: float(size) for label, size in enumerate(sizes) if size}
    place = {label: centroids[label].astype(float) for label in weight}
    merges = []
    while len(weight) > 1:
        pairs = [(a, b) for a in weight for b in weight if a < b]
        costs = [
            weight[a] * weight[b] / (weight[a] + weight[b]) * float(((place[a] - place[b]) ** 2).sum())
            for a, b in pairs
        ]
        a, b = pairs[int(np.argmin(costs))]
        place[a] = (place[a] * weight[a] + place[b] * weight[b]) / (weight[a] + weight[b])
        weight[a] += weight.pop(b)
        merges.append((len(weight), a, b))
    return tuple(merges)


def _no_tree(method: str, metric: str, n: int) -> HierarchyFinding:
    return HierarchyFinding(
        method, metric, n, (), (n,), (0,), 0.0, (), (), "All customers are alike: there is no tree."
    )
