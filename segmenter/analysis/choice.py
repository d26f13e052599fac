"""The number of segments: each criterion's vote, one rule to combine them, and the answer in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from segmenter.analysis.findings import KChoice, KPoint
from segmenter.analysis.knee import knee

MAJORITY = 3
NEAR_BEST_STABILITY = 0.02
NEAR_BEST_SILHOUETTE = 0.9
VALID_STABILITY = 0.75
HIGH_STABILITY = 0.85
ABOVE_REFERENCE = 0.03
CRITERIA = {
    "elbow": "the elbow of inertia",
    "silhouette": "silhouette",
    "davies_bouldin": "Davies-Bouldin",
    "calinski_harabasz": "Calinski-Harabasz",
    "stability": "stability",
}


@dataclass(frozen=True)
class _Verdict:
    """What the votes say, before words."""

    n_clusters: int
    runner_up: int | None
    supporters: tuple[str, ...]
    doubts: tuple[str, ...]


def choose(
    points: Sequence[KPoint],
    *,
    spread: float,
    pinned: int | None,
    n_silhouette: int,
    reference: Callable[[int], float],
) -> KChoice:
    """The K with the most votes, of two with equally many the one with the higher silhouette.

    `points` is the sweep, K rising; `spread` the inertia at K = 1; `reference(k)` the silhouette that
    K-Means reaches on data without groups. Where the winner has no majority, or does no better than
    that, the largest K is taken whose segments survive resampling (mean Jaccard 0.85) and whose
    silhouette is at least 0.9 of the best. The answer is clear where at least three criteria agree, the silhouette
    exceeds the reference, and the segments are stable (mean Jaccard 0.75).
    """
    votes = vote(points, spread)
    ranked = _ranked(points, votes)
    by_count = {point.n_clusters: point for point in points}
    chosen = ranked[0] if pinned is None else min(by_count, key=lambda k: abs(k - pinned))
    at_random = reference(chosen)
    if pinned is None and not _is_settled(by_count[chosen], votes, at_random):
        chosen = _convenient(points, chosen)
        at_random = reference(chosen)
    supporters = tuple(CRITERIA[name] for name, k in votes.items() if k == chosen and len(points) > 1)
    doubts = _doubts(by_count[chosen], len(points), supporters, votes, at_random)
    runner_up = next((k for k in ranked if k != chosen), None)
    verdict = _Verdict(chosen, runner_up, supporters, doubts)
    return KChoice(
        points=tuple(points),
        votes=votes,
        n_clusters=chosen,
        runner_up=runner_up,
        is_clear=not doubts,
        is_pinned=pinned is not None,
        reason=_in_words(verdict, votes, pinned),
        n_silhouette=n_silhouette,
        reference_silhouette=at_random,
    )


def vote(points: Sequence[KPoint], spread: float) -> dict[str, int | None]:
    """Each criterion's K; None where it has no opinion.

    The elbow is sought in log inertia over log K from K = 1 on: a cloud without groups in d
    dimensions falls as K^(-2/d), a straight line there. Stability votes for the largest K that is
    within 0.02 of the most stable.
    """
    counts = [point.n_clusters for point in points]
    stabilities = [point.stability for point in points if point.stability is not None]
    best = max(stabilities, default=0.0) - NEAR_BEST_STABILITY
    return {
        "elbow": _elbow(points, spread),
        "silhouette": counts[int(np.argmax([point.silhouette for point in points]))],
        "davies_bouldin": counts[int(np.argmin([point.davies_bouldin for point in points]))],
        "calinski_harabasz": counts[int(np.argmax([point.calinski_harabasz for point in points]))],
        "stability": max(
            (point.n_clusters for point in points if point.stability is not None and point.stability >= best),
            default=None,
        ),
    }


def _elbow(points: Sequence[KPoint], spread: float) -> int | None:
    measured = [(point.n_clusters, point.inertia) for point in points if point.inertia > 0]
    if not measured:
        return None
    counts, inertias = np.array([(1, spread), *measured]).T
    found = knee(np.log(counts), np.log(inertias))
    return None if not found else int(counts[found])


def _ranked(points: Sequence[KPoint], votes: dict[str, int | None]) -> list[int]:
    """Every K, best first."""
    tally = Counter(k for k in votes.values() if k is not None)
    return [
        point.n_clusters
        for point in sorted(points, key=lambda point: (-tally[point.n_clusters], -point.silhouette, point.n_clusters))
    ]


def _beats(point: KPoint, at_random: float) -> bool:
    return point.silhouette >= at_random + ABOVE_REFERENCE


def _is_settled(point: KPoint, votes: dict[str, int | None], at_random: float) -> bool:
    """True where a majority of the criteria agrees on groups that data without groups would not show."""
    return list(votes.values()).count(point.n_clusters) >= MAJORITY and _beats(point, at_random)


def _convenient(points: Sequence[KPoint], voted: int) -> int:
    """Where nothing settles K: the largest that survives resampling and separates nearly as well as any.

    Finer segments say more; they are worth having as long as they come back and their edges are no softer.
    """
    best = max(point.silhouette for point in points)
    fit = [point for point in points if point.stability is not None and point.stability >= HIGH_STABILITY]
    return max((point.n_clusters for point in fit if point.silhouette >= NEAR_BEST_SILHOUETTE * best), default=voted)


def _doubts(
    point: KPoint, n_tried: int, supporters: Sequence[str], votes: dict[str, int | None], at_random: float
) -> tuple[str, ...]:
    """What speaks against taking the chosen K for a fact, in sentences."""
    doubts = []
    if n_tried < 2:
        doubts.append("there are too few customers to try another number")
    elif len(supporters) < MAJORITY:
        heard = sorted({k for k in votes.values() if k is not None})
        doubts.append(
            f"the criteria disagree ({_listed([str(k) for k in heard])})"
            if len(heard) > 1
            else "few criteria have an opinion"
        )
    if not _beats(point, at_random):
        doubts.append(
            f"the silhouette of {point.silhouette:.2f} is hardly better than the {at_random:.2f} "
            "of data without any groups"
        )
    if point.stability is not None and point.stability < VALID_STABILITY:
        doubts.append(f"the segments change when customers are resampled (Jaccard {point.stability:.2f})")
    return tuple(doubts)


def _in_words(verdict: _Verdict, votes: dict[str, int | None], pinned: int | None) -> str:
    heard = sum(k is not None for k in votes.values())
    support = f"{_listed(verdict.supporters)} ({len(verdict.supporters)} of {heard} criteria)"
    if pinned is not None:
        known = f" It is the choice of {support}." if verdict.supporters else " No criterion would choose it."
        fewer = (
            ""
            if pinned == verdict.n_clusters
            else f" {pinned} were asked for, more than there are different customers."
        )
        return f"{verdict.n_clusters} segments, set in the configuration.{fewer}{known}"
    if not verdict.doubts:
        return f"{verdict.n_clusters} segments: {support} agree."
    if verdict.runner_up is None:
        return f"No clear number of segments: {_listed(verdict.doubts)}. {verdict.n_clusters} were taken."
    why = f"of {support}" if verdict.supporters else "no larger number survives resampling and separates as well"
    other = f"; {verdict.runner_up} comes second"
    return (
        f"No clear number of segments: {_listed(verdict.doubts)}. {verdict.n_clusters} were taken because {why}{other}."
    )


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def trivial(n_customers: int) -> KChoice:
    """The choice where there is none: one segment."""
    return KChoice(
        points=(),
        votes=dict.fromkeys(CRITERIA),
        n_clusters=1,
        runner_up=None,
        is_clear=False,
        is_pinned=False,
        reason=f"One segment: the {n_customers:,} customers are too few or too much alike to tell groups apart.",
        n_silhouette=0,
    )
