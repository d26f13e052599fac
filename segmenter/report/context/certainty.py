"""How sure we are: the number of segments, how firm they stand, and other ways of seeing the same customers."""

from __future__ import annotations

from segmenter.report.context.view import View, columns, parts, table, text
from segmenter.report.types import Cell, Part, Section, Table

METHODS = {
    "kmeans": "K-Means (this report)",
    "hierarchical": "Hierarchical (Ward)",
    "bisecting": "Bisecting K-Means",
    "mixture": "Gaussian mixture",
    "dbscan": "DBSCAN",
}
CRITERIA = {
    "elbow": "elbow of the inertia",
    "silhouette": "silhouette",
    "davies_bouldin": "Davies-Bouldin",
    "calinski_harabasz": "Calinski-Harabasz",
    "stability": "stability",
}


SOFT = (
    "A mixture lets a customer belong to several groups in part. The lower the curve, the better that number of groups "
    "fits for its size."
)


def certainty(view: View) -> Section:
    """The chapter on trust."""
    lead = (
        "What speaks for this division of the customers and what against it: how many segments there are, how well each "
        "customer fits, and what other methods make of the same customers."
        if len(view.run.findings.cards) > 1
        else "The customers were left together. What was tried, and why no division held up:"
    )
    return Section(
        "certainty",
        "How sure are we?",
        lead,
        parts(
            Part("How many segments?", _votes(view), view.figures("k-criteria"), _sweep(view)),
            Part("Does each customer fit?", _baseline(view), view.figures("silhouette"), _firmness(view)),
            Part("Do other methods agree?", _guidance(view), (), _methods(view)),
            Part("RFM scores", _rfm_words(view), view.figures("rfm")),
            Part("The family tree", _tree_words(view), view.figures("dendrogram"), _linkages(view)),
            Part("A softer view", (SOFT,) if "mixture" in view.charts else (), view.figures("mixture")),
        ),
    )


def _votes(view: View) -> tuple[str, ...]:
    choice = view.run.findings.choice
    say = view.voice
    named = {say(CRITERIA.get(name, name)): k for name, k in choice.votes.items()}
    voted = [f"{name}: {k}" for name, k in named.items() if k is not None]
    silent = [name for name, k in named.items() if k is None]
    separation = view.run.findings.separation
    found = [choice.reason, *(sentence for sentence in separation if sentence != choice.reason)]
    if voted:
        found.append(say("The votes: {votes}.", votes=", ".join(voted)))
    if voted and silent:
        found.append(say("No opinion: {criteria}.", criteria=", ".join(silent)))
    return tuple(found)


def _sweep(view: View) -> tuple[Table, ...]:
    points = view.run.findings.choice.points
    if not points:
        return ()
    rows = [
        (
            view.number(point.n_clusters),
            view.number(point.inertia),
            view.number(point.silhouette, 3),
            view.number(point.davies_bouldin, 3),
            view.number(point.calinski_harabasz, 1),
            view.number(point.stability, 2),
        )
        for point in points
    ]
    heads = columns("K#", "Inertia#", "Silhouette#", "Davies-Bouldin#", "Calinski-Harabasz#", "Stability#")
    return (table("sweep", "Every number of segments that was tried", heads, rows, "run.json: choice, points"),)


def _baseline(view: View) -> tuple[str, ...]:
    reference = view.run.findings.choice.reference_silhouette
    if reference is None or "silhouette" not in view.charts:
        return ()
    return (
        view.voice(
            "On data without any groups the same method reaches an average silhouette of {value}; only what lies above "
            "that speaks for real groups.",
            value=view.voice.number(reference, 2),
        ),
    )


def _firmness(view: View) -> tuple[Table, ...]:
    cards = view.run.findings.cards
    if len(cards) < 2 or all(card.stability is None for card in cards):
        return ()
    means = {profile.label: profile.mean for profile in view.run.findings.silhouettes}
    rows = [
        (
            Cell(card.name, card.name, card.label),
            view.number(card.stability, 2),
            view.number(means.get(card.label), 2),
            text(card.stability_words),
        )
        for card in cards
    ]
    heads = columns("Segment", "Stability#", "Silhouette#", "In words")
    return (table("firmness", "How firm each segment stands", heads, rows, "segments.parquet: stability"),)


def _guidance(view: View) -> tuple[str, ...]:
    comparison = view.run.findings.comparison
    if not comparison.methods or len(view.run.findings.cards) < 2:
        return (comparison.guidance,)
    gloss = (
        "A higher silhouette or Calinski-Harabasz index and a lower Davies-Bouldin index are better. Rand and mutual "
        "information (both adjusted) say how far a method agrees with this report: 1 in full, 0 as chance would."
    )
    return (comparison.guidance, gloss)


def _methods(view: View) -> tuple[Table, ...]:
    methods = view.run.findings.comparison.methods
    if not methods or len(view.run.findings.cards) < 2:
        return ()
    rows = [
        (
            text(view.voice(METHODS.get(method.name, method.name))),
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


def _rfm_words(view: View) -> tuple[str, ...]:
    rfm = view.run.findings.rfm
    if "rfm" not in view.charts:
        return ()
    return (
        view.voice(
            "RFM scores recency, frequency and money from 1 to 5 each and names the combinations. Its agreement with "
            "the segments here is {value} (adjusted Rand index: 1 the same, 0 chance).",
            value=view.voice.number(rfm.agreement, 2),
        ),
    )


def _tree_words(view: View) -> tuple[str, ...]:
    finding = view.run.findings.hierarchy
    if not finding.linkages:
        return (finding.reason,) if finding.reason else ()
    gloss = (
        "The cophenetic correlation says how faithfully a tree keeps the distances between customers (1: exactly); "
        "agreement compares its cut with the segments of this report (adjusted Rand index)."
    )
    return (finding.reason, gloss)


def _linkages(view: View) -> tuple[Table, ...]:
    finding = view.run.findings.hierarchy
    if not finding.linkages:
        return ()
    rows = [
        (
            text(view.voice(line.linkage)),
            view.number(line.cophenetic, 2),
            view.number(line.agreement, 2),
            text(", ".join(view.voice.number(size) for size in line.sizes)),
        )
        for line in finding.linkages
    ]
    heads = columns("Linkage", "Cophenetic corr.#", "Agreement#", "Customers per group")
    return (table("linkages", "Five ways to build the tree", heads, rows, "run.json: hierarchy, linkages"),)
