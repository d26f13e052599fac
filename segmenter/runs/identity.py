"""Matches the segments of a fresh fit to those of the accepted model, so that they keep numbers and names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from segmenter.analysis.stability import contingency, jaccard
from segmenter.analysis.types import Floats, Ints
from segmenter.runs.history import Match
from segmenter.runs.types import Model

LEAST_SHARED = 0.25  # Jaccard coefficient from which on two segments can be the same
MOST = 0.5  # share of a segment's customers that makes another its parent or child
DISTANCE_WEIGHT = 0.25  # of the centroids' distance, relative to the shared customers


@dataclass(frozen=True)
class Identity:
    """Number and name per segment of the fresh fit, in its own order, and what became of the old ones."""

    numbers: tuple[int, ...]
    names: tuple[str, ...]
    next_number: int
    matches: tuple[Match, ...]


def identify(
    old: Model, old_labels: Ints, labels: Ints, names: Sequence[str], matrix: Floats, next_number: int
) -> Identity:
    """Match the segments `labels` (n,) of a fresh fit to those of `old`, `old_labels` (n,), on the same customers.

    By optimal assignment (Kuhn 1955) on shared customers (Jaccard) and the distance of centroids in `matrix` (n, d), in
    the old model's prepared units. Matched segments keep number and name. The others get numbers from `next_number` on,
    and their own of `names`, with a number added where the name is taken.
    """
    counts = contingency(old_labels, labels, len(old.names), len(names))
    pairs = _pairs(counts, matrix, old_labels, labels)
    numbers, called = [], []
    taken = {old.names[i] for i in pairs.values()}
    for j, name in enumerate(names):
        if j in pairs:
            numbers.append(old.numbers[pairs[j]])
            called.append(old.names[pairs[j]])
        else:
            numbers.append(next_number)
            next_number += 1
            called.append(_free(name, taken))
            taken.add(called[-1])
    matches = _matches(counts, pairs, old.names, numbers, called)
    return Identity(tuple(numbers), tuple(called), next_number, matches)


def became(old: Model, old_labels: Ints, new: Model, labels: Ints) -> tuple[Match, ...]:
    """What became of the segments of `old` under `new`; segments with the same number are the same segment.

    `old_labels` and `labels` (n,) are the same customers' positions in the two models.
    """
    counts = contingency(old_labels, labels, len(old.names), len(new.names))
    pairs = {j: old.numbers.index(number) for j, number in enumerate(new.numbers) if number in old.numbers}
    return _matches(counts, pairs, old.names, new.numbers, new.names)


def renamed(matches: Iterable[Match], names: Mapping[str, str]) -> tuple[Match, ...]:
    """`matches` under the team's own `names` for segments, by the name given here."""
    return tuple(
        replace(
            match,
            name=names.get(match.name, match.name),
            before=tuple(names.get(each, each) for each in match.before),
        )
        for match in matches
    )


def _pairs(counts: Ints, matrix: Floats, old_labels: Ints, labels: Ints) -> dict[int, int]:
    """The old position for each fresh position that is matched."""
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    shared = jaccard(counts)
    distance = cdist(_means(matrix, old_labels, counts.shape[0]), _means(matrix, labels, counts.shape[1]))
    far = np.nan_to_num(distance / max(np.nanmax(distance), 1e-12), nan=1.0)
    rows, columns = linear_sum_assignment((1 - shared) + DISTANCE_WEIGHT * far)
    return {int(j): int(i) for i, j in zip(rows, columns, strict=True) if shared[i, j] >= LEAST_SHARED}


def _means(matrix: Floats, labels: Ints, n_clusters: int) -> Floats:
    """Mean row per label, NaN where it has none."""
    sizes = np.bincount(labels, minlength=n_clusters).astype(float)
    sums = np.column_stack([np.bincount(labels, weights=column, minlength=n_clusters) for column in matrix.T])
    means: Floats = sums / np.where(sizes > 0, sizes, np.nan)[:, None]
    return means


def _free(name: str, taken: set[str]) -> str:
    """`name`, or the first of ``name (2)``, ``name (3)``... that is not taken."""
    candidates = (name, *(f"{name} ({number})" for number in range(2, len(taken) + 3)))
    return next(each for each in candidates if each not in taken)


def _matches(
    counts: Ints, pairs: dict[int, int], old: Sequence[str], numbers: Sequence[int], names: Sequence[str]
) -> tuple[Match, ...]:
    """What became of each segment: a fresh one may be kept, new, split or merged, an old one vanished."""
    of_old = counts / np.maximum(counts.sum(axis=1), 1)[:, None]
    of_new = counts / np.maximum(counts.sum(axis=0), 1)[None, :]
    merged = [[i for i in range(len(old)) if of_old[i, j] >= MOST] for j in range(len(names))]
    parent = [int(np.argmax(column)) if column.max(initial=0) >= MOST else -1 for column in of_new.T]
    parts = Counter(parent[j] for j in range(len(names)) if len(merged[j]) < 2)
    found = []
    for j, (number, name) in enumerate(zip(numbers, names, strict=True)):
        if len(merged[j]) > 1:
            kind, before = "merged", merged[j]
        elif parent[j] >= 0 and parts[parent[j]] > 1:
            kind, before = "split", [parent[j]]
        elif j in pairs:
            kind, before = "kept", [pairs[j]]
        else:
            kind, before = "new", []
        shared = float(of_new[before, j].sum()) if before else 0.0
        found.append(Match(kind, number, name, tuple(old[i] for i in before), int(counts[:, j].sum()), shared))
    gone = [i for i in range(len(old)) if i not in pairs.values() and counts[i].sum()]
    vanished = (Match("vanished", None, old[i], (old[i],), int(counts[i].sum()), 0.0) for i in gone)
    return (*found, *vanished)
