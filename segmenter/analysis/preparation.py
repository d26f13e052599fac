"""Applies a preparation to customers, old or new; `segmenter.analysis.prepare` learns it."""

from __future__ import annotations

import numpy as np

from segmenter.analysis.findings import Preparation
from segmenter.analysis.types import Floats, Ints


def apply(preparation: Preparation, values: Floats) -> Floats:
    """The prepared matrix of customers, old or new.

    `values` has shape (n_customers, len(preparation.names)), raw units in the order of the names.
    """
    matrix = _imputed(np.where(np.isfinite(values), values, np.nan), preparation)
    np.clip(matrix, *_edges(preparation), out=matrix)
    matrix /= np.array(preparation.units)
    for column, (kind, power) in enumerate(zip(preparation.transforms, preparation.lambdas, strict=True)):
        matrix[:, column] = transformed(matrix[:, column], kind, power)
    matrix -= np.array(preparation.center)
    matrix /= np.array(preparation.scale)
    if preparation.leeway:
        matrix = soft_threshold(matrix, np.array(preparation.leeway))
    if preparation.components is not None:
        matrix = matrix @ np.array(preparation.components).T
    return np.asarray(matrix, dtype=np.float64)


def beyond(preparation: Preparation, values: Floats) -> Ints:
    """How many of the `values` (n, d) of each feature, in the order of the preparation, lie beyond its edges: (d,)."""
    lower, upper = _edges(preparation)
    return np.asarray(((values < lower) | (values > upper)).sum(axis=0), dtype=np.int64)


def edge_notes(preparation: Preparation, values: Floats) -> tuple[str, ...]:
    """A sentence for each feature that has some of the `values` (n, d) beyond its edges."""
    counts, (lower, upper) = beyond(preparation, values), _edges(preparation)
    return tuple(
        f"{name}: {count:,} of {len(values):,} values are outside the model's limits, {low:,.4g} to {high:,.4g}, and "
        f"count as the nearest limit."
        for name, count, low, high in zip(preparation.names, counts, lower, upper, strict=True)
        if count
    )


def transformed(column: Floats, kind: str, power: float | None) -> Floats:
    """A feature's values (n,) on the axis that `kind` names: log1p (signed), yeo-johnson by its `power`, or as they are."""
    if kind == "log1p":
        return np.sign(column) * np.log1p(np.abs(column))
    if kind == "yeo-johnson" and power is not None:
        from scipy.stats import yeojohnson

        return np.asarray(yeojohnson(column, lmbda=power), dtype=np.float64)
    return column


def soft_threshold(values: Floats, threshold: Floats) -> Floats:
    """The `values` (n, d) moved towards 0 by the `threshold` (d,), and 0 within it."""
    return np.sign(values) * np.maximum(np.abs(values) - threshold, 0.0)


def _edges(preparation: Preparation) -> tuple[Floats, Floats]:
    """Lowest and highest value (d,) that counts as it is, infinite where there is no edge."""
    lower = [-np.inf if edge is None else edge for edge in preparation.lower]
    upper = [np.inf if edge is None else edge for edge in preparation.upper]
    return np.array(lower), np.array(upper)


def _imputed(table: Floats, preparation: Preparation) -> Floats:
    gaps = np.isnan(table).any(axis=1)
    filled: Floats = np.where(np.isnan(table), np.array(preparation.fill), table)
    if preparation.donors and gaps.any():
        filled[gaps] = _knn_imputed(table[gaps], np.array(preparation.donors))
    return filled


def _knn_imputed(table: Floats, donors: Floats) -> Floats:
    """Gaps filled with the mean of the five nearest donors, nearness in standard units (Troyanskaya et al. 2001)."""
    from sklearn.impute import KNNImputer

    center, spread = donors.mean(axis=0), donors.std(axis=0)
    spread[spread == 0] = 1.0
    imputer = KNNImputer(n_neighbors=min(5, len(donors)), keep_empty_features=True).fit((donors - center) / spread)
    filled: Floats = imputer.transform((table - center) / spread) * spread + center
    return np.where(np.isnan(table), filled, table)
