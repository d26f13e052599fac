"""A card per segment: what it is called, how it differs, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from segmenter.analysis.customers import Customers, Format
from segmenter.analysis.findings import SegmentCard
from segmenter.analysis.kmeans import assign
from segmenter.analysis.names import EVERYBODY, ON_TIME, Advice, Standing, advise, outspent, stability_words, unique
from segmenter.analysis.order import drawn_rows
from segmenter.analysis.rules import describe
from segmenter.analysis.types import Floats, Ints, Mask, Segmentation

SAMPLE = 20_000
TYPICAL = 0.5  # least share of a segment that has a value, from which on its median describes the segment
APART = {
    "recency": ("with an older last order", "with a more recent last order"),
    "monetary": ("spending more", "spending less"),
    "average_order_value": ("with large orders", "with small orders"),
    "frequency": ("with more orders", "with fewer orders"),
    "mean_gap": ("at long intervals", "at short intervals"),
    "tenure": ("first seen earlier", "first seen later"),
}


# The advice for a segment of odd customers only, whatever it is called: none for typical customers fits them.
ALL_ODD: dict[str, Any] = {
    "action": "Look at each one individually: all are odd customers, and the chapter on odd customers says why.",
    "avoid": "Making all of them the same offer.",
    "movable": 0.0,
}


def build(
    customers: Customers, segmentation: Segmentation, names: Sequence[str], show: Format, seed: int
) -> tuple[SegmentCard, ...]:
    """A card per segment in label order, called as in `names`; `show` formats a feature's value."""
    labels, n = segmentation.labels, segmentation.n_clusters
    profiles = _profiles(customers, labels, n)
    advice = _advice(customers, labels, n)
    importance = _importance(customers.matrix, segmentation.centroids, seed)
    choice = segmentation.choice
    stability: list[float | None] = [None] * n
    if len(choice.cluster_stability) == n:
        stability = [float(each) for each in choice.cluster_stability]
    overall, *medians = _medians(customers, labels, n)
    return tuple(
        _card(
            customers,
            labels == label,
            advice[label],
            show,
            overall=overall,
            medians=medians[label],
            label=label,
            name=name,
            profile=profiles[label],
            importance=_ranked(customers.used, importance[label]),
            stability=stability[label],
            stability_words=stability_words(stability[label], is_clear=choice.is_clear),
        )
        for label, name in enumerate(names)
    )


def name(customers: Customers, labels: Ints, n_clusters: int) -> tuple[str, ...]:
    """A unique name per segment in label order, by the stated rule on where its customers stand."""
    advice = _advice(customers, labels, n_clusters)
    return tuple(unique([each.name for each in advice], _profiles(customers, labels, n_clusters), APART))


def _profiles(customers: Customers, labels: Ints, n_clusters: int) -> list[dict[str, float]]:
    """Each segment's mean per used feature in standard units."""
    standard = _standard(customers)
    return [
        {feature: float(standard[labels == label, at].mean()) for at, feature in enumerate(customers.used)}
        for label in range(n_clusters)
    ]


