"""The number of segments: each criterion's vote, one rule to combine them, and the answer in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import sqrt

import numpy as np

from segmenter.analysis.findings import KChoice, KPoint
from segmenter.analysis.knee import knee

MAJORITY = 3
NEAR_BEST_STABILITY = 0.02
VALID_STABILITY = 0.75
ABOVE_REFERENCE = 0.03
# Customers without groups, whose orders, money and gaps are related, reach up to 0.08 above a crowd that imitates them, as
# it reproduces linear dependence alone; planted groups reach 0.36 and more.
ABOVE_CROWD = 0.1
CRITERIA = {
    "elbow": "the elbow of inertia",
    "silhouette": "silhouette",
    "davies_bouldin": "Davies-Bouldin",
    "calinski_harabasz": "Calinski-Harabasz",
    "stability": "stability",
}
Votes = dict[str, int | None]


def choose(points: Sequence[KPoint], *, spread: float, pinned: int | None, n_silhouette: int) -> KChoice:
    """The number of segments, from the sweep `points` (K rising) and the inertia at K = 1, `spread`.

    The favourite is the K with the most votes; of several, the one with the highest silhouette. It is taken as a clear
    answer if at least three criteria vote for it; if its silhouette exceeds, by `margin`, what K-Means reaches on data
    without groups and, by a tenth, what it reaches on one skewed crowd; and if its segments survive resampling (mean
    Jaccard 0.75).

    Otherwise the number is taken, as an unclear answer, from the Ks that survive resampling and exceed data without
    groups: the most stable, of several within 0.02 the largest, as finer segments say more. One skewed crowd may be cut
    in this way, where that is of use. Without such a K the customers are left together.
    """
    votes = vote(points, spread)
    ranked = _ranked(points, votes)
    by_count = {point.n_clusters: point for point in points}
    favourite = ranked[0] if pinned is None else min(by_count, key=lambda k: abs(k - pinned))
    least = margin(n_silhouette)
    doubts = _doubts(by_count[favourite], len(points), votes, n_silhouette)
    n_clusters, why = (favourite, "") if pinned is not None or not doubts else _fallback(points, ranked, least)
    taken = by_count.get(n_clusters)
    choice = KChoice(
        points=tuple(points),
        votes=votes,
        n_clusters=n_clusters,
        runner_up=next((k for k in ranked if k != n_clusters), None),
        is_clear=not doubts,
        is_pinned=pinned is not None,
        reason="",
        n_silhouette=n_silhouette,
        reference_silhouette=taken.reference if taken else None,
        crowd_silhouette=taken.crowd if taken else None,
        doubts=tuple(doubts),
    )
    return replace(choice, reason=_in_words(choice, [*doubts.values()], why, pinned))


def vote(points: Sequence[KPoint], spread: float) -> Votes:
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


def _ranked(points: Sequence[KPoint], votes: Votes) -> list[int]:
    """Every K, best first."""
    tally = Counter(k for k in votes.values() if k is not None)
    return [
        point.n_clusters
        for point in sorted(points, key=lambda point: (-tally[point.n_clusters], -point.silhouette, point.n_clusters))
    ]


def margin(n_customers: int) -> float:
    """By how much a silhouette must exceed that of data without groups, to be evidence of groups.

    Silhouettes of clouds of n customers scatter by some 0.2 to 0.3 / sqrt(n): below a thousand customers a lead of 0.03
    may be chance.
    """
    return max(ABOVE_REFERENCE, 1 / sqrt(max(n_customers, 1)))


def crowd_margin(n_customers: int) -> float:
    """How far a silhouette must exceed that of one skewed crowd for the answer to be clear."""
    return max(ABOVE_CROWD, margin(n_customers))


def _is_stable(point: KPoint) -> bool:
    return point.stability is None or point.stability >= VALID_STABILITY


def _fallback(points: Sequence[KPoint], ranked: Sequence[int], least: float) -> tuple[int, str]:
    """The number taken where the votes do not settle it, and why, empty for one segment.

    Only Ks that survive resampling and exceed data without groups by `least` count. `ranked` decides where stability was
    not measured.
    """
    valid = [
        point
        for point in sorted(points, key=lambda point: ranked.index(point.n_clusters))
        if _is_stable(point) and (point.reference is None or point.silhouette >= point.reference + least)
    ]
    if not valid:
        return 1, ""
    if valid[0].stability is None:
        return valid[0].n_clusters, "most criteria favour them"
    near_best = max(point.stability or 0.0 for point in valid) - NEAR_BEST_STABILITY
    point = max((each for each in valid if (each.stability or 0.0) >= near_best), key=lambda each: each.n_clusters)
    return point.n_clusters, f"they recur best when customers are resampled (Jaccard {point.stability:.2f})"


def _doubts(point: KPoint, n_tried: int, votes: Votes, n_customers: int) -> dict[str, str]:
    """What speaks against taking a K for a fact: few, votes, reference or crowd, stability, each in words."""
    doubts = {}
    if n_tried < 2:
        doubts["few"] = "there are too few customers to try another number"
    elif list(votes.values()).count(point.n_clusters) < MAJORITY:
        opinions = sorted({k for k in votes.values() if k is not None})
        doubts["votes"] = (
            f"the criteria disagree ({_listed([str(k) for k in opinions])})"
            if len(opinions) > 1
            else "few criteria have an opinion"
        )
    against = (
        ("reference", point.reference, margin(n_customers), "data without groups"),
        ("crowd", point.crowd, crowd_margin(n_customers), "a single crowd as skewed as these customers"),
    )
    for doubt, reached, above, by in against:
        if reached is not None and point.silhouette < reached + above:
            doubts[doubt] = (
                f"with {point.n_clusters} segments the silhouette of {point.silhouette:.2f} is not clearly above the {reached:.2f} of {by}"
            )
            break  # one of the two is enough to say
    if not _is_stable(point):
        doubts["stability"] = (
            f"with {point.n_clusters} segments the division changes when customers are resampled (Jaccard {point.stability:.2f})"
        )
    return doubts


def _in_words(choice: KChoice, doubts: Sequence[str], why: str, pinned: int | None) -> str:
    if pinned is not None:
        return _pinned_in_words(choice, pinned)
    if choice.is_clear:
        return f"{choice.n_clusters} segments: {_support(choice)} agree."
    second = f"; {choice.runner_up} comes second" if choice.runner_up else ""
    return f"No clear number of segments: {_listed(doubts)}. {_taken_in_words(choice, why)}{second}."


def _taken_in_words(choice: KChoice, why: str) -> str:
    if choice.n_clusters > 1:
        return f"{choice.n_clusters} segments were chosen because, of the numbers that separate better than data without groups, {why}"
    return (
        "One segment was chosen, as no number both separates the customers better than data without groups and recurs "
        "when they are resampled"
    )


def _support(choice: KChoice) -> str:
    """The criteria that vote for the number taken, and how many of those with an opinion they are."""
    supporters = [CRITERIA[name] for name, k in choice.votes.items() if k == choice.n_clusters]
    n_opinions = sum(k is not None for k in choice.votes.values())
    return f"{_listed(supporters)} ({len(supporters)} of {n_opinions} criteria)"


def _pinned_in_words(choice: KChoice, pinned: int) -> str:
    n = choice.n_clusters
    fewer = "" if pinned == n else f" {pinned} were requested, more than there are distinct customers."
    supported = len(choice.points) > 1 and n in choice.votes.values()
    support = f" It is the choice of {_support(choice)}." if supported else " No criterion would choose it."
    return f"{n} segments, set in the configuration.{fewer}{support}"


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
        reason=f"One segment: the {n_customers:,} customers are too few or too similar to separate into groups.",
        n_silhouette=0,
    )
