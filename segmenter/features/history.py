"""The transactions behind a customer, as evidence for a reader who wants to check."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from segmenter.assets import query
from segmenter.engine.types import Engine
from segmenter.features.table import seen_from
from segmenter.features.types import Evidence, Order, Return, Spell


def evidence(
    connection: Engine, customer_ids: Sequence[str], as_of: date | None = None, n: int = 3
) -> dict[str, Evidence]:
    """For each customer the `n` largest orders and the `n` largest returns, and the busiest thirty days."""
    customers = [str(customer) for customer in customer_ids]
    asked = {"customers": customers, "as_of": seen_from(connection, as_of)}
    orders = _by_customer(connection, "evidence_orders", {**asked, "n": n})
    returns = _by_customer(connection, "evidence_returns", {**asked, "n": n})
    spells = _by_customer(connection, "evidence_spell", asked)
    return {
        customer: Evidence(
            tuple(Order(*row) for row in orders.get(customer, ())),
            tuple(Return(*row) for row in returns.get(customer, ())),
            next((Spell(*row) for row in spells.get(customer, ())), None),
        )
        for customer in customers
    }


def _by_customer(connection: Engine, name: str, parameters: dict[str, Any]) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for customer, *row in connection.execute(query(name), parameters).fetchall():
        found.setdefault(customer, []).append(tuple(row))
    return found


def in_words(proof: Evidence) -> str:
    """The evidence as plain English sentences, for tables that are read without a report."""
    sentences = []
    if proof.orders:
        sentences.append("Largest orders: " + "; ".join(_order(order) for order in proof.orders) + ".")
    if proof.returns:
        sentences.append("Largest returns: " + "; ".join(_return(line) for line in proof.returns) + ".")
    if proof.spell is not None and proof.spell.n_orders > 1:
        sentences.append(_spell(proof.spell))
    return " ".join(sentences)


def _order(order: Order) -> str:
    cancelled = f", of which {order.cancelled:,.2f} cancelled" if order.cancelled else ""
    return f"{order.order_id} of {order.placed:%Y-%m-%d %H:%M}, {_pieces(order.pieces)}{order.amount:,.2f}{cancelled}"


def _return(line: Return) -> str:
    fate = "cancelled" if line.cancelled else "returned"
    product = f" {line.product}" if line.product else ""
    return f"{line.at:%Y-%m-%d %H:%M} {fate}{product}, {_pieces(line.pieces)}{line.amount:,.2f}"


def _pieces(pieces: float | None) -> str:
    return "" if pieces is None else f"{pieces:,.10g} piece{'' if pieces == 1 else 's'} for "


def _spell(spell: Spell) -> str:
    days = "1 day" if spell.silence == 1 else f"{spell.silence} days"
    silence = f", after {days} without an order" if spell.silence is not None else ""
    return (
        f"Busiest spell: {spell.n_orders} orders from {spell.first_day} to {spell.last_day}, "
        f"{spell.amount:,.2f} or {spell.share:.0%} of the money{silence}."
    )
