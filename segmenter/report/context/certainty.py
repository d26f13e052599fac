"""How sure we are: the number of segments, their stability, and what other methods find."""

from __future__ import annotations

from segmenter.analysis.choice import MAJORITY, VALID_STABILITY, crowd_margin, margin
from segmenter.report.context import readings, rfm
from segmenter.report.context.view import View, columns, parts, segment, table, text
from segmenter.report.types import Part, Section, Table

METHODS = {
    "kmeans": "K-Means (this report)",
    "hierarchical": "Hierarchical ({linkage})",
    "bisecting": "Bisecting K-Means",
    "mixture": "Gaussian mixture",
    "dbscan": "DBSCAN",
}
RULE = (
    "The rule: the number with the most votes is taken (in a tie, the one with the higher silhouette). It is clear if "
    "at least {majority} criteria agree, its silhouette is {margin} above that of data without groups and {above} "
    "above that of a single crowd as skewed as the customers, and its segments recur when customers are resampled "
    "(Jaccard {valid}). Otherwise the most stable number that recurs and is as far above data without groups is "
    "taken; if there is none, one segment."
)
WITHOUT_GROUPS = (
    "On data without groups the same method reaches an average silhouette of {value}, on a single crowd as skewed as "
    "the customers {crowd}; only values {margin} above the former and {above} above the latter are evidence of real "
    "groups."
)
CRITERIA = {
    "elbow": "elbow of the inertia",
    "silhouette": "silhouette",
    "davies_bouldin": "Davies-Bouldin",
    "calinski_harabasz": "Calinski-Harabasz",
    "stability": "stability",
}


def certainty(view: View) -> Section:
    """The chapter on how far to trust the segments."""
    lead = (
        "The evidence for and against this division: how many segments there are, how well each customer fits, and "
        "how other methods divide the same customers."
        if len(view.run.findings.cards) > 1
        else "The customers were kept as one group. What was tried, and why no division held up:"
    )
    return Section(
        "certainty",
        "How sure are we?",
        lead,
        parts(
            Part("How many segments?", _votes(view), view.figures("k-criteria"), (*_two_best(view), *_sweep(view))),
            Part(
                "Does each customer fit?",
                (*_units(view), *_baseline(view)),
                view.figures("silhouette"),
                _firmness(view),
            ),
            Part("Do other methods agree?", _guidance(view), (), _methods(view)),
            rfm.scores(view),
            readings.tree(view),
            readings.soft(view),
        ),
    )


def _votes(view: View) -> tuple[str, ...]:
    choice = view.run.findings.choice
    say = view.voice
    votes = {say(CRITERIA.get(name, name)): k for name, k in choice.votes.items()}
    voted = [f"{name}: {k}" for name, k in votes.items() if k is not None]
    abstained = [name for name, k in votes.items() if k is None]
    separation = view.run.findings.separation
    sentences = [choice.reason, *(sentence for sentence in separation if sentence != choice.reason)]
    if voted:
        sentences.append(say("The votes: {votes}.", votes=", ".join(voted)))
    if voted and abstained:
        sentences.append(say("No opinion: {criteria}.", criteria=", ".join(abstained)))
    if voted:
        sentences.append(
            say(
                RULE,
                majority=say.number(MAJORITY),
                margin=say.number(margin(choice.n_silhouette), 2),
                above=say.number(crowd_margin(choice.n_silhouette), 2),
                valid=say.number(VALID_STABILITY, 2),
            )
        )
    return tuple(sentences)


def _two_best(view: View) -> tuple[Table, ...]:
    """The number of segments chosen and the second best, where the choice is not clear."""
    choice, say = view.run.findings.choice, view.voice
    if choice.is_clear or choice.is_pinned or choice.runner_up is None:
        return ()
    by_count = {point.n_clusters: point for point in choice.points}
    rows = []
    taken = "taken" if choice.chosen_anew is None else "fresh fit"
    for k, role in ((choice.taken, taken), (choice.runner_up, "second")):
        point = by_count.get(k)
        votes = [say(CRITERIA.get(name, name)) for name, voted in choice.votes.items() if voted == k]
        figures = (point.silhouette, point.reference, point.crowd, point.stability) if point else (None,) * 4
        words = text(say(role)), text(", ".join(votes) or say("none"))
        rows.append((view.number(k), *words, *(view.number(each, 2) for each in figures)))
    heads = columns("K#", "Here", "Votes of", "Silhouette#", "Without groups#", "Single crowd#", "Stability#")
    return (table("two-best", "No clear number of segments (K): the two best", heads, rows, "run.json: choice"),)


