"""Basket themes: what is bought together, by non-negative matrix factorisation."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from segmenter.analysis.findings import Theme
from segmenter.analysis.types import Floats, Ints

FEWEST_PRODUCTS = 12
STRONGEST = 6


def find(
    counts: Any, products: Sequence[str], segments: Ints, n_segments: int, n_themes: int, seed: int
) -> tuple[Theme, ...]:
    """Themes of a sparse `counts` (n_customers, n_products), the largest first; none where products are few.

    Counts are weighted by how rare a product is (tf-idf) and factored (Lee and Seung 1999).
    `segments` has shape (n_customers,), -1 for customers outside every segment.
    """
    bought = np.asarray(counts.sum(axis=1)).ravel() > 0
    if n_themes < 2 or counts.shape[1] < FEWEST_PRODUCTS or bought.sum() < 10 * n_themes:
        return ()
    weights, parts = _factor(counts[bought], n_themes, seed)
    shares = weights / np.maximum(weights.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    known = segments[bought]
    order = np.argsort(-shares.mean(axis=0), kind="stable")
    return tuple(_theme(number, shares, parts, products, known, n_segments) for number in order)


def _factor(counts: Any, n_themes: int, seed: int) -> tuple[Floats, Floats]:
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.feature_extraction.text import TfidfTransformer

    weighted = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    model = NMF(n_themes, init="nndsvda", max_iter=200, tol=1e-3, random_state=seed)
    with warnings.catch_warnings():  # the strongest products stand long before the last thousandth is reached
        warnings.simplefilter("ignore", ConvergenceWarning)
        weights = np.asarray(model.fit_transform(weighted), dtype=np.float64)
    parts = np.asarray(model.components_, dtype=np.float64)
    scale = parts.sum(axis=1)
    return weights * scale, parts


def _theme(
    number: int, shares: Floats, parts: Floats, products: Sequence[str], segments: Ints, n_segments: int
) -> Theme:
    strongest = np.argsort(-parts[number], kind="stable")[:STRONGEST]
    names = tuple(products[index] for index in strongest if parts[number, index] > 0)
    per_segment = tuple(
        float(shares[segments == label, number].mean()) if (segments == label).any() else 0.0
        for label in range(n_segments)
    )
    return Theme(" and ".join(names[:2]), names, float(shares[:, number].mean()), per_segment)
