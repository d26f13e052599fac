"""K-Means (Lloyd 1982, k-means++ by Arthur and Vassilvitskii 2007) over a range of K."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segmenter.analysis.alike import differs
from segmenter.analysis.choice import choose, trivial
from segmenter.analysis.findings import KChoice, KPoint
from segmenter.analysis.order import by_content, draw
from segmenter.analysis.silhouette import silhouettes
from segmenter.analysis.stability import stability
from segmenter.analysis.threads import single_threaded, workers
from segmenter.analysis.types import Floats, Ints, Segmentation

if TYPE_CHECKING:
    from segmenter.config.analysis import KMeansConfig

FIT_SAMPLE = 20_000
SILHOUETTE_SAMPLE = 10_000
RESAMPLED = 2_000
QUICK_RESTARTS = 2
REFERENCES = 4
BLOCK = 50_000
LEAST_PER_SEGMENT = 10
Cloud = Callable[[Floats, np.random.Generator], Floats]  # points (n, d) -> as many that form no groups


@dataclass(frozen=True)
class _Fit:
    """One K of the sweep, rows in canonical order."""

    labels: Ints
    centroids: Floats
    inertia: float
    stability: Floats  # per cluster, empty where not measured


@single_threaded
def segment(matrix: Floats, config: KMeansConfig, seed: int, value: Floats | None = None) -> Segmentation:
    """Segments of customers (n, d) for the K that the criteria choose, or the pinned one.

    Every K is fitted with `config.n_init` restarts on at most 20,000 customers and then refined on
    all. `value` (n,), for example money spent, orders the labels: segment 0 has the largest median.
    The rows are put in an order of their own first, so that the order of customers changes nothing.
    """
    order = by_content(matrix)
    points = matrix[order]
    counts = _candidates(points, config)
    if not counts:
        return _single(matrix, trivial(len(matrix)))
    fits = _sweep(points, counts, config, seed)
    sample = _with_all_clusters(draw(len(points), SILHOUETTE_SAMPLE, seed), [fit.labels for fit in fits])
    each = silhouettes(points[sample], np.array([fit.labels[sample] for fit in fits]))
    subsample = points[draw(len(points), RESAMPLED, seed)]
    with workers() as pool:
        boxes, crowds = pool.map(lambda cloud: _reference(subsample, counts, seed, cloud), (_box, _crowd))
    measured = [
        replace(_measured(points[sample], fit, sample, float(row.mean())), reference=float(box), crowd=float(crowd))
        for fit, row, box, crowd in zip(fits, each, boxes, crowds, strict=True)
    ]
    choice = choose(
        tuple(measured),
        spread=float(((points - points.mean(axis=0)) ** 2).sum()),
        pinned=config.n_clusters,
        n_silhouette=len(sample),
    )
    if choice.n_clusters == 1:
        return _single(matrix, choice)
    chosen = counts.index(choice.n_clusters)
    fit, silhouette = fits[chosen], np.full(len(points), np.nan)
    silhouette[sample] = each[chosen]
    rank = _by_value(fit, None if value is None else value[order])
    labels, back = rank[fit.labels], np.argsort(order)
    first = np.argsort(rank)
    stable = tuple(float(share) for share in fit.stability[first]) if len(fit.stability) else ()
    return Segmentation(
        labels=labels[back],
        centroids=fit.centroids[first],
        silhouette=silhouette[back],
        choice=replace(choice, cluster_stability=stable),
    )


@single_threaded
def hold(matrix: Floats, centroids: Floats, fresh: KChoice, config: KMeansConfig, seed: int) -> Segmentation:
    """Customers (n, d) in the segments of given `centroids` (k, d), each of which has a customer.

    Silhouettes, stability and the references without groups are measured on this partition; the sweep and its votes are
    those of the `fresh` fit.
    """
    order = by_content(matrix)
    points, k = matrix[order], len(centroids)
    labels = assign(points, centroids)
    fit = _Fit(labels, centroids, _inertia(points, labels, centroids), np.zeros(0))
    sample = _with_all_clusters(draw(len(points), SILHOUETTE_SAMPLE, seed), [labels])
    silhouette, stable, reference, crowd = np.full(len(points), np.nan), np.zeros(0), None, None
    if k > 1:
        stable = _stability(points, fit, config, seed)
        silhouette[sample] = silhouettes(points[sample], labels[sample][None, :])[0]
        subsample = points[draw(len(points), RESAMPLED, seed)]
        reference, crowd = (float(_reference(subsample, [k], seed, cloud)[0]) for cloud in (_box, _crowd))
    back = np.argsort(order)
    choice = replace(
        fresh,
        n_clusters=k,
        cluster_stability=tuple(map(float, stable)),
        n_silhouette=len(sample),
        reference_silhouette=reference,
        crowd_silhouette=crowd,
        chosen_anew=fresh.n_clusters,
    )
    return Segmentation(labels[back], centroids, silhouette[back], choice)


def assign(matrix: Floats, centroids: Floats) -> Ints:
    """The nearest centroid's label for each row (n, d), the smaller label where two are equally near."""
    from scipy.spatial.distance import cdist

    blocks = range(0, len(matrix), BLOCK)
    nearest = [cdist(matrix[start : start + BLOCK], centroids, "sqeuclidean").argmin(axis=1) for start in blocks]
    return np.concatenate(nearest).astype(np.int64) if nearest else np.zeros(0, dtype=np.int64)


