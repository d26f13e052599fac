"""Value to come: what is expected of the next period, and how the forecast did where it could be checked."""

from __future__ import annotations

from segmenter.analysis.lifetime_types import LifetimeFinding, SegmentLifetime
from segmenter.report.context.view import View, columns, parts, table
from segmenter.report.types import Cell, Part, Section, Table


def lifetime(view: View) -> Section | None:
    """The chapter, None where the run holds no forecast and no reason against one."""
    found = view.run.findings.lifetime
    if found is None:
        return None
    tables = (_segments(view, found),) if found.segments else ()
    return Section(
        "to-come",
        "What will they order next?",
        view.voice("There is no forecast. {reason}", reason=found.refusal) if found.refusal else _expected(view, found),
        parts(
            Part("Segment by segment", _reading(view, found) if tables else (), (), tables),
            Part(
                "Why there is no forecast" if found.refusal else "How reliable it is",
                tuple(filter(None, ["" if found.refusal else " ".join(found.sentences)])),
                view.figures("held-out", "held-out-periods"),
            ),
        ),
    )


def models(view: View) -> tuple[str, ...]:
    """The models and their parameters, for the appendix."""
    found = view.run.findings.lifetime
    if found is None or found.orders_model is None:
        return ()
    orders, value, number = found.orders_model, found.value_model, view.voice.number
    told = view.voice(
        "Expected orders: BG/NBD on {customers} customers, {repeat} of them with a repeat order, by days with orders "
        "and in weeks: r = {r}, alpha = {alpha}, a = {a}, b = {b}.",
        customers=number(found.n_customers),
        repeat=number(found.n_repeat),
        r=number(orders.r, 3),
        alpha=number(orders.alpha, 3),
        a=number(orders.a, 3),
        b=number(orders.b, 3),
    )
    if value is None or found.value_refusal:
        return (told,)
    valued = view.voice(
        "Order values: Gamma-Gamma with p = {p}, q = {q}, gamma = {gamma}; rank correlation of the number of orders "
        "with their value {correlation}.",
        p=number(value.p, 2),
        q=number(value.q, 2),
        gamma=number(value.gamma, 2),
        correlation=number(found.correlation, 2),
    )
    return told, valued


def _expected(view: View, found: LifetimeFinding) -> str:
    """The next period in a sentence or two."""
    voice, segments = view.voice, found.segments
    told = voice(
        "In the next {days} days, {customers} customers are expected to place {orders} orders."
        if found.ordering_refusal
        else "In the next {days} days, {ordering} of {customers} customers are expected to place {orders} orders.",
        days=found.days,
        ordering=voice.number(sum(each.ordering or 0.0 for each in segments)),
        customers=voice.number(found.n_customers),
        orders=voice.number(sum(each.orders for each in segments)),
    )
    money = voice.money_in_words(sum(each.revenue or 0.0 for each in segments))
    worth = found.value_refusal or voice("That is worth {money}, before returns.", money=money)
    return " ".join(filter(None, (told, worth, found.ordering_refusal, found.season)))


def _reading(view: View, found: LifetimeFinding) -> tuple[str, ...]:
    left = len(view.run.customers) - sum(each.customers for each in found.segments)
    told = view.voice("Left out are customers without a valid order: {n}.", n=view.voice.number(left))
    return (
        "Several orders on one day count as one. Each customer's own figures are in customers.parquet: p_order is the "
        "chance of an order in these days, p_active the chance that the customer has not left for good (empty before "
        "a second order)."
        if not found.ordering_refusal
        else "Several orders on one day count as one. Each customer's own figures are in customers.parquet.",
        *([told] if left > 0 else []),
    )


def _segments(view: View, found: LifetimeFinding) -> Table:
    names = {card.label: card.name for card in view.run.findings.cards}
    heads = columns(
        "Segment",
        "Customers#",
        *([] if found.ordering_refusal else ["Expected to order#", "Share#"]),
        "Orders#",
        *([] if found.value_refusal else ["Revenue#"]),
    )
    rows = [
        (
            Cell(names[each.label], names[each.label], each.label),
            view.number(each.customers),
            *([] if found.ordering_refusal else _ordering(view, each)),
            view.number(each.orders),
            *([] if found.value_refusal else [view.money(each.revenue)]),
        )
        for each in found.segments
    ]
    title = view.voice("Expected in the next {days} days", days=found.days)
    return table("to-come", title, heads, rows, "run.json: lifetime, segments")


def _ordering(view: View, segment: SegmentLifetime) -> list[Cell]:
    """How many of a segment are expected to order, and what share of it they are."""
    ordering = segment.ordering or 0.0
    return [view.number(ordering), view.share(ordering / segment.customers if segment.customers else None)]
