"""The top-down tree: bisecting K-Means (Steinbach, Karypis and Kumar 2000)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segmenter.analysis.reading_types import Split
from segmenter.analysis.threads import single_threaded
from segmenter.analysis.types import Floats, Ints

RESTARTS = 3
EVERYBODY = ""


@dataclass(frozen=True)
class Divided:
    """Labels (n,) of the final groups, and the splits that led to them."""

    labels: Ints
    splits: tuple[Split, ...]


@single_threaded
def divide(points: Floats, segments: Ints, n_clusters: int, seed: int) -> Divided:
    """Rows (n, d) cut in two again and again until there are `n_clusters` groups, each time the most scattered one.

    A group is named by its path from the top: 1.2 is the second part of 1; the larger part comes
    first. `segments` (n,) are the customers' own, of which each part's largest is named.
    """
    groups, splits = {EVERYBODY: np.arange(len(points))}, []
    while len(groups) < n_clusters:
        parent = max(groups, key=lambda name: _scatter(points[groups[name]]))
        rows = groups.pop(parent)
        if _scatter(points[rows]) == 0:
            groups[parent] = rows
            break
        parts = _halves(points, rows, seed)
        children = tuple(f"{parent}.{number}".lstrip(".") for number in (1, 2))
        groups |= dict(zip(children, parts, strict=True))
        splits.append(_split(len(groups), parent, children, parts, segments))
    labels = np.zeros(len(points), dtype=np.int64)
    for number, rows in enumerate(groups.values()):
        labels[rows] = number
    return Divided(labels, tuple(splits))


def _scatter(points: Floats) -> float:
    """Sum of squared distances to the mean; exactly 0 where all points are equal."""
    return float(((points - points.mean(axis=0)) ** 2).sum()) if len(points) and np.ptp(points, axis=0).any() else 0.0


def _halves(points: Floats, rows: Ints, seed: int) -> tuple[Ints, Ints]:
    from sklearn.cluster import KMeans

    second = KMeans(2, n_init=RESTARTS, random_state=seed).fit_predict(points[rows]) == 1
    parts = sorted((rows[~second], rows[second]), key=lambda part: (-len(part), part[0]))
    return parts[0], parts[1]


def _split(k: int, parent: str, children: tuple[str, ...], parts: tuple[Ints, Ints], segments: Ints) -> Split:
    counts = [np.bincount(segments[part]) for part in parts]
    return Split(
        n_clusters=k,
        parent=parent,
        children=(children[0], children[1]),
        sizes=(len(parts[0]), len(parts[1])),
        segments=(int(counts[0].argmax()), int(counts[1].argmax())),
        shares=(float(counts[0].max() / len(parts[0])), float(counts[1].max() / len(parts[1]))),
    )
