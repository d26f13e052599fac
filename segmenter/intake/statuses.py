"""Statuses that mean that an order was cancelled or refunded; all others count as sales."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from segmenter.words import quoted

# Orders that were cancelled, not paid in time, never placed, or tests.
CANCELLED = (
    r"^(wc-|(order|customer|auto|system|payment)[- _]?)?"
    r"(cancel|storn|void|ann?ul|geannul|anulow|avbr|afgebr|refus|declin|fail|reject|den(ied|y)|trash|abgebroch|abgelehn|fehlgeschl"
    r"|abandon|expired|abgelaufen|uncollect|(checkout-)?draft|entwurf|test([- _]order)?$|quote$)"
    r"|^(wc-pending|pending[- _]payment|payment[- _]pending)$"
)
REFUNDED = (
    r"^(wc-|(order|payment)[ _])?(fully[ _])?(refund(ed)?( - full|[ _]in[ _]full)?|erstattet|zurückerstattet|remboursée?|remboursement"
    r"|reembolsad[oa]|devuelt[oa]|rimborsat[oa]|returned|retourniert|retoure|reversed|charge[ -]?back(ed)?)$"
)
MOST_SHOWN = 6  # words of a kind
KINDS = (("cancelled", CANCELLED), ("refunded", REFUNDED))


def in_words(values: Sequence[str]) -> str:
    """How the statuses of a sample are understood, in words; the commonest first."""
    kinds: dict[str, list[str]] = {}
    for word, _ in Counter(values).most_common():
        kinds.setdefault(_kind(word), []).append(word)
    clauses = [
        f"{kind}: {', '.join(map(quoted, kinds[kind][:MOST_SHOWN]))}{', …' if len(kinds[kind]) > MOST_SHOWN else ''}"
        for kind in ("sales", *(name for name, _ in KINDS))
        if kind in kinds
    ]
    return "; ".join(clauses)


def _kind(word: str) -> str:
    return next((kind for kind, pattern in KINDS if re.search(pattern, word.lower())), "sales")
