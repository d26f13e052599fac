"""The methods side by side on the same sample of customers, and which of them suits the data."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from segmenter.analysis.choice import crowd_margin, margin
from segmenter.analysis.reading_types import Comparison, Method
from segmenter.analysis.silhouette import silhouettes
from segmenter.analysis.threads import single_threaded
from segmenter.analysis.types import Floats, Ints

APART = ((0.5, "clearly separated"), (0.25, "separated, with soft edges"), (-1.0, "barely separated"))
ORDER = ("kmeans", "hierarchical", "bisecting", "mixture", "dbscan")
WORDS = {
    "kmeans": "K-Means",
    "hierarchical": "hierarchical clustering",
    "bisecting": "bisecting K-Means",
    "mixture": "a Gaussian mixture",
    "dbscan": "DBSCAN",
}


@single_threaded
def compare(
    matrix: Floats,
    labelings: Mapping[str, Ints],
    n_clusters: int,
    reference: float | None,
    crowd: float | None,
    seed: int,
) -> Comparison:
    """Indices and agreement of methods on `matrix` (n_sample, d), a Gaussian mixture among them.

    `labelings` (n_sample,) are those of kmeans, hierarchical, bisecting and dbscan, whose noise is -1 and left out
    of its indices; `reference` is the silhouette that K-Means reaches on data without groups, `crowd` that on a single
    crowd as skewed as the customers.
    """
    ours = {"mixture": _mixture(matrix, n_clusters, seed), **labelings}
    apart = _silhouettes(matrix, ours)
    methods = tuple(_method(name, matrix, ours[name], labelings["kmeans"], apart[name]) for name in ORDER)
    return Comparison(methods, _guidance(methods, reference, crowd))


def _mixture(matrix: Floats, n_clusters: int, seed: int) -> Ints:
    from sklearn.mixture import GaussianMixture

    if n_clusters < 2:
        return np.zeros(len(matrix), dtype=np.int64)
    model = GaussianMixture(n_clusters, reg_covar=1e-3, n_init=2, random_state=seed)
    return np.asarray(model.fit_predict(matrix), dtype=np.int64)


def _silhouettes(matrix: Floats, labelings: dict[str, Ints]) -> dict[str, float | None]:
    """Mean silhouette per method, None where it has no groups; those of all methods without noise in one pass."""
    valid = {name: labels for name, labels in labelings.items() if _groups(labels[labels >= 0])}
    whole = {name: labels for name, labels in valid.items() if (labels >= 0).all()}
    shared = silhouettes(matrix, np.array([*whole.values()])) if whole else ()
    found: dict[str, float | None] = dict.fromkeys(labelings)
    found |= {name: float(each.mean()) for name, each in zip(whole, shared, strict=True)}
    for name in valid.keys() - whole.keys():
        inside = valid[name] >= 0
        found[name] = float(silhouettes(matrix[inside], valid[name][inside][None, :]).mean())
    return found


def _groups(labels: Ints) -> bool:
    """True where indices mean anything: there are two clusters, and not everybody is alone in one."""
    return bool(2 <= len(np.unique(labels)) < len(labels))


def _method(name: str, matrix: Floats, labels: Ints, kmeans: Ints, silhouette: float | None) -> Method:
    from sklearn.metrics import (
        adjusted_mutual_info_score,
        adjusted_rand_score,
        calinski_harabasz_score,
        davies_bouldin_score,
    )

    inside = labels >= 0
    sizes = np.bincount(labels[inside]) if inside.any() else np.zeros(0, dtype=np.int64)
    sizes = sizes[sizes > 0]
    grouped = silhouette is not None
    return Method(
        name=name,
        n_clusters=len(sizes),
        sizes=tuple(sorted((int(size) for size in sizes), reverse=True)),
        n_noise=int((~inside).sum()),
        silhouette=silhouette,
        davies_bouldin=float(davies_bouldin_score(matrix[inside], labels[inside])) if grouped else None,
        calinski_harabasz=float(calinski_harabasz_score(matrix[inside], labels[inside])) if grouped else None,
        rand_with_kmeans=float(adjusted_rand_score(kmeans, labels)),
        mutual_with_kmeans=float(adjusted_mutual_info_score(kmeans, labels)),
        n_sample=len(matrix),
    )


def _guidance(methods: tuple[Method, ...], reference: float | None, crowd: float | None) -> str:
    ranked = [method for method in methods if method.name != "dbscan" and method.silhouette is not None]
    if not ranked:
        return "The customers do not fall into groups, so no method can be preferred."
    best = max(ranked, key=lambda method: method.silhouette or 0.0)
    kmeans = next(method for method in methods if method.name == "kmeans")
    value = kmeans.silhouette or 0.0
    if best.name == "kmeans" or (best.silhouette or 0.0) - value < 0.02:
        verdict = "K-Means suits this data as well as any method tried"
    else:
        verdict = f"{WORDS[best.name]} separates the groups somewhat better ({best.silhouette:.2f} against {value:.2f})"
    dbscan = next(method for method in methods if method.name == "dbscan")
    role = (
        " DBSCAN finds one dense crowd; it is used to find anomalies, not segments." if dbscan.n_clusters <= 1 else ""
    )
    return f"{_apart(value, reference, crowd, kmeans.n_sample)} {verdict[0].upper()}{verdict[1:]}.{role}"


def _apart(silhouette: float, reference: float | None, crowd: float | None, n_customers: int) -> str:
    """How far the segments are apart, never more than what data without groups or one skewed crowd would show."""
    if reference is not None and silhouette < reference + margin(n_customers):
        return (
            f"The segments are no better separated than in data without groups (silhouette {silhouette:.2f} against "
            f"{reference:.2f})."
        )
    if crowd is not None and silhouette < crowd + crowd_margin(n_customers):
        return (
            "The segments are hardly better separated than the parts of a single crowd as skewed as these customers "
            f"(silhouette {silhouette:.2f} against {crowd:.2f})."
        )
    words = next(words for least, words in APART if silhouette >= least)
    return f"The segments are {words} (silhouette {silhouette:.2f})."
