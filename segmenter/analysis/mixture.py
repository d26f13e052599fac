"""Gaussian mixtures: how soft the segments' edges are, and what BIC says of K."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segmenter.analysis.order import drawn_rows
from segmenter.analysis.reading_types import MixtureFinding
from segmenter.analysis.threads import single_threaded
from segmenter.analysis.types import Floats, Ints, Mask

COVARIANCES = ("full", "tied", "diag", "spherical")
SAMPLE = 2000
RIDGE = 1e-3
BETWEEN = 0.7  # a customer with no membership above this lies between two segments


@dataclass(frozen=True)
class Memberships:
    """How far each customer belongs to the `own` segment and to the `second`, all (n,), from 0 to 1."""

    own: Floats
    second: Ints
    of_second: Floats

    @property
    def between(self) -> Mask:
        """Customers (n,) who belong clearly to no segment."""
        return np.asarray(np.maximum(self.own, self.of_second) <= BETWEEN)

    @property
    def elsewhere(self) -> Mask:
        """Customers (n,) who belong clearly to another segment than their own."""
        return np.asarray(self.of_second > BETWEEN)


@single_threaded
def fit(matrix: Floats, segments: Ints, counts: tuple[int, ...], seed: int) -> MixtureFinding:
    """BIC (Schwarz 1978; lower is better) of mixtures on a sample of `matrix` (n, d), over `counts` components."""
    points = matrix[drawn_rows(matrix, SAMPLE, seed)]
    tried = tuple(k for k in counts if k < len(points))
    bic = {kind: tuple(_bic(points, k, kind, seed) for k in tried) for kind in COVARIANCES}
    kind, place = min(((kind, at) for kind in bic for at in range(len(tried))), key=lambda each: bic[each[0]][each[1]])
    soft = memberships(matrix, segments)
    n_between, n_elsewhere = int(soft.between.sum()), int(soft.elsewhere.sum())
    return MixtureFinding(tried, bic, kind, tried[place], n_between, len(points), n_elsewhere)


def _bic(points: Floats, k: int, kind: str, seed: int) -> float:
    from sklearn.mixture import GaussianMixture

    model = GaussianMixture(k, covariance_type=kind, reg_covar=RIDGE, max_iter=40, tol=1e-2, random_state=seed)
    return float(model.fit(points).bic(points))


def memberships(matrix: Floats, segments: Ints) -> Memberships:
    """Soft memberships of customers (n, d) in the segments that they were put into (n,).

    Each segment is taken as a Gaussian with its own mean, covariance and share (the expectation step
    of a mixture started at the K-Means solution); a segment of few customers shares the pooled covariance.
    """
    labels = np.unique(segments)
    if len(labels) < 2:
        return Memberships(np.ones(len(matrix)), segments.copy(), np.zeros(len(matrix)))
    pooled = np.cov(matrix.T).reshape(matrix.shape[1], -1)
    logs = np.column_stack([_log_density(matrix, matrix[segments == label], pooled) for label in labels])
    odds = np.exp(logs - logs.max(axis=1, keepdims=True))
    odds /= odds.sum(axis=1, keepdims=True)
    place, rows = np.searchsorted(labels, segments), np.arange(len(matrix))
    own = odds[rows, place]
    odds[rows, place] = -1.0
    second = odds.argmax(axis=1)
    return Memberships(own, labels[second], odds[rows, second])


def _log_density(matrix: Floats, members: Floats, pooled: Floats) -> Floats:
    d = matrix.shape[1]
    weight = len(members) / (len(members) + 2.0 * d)
    own = np.cov(members.T).reshape(d, d) if len(members) > 1 else pooled
    covariance = weight * own + (1 - weight) * pooled + RIDGE * np.eye(d)
    root = np.linalg.cholesky(covariance)
    scaled = np.linalg.solve(root, (matrix - members.mean(axis=0)).T)
    density: Floats = np.log(len(members) / len(matrix)) - np.log(np.diag(root)).sum() - 0.5 * (scaled**2).sum(axis=0)
    return density
