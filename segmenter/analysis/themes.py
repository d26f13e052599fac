"""Basket themes: what is bought together, by non-negative matrix factorisation."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from segmenter.analysis.order import draw
from segmenter.analysis.reading_types import Theme
from segmenter.analysis.types import Floats, Ints

FEWEST_PRODUCTS = 12
STRONGEST = 6
FIT_SAMPLE = 1500  # customers that the fit is measured on
ABOVE_CHANCE = 1.25  # how many times the fit of shuffled products the themes must reach


@dataclass(frozen=True)
class Themes:
    """Themes, the largest first, and the share of what is bought that they explain, of real and of shuffled products."""

    found: tuple[Theme, ...]
    fit: float = 0.0
    by_chance: float = 0.0


def find(counts: Any, products: Sequence[str], segments: Ints, n_segments: int, n_themes: int, seed: int) -> Themes:
    """Themes of a sparse `counts` (n_customers, n_products); none where products are few or bought at random.

    Counts are weighted by how rare a product is (tf-idf) and factored (Lee and Seung 1999).
    `segments` has shape (n_customers,), -1 for customers outside every segment.
    """
    bought = np.asarray(counts.sum(axis=1)).ravel() > 0
    if n_themes < 2 or counts.shape[1] < FEWEST_PRODUCTS or bought.sum() < 10 * n_themes:
        return Themes(())
    fit, by_chance = _fits(counts[bought], n_themes, seed)
    if fit < ABOVE_CHANCE * by_chance:
        return Themes((), fit, by_chance)
    weights, parts, _ = _factor(counts[bought], n_themes, seed)
    shares = weights / np.maximum(weights.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    known = segments[bought]
    order = np.argsort(-shares.mean(axis=0), kind="stable")
    themes = tuple(_theme(number, shares, parts, products, known, n_segments) for number in order)
    return Themes(themes, fit, by_chance)


def _fits(counts: Any, n_themes: int, seed: int) -> tuple[float, float]:
    """The share of the squared weights that themes explain, and that of the same baskets with products shuffled.

    On a sample; shuffled are the products over all purchases, so that each keeps its popularity and each
    customer about as many.
    """
    from scipy.sparse import coo_array, csr_array

    sample = csr_array(counts)[draw(counts.shape[0], FIT_SAMPLE, seed)].tocoo()
    rows, columns = sample.coords
    mixed = np.random.default_rng(seed).permutation(columns)
    shuffled = coo_array((sample.data, (rows, mixed)), shape=sample.shape)
    return _factor(sample.tocsr(), n_themes, seed)[2], _factor(shuffled.tocsr(), n_themes, seed)[2]


def _factor(counts: Any, n_themes: int, seed: int) -> tuple[Floats, Floats, float]:
    """Themes per customer, products per theme, and the share of the squared weights explained."""
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
    left = float(model.reconstruction_err_) ** 2 / max(float((weighted.data**2).sum()), np.finfo(float).tiny)
    return weights * scale, parts, 1.0 - left


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
