"""Basket themes: what is bought together, by non-negative matrix factorisation."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from segmenter.analysis.order import by_content, draw
from segmenter.analysis.reading_types import Theme
from segmenter.analysis.types import Floats, Ints

FEWEST_PRODUCTS = 12
STRONGEST = 6
FIT_SAMPLE = 1500  # customers that the fit is measured on
ABOVE_CHANCE = 1.1  # how many times the fit of shuffled products the themes must reach; chance reaches up to 1.05
ROUNDS = 5  # of swaps, in each of which every customer swaps once; more change the fit no further


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
    bought = np.flatnonzero(np.asarray(counts.sum(axis=1)).ravel())
    if n_themes < 2 or counts.shape[1] < FEWEST_PRODUCTS or len(bought) < 10 * n_themes:
        return Themes(())
    marks = np.random.default_rng(seed).random((counts.shape[1], 2))
    bought = bought[by_content(counts[bought] @ marks)]
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
    """The share of the squared weights that themes explain, and the share they explain with the products shuffled.

    Measured on a sample, and on whether products were bought, not how often: shuffling would destroy habits of frequency,
    too, so that products that are popular everywhere would pass for products that are bought together.
    """
    bought = (counts[draw(counts.shape[0], FIT_SAMPLE, seed)] > 0).astype(np.float64)
    shuffled = _swapped(bought, np.random.default_rng(seed))
    return _factor(bought, n_themes, seed)[2], _factor(shuffled, n_themes, seed)[2]


def _swapped(bought: Any, generator: np.random.Generator) -> Any:
    """Products (n, d) shuffled so that each keeps its number of customers, and each customer the number of products.

    Customers meet in pairs and share out at random what only one of the two bought (Strona et al. 2014, A fast and
    unbiased procedure to randomize ecological binary matrices).
    """
    from scipy.sparse import csr_array

    baskets = [set(products.tolist()) for products in np.split(bought.indices, bought.indptr[1:-1])]
    for _ in range(ROUNDS):
        pairs = generator.permutation(len(baskets))
        for one, other in zip(pairs[::2], pairs[1::2], strict=False):
            apart = np.array(sorted(baskets[one] ^ baskets[other]), dtype=np.int64)
            dealt = generator.permutation(apart).tolist()
            both, n_own = baskets[one] & baskets[other], len(baskets[one] - baskets[other])
            baskets[one], baskets[other] = both.union(dealt[:n_own]), both.union(dealt[n_own:])
    columns = np.concatenate([sorted(basket) for basket in baskets])
    return csr_array((bought.data, columns, bought.indptr), shape=bought.shape)


def _factor(counts: Any, n_themes: int, seed: int) -> tuple[Floats, Floats, float]:
    """Themes per customer, products per theme, and the share of the squared weights explained."""
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.feature_extraction.text import TfidfTransformer

    weighted = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    model = NMF(n_themes, init="nndsvda", max_iter=200, tol=1e-3, random_state=seed)
    # The strongest products are settled long before the tolerance is reached. The squared error of an exact fit may be
    # rounded to less than 0, and its root is NaN.
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore", ConvergenceWarning)
        weights = np.asarray(model.fit_transform(weighted), dtype=np.float64)
    parts = np.asarray(model.components_, dtype=np.float64)
    scale = parts.sum(axis=1)
    left = float(np.nan_to_num(model.reconstruction_err_)) ** 2 / max(
        float((weighted.data**2).sum()), np.finfo(float).tiny
    )
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