def _candidates(points: Floats, config: KMeansConfig) -> list[int]:
    """The Ks worth trying: not more than there are distinct customers, nor so many that a segment has fewer than ten."""
    n, distinct = len(points), 0
    if points.size:
        distinct = 1 + int((np.diff(points, axis=0) != 0).any(axis=1).sum())
    most = min(distinct, n - 1)
    room = min(most, n // LEAST_PER_SEGMENT)
    counts = set(range(config.min_clusters, min(config.max_clusters, room) + 1))
    if config.n_clusters is not None and most >= 2:
        counts.add(min(config.n_clusters, most))
    elif not counts and room >= 2:
        counts.add(room)
    return sorted(counts)


def _sweep(points: Floats, counts: list[int], config: KMeansConfig, seed: int) -> list[_Fit]:
    """A fit per K, in parallel: the restarts on a sample, the refinement on all customers in float32."""
    sample = points[draw(len(points), FIT_SAMPLE, seed)]
    everybody = points.astype(np.float32) if len(sample) < len(points) else None

    def fitted(n_clusters: int) -> _Fit:
        model = _kmeans(sample, n_clusters, seed, n_init=config.n_init)
        if everybody is not None:
            model = _kmeans(everybody, n_clusters, seed, n_init=1, init=model.cluster_centers_)
        fit = _settled(points, np.asarray(model.labels_, dtype=np.int64))
        return replace(fit, stability=_stability(points, fit, config, seed))

    with workers() as pool:
        return list(pool.map(fitted, counts))


def _kmeans(points: NDArray[np.floating[Any]], n_clusters: int, seed: int, **options: Any) -> Any:
    from sklearn.cluster import KMeans

    return KMeans(n_clusters, random_state=seed, **options).fit(points)


def _settled(points: Floats, labels: Ints) -> _Fit:
    """Centroids as the means of their customers in double precision, and everybody at the nearest."""
    sizes = np.bincount(labels)
    sums = np.column_stack([np.bincount(labels, weights=column) for column in points.T])
    centroids = (sums[sizes > 0].T / sizes[sizes > 0]).T
    labels = assign(points, centroids)
    return _Fit(labels, centroids, _inertia(points, labels, centroids), np.zeros(0))


def _inertia(points: Floats, labels: Ints, centroids: Floats) -> float:
    """Summed squared distances to the own centroid, column by column to avoid a copy of all points."""
    return float(sum(((column - at[labels]) ** 2).sum() for column, at in zip(points.T, centroids.T, strict=True)))


def _stability(points: Floats, fit: _Fit, config: KMeansConfig, seed: int) -> Floats:
    if not config.bootstraps:
        return np.zeros(0)
    rows, k = draw(len(points), RESAMPLED, seed), len(fit.centroids)
    labels = np.append(fit.labels[rows], np.arange(k))  # the centroids stand in for clusters outside the sample

    def cluster(resample: Floats, draw: int) -> Ints:
        distinct = len(np.unique(resample, axis=0))
        return np.asarray(_kmeans(resample, min(k, distinct), draw, n_init=QUICK_RESTARTS).labels_, dtype=np.int64)

    return stability(np.vstack([points[rows], fit.centroids]), labels, cluster, config.bootstraps, seed)


def _with_all_clusters(sample: Ints, labelings: list[Ints]) -> Ints:
    """`sample` and a row of every cluster that it misses, such as a handful of customers far from all others."""
    found = sample
    for labels in labelings:
        counts = np.bincount(labels)
        for lost in np.flatnonzero((counts > 0) & (np.bincount(labels[sample], minlength=len(counts)) == 0)):
            found = np.append(found, np.flatnonzero(labels == lost)[0])
    return np.unique(found)


def _measured(points: Floats, fit: _Fit, sample: Ints, silhouette: float) -> KPoint:
    from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score

    labels = fit.labels[sample]
    return KPoint(
        n_clusters=len(fit.centroids),
        inertia=fit.inertia,
        silhouette=silhouette,
        davies_bouldin=float(davies_bouldin_score(points, labels)),
        calinski_harabasz=float(calinski_harabasz_score(points, labels)),
        stability=float(fit.stability.mean()) if len(fit.stability) else None,
    )


def _reference(points: Floats, counts: list[int], seed: int, cloud: Cloud) -> Floats:
    """Mean silhouettes that K-Means reaches on clouds without groups, made by `cloud`, for each K of `counts`.

    `_box` makes the reference of the gap statistic (Tibshirani, Walther and Hastie 2001); `_crowd` has the long tails that
    K-Means cuts off on each axis. Customers who differ where nearly all are alike get a cloud of their own: they would
    stretch that of the others along axes in which these do not differ.
    """
    differ = differs(points)
    parts = [part for part in (points[~differ], points[differ]) if len(part)]
    reached = []
    for generator in np.random.default_rng(seed).spawn(REFERENCES):
        made = np.vstack([cloud(part, generator) for part in parts])
        labels = [_kmeans(made, k, seed, n_init=QUICK_RESTARTS).labels_ for k in counts]
        reached.append(silhouettes(made, np.array(labels, dtype=np.int64)).mean(axis=1))
    return np.asarray(np.mean(reached, axis=0), dtype=np.float64)


def _box(points: Floats, generator: np.random.Generator) -> Floats:
    """As many points, uniform in the principal box of those given."""
    middle = points.mean(axis=0)
    axes = np.linalg.svd(points - middle, full_matrices=False)[2]
    box = (points - middle) @ axes.T
    return np.asarray(generator.uniform(box.min(axis=0), box.max(axis=0), size=box.shape) @ axes + middle)


def _crowd(points: Floats, generator: np.random.Generator) -> Floats:
    """As many points as given, of a single crowd that is as correlated and as skewed.

    They are drawn from a normal distribution after the power transform (Yeo and Johnson 2000) that makes each column most
    normal, transformed back, and clipped to the column's lowest and highest value.
    """
    from sklearn.preprocessing import PowerTransformer

    low, high = points.min(axis=0), points.max(axis=0)
    vary, made = low < high, points.copy()
    if vary.any() and len(points) > 2:
        power = PowerTransformer(standardize=False)
        normal = power.fit_transform(points[:, vary])
        spread = np.cov(normal.T).reshape(normal.shape[1], -1)
        # Rounding may leave a variance of just below 0 on an axis along which nobody differs, so it is not checked.
        middle = normal.mean(axis=0)
        drawn = generator.multivariate_normal(middle, spread, len(points), check_valid="ignore", method="eigh")
        back = _transformed_back(drawn, power.lambdas_)
        ends = np.where(drawn < 0, low[vary], high[vary])  # where the transform has no way back
        made[:, vary] = np.clip(np.where(np.isfinite(back), back, ends), low[vary], high[vary])
    return made


def _transformed_back(values: Floats, powers: Floats) -> Floats:
    """The inverse of the transform of Yeo and Johnson at `values` (n, d), NaN where it has none."""
    from scipy.special import inv_boxcox

    above, below = np.maximum(values, 0.0), np.maximum(-values, 0.0)
    return np.asarray(np.where(values >= 0, inv_boxcox(above, powers) - 1, 1 - inv_boxcox(below, 2 - powers)))


def _by_value(fit: _Fit, value: Floats | None) -> Ints:
    """New number of each label: by falling median value, then by centroid."""
    medians = np.zeros(len(fit.centroids))
    if value is not None:
        medians = np.array([np.median(value[fit.labels == label]) for label in range(len(medians))])
    rank = np.empty(len(medians), dtype=np.int64)
    rank[np.lexsort((*fit.centroids.T[::-1], -medians))] = np.arange(len(medians))
    return rank


def _single(matrix: Floats, choice: KChoice) -> Segmentation:
    """One segment: the customers cannot be told apart, or no division held up."""
    return Segmentation(
        labels=np.zeros(len(matrix), dtype=np.int64),
        centroids=matrix[:1].copy() if not len(matrix) else matrix.mean(axis=0, keepdims=True),
        silhouette=np.full(len(matrix), np.nan),
        choice=choice,
    )
