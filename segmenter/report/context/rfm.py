"""The customers by RFM: its segments by size and revenue, the cut points of its scores, and where it and K-Means disagree."""

from __future__ import annotations

import math

import numpy as np

from segmenter.report.context.listed import LISTED, listed, segment_named
from segmenter.report.context.view import View, code, columns, of_sample, segment, table, text
from segmenter.report.types import Part, Table

EDGES = {  # per measure of RFM: what a score above 1 takes, and what is left for 1
    "recency": ("{value} or less", "more"),
    "frequency": ("{value} or more", "fewer"),
    "monetary": ("{value} or more", "less"),
}
BESIDE = (
    "Use the segments above to see what kinds of customers there are and what to do about each; use these to pick customers "
    "for a campaign. A similar name, such as New, means other customers here."
)


def scores(view: View) -> Part:
    """The RFM scores beside the segments."""
    return Part("RFM scores", _words(view), view.figures("rfm"), (*_cuts(view), *_disagreeing(view)))


def segments(view: View) -> Part:
    """The segments that RFM names, by customers and revenue."""
    if np.count_nonzero(view.run.findings.rfm.customers) < 2:
        return Part("RFM segments")
    words = (
        "A finer division, by rules that are the same for every shop: how recently, how often and for how much a "
        "customer bought, each scored from 1 to 5. Each customer's RFM segment is in customers.parquet: rfm_segment.",
        *((BESIDE,) if len(view.run.findings.cards) > 1 else ()),
        *of_sample(view, sum(view.run.findings.rfm.customers)),
    )
    return Part("RFM segments", words, (), (_segment_table(view),))


def _segment_table(view: View) -> Table:
    finding = view.run.findings.rfm
    recency = view.run.customers.groupby("rfm_segment")["recency"].median()
    rows = [
        (
            text(name),
            view.number(customers),
            view.share(customers / sum(finding.customers)),
            view.money(revenue),
            view.share(revenue / sum(finding.revenue) if sum(finding.revenue) > 0 else None),
            view.number(recency.get(name)),
        )
        for name, customers, revenue in zip(finding.names, finding.customers, finding.revenue, strict=True)
        if customers
    ]
    heads = columns(
        "RFM segment", "Customers#", "of customers#", "Revenue#", "of revenue#", "Days since the last order (median)#"
    )
    source = "run.json: rfm; customers.parquet: rfm_segment, recency"
    return table("rfm-segments", "RFM segments by size and revenue", heads, rows, source, filterable=True)


def _words(view: View) -> tuple[str, ...]:
    finding, say = view.run.findings.rfm, view.voice
    if not finding.cuts:
        return ()
    words = (
        say(
            "RFM scores recency, frequency and money from 1 to 5, with a fifth of the customers in each score, and "
            "names the combinations."
        ),
        finding.tie_rule,
    )
    if "rfm" not in view.charts or len(view.run.findings.cards) < 2:
        return words
    value = say.number(finding.agreement, 2)
    agreement = say(
        "Its agreement with the segments here is {value} (adjusted Rand index: 1 identical, 0 chance).", value=value
    )
    return (*words, agreement)


def _cuts(view: View) -> tuple[Table, ...]:
    cuts = {name: edges for name, edges in view.run.findings.rfm.cuts.items() if name in EDGES}
    if not cuts:
        return ()
    rows = [
        (text(score), *(text(_edge(view, name, edges[score - 2])) for name, edges in cuts.items()))
        for score in (5, 4, 3, 2)
    ]
    rows.append((text(1), *(text(view.voice(EDGES[name][1])) for name in cuts)))
    heads = columns("Score", "Days since the last order", "Orders", "Money")
    return (table("rfm-cuts", "Thresholds of the RFM scores", heads, rows, "run.json: rfm, cuts"),)


def _edge(view: View, name: str, value: float) -> str:
    say = view.voice
    if math.isnan(value):
        return say("no customer")
    return say(EDGES[name][0], value=say.cents(value) if name == "monetary" else say.number(value))


def _disagreeing(view: View) -> tuple[Table, ...]:
    """The customers with most money who are not where most of their RFM segment are."""
    customers, finding = view.run.customers, view.run.findings.rfm
    if not view.config.customer_rows or len(view.run.findings.cards) < 2:
        return ()
    disagreeing = customers[customers["rfm_disagrees"].astype(bool)]
    largest = (view.run.findings.cards[int(np.argmax(counts))] for counts in finding.crosswalk)
    usual = dict(zip(finding.names, largest, strict=True))
    rows = [
        (
            code(row["customer_id"]),
            view.money(row["monetary"]),
            text(row["rfm_segment"]),
            segment(usual[row["rfm_segment"]]),
            segment_named(view, row["segment_name"]),
        )
        for _, row in disagreeing.nlargest(LISTED, "monetary").iterrows()
    ]
    heads = columns("Customer", "Money#", "RFM segment", "Most of these are in", "This one is in")
    return listed(view, "rfm-disagree", "Where RFM and the segments disagree", heads, rows, len(disagreeing))
