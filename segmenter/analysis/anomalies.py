"""The search for anomalies: DBSCAN, repeated with a leeway where nearly all customers are alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.distance import pdist

from segmenter.analysis.alike import alike
from segmenter.analysis.dbscan import detect
from segmenter.analysis.findings import LEAST_CONTRAST
from segmenter.analysis.order import drawn
from segmenter.analysis.preparation import soft_threshold
from segmenter.analysis.types import Anomalies, Floats, Mask, Prepared

if TYPE_CHECKING:
    from segmenter.config.analysis import DbscanConfig

COMMON = 0.01  # share of the customers from which on a behaviour is not odd in itself
NEARLY_ALL = 0.75  # share of those who differ that were flagged
CONTRAST_SAMPLE = 1_000


def search(
    prepared: Prepared, config: DbscanConfig, labels: Mapping[str, str], unknown: Collection[str] = ()
) -> tuple[Prepared, Anomalies]:
    """The anomalies among `prepared` customers, and the customers as they were searched in the end.

    Where nine in ten customers share one value of a feature, its unit is tiny, and any customer with another value may
    stand alone: in a shop where nearly all buy once, every regular. Where at least one customer in a hundred differs, and
    nearly all who do are flagged, the search is repeated; of a difference then counts only what exceeds the difference
    that one in a hundred reaches. `labels` are the features' names for a reader. `unknown` are the features that most
    customers have no value of, who are alike there only because the gaps were filled.
    """
    first = prepared.anomalies
    found = detect(first, prepared.search, config)
    leeway = _leeway(first, found.is_anomaly)
    if leeway.any():
        prepared = _with_leeway(prepared, leeway)
        found = detect(prepared.anomalies, prepared.search, config)
    names = [labels.get(name, name) for name in prepared.search.names]
    is_unknown = np.isin(prepared.search.names, [*unknown])
    warnings = (*found.finding.warnings, *_alike_warnings(names, first, found.is_anomaly, leeway, is_unknown))
    contrast, n = _contrast(prepared.anomalies)
    warnings = (*warnings, *_contrast_warnings(contrast))
    finding = replace(found.finding, contrast=contrast, n_contrast=n, warnings=warnings)
    return prepared, replace(found, finding=finding)


def _leeway(matrix: Floats, odd: Mask) -> Floats:
    """The part of a difference (d,) that is not to count: above 0 in columns where nearly all who differ were flagged."""
    leeway = np.zeros(matrix.shape[1])
    for column in np.flatnonzero(alike(matrix)):
        away = np.abs(matrix[:, column] - np.median(matrix[:, column]))
        differ = away > 0
        if differ.mean() >= COMMON and odd[differ].mean() >= NEARLY_ALL:
            leeway[column] = np.quantile(away, 1 - COMMON, method="higher")
    return leeway


def _with_leeway(prepared: Prepared, leeway: Floats) -> Prepared:
    """The same customers, each moved towards the common value by `leeway` (d,)."""
    usual = np.where(leeway > 0, np.median(prepared.anomalies, axis=0), 0.0)
    center = np.array(prepared.search.center) + usual * np.array(prepared.search.scale)
    search = replace(prepared.search, center=tuple(map(float, center)), leeway=tuple(map(float, leeway)))
    return replace(prepared, search=search, anomalies=soft_threshold(prepared.anomalies - usual, leeway))


def _alike_warnings(names: list[str], matrix: Floats, odd: Mask, leeway: Floats, is_unknown: Mask) -> tuple[str, ...]:
    """Whether a leeway was given where nearly all are alike, and whether most flagged customers are those who differ there.

    `is_unknown` (d,) marks the columns in which they are alike only because most have no value.
    """
    columns = np.flatnonzero(alike(matrix) & ~is_unknown)
    away = matrix[:, columns] != np.median(matrix[:, columns], axis=0)
    columns, away = columns[away.mean(axis=0) >= COMMON], away[:, away.mean(axis=0) >= COMMON]
    differ = away.any(axis=1)
    mostly = odd.any() and (odd & differ).sum() > odd.sum() / 2
    if not leeway.any() and not mostly:
        return ()
    sentences = []
    if len(columns):
        sentences.append(f"Nearly all customers are alike in {', '.join(names[column] for column in columns)}.")
    if (leeway[is_unknown] > 0).any():
        few = ", ".join(names[column] for column in np.flatnonzero(is_unknown & (leeway > 0)))
        sentences.append(f"Nearly all customers count as typical in these figures, which are unknown for most: {few}.")
    if leeway.any():
        sentences.append(
            "Anyone who differs there at all would stand out, so only differences beyond what one customer in a "
            "hundred reaches were counted."
        )
    if mostly:
        sentences.append(
            f"The one flagged customer is among the {differ.sum():,} who differ there."
            if odd.sum() == 1
            else f"Of {odd.sum():,} flagged, {(odd & differ).sum():,} are among the {differ.sum():,} who differ there."
        )
        sentences.append("Being few does not make them odd: treat them as another kind of customer.")
    return (" ".join(sentences),)


def _contrast(matrix: Floats) -> tuple[float | None, int]:
    """The 95th percentile of the distances between unlike customers divided by the 5th, and the number of customers compared.

    In many dimensions all distances come out alike, and nobody is near or far (Beyer, Goldstein, Ramakrishnan and Shaft
    1999).
    """
    sample = drawn(matrix, CONTRAST_SAMPLE) if matrix.size else matrix[:0]
    distances = pdist(sample) if len(sample) > 1 else np.zeros(0)
    distances = distances[distances > 0]
    if not len(distances):
        return None, len(sample)
    low, high = np.percentile(distances, (5, 95))
    return float(high / low), len(sample)


def _contrast_warnings(contrast: float | None) -> tuple[str, ...]:
    if contrast is None or contrast >= LEAST_CONTRAST:
        return ()
    return (
        f"The distances between customers hardly differ (the long ones are {contrast:.1f} times the short ones), so "
        f"near and far mean little: name fewer features in features.anomalies_use.",
    )
