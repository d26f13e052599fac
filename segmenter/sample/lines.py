"""What is on the orders: lines of products, their returns, and the copies that rings place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from segmenter.sample.habits import Floats, Ints, People, Shape
from segmenter.sample.orders import Orders
from segmenter.sample.products import Products

FAVOURITE = 0.7  # share of a customer's lines from the favourite category
FULL_RETURN = 0.7  # share of returned lines that come back whole
RING_SKIPS = 0.05  # share of the ring's orders that a member leaves out


@dataclass(frozen=True)
class Lines:
    """One entry per line: customer number, minute of the order, product, pieces and price.

    `back` is 1 on a return and `guest` 1 where the customer did not sign in.
    """

    customer: Ints
    minute: Ints
    product: Ints
    quantity: Ints
    price: Floats
    back: Ints
    guest: Ints

    def __len__(self) -> int:
        """Number of lines."""
        return len(self.customer)

    def take(self, rows: Ints) -> Lines:
        """The given rows."""
        return Lines(*(getattr(self, field.name)[rows] for field in fields(self)))


def lines(crowd: People, placed: Orders, goods: Products, shape: Shape, rng: np.random.Generator) -> Lines:
    """The lines of every order, with the copies of rings and with returns, sorted by time and customer."""
    sold = _copied(crowd, _sold(crowd, placed, goods, rng), rng)
    sold = replace(sold, guest=_guests(crowd, sold, shape.guest_share, rng))
    back = _returned(crowd, sold, rng)
    both = _joined([sold, back])
    both = both.take(np.flatnonzero(both.minute < shape.days * 1440))
    return both.take(np.lexsort((both.product, both.back, both.customer, both.minute)))


def _sold(crowd: People, placed: Orders, goods: Products, rng: np.random.Generator) -> Lines:
    order = np.repeat(np.arange(len(placed.lines)), placed.lines)
    customer = placed.customer[order]
    weight = rng.gamma(2.0, size=len(order))
    money = placed.value[order] * weight / np.bincount(order, weight)[order]
    category = np.where(
        rng.random(len(order)) < FAVOURITE, crowd.category[customer], rng.integers(goods.n_categories, size=len(order))
    )
    rank = (goods.size * rng.random(len(order)) ** 2).astype(np.int64) % crowd.variety[customer]
    product = category * goods.size + rank
    price = goods.price[product]
    quantity = np.maximum(1, np.round(money / price)).astype(np.int64)
    nobody = np.zeros(len(order), dtype=np.int64)
    return Lines(customer, placed.minute[order], product, quantity, price, nobody, nobody)


def _copied(crowd: People, sold: Lines, rng: np.random.Generator) -> Lines:
    """Every ring's members place their leader's orders, minutes apart, instead of their own."""
    ring = crowd.ring[sold.customer]
    _, leaders = np.unique(crowd.ring, return_index=True)
    parts = [sold.take(np.flatnonzero((ring < 0) | np.isin(sold.customer, leaders)))]
    for member in np.setdiff1d(np.flatnonzero(crowd.ring >= 0), leaders):
        theirs = sold.take(np.flatnonzero((ring == crowd.ring[member]) & np.isin(sold.customer, leaders)))
        _, visit = np.unique(theirs.minute, return_inverse=True)
        skipped = rng.random(int(visit.max()) + 1) < RING_SKIPS
        delay = rng.integers(1, 15, size=len(skipped))
        copy = replace(theirs, customer=np.full(len(theirs), member), minute=theirs.minute + delay[visit])
        parts.append(copy.take(np.flatnonzero(~skipped[visit])))
    return _joined(parts)


def _joined(parts: Sequence[Lines]) -> Lines:
    return Lines(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Lines)))


def _returned(crowd: People, sold: Lines, rng: np.random.Generator) -> Lines:
    """Lines that come back within three weeks, most of them whole; half of the giant orders within the hour."""
    returned = rng.random(len(sold)) < crowd.return_rate[sold.customer]
    giant = (crowd.anomaly[sold.customer] == "one giant order") & (sold.quantity * sold.price > 5000)
    rows = np.flatnonzero(returned | (giant & (sold.customer % 2 == 0)))
    theirs = sold.take(rows)
    whole = (rng.random(len(rows)) < FULL_RETURN) | giant[rows]
    delay = np.where(giant[rows], rng.integers(5, 60, size=len(rows)), rng.integers(1440, 21 * 1440, size=len(rows)))
    quantity = np.where(whole, theirs.quantity, (theirs.quantity + 1) // 2)
    return replace(theirs, minute=theirs.minute + delay, quantity=-quantity, back=np.ones(len(rows), dtype=np.int64))


def _guests(crowd: People, sold: Lines, share: float, rng: np.random.Generator) -> Ints:
    """Orders placed without signing in; never a customer's first or last, nor an odd customer's, so that all are seen."""
    span = int(sold.minute.max()) + 1
    keys, line_order = np.unique(sold.customer * span + sold.minute, return_inverse=True)
    buyer = keys // span
    inner = np.zeros(len(buyer), dtype=bool)
    inner[1:-1] = (buyer[1:-1] == buyer[:-2]) & (buyer[1:-1] == buyer[2:])
    guest = inner & (crowd.anomaly[buyer] == "") & (rng.random(len(buyer)) < share)
    flags: Ints = guest.astype(np.int64)[line_order]
    return flags
