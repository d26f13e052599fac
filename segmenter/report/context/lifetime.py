"""Value to come: what is expected of the next period, and how the forecast did on a period held out."""

from __future__ import annotations

from segmenter.analysis.gate import keeps_everybody
from segmenter.analysis.lifetime_types import LifetimeFinding, SegmentLifetime
from segmenter.report.context.view import View, columns, parts, segment, table
from segmenter.report.types import Cell, Part, Section, Table

OWN = "Several orders on one day count as one. Each customer's own figures are in customers.parquet."
P_ORDER = "There, p_order is the chance of an order in these days."
P_ACTIVE = "There, p_active is the chance that the customer has not left for good (empty before a second order)."
EVEN = "p_active is too high for customers who order at even intervals and are overdue."


def lifetime(view: View) -> Section | None:
    """The chapter, None where the run holds no forecast and no reason against one."""
    finding = view.run.findings.lifetime
    if finding is None:
        return None
    tables = (_segments(view, finding),) if finding.segments else ()
    return Section(
        "to-come",
        "What will they order next?",
        view.voice("There is no forecast. {reason}", reason=finding.refusal)
        if finding.refusal
        else _expected(view, finding),
        parts(
            Part("Segment by segment", _reading(view, finding) if tables else (), (), tables),
            Part(
                "Why there is no forecast" if finding.refusal else "How reliable it is",
                (" ".join(finding.sentences),) if finding.sentences and not finding.refusal else (),
                view.figures("held-out", "held-out-periods"),
            ),
        ),
    )


def models(view: View) -> tuple[str, ...]:
    """The models and their parameters, for the appendix."""
    finding = view.run.findings.lifetime
    if finding is None or finding.orders_model is None:
        return ()
    orders, value, number = finding.orders_model, finding.value_model, view.voice.number
    ordering = view.voice(
        "Expected orders: BG/NBD on {customers} customers, {repeat} of them with a repeat order, by days with orders "
        "and in weeks: r = {r}, alpha = {alpha}, a = {a}, b = {b}.",
        customers=number(finding.n_customers),
        repeat=number(finding.n_repeat),
        r=number(orders.r, 3),
        alpha=number(orders.alpha, 3),
        a=number(orders.a, 3),
        b=number(orders.b, 3),
    )
    if value is None or finding.value_refusal:
        return (ordering,)
    valued = view.voice(
        "Order values: Gamma-Gamma with p = {p}, q = {q}, gamma = {gamma}; rank correlation of the number of orders "
        "with their value {correlation}.",
        p=number(value.p, 2),
        q=number(value.q, 2),
        gamma=number(value.gamma, 2),
        correlation=number(finding.correlation, 2),
    )
    return ordering, valued


def _expected(view: View, finding: LifetimeFinding) -> str:
    """The next period in a sentence or two."""
    voice, segments = view.voice, finding.segments
    expected = voice(
        "In the next {days} days, {customers} customers are expected to place {orders} orders."
        if finding.ordering_refusal
        else "In the next {days} days, {ordering} of {customers} customers are expected to place {orders} orders.",
        days=finding.days,
        ordering=voice.number(sum(each.ordering or 0.0 for each in segments)),
        customers=voice.number(finding.n_customers),
        orders=voice.number(sum(each.orders for each in segments)),
    )
    money = voice.money_in_words(sum(each.revenue or 0.0 for each in segments))
    worth = finding.value_refusal or voice("That is worth {money}, before returns.", money=money)
    return " ".join(filter(None, (expected, worth, finding.ordering_refusal, finding.lately, finding.season)))


def _reading(view: View, finding: LifetimeFinding) -> tuple[str, ...]:
    left = len(view.run.customers) - sum(each.customers for each in finding.segments)
    left_out = view.voice("Left out are customers without a valid order: {n}.", n=view.voice.number(left))
    model = finding.orders_model
    tells_active = not finding.ordering_refusal and model is not None and not keeps_everybody(model)
    own = (
        OWN,
        *(() if finding.ordering_refusal else (P_ORDER,)),
        *((P_ACTIVE, EVEN) if tells_active else ()),
    )
    return (" ".join(map(view.voice, own)), *([left_out] if left > 0 else []))


def _segments(view: View, finding: LifetimeFinding) -> Table:
    cards = {card.label: card for card in view.run.findings.cards}
    heads = columns(
        "Segment",
        "Customers#",
        *([] if finding.ordering_refusal else ["Expected to order#", "Share#"]),
        "Orders#",
        *([] if finding.value_refusal else ["Revenue#"]),
    )
    rows = [
        (
            segment(cards[each.label]),
            view.number(each.customers),
            *([] if finding.ordering_refusal else _ordering(view, each)),
            view.number(each.orders),
            *([] if finding.value_refusal else [view.money(each.revenue)]),
        )
        for each in finding.segments
    ]
    title = view.voice("Expected in the next {days} days", days=finding.days)
    return table("to-come", title, heads, rows, "run.json: lifetime, segments")


def _ordering(view: View, expected: SegmentLifetime) -> list[Cell]:
    """How many of a segment are expected to order, and what share of it they are."""
    ordering = expected.ordering or 0.0
    return [view.number(ordering), view.share(ordering / expected.customers if expected.customers else None)]