def _sweep(view: View) -> tuple[Table, ...]:
    points = view.run.findings.choice.points
    if not points:
        return ()
    rows = [
        (
            view.number(point.n_clusters),
            view.number(point.inertia),
            view.number(point.silhouette, 3),
            view.number(point.reference, 3),
            view.number(point.crowd, 3),
            view.number(point.davies_bouldin, 3),
            view.number(point.calinski_harabasz, 1),
            view.number(point.stability, 2),
        )
        for point in points
    ]
    heads = columns(
        "K#", "Inertia#", "Silhouette#", "Without groups#", "Single crowd#", "Davies-Bouldin#", "Calinski-Harabasz#",
        "Stability#",
    )  # fmt: skip
    return (table("sweep", "Every number of segments that was tried", heads, rows, "run.json: choice, points"),)


def _units(view: View) -> tuple[str, ...]:
    """The units of the silhouettes where the segments of the accepted model are kept."""
    if view.run.findings.choice.chosen_anew is None or "silhouette" not in view.charts:
        return ()
    return ("Measured as the accepted model sees the customers: it treats all values beyond its limits alike.",)


def _baseline(view: View) -> tuple[str, ...]:
    choice, say = view.run.findings.choice, view.voice
    if choice.reference_silhouette is None or "silhouette" not in view.charts:
        return ()
    figures = {
        "value": choice.reference_silhouette,
        "crowd": choice.crowd_silhouette,
        "margin": margin(choice.n_silhouette),
        "above": crowd_margin(choice.n_silhouette),
    }
    return (say(WITHOUT_GROUPS, **{name: say.number(figure, 2) for name, figure in figures.items()}),)


def _firmness(view: View) -> tuple[Table, ...]:
    cards = view.run.findings.cards
    if len(cards) < 2 or all(card.stability is None for card in cards):
        return ()
    means = {profile.label: profile.mean for profile in view.run.findings.silhouettes}
    rows = [
        (
            segment(card),
            view.number(card.stability, 2),
            view.number(means.get(card.label), 2),
            text(card.stability_words),
        )
        for card in cards
    ]
    heads = columns("Segment", "Stability#", "Silhouette#", "In words")
    return (table("firmness", "How stable each segment is", heads, rows, "segments.parquet: stability"),)


def _guidance(view: View) -> tuple[str, ...]:
    comparison = view.run.findings.comparison
    if not comparison.methods or len(view.run.findings.cards) < 2:
        return (comparison.guidance,)
    gloss = (
        "Higher is better for silhouette and Calinski-Harabasz, lower for Davies-Bouldin. Rand and mutual information "
        "(both adjusted) measure agreement with this report: 1 is full agreement, 0 is chance."
    )
    return (comparison.guidance, gloss)


def _methods(view: View) -> tuple[Table, ...]:
    methods = view.run.findings.comparison.methods
    if not methods or len(view.run.findings.cards) < 2:
        return ()
    linkage = view.voice(readings.LINKAGES.get(used := view.run.findings.hierarchy.linkage, used))
    rows = [
        (
            text(view.voice(METHODS.get(method.name, method.name), linkage=linkage)),
            view.number(method.n_clusters),
            view.number(method.n_noise),
            view.number(method.silhouette, 3),
            view.number(method.davies_bouldin, 3),
            view.number(method.calinski_harabasz, 1),
            view.number(method.rand_with_kmeans, 2),
            view.number(method.mutual_with_kmeans, 2),
            view.number(method.n_sample),
        )
        for method in methods
    ]
    heads = columns(
        "Method", "Groups#", "Noise#", "Silhouette#", "Davies-Bouldin#", "Calinski-Harabasz#", "Rand#", "Mutual inf.#",
        "Customers#",
    )  # fmt: skip
    return (table("methods", "Methods side by side", heads, rows, "run.json: comparison"),)
