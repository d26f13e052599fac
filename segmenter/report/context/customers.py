"""Where customers sit, and who is odd and why."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from segmenter.report.context.view import View, code, columns, parts, table
from segmenter.report.types import Cell, Part, Section, Table


def whereabouts(view: View) -> Section:
    """The maps."""
    figures = view.figures("map-tsne")
    if not figures:
        return Section(
            "map", "Where do they sit?", "No map was drawn: the customers are too few, or too much alike, for one."
        )
    finding, voice = view.run.findings.map, view.voice
    note = voice(
        "The map shows {shown} of {all} customers. {share} of the closeness on the map is closeness in the data "
        "(trustworthiness).",
        shown=voice.number(finding.n_sample),
        all=voice.number(len(view.run.customers)),
        share=voice.percent(finding.trustworthiness, 0),
    )
    lead = "Every point is a customer. The nearer two points, the more alike the two customers behave."
    return Section(
        "map",
        "Where do they sit?",
        lead,
        parts(
            Part("The map of customers", (note,), figures),
            Part("The two main directions", (), view.figures("map-pca")),
        ),
    )


def oddities(view: View) -> Section:
    """Who is odd and why."""
    title = "Who is odd, and why?"
    odd = view.run.anomalies
    if odd.empty:
        return Section("oddities", title, "Nobody: every customer has enough others who behave alike.")
    finding, voice = view.run.findings.anomalies, view.voice
    lead = voice(
        "{count} customers, {share} of all, behave like nobody else. Odd is not bad: among them are "
        "the largest accounts, but also typing errors, resellers and misuse. Each reason says what stands out.",
        count=voice.number(len(odd)),
        share=voice.percent(len(odd) / max(len(view.run.customers), 1)),
    )
    listed = (_listing(view),) if view.config.customer_rows else ()
    return Section(
        "oddities",
        title,
        lead,
        parts(
            Part("The most severe cases", _reading(view), (), (*listed, _by_segment(view))),
            Part("How they were found", tuple(finding.warnings), view.figures("k-distance")),
        ),
    )


def _reading(view: View) -> tuple[str, ...]:
    if not view.config.customer_rows:
        return ("Single customers are left out of this report.",)
    scale = (
        "Severity runs from 0 to 100: half of it is how far a customer stands from the nearest ordinary one, half is "
        "the money at stake, which is the largest of what the customer spent, ordered at once or gave back at once."
    )
    if len(view.run.anomalies) <= view.config.max_anomalies:
        return (scale,)
    listed = view.voice("The {n} most severe are listed; all are in anomalies.csv.", n=view.config.max_anomalies)
    return (scale, listed)


def _listing(view: View) -> Table:
    shown = view.run.anomalies.head(view.config.max_anomalies)
    labels = {card.name: card.label for card in view.run.findings.cards}
    rows = [_line(view, row, labels) for _, row in shown.iterrows()]
    heads = columns("Customer", "Segment", "Severity#", "At stake#", "Why")
    made = table("anomalies", "Odd customers, most severe first", heads, rows, "anomalies.csv")
    return replace(made, filterable=True)


def _line(view: View, row: pd.Series, labels: dict[str, int]) -> tuple[Cell, ...]:
    name = str(row["segment_name"])
    evidence = row.get("evidence")
    return (
        code(row["customer_id"]),
        Cell(name, name, labels.get(name, -1)),
        view.number(row["severity"]),
        view.money(row["amount_at_stake"]),
        Cell(str(row["reason"]), detail=evidence if isinstance(evidence, str) else ""),
    )


def _by_segment(view: View) -> Table:
    rows = []
    for card in view.run.findings.cards:
        share = card.n_anomalies / card.customers if card.customers else None
        rows.append((Cell(card.name, card.name, card.label), view.number(card.n_anomalies), view.share(share)))
    heads = columns("Segment", "Odd customers#", "of the segment#")
    return table("odd-by-segment", "Odd customers by segment", heads, rows, "segments.parquet; customers.parquet")
