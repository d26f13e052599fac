"""The transactions behind a customer's figures, as evidence that a reader can check."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from segmenter.assets import query
from segmenter.engine.types import Engine
from segmenter.features.table import resolve_as_of
from segmenter.features.types import Evidence, Order, Return, Spell
from segmenter.words import beginning, quoted

N_SHOWN = 3  # orders, and returns, of a customer
LONGEST = 80  # characters of a product's name, which can be very long on marketplaces
ORDERS, RETURNS, SPELL = "Largest orders:", "Largest returns:", "Busiest period:"
# The space between two sentences, as in "... 2 pieces). Largest returns:"
NEXT = re.compile(rf"(?<=\.) (?={ORDERS}|{RETURNS}|{SPELL})")


def evidence(connection: Engine, customer_ids: Sequence[str], as_of: date | None = None) -> dict[str, Evidence]:
    """For each customer the largest orders and the largest returns, `N_SHOWN` of each, and the busiest thirty days."""
    customers = [str(customer) for customer in customer_ids]
    parameters = {"customers": customers, "as_of": resolve_as_of(connection, as_of)}
    orders = _by_customer(connection, "evidence_orders", {**parameters, "n": N_SHOWN})
    returns = _by_customer(connection, "evidence_returns", {**parameters, "n": N_SHOWN})
    spells = _by_customer(connection, "evidence_spell", parameters)
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


def in_words(proof: Evidence, currency: str = "") -> str:
    """The evidence as English sentences, money in `currency`, for tables that are read without a report."""
    sentences = []
    if proof.orders:
        listed = "; ".join(_order(order, currency) for order in proof.orders)
        sentences.append(f"{ORDERS} {listed}.")
    if proof.returns:
        listed = "; ".join(_return(line, currency) for line in proof.returns)
        sentences.append(f"{RETURNS} {listed}.")
    if proof.spell is not None and proof.spell.n_orders > 1:
        sentences.append(_spell(proof.spell, currency))
    return " ".join(sentences)


def sentences_of(words: str) -> list[str]:
    """The sentences that `in_words` joined."""
    return NEXT.split(words) if words else []


def _order(order: Order, currency: str) -> str:
    number = f"order {order.order_id}" if order.order_id else ""
    known = ", ".join(filter(None, (number, "" if order.pieces is None else _pieces(order.pieces))))
    cancelled = f", {_money(order.cancelled, currency)} of it cancelled" if order.cancelled else ""
    return f"{_money(order.amount, currency)} on {_moment(order.placed)}{f' ({known})' if known else ''}{cancelled}"


def _moment(at: datetime) -> str:
    """The day and the time, which is left out at midnight: the export then has dates only."""
    return f"{at:%Y-%m-%d %H:%M}" if at.time() != time() else f"{at:%Y-%m-%d}"


def _return(line: Return, currency: str) -> str:
    fate = "cancelled" if line.cancelled else "returned"
    pieces = "" if line.pieces is None else f", {_pieces(line.pieces)}"
    of = " of " if pieces else ": "
    product = f"{of}{quoted(beginning(line.product, LONGEST))}" if line.product else ""
    return f"{_money(line.amount, currency)} on {_moment(line.at)} ({fate}{pieces}{product})"


def _money(amount: float, currency: str) -> str:
    return f"{amount:,.2f} {currency}".rstrip()


def _pieces(pieces: float) -> str:
    return f"{pieces:,.10g} piece{'' if pieces == 1 else 's'}"


def _spell(spell: Spell, currency: str) -> str:
    days = "1 day" if spell.silence == 1 else f"{spell.silence} days"
    silence = f", after {days} without an order" if spell.silence else ""
    return (
        f"{SPELL} {spell.n_orders} orders from {spell.first_day} to {spell.last_day}, "
        f"{_money(spell.amount, currency)} or {spell.share:.0%} of the money{silence}."
    )