def _standard(customers: Customers) -> Floats:
    """Used features in standard units of the prepared axis; of the raw values where PCA mixed the axes."""
    if customers.matrix.shape[1] == len(customers.used):
        columns = customers.matrix
    else:
        columns = np.column_stack([customers.column(name) for name in customers.used])
    spread = columns.std(axis=0)
    standard: Floats = (columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return standard


def _advice(customers: Customers, labels: Ints, n: int) -> list[Advice]:
    if n == 1:
        return [EVERYBODY]
    standing, frequency, spent = customers.standing, customers.column("frequency"), customers.column("monetary")
    standings, money = [], []
    for mine in (labels == label for label in range(n)):
        typical = {key: float(np.median(column[mine])) for key, column in standing.items()}
        once, on_time = (float(share[mine].mean()) for share in (frequency <= 1, standing["lateness"] <= ON_TIME))
        standings.append(Standing(**typical, once=once, on_time=on_time))
        money.append(float(spent[mine].mean()))
    flags = outspent(standings, np.bincount(labels, minlength=n).tolist(), money)
    return [advise(standing, is_outspent=is_outspent) for standing, is_outspent in zip(standings, flags, strict=True)]


def _importance(matrix: Floats, centroids: Floats, seed: int) -> Floats:
    """Share of each segment's customers (n_clusters, d) that change segment when one feature is permuted.

    Permutation importance (Breiman 2001) of the nearest-centroid rule, on a sample.
    """
    generator = np.random.default_rng(seed)
    points = matrix[drawn_rows(matrix, SAMPLE, seed)]
    before = assign(points, centroids)
    sizes = np.maximum(np.bincount(before, minlength=len(centroids)), 1)
    moved = np.zeros((len(centroids), points.shape[1]))
    for column in range(points.shape[1]):
        shuffled = points.copy()
        shuffled[:, column] = generator.permutation(points[:, column])
        changed = assign(shuffled, centroids) != before
        moved[:, column] = np.bincount(before[changed], minlength=len(centroids)) / sizes
    return moved


def _card(customers: Customers, mine: Mask, advice: Advice, show: Format, **known: Any) -> SegmentCard:
    """A card of the customers `mine` (n,); `known` are the fields that were found for all segments at once."""
    revenue, total = float(customers.column("monetary")[mine].sum()), float(customers.column("monetary").sum())
    rule, n_anomalies = describe(customers, mine, show), int((mine & customers.is_anomaly).sum())
    if n_anomalies == mine.sum():
        advice = replace(advice, **ALL_ODD)
    return SegmentCard(
        summary=_summary(customers, known["medians"], show),
        customers=int(mine.sum()),
        customer_share=float(mine.mean()),
        revenue=revenue,
        revenue_share=revenue / total if total > 0 else 0.0,
        rule=rule.text,
        rule_precision=rule.precision,
        rule_recall=rule.recall,
        rule_tried=rule.n_tried,
        action=advice.action,
        avoid=advice.avoid,
        movable=advice.movable,
        n_anomalies=n_anomalies,
        **known,
    )


def _ranked(names: Sequence[str], importance: Floats) -> tuple[tuple[str, float], ...]:
    """Pairs of feature and importance, the most important first; none where PCA mixed the features."""
    pairs = zip(names, map(float, importance), strict=True) if len(names) == len(importance) else ()
    return tuple(sorted(pairs, key=lambda pair: -pair[1]))


def _medians(customers: Customers, labels: Ints, n: int) -> list[dict[str, float]]:
    """Median per feature over the customers who have it, of everybody and of each segment.

    NaN where nobody has it, and where less than half of a segment have: the median of the few who ordered again would read
    as if the whole segment did.
    """
    groups = [np.arange(len(labels)), *(np.flatnonzero(labels == label) for label in range(n))]
    least = (1.0, *(max(TYPICAL * len(rows), 1.0) for rows in groups[1:]))
    medians: list[dict[str, float]] = [{} for _ in groups]
    for at, feature in enumerate(customers.features):
        column = customers.values[:, at].copy()  # contiguous in memory, which is faster for every group
        for found, rows, few in zip(medians, groups, least, strict=True):
            known = column[rows]
            known = known[np.isfinite(known)]
            found[feature.name] = float(np.median(known, overwrite_input=True)) if len(known) >= few else float("nan")
    return medians


def _summary(customers: Customers, medians: dict[str, float], show: Format) -> str:
    by_name = {feature.name: feature for feature in customers.features}
    known = {name: value for name, value in medians.items() if name in by_name and np.isfinite(value)}
    parts = {"frequency": "{} in total", "recency": "last order {} ago", "monetary": "{} spent"}
    if known.get("frequency") == 0:  # without an order there is no last one
        parts["frequency"] = "no valid order"
        del parts["recency"]
    if known.get("monetary", 0) < 0:
        parts["monetary"] = "{} more refunded than paid"
    words = [text.format(show(by_name[name], abs(known[name]))) for name, text in parts.items() if name in known]
    return f"Typically {', '.join(words)}." if words else ""
