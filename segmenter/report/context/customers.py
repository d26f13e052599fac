"""Where customers sit, and who is odd and why."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from segmenter.report.context.view import View, code, columns, parts, segment, table, text
from segmenter.report.translated import translated_reasons
from segmenter.report.types import Cell, Part, Section, Table

RARE = "rare group"
DIRECTIONS = (
    "The same customers along the two combinations of figures in which they differ most. Each axis names the two "
    "figures with the most weight in it; the arrow shows the direction."
)
FOUND = (
    "How far each customer is from a crowd large enough to count as ordinary, the most isolated customer first. Where "
    "the curve levels off, customers are no longer isolated."
)


def whereabouts(view: View) -> Section:
    """The maps."""
    figures = view.figures("map-tsne")
    if not figures:
        lead = "No map was drawn: the customers are too few or too similar."
        return Section("map", "Where are they on the map?", lead)
    return Section(
        "map",
        "Where are they on the map?",
        "Every point is a customer. The closer two points are, the more alike the two customers behave.",
        parts(
            Part("The map of customers", (_extent(view),), figures),
            Part(
                "The two main directions",
                (DIRECTIONS,) if "map-pca" in view.charts else (),
                view.figures("map-pca"),
                _loadings(view),
            ),
        ),
    )


def _extent(view: View) -> str:
    """How many customers the map shows, and how far it can be trusted."""
    finding, voice, n_all = view.run.findings.map, view.voice, len(view.run.customers)
    extent = voice(
        "The map shows {shown} of {all} customers."
        if finding.n_sample < n_all
        else "The map shows all {all} customers.",
        shown=voice.number(finding.n_sample),
        all=voice.number(n_all),
    )
    trust = voice(
        "Its trustworthiness is {trust} (1: every neighbour is kept; 0.5: random placement); distances between groups "
        "that are far apart mean nothing.",
        trust=voice.number(finding.trustworthiness, 2),
    )
    return f"{extent} {trust}"


def _loadings(view: View) -> tuple[Table, ...]:
    """How much of each figure is in the two main directions."""
    finding = view.run.findings.map
    if "map-pca" not in view.charts:
        return ()
    rows = []
    for name, one, two in sorted(
        zip(finding.pca_names, *finding.pca_loadings, strict=True), key=lambda row: -abs(row[1])
    ):
        feature = view.feature(name)
        rows.append((text(feature.label if feature else name), view.number(one, 2), view.number(two, 2)))
    heads = columns("Figure", "Across#", "Up#")
    return (table("loadings", "What the two directions are made of (loadings)", heads, rows, "run.json: map"),)


def oddities(view: View) -> Section:
    """Who is odd and why."""
    listed = (_listing(view),) if view.config.customer_rows else ()
    by_segment = (_by_segment(view),) if len(view.run.findings.cards) > 1 else ()
    cases = Part("The most severe cases", _reading(view), (), (*listed, *by_segment))
    return Section(
        "oddities",
        "Who is odd, and why?",
        _lead(view),
        parts(
            *(() if view.run.anomalies.empty else (cases,)),
            Part(
                "How they were found",
                (*view.run.findings.anomalies.warnings, *((FOUND,) if "k-distance" in view.charts else ())),
                view.figures("k-distance"),
            ),
        ),
    )


def _lead(view: View) -> str:
    cards, voice = view.run.findings.cards, view.voice
    n, n_all = sum(card.n_anomalies for card in cards), sum(card.customers for card in cards)
    if not n:
        return "No customer was found to behave differently enough to need a closer look."
    found = voice(
        "One customer, {share} of all, behaves like nobody else."
        if n == 1
        else "{count} customers, {share} of all, behave like nobody else.",
        count=voice.number(n),
        share=voice.percent(n / max(n_all, 1)),
    )
    meaning = voice(
        "Odd does not mean bad: the largest accounts are among them, but also typing errors, resellers and misuse. "
        "Each reason says what stands out."
    )
    return f"{found} {meaning}"


def _reading(view: View) -> tuple[str, ...]:
    if not view.config.customer_rows:
        return ("Single customers are left out of this report.",)
    scale = (
        "Severity runs from 0 to 100: half of it is the distance from other customers, both the nearest ordinary one "
        "and the bulk of all; half is the money involved: the most that the customer spent in all, ordered at once or "
        "returned at once. It counts in full even where the order was cancelled: it is no loss to expect."
    )
    kinds = "A customer is odd alone or as part of a rare group, a handful who are odd in the same way."
    jury = (
        "The jury is five methods; one of them, DBSCAN, decides. The more of them call a customer odd, the more extreme "
        "the behaviour."
    )
    listed = view.voice("The {n} most severe are listed; all are in anomalies.csv.", n=view.config.max_anomalies)
    is_cut = len(view.run.anomalies) > view.config.max_anomalies
    return scale, *([kinds] if _grouped(view) else []), jury, *([listed] if is_cut else [])


def _listing(view: View) -> Table:
    shown = translated_reasons(view.run.anomalies.head(view.config.max_anomalies), view.voice)
    labels = {card.name: card.label for card in view.run.findings.cards}
    stakes = view.amounts(shown["amount_at_stake"].tolist())
    rows = [_line(view, row, stake, labels) for (_, row), stake in zip(shown.iterrows(), stakes, strict=True)]
    kind = ("Kind",) if _grouped(view) else ()
    heads = columns("Customer", "Segment", *kind, "Severity#", "Money involved#", "Jury (of 5)#", "Why")
    made = table("anomalies", "Odd customers, most severe first", heads, rows, "anomalies.csv")
    return replace(made, filterable=True)


def _grouped(view: View) -> bool:
    """Whether any odd customer is part of a rare group; else all are odd alone, and the kind tells nothing."""
    return bool((view.run.anomalies["kind"] == RARE).any())


def _line(view: View, row: pd.Series, stake: Cell, labels: dict[str, int]) -> tuple[Cell, ...]:
    name, kind = str(row["segment_name"]), text(view.voice(RARE if row["kind"] == RARE else "alone"))
    return (
        code(row["customer_id"]),
        Cell(name, name, labels.get(name, -1)),
        *((kind,) if _grouped(view) else ()),
        view.number(row["severity"]),
        stake,
        view.number(row["jury"]),
        Cell(str(row["reason"]), detail="\n".join(_details(view, row))),
    )


def _details(view: View, row: pd.Series) -> list[str]:
    """The transactions behind a flag, what is usual, and the nearest ordinary customer."""
    say = view.voice
    usual = [
        say.translate(f"{row[f'reason_{number}_feature']}: {row[f'reason_{number}_usual']}")
        for number in (1, 2, 3)
        if isinstance(row.get(f"reason_{number}_usual"), str)
    ]
    nearest = row.get("nearest_ordinary")
    told = [str(row["evidence"])] if isinstance(row.get("evidence"), str) else []
    if usual:
        told.append(say("Usual range, for nine in ten customers: {ranges}.", ranges="; ".join(usual)))
    if isinstance(nearest, str) and nearest:
        told.append(say("Nearest ordinary customer: {customer}.", customer=nearest))
    return told


def _by_segment(view: View) -> Table:
    rows = []
    for card in view.run.findings.cards:
        share = card.n_anomalies / card.customers if card.customers else None
        rows.append((segment(card), view.number(card.n_anomalies), view.share(share)))
    heads = columns("Segment", "Odd customers#", "of the segment#")
    made = table("odd-by-segment", "Odd customers by segment", heads, rows, "segments.parquet; customers.parquet")
    return replace(made, filterable=True)
