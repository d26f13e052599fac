"""The accepted model beside a fresh fit on the same customers, and whether its segments still fit them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from segmenter.analysis.types import Ints
from segmenter.features.types import FeatureTable
from segmenter.runs.acceptance import Accepted
from segmenter.runs.drift import drift
from segmenter.runs.history import Continuity, Drift, Match

CLOSE = 0.8  # adjusted Rand index from which on two segmentations tell the same story


def continuity(
    known: Accepted,
    table: FeatureTable,
    held: Ints,
    fresh: Ints,
    matches: Sequence[Match],
    silhouettes: tuple[float, float],
) -> Continuity:
    """Agreement, drift and what became of the segments.

    `held` and `fresh` (n,) are the customers' segment numbers under the accepted model and under the fresh
    fit, `silhouettes` their mean silhouettes now.
    """
    from sklearn.metrics import adjusted_rand_score

    agreement = float(adjusted_rand_score(held, fresh))
    moved = int((held != fresh).sum())
    drifts = drift(known.customers, table, known.model.preparation.names)
    n_fresh = sum(match.number is not None for match in matches)
    return Continuity(
        accepted_run=known.run_id,
        accepted_as_of=known.as_of,
        agreement=agreement,
        n_would_move=moved,
        silhouette_then=known.silhouette,
        silhouette_now=silhouettes[0],
        challenger_silhouette=silhouettes[1],
        n_clusters=len(known.model.names),
        challenger_n_clusters=n_fresh,
        drift=drifts,
        matches=tuple(matches),
        sentences=_sentences(known.as_of, agreement, (moved, len(held)), _labelled(drifts, table), matches),
    )


def _labelled(drifts: Sequence[Drift], table: FeatureTable) -> list[str]:
    """What has drifted, in a reader's words."""
    labels = {feature.name: feature.label for feature in table.features}
    return [labels.get(each.feature, each.feature) for each in drifts if each.verdict == "drifted"]


def _sentences(
    since: date, agreement: float, moved: tuple[int, int], drifted: Sequence[str], matches: Sequence[Match]
) -> tuple[str, ...]:
    """The verdict first; `moved` is how many of how many customers a fresh fit would put elsewhere."""
    fits = "still fit" if agreement >= CLOSE else "no longer fit well"
    elsewhere = f"{moved[0]:,} of {moved[1]:,} customers would be" if moved[0] else "no customer would be"
    sentences = [f"The segments of {since} {fits}: found anew today, {elsewhere} in another one."]
    if drifted:
        sentences.append(f"Customers differ from those of {since} in: {', '.join(drifted)}.")
    parts = [match for match in matches if match.kind == "split"]
    for (origin,) in sorted({match.before for match in parts}):
        into = " and ".join(f"{match.name} ({match.customers:,})" for match in parts if match.before == (origin,))
        sentences.append(f"A fresh fit would split {origin} into {into}.")
    sentences += [_story(match) for match in matches if match.kind in {"new", "merged", "vanished"}]
    if agreement < CLOSE:
        sentences.append("Look at the fresh segments and, if they are better, accept them: `segmenter runs accept`.")
    return tuple(sentences)


def _story(match: Match) -> str:
    """What became of a segment, in a sentence."""
    origin, size = " and ".join(match.before), f"{match.customers:,} customer{'' if match.customers == 1 else 's'}"
    return {
        "new": f"A fresh fit would find a new segment, {match.name} ({size}).",
        "merged": f"A fresh fit would merge {origin} into {match.name} ({size}).",
        "vanished": f"A fresh fit would not find {match.name} again ({size}).",
    }[match.kind]
