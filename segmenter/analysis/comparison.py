"""The methods side by side on the same sample of customers, and which of them suits the data."""

from __future__ import annotations

import numpy as np

from segmenter.analysis.findings import Comparison, Method
from segmenter.analysis.types import Floats, Ints

CLEAR_SILHOUETTE = 0.5
SOME_SILHOUETTE = 0.25
WORDS = {
    "kmeans": "K-Means",
    "hierarchical": "hierarchical clustering",
    "bisecting": "bisecting K-Means",
    "mixture": "a Gaussian mixture",
    "dbscan": "DBSCAN",
}


def compare(matrix: Floats, kmeans: Ints, hierarchical: Ints, dbscan: Ints, n_clusters: int, seed: int) -> Comparison:
    """Indices and agreement of five methods on `matrix` (n_sample, d); labels have shape (n_sample,).

    DBSCAN's labels carry -1 for noise, which its indices leave out.
    """
    labelings = {
        "kmeans": kmeans,
        "hierarchical": hierarchical,
        "bisecting": _bisecting(matrix, n_clusters, seed),
        "mixture": _mixture(matrix, n_clusters, seed),
        "dbscan": dbscan,
    }
    methods = tuple(_method(name, matrix, labels, kmeans) for name, labels in labelings.items())
    return Comparison(methods, _guidance(methods))


def _bisecting(matrix: Floats, n_clusters: int, seed: int) -> Ints:
    from sklearn.cluster import BisectingKMeans

    if n_clusters < 2:
        return np.zeros(len(matrix), dtype=np.int64)
    return np.asarray(BisectingKMeans(n_clusters, n_init=3, random_state=seed).fit_predict(matrix), dtype=np.int64)


def _mixture(matrix: Floats, n_clusters: int, seed: int) -> Ints:
    from sklearn.mixture import GaussianMixture

    if n_clusters < 2:
        return np.zeros(len(matrix), dtype=np.int64)
    model = GaussianMixture(n_clusters, reg_covar=1e-3, n_init=2, random_state=seed)
    return np.asarray(model.fit_predict(matrix), dtype=np.int64)


def _method(name: str, matrix: Floats, labels: Ints, kmeans: Ints) -> Method:
    from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

    inside = labels >= 0
    sizes = np.bincount(labels[inside]) if inside.any() else np.zeros(0, dtype=np.int64)
    sizes = sizes[sizes > 0]
    silhouette, davies_bouldin, calinski_harabasz = _indices(matrix[inside], labels[inside])
    return Method(
        name=name,
        n_clusters=len(sizes),
        sizes=tuple(sorted((int(size) for size in sizes), reverse=True)),
        n_noise=int((~inside).sum()),
        silhouette=silhouette,
        davies_bouldin=davies_bouldin,
        calinski_harabasz=calinski_harabasz,
        rand_with_kmeans=float(adjusted_rand_score(kmeans, labels)),
        mutual_with_kmeans=float(adjusted_mutual_info_score(kmeans, labels)),
        n_sample=len(matrix),
    )


def _indices(matrix: Floats, labels: Ints) -> tuple[float | None, float | None, float | None]:
    from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

    if not 2 <= len(np.unique(labels)) < len(labels):
        return None, None, None
    scores = (silhouette_score, davies_bouldin_score, calinski_harabasz_score)
    first, second, third = (float(score(matrix, labels)) for score in scores)
    return first, second, third


def _guidance(methods: tuple[Method, ...]) -> str:
    ranked = [method for method in methods if method.name != "dbscan" and method.silhouette is not None]
    if not ranked:
        return "The customers do not fall into groups, so no method can be preferred."
    best = max(ranked, key=lambda method: method.silhouette or 0.0)
    kmeans = next(method for method in methods if method.name == "kmeans")
    value = kmeans.silhouette or 0.0
    words = (
        "clearly apart"
        if value >= CLEAR_SILHOUETTE
        else "apart with soft edges"
        if value >= SOME_SILHOUETTE
        else "barely apart"
    )
    if best.name == "kmeans" or (best.silhouette or 0.0) - value < 0.02:
        verdict = "K-Means suits this data as well as any method tried"
    else:
        verdict = f"{WORDS[best.name]} separates the groups somewhat better ({best.silhouette:.2f} against {value:.2f})"
    dbscan = next(method for method in methods if method.name == "dbscan")
    role = (
        " DBSCAN finds one dense crowd and serves to pick out anomalies, not to segment."
        if dbscan.n_clusters <= 1
        else ""
    )
    return f"The segments are {words} (silhouette {value:.2f}). {verdict[0].upper()}{verdict[1:]}.{role}"
