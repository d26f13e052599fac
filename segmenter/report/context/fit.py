"""Whether the segments of the accepted model still fit: beside a fresh fit, and how far the customers have drifted."""

from __future__ import annotations

import math

from segmenter.analysis.choice import margin
from segmenter.report.context.view import View, columns, table, text
from segmenter.report.types import Table
from segmenter.runs.drift import DRIFTED, FAR, FEWEST, SHIFTED
from segmenter.runs.history import Continuity

MARGIN = (
    "The {held} segments kept have a mean silhouette of {silhouette}, the {fresh} of the fresh fit {other}: it counts as "
    "better if it is more than {margin} higher."
)
MARGIN_UNCLEAR = (
    "The {held} segments kept have a mean silhouette of {silhouette}, the {fresh} of the fresh fit {other}: as no number of "
    "segments is clear, it counts as better only if it is more than {margin} higher and a fresh fit with {held} segments is, too."
)
AGEING = "As time passes, every customer's history gets longer: days since the first order are compared as shares of the longest."
VERDICTS = {"steady": "steady", "shifted": "shifted", "drifted": "drifted: check", "too few": "too few to tell"}


def words(view: View, fit: Continuity) -> tuple[str, ...]:
    """How to read the tables: what counts as a better fit, and as drift."""
    return (*_silhouettes(view, fit), _drift_words(view))


def tables(view: View, fit: Continuity) -> tuple[Table, Table]:
    """The accepted model beside a fresh fit, and the drift of every feature."""
    return _fit(view, fit), _drift(view, fit)


def _fit(view: View, fit: Continuity) -> Table:
    rows = [
        ("Segments", view.number(fit.n_clusters), view.number(fit.challenger_n_clusters)),
        ("Mean silhouette when it was fitted", view.number(fit.silhouette_then, 2), text("")),
        (
            "Mean silhouette now, in the units of the fresh fit",
            view.number(fit.silhouette_now, 2),
            view.number(fit.challenger_silhouette, 2),
        ),
        ("Customers who would move", text(""), view.number(fit.n_would_move)),
        ("Agreement (adjusted Rand)", text(""), view.number(fit.agreement, 2)),
    ]
    date = view.voice.date(fit.accepted_as_of)
    title = view.voice("The accepted model of {date} and a fresh fit", date=date)
    heads = columns("", "Accepted#", "Fresh fit#")
    return table(
        "model-fit",
        title,
        heads,
        [(text(view.voice(label)), *cells) for label, *cells in rows],
        "model.json, challenger.json",
    )


def _silhouettes(view: View, fit: Continuity) -> tuple[str, ...]:
    """What the two silhouettes are of, and by how much that of the fresh fit counts as better."""
    if math.isnan(fit.silhouette_now) or math.isnan(fit.challenger_silhouette):
        return ()
    voice, choice = view.voice, view.run.findings.choice
    return (
        voice(
            MARGIN if choice.is_clear else MARGIN_UNCLEAR,
            held=voice.number(fit.n_clusters),
            fresh=voice.number(fit.challenger_n_clusters),
            silhouette=voice.number(fit.silhouette_now, 2),
            other=voice.number(fit.challenger_silhouette, 2),
            margin=voice.number(margin(len(view.run.customers)), 2),
        ),
    )


def _drift_words(view: View) -> str:
    gloss = view.voice(
        "The population stability index compares how a feature is distributed now and was then. The verdict counts "
        "only what exceeds the index that chance alone gives for this many customers: shifted from {shifted} above "
        "it, drifted from {drifted}; with fewer than {fewest} customers nothing can be said. The distance says how "
        "far values have moved on average, relative to the range of the middle half of the customers then; from "
        "{far}, and beyond chance, a feature has shifted, too.",
        shifted=view.voice.number(SHIFTED, 1),
        drifted=view.voice.number(DRIFTED, 2),
        fewest=view.voice.number(FEWEST),
        far=view.voice.number(FAR, 2),
    )
    return f"{gloss} {view.voice(AGEING)}"


def _drift(view: View, fit: Continuity) -> Table:
    rows = []
    for each in fit.drift:
        feature = view.feature(each.feature)
        pair = (each.median_then, each.median_now)
        medians = map(text, view.voice.values(feature, pair)) if feature else (view.number(value, 1) for value in pair)
        label = text(feature.label if feature else each.feature)
        rows.append(
            (
                label,
                *medians,
                view.number(each.psi, 2),
                view.number(each.wasserstein, 2),
                text(view.voice(VERDICTS[each.verdict])),
            )
        )
    heads = columns("Feature", "Median then#", "Median now#", "Stability index#", "Distance#", "Verdict")
    title = "How far the customers have drifted from those the model was fitted to"
    return table("drift", title, heads, rows, "customers.parquet of both runs")
