"""Maps of the customers: t-SNE in two and three dimensions and principal components, on a bounded sample."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from typing import Any

import numpy as np

from segmenter.analysis.order import by_content, draw
from segmenter.analysis.reading_types import MapFinding
from segmenter.analysis.types import CustomerMap, Floats, Ints, Mask

# Iterations and Barnes-Hut angle by dimension: coarser than the usual 0.5 and, in 3-D, fewer than usual; a third quicker
# at a trustworthiness that is equal to 0.001.
EFFORT = {2: (500, 0.7), 3: (400, 0.9)}
SPACE_SAMPLE = 600  # customers on the 3-D map: its cost per customer is many times the plane's
TRUST_SAMPLE = 1500
NEIGHBOURS = 12


def build(
    matrix: Floats,
    names: tuple[str, ...],
    segments: Ints,
    is_anomaly: Mask,
    *,
    perplexity: float,
    sample_size: int,
    seed: int,
) -> CustomerMap:
    """Maps of at most `sample_size` rows of `matrix` (n, d), of the `segments` (n,); anomalies come first into the sample.

    t-SNE (van der Maaten and Hinton 2008, Barnes-Hut) starts from the principal components, so that
    the same seed gives the same map. Rows outside the 3-D map's smaller sample are NaN there. A
    perplexity beyond a third of the sample is lowered; the finding has the one used.
    """
    order = by_content(matrix)
    sample = order[_sample(is_anomaly[order], sample_size, seed)]
    points = matrix[sample] if matrix.shape[1] else np.zeros((len(sample), 1))  # customers alike in every feature
    components, explained, loadings = _principal(points)
    used = min(perplexity, max(1.0, (len(sample) - 1) / 3))
    space = _sample(is_anomaly[sample], SPACE_SAMPLE, seed)
    tsne3 = np.full((len(sample), 3), np.nan)
    if len(np.unique(points, axis=0)) < 4:
        plane, divergence, tsne3 = components.copy(), 0.0, np.column_stack([components, np.zeros(len(sample))])
    else:
        plane, divergence = _tsne(points, 2, used, seed)
        tsne3[space], _ = _tsne(points[space], 3, min(used, max(1.0, (len(space) - 1) / 3)), seed)
    trust = _trustworthiness(points, plane, seed)
    own = _own_neighbour(plane, segments[sample])
    finding = MapFinding(len(sample), used, divergence, trust, names, explained, loadings, own)
    return CustomerMap(sample, plane, tsne3, components, finding)


def _sample(first: Mask, size: int, seed: int) -> Ints:
    """Sorted row numbers: those of `first` (half of the sample at most), then others at random."""
    n = len(first)
    if n <= size:
        return np.arange(n)
    wanted = np.flatnonzero(first)
    wanted = wanted[draw(len(wanted), size // 2, seed)]
    others = np.setdiff1d(np.arange(n), wanted)
    return np.sort(np.concatenate([wanted, others[draw(len(others), size - len(wanted), seed)]]))


def _principal(points: Floats) -> tuple[Floats, tuple[float, ...], tuple[tuple[float, ...], ...]]:
    """First two principal components (n, 2), their shares of the variance, and the loadings (2, d)."""
    centered = points - points.mean(axis=0)
    _, scale, axes = np.linalg.svd(centered, full_matrices=False)
    axes = axes[:2] * np.sign(axes[:2][np.arange(min(2, len(axes))), np.abs(axes[:2]).argmax(axis=1)])[:, None]
    places = centered @ axes.T
    if places.shape[1] < 2:
        places = np.column_stack([places, np.zeros(len(places))])
    shares = scale**2 / max(float((scale**2).sum()), np.finfo(float).tiny)
    return places, tuple(float(share) for share in shares[:2]), tuple(tuple(map(float, axis)) for axis in axes)


def _tsne(points: Floats, dimensions: int, perplexity: float, seed: int) -> tuple[Floats, float]:
    iterations, angle = EFFORT[dimensions]
    options: dict[str, Any] = {"init": "pca" if points.shape[1] >= dimensions else "random", "angle": angle}
    model = _estimator(dimensions, points.shape[1])(
        dimensions, perplexity=perplexity, max_iter=iterations, random_state=seed, **options
    )
    places = np.asarray(model.fit_transform(points), dtype=np.float64)
    return places, round(
        float(model.kl_divergence_), 6
    )  # its last digits differ from run to run by the order of threads


def _estimator(dimensions: int, n_features: int) -> Any:
    """scikit-learn's TSNE; for 2-D maps Intel's build of it where installed, equally trustworthy and five times faster.

    Not for one or two features: on an evenly filled plane Intel's build corrupts the heap and ends the process.
    """
    if dimensions == 2 and n_features > 2:
        with suppress(ImportError):  # no build for this processor
            return import_module("sklearnex.manifold").TSNE
    return import_module("sklearn.manifold").TSNE


def _trustworthiness(points: Floats, places: Floats, seed: int) -> float:
    """Share of map neighbours that are neighbours indeed (Venna and Kaski 2001), on a sample."""
    from sklearn.manifold import trustworthiness

    rows = draw(len(points), TRUST_SAMPLE, seed)
    neighbours = min(NEIGHBOURS, (len(rows) - 1) // 2 - 1)
    if neighbours < 1:
        return 1.0
    return float(trustworthiness(points[rows], places[rows], n_neighbors=neighbours))


def _own_neighbour(places: Floats, segments: Ints) -> tuple[float, dict[int, float]] | None:
    """Share of customers whose nearest neighbour at `places` (n, 2) is of their segment, of all and by segment."""
    from scipy.spatial import cKDTree

    if len(places) < 2:
        return None
    nearest = np.asarray(cKDTree(places).query(places, k=2)[1])[:, 1]
    own = segments[nearest] == segments
    return float(own.mean()), {int(each): float(own[segments == each].mean()) for each in np.unique(segments)}
