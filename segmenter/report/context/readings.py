"""Other views of the same customers: trees, agglomerative and divisive, and mixtures."""

from __future__ import annotations

from segmenter.analysis.mixture import BETWEEN
from segmenter.analysis.reading_types import Split
from segmenter.report.context.listed import LISTED, listed, segment_named
from segmenter.report.context.view import View, code, columns, table, text
from segmenter.report.types import Cell, Part, Table

LINKAGES = {"ward": "Ward"}  # a name, where the others are words
METRICS = {"euclidean": "Euclidean", "cityblock": "Manhattan", "cosine": "cosine"}


def tree(view: View) -> Part:
    """The family tree, agglomerative and divisive."""
    tables = (*_merges(view), *_splits(view), *_linkages(view))
    return Part("The family tree", _tree_words(view), view.figures("dendrogram"), tables)


def _tree_words(view: View) -> tuple[str, ...]:
    finding = view.run.findings.hierarchy
    if not finding.linkages:
        return (finding.reason,) if finding.reason else ()
    gloss = (
        "The cophenetic correlation says how faithfully a tree preserves the distances between customers (1: exactly)."
    )
    if len(view.run.findings.cards) < 2:
        return finding.reason, gloss
    agreement = (
        "Agreement compares a tree's cut with the segments of this report (adjusted Rand index: 1 identical, 0 chance)."
    )
    return finding.reason, gloss, agreement


def _linkages(view: View) -> tuple[Table, ...]:
    finding, say = view.run.findings.hierarchy, view.voice
    if not finding.linkages:
        return ()
    divided = len(view.run.findings.cards) > 1
    rows = []
    for line in finding.linkages:
        faithful = (
            text(say(LINKAGES.get(line.linkage, line.linkage))),
            text(say(METRICS.get(line.metric, line.metric))),
            view.number(line.cophenetic, 2),
        )
        cut = view.number(line.agreement, 2), text(", ".join(say.number(size) for size in line.sizes))
        rows.append((*faithful, *cut) if divided else faithful)
    heads = columns("Linkage", "Distance", "Cophenetic corr.#", "Agreement#", "Customers per group")[: len(rows[0])]
    title = say("Ways to build the tree, compared on {n} customers", n=say.number(finding.n_compared))
    return (table("linkages", title, heads, rows, "run.json: hierarchy, linkages"),)


def _merges(view: View) -> tuple[Table, ...]:
    groups = {card.label: card.name for card in view.run.findings.cards}
    if len(groups) < 3:
        return ()  # two can only become one
    rows = []
    for left, one, other in view.run.findings.hierarchy.merges:
        rows.append((view.number(left), text(groups[one]), text(groups[other])))
        groups[one] = f"{groups[one]} + {groups[other]}"
    if not rows:
        return ()
    heads = columns("Segments left#", "Joined", "With")
    return (table("merges", "Which segments merge as their number falls", heads, rows, "run.json: hierarchy, merges"),)


def _splits(view: View) -> tuple[Table, ...]:
    finding, say = view.run.findings.hierarchy, view.voice
    rows = [
        (view.number(split.n_clusters), text(split.parent or say("everybody")), *_parts(view, split))
        for split in finding.splits
    ]
    if not rows:
        return ()
    heads = columns("Groups after#", "Split", "Larger part", "Smaller part")
    title = say("From the top down: {n} customers split in two repeatedly", n=say.number(finding.n_sample))
    return (table("splits", title, heads, rows, "run.json: hierarchy, splits"),)


def _parts(view: View, split: Split) -> list[Cell]:
    names = {card.label: card.name for card in view.run.findings.cards}
    parts = zip(split.children, split.sizes, split.shares, split.segments, strict=True)
    return [
        text(
            view.voice(
                "{group}: {n}, of which {share} {segment}",
                group=group,
                n=view.voice.number(size),
                share=view.voice.percent(share, 0),
                segment=names.get(label, label),
            )
        )
        for group, size, share, label in parts
    ]


def soft(view: View) -> Part:
    """Gaussian mixtures, and the customers between two segments."""
    finding, say = view.run.findings.mixture, view.voice
    if finding is None:
        return Part("A softer view")
    words = [
        say(
            "In a mixture, a customer can belong in part to several groups. The lower the curve, the better that "
            "number of groups fits, given its complexity."
        ),
        say(
            "Mixtures were fitted to {n} customers for each group shape (covariance).",
            n=say.number(finding.n_sample),
        ),
    ]
    if len(view.run.findings.cards) > 1:
        words.append(
            say(
                "Membership refers to the segments of this report, each taken as a Gaussian of its own, not to the "
                "groups of the mixture; a customer with no membership above {share} lies between two segments, and one with "
                "more than {share} in another segment is closer to that than to their own.",
                share=say.percent(BETWEEN, 0),
            )
        )
    return Part("A softer view", tuple(words), view.figures("mixture"), _between(view))


def _between(view: View) -> tuple[Table, ...]:
    customers = view.run.customers
    if not view.config.customer_rows or "second_membership" not in customers or len(view.run.findings.cards) < 2:
        return ()
    unclear = customers[customers["membership"] <= BETWEEN]
    rows = [
        (
            code(row["customer_id"]),
            segment_named(view, row["segment_name"]),
            view.share(row["membership"]),
            segment_named(view, row["second_segment"]),
            view.share(row["second_membership"]),
            view.money(row["monetary"]),
        )
        for _, row in unclear.nlargest(LISTED, "monetary").iterrows()
    ]
    heads = columns("Customer", "Segment", "Membership#", "Next segment", "Membership in that#", "Money#")
    return listed(view, "between", "Customers between two segments, or closer to another", heads, rows, len(unclear))
