"""The accepted model beside a fresh fit on the same customers, and whether its segments still fit them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import numpy as np

from segmenter.analysis.choice import margin
from segmenter.analysis.findings import KChoice
from segmenter.analysis.names import GONE, stage
from segmenter.analysis.preparation import beyond
from segmenter.analysis.types import Ints
from segmenter.features.types import FeatureTable
from segmenter.runs.acceptance import Accepted
from segmenter.runs.drift import FAR, FEWEST, drift
from segmenter.runs.history import Continuity, Drift, Match
from segmenter.runs.narration import stories
from segmenter.words import in_percent

FRESH_FIT = {
    "split": "A fresh fit would split {before} into: {parts}.",
    "new": "A fresh fit would find a new segment, {name} ({size}).",
    "merged": "A fresh fit would merge these into {name} ({size}): {before}.",
    "vanished": "A fresh fit would not find {name} again ({size}).",
}
NO_CLEARER = "The segments of {since} are kept: a fresh fit would place {share} of the customers elsewhere, but is not clearly better."
NO_CLEARER_LOST = (
    "The segments of {since} are kept: a fresh fit would place {share} of the customers elsewhere and not find {names} "
    "again, but is not clearly better."
)
TOGETHER = "On {since} the customers were kept as one group, and a fresh fit would do the same today."
TOGETHER_THEN = "On {since} the customers were kept as one group; the segments that a fresh fit finds today are not clear enough to divide them."
TOGETHER_NOW = "A fresh fit would keep the customers as one group today: the segments of {since} are a useful grouping, not distinct types."
BETTER = "Look at the fresh segments and, if they are better, accept them (segmenter runs accept)."
BEYOND = (
    "Of the customers with no longer a history than those of {since}, many lie beyond what the model knew and "
    "count as its limit: {features}."
)
MANY_BEYOND = 0.05  # share of customers beyond a model's edges in a feature, above which it is reported
CLOSE = 0.8  # adjusted Rand index from which on two segmentations count as the same


def continuity(
    known: Accepted,
    table: FeatureTable,
    held: Ints,
    fresh: Ints,
    matches: Sequence[Match],
    silhouettes: tuple[float, float],
    choice: KChoice,
) -> Continuity:
    """The accepted model beside a fresh fit: their agreement, the drift, and what became of the segments.

    `held` and `fresh` (n,) are the customers' segment numbers under the accepted model and under the fresh
    fit, `silhouettes` their mean silhouettes now, both in the fresh fit's units, NaN of one segment alone; `choice` is
    how the fresh fit came to its number of segments.
    """
    from sklearn.metrics import adjusted_rand_score

    agreement = float(adjusted_rand_score(held, fresh))
    moved = int((held != fresh).sum())
    drifts = drift(known.customers, table, known.model.preparation.names)
    labels = {feature.name: feature.label for feature in table.features}
    against = _rival(silhouettes, len(np.unique(held)), choice)
    lost = [match.name for match in matches if match.kind == "vanished" and match.customers]
    findings = verdict(
        known.as_of, agreement, (moved, len(held)), (silhouettes[0], against), lost, is_clear=choice.is_clear
    )
    is_news = agreement >= CLOSE or BETTER in findings  # else the first sentence says enough of where it happens to cut
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
        sentences=(
            *findings,
            *_sentences(known.as_of, _drifted(drifts, labels), matches if is_news else ()),
            *_beyond_edges(known, table, labels),
        ),
    )


def _rival(silhouettes: tuple[float, float], n_held: int, choice: KChoice) -> float:
    """The silhouette that the `n_held` held segments are compared with: the fresh fit's.

    Without separate groups, fewer segments have a higher silhouette. So where the fresh fit's number of segments is not
    clear, it is at most that of a fresh fit with `n_held` segments.
    """
    fresh = silhouettes[1]
    if choice.is_clear or np.isnan(silhouettes).any():
        return fresh
    return min([fresh, *(point.silhouette for point in choice.points if point.n_clusters == n_held)])


def _beyond_edges(known: Accepted, table: FeatureTable, labels: Mapping[str, str]) -> Iterable[str]:
    """A sentence where many customers lie beyond the model's edges, where it cannot tell them apart.

    Only customers with a tenure that the model has seen count: as the record grows, the others have had more time for
    orders, money and silence than anybody had then.
    """
    preparation, rows = known.model.preparation, known.customers["tenure"].max() >= table.column("tenure")
    if rows.sum() < FEWEST:
        return
    counts = beyond(preparation, np.column_stack([table.column(name)[rows] for name in preparation.names]))
    shares = [
        f"{labels[name]} ({share:.0%})"
        for name, share in zip(preparation.names, counts / rows.sum(), strict=True)
        if share > MANY_BEYOND
    ]
    if shares:
        yield BEYOND.format(since=known.as_of, features="; ".join(shares))


def outgrown_names(
    names: Sequence[str], today: Sequence[str], came: Iterable[tuple[int, int, str]], called: Mapping[str, str]
) -> tuple[str, ...]:
    """Sentences on held segments whose customers would go by another name today.

    `names` are the held model's, `today` the names that the rule gives for the customers who are in the segments now,
    `came` the segments (by position) that many have entered since, how many, and the rule's name for those; `called`
    are the team's own names. A name is outgrown where today's belongs to another stage (`stage`): a customer more or
    less can make "best" into "loyal". Newcomers are reported only where the segment's name is of customers who no
    longer order.
    """
    shown = [called.get(name, name) for name in names]
    outgrown = [
        f"Judging by what its customers do today, {own} would be called {other}."
        for own, name, other in zip(shown, names, today, strict=True)
        if "" not in (stage(name), stage(other)) and stage(name) != stage(other)
    ]
    strangers = [
        f"{n:,} customers in {shown[at]} placed their first order since the model was made; on their own they would be called {other}."
        for at, n, other in came
        if stage(names[at]) == GONE and stage(other) not in ("", GONE)
    ]
    return (*outgrown, *strangers)


def _drifted(drifts: Sequence[Drift], labels: Mapping[str, str]) -> list[str]:
    """Labels of the features that drifted, by a distance that matters.

    One more order by everybody who renews shifts customers into other tenths, and so gives a large index, though hardly
    anything moved.
    """
    return [labels[each.feature] for each in drifts if each.verdict == "drifted" and each.wasserstein >= FAR]


def verdict(
    since: date,
    agreement: float,
    moved: tuple[int, int],
    silhouettes: tuple[float, float],
    lost: Sequence[str] = (),
    *,
    is_clear: bool,
) -> tuple[str, ...]:
    """Whether the segments still fit, and what to do; `moved`: how many of how many customers a fresh fit would move.

    `lost` are the held segments that a fresh fit does not find again.

    A fresh fit may cut the same customers differently, above all into another number, without being better: then the held
    segments, whose silhouette is the first of the two, are kept, and the sentence says how different it is. A single
    segment has no silhouette: it no longer fits where the fresh fit `is_clear`.
    """
    held, fresh = silhouettes
    elsewhere = f"{moved[0]:,} of {moved[1]:,} customers" if moved[0] else "no customer"
    effect = f"{elsewhere} would change segment if they were refitted today."
    if np.isnan(held) and np.isnan(fresh):
        return (TOGETHER.format(since=since),)
    if agreement >= CLOSE:
        return (f"The segments of {since} still fit: {effect}",)
    if np.isnan(fresh):
        return (TOGETHER_NOW.format(since=since),)
    if np.isnan(held) and not is_clear:
        return (TOGETHER_THEN.format(since=since),)
    if held >= fresh - margin(moved[1]):
        words, share = NO_CLEARER_LOST if lost else NO_CLEARER, in_percent(moved[0] / moved[1])
        return (words.format(since=since, share=share, names="; ".join(lost)),)
    return f"The segments of {since} no longer fit well: {effect}", BETTER


def _sentences(since: date, drifted: Sequence[str], matches: Sequence[Match]) -> tuple[str, ...]:
    """What has drifted, and what became of the segments."""
    differing = (f"Customers differ from those of {since} in: {'; '.join(drifted)}.",) if drifted else ()
    return (*differing, *stories(matches, FRESH_FIT))
