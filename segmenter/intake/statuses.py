"""Which statuses mean that an order was cancelled or refunded; every other word is a sale, and is named to the reader."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from segmenter.words import quoted

# Of an order that came to nothing, however its shop calls that: it was cancelled, not paid in time, never placed, or a test.
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
SHOWN = 6  # words of a kind
KINDS = (("cancelled", CANCELLED), ("refunded", REFUNDED))


def in_words(values: Sequence[str]) -> str:
    """How the statuses of a sample are read, in clauses for the account of columns; the commonest words first."""
    kinds: dict[str, list[str]] = {}
    for word, _ in Counter(values).most_common():
        kinds.setdefault(_kind(word), []).append(word)
    clauses = [
        f"{kind}: {', '.join(quoted(word) for word in kinds[kind][:SHOWN])}{', …' if len(kinds[kind]) > SHOWN else ''}"
        for kind in ("sales", *(name for name, _ in KINDS))
        if kind in kinds
    ]
    return "; ".join(clauses)


def _kind(word: str) -> str:
    return next((kind for kind, pattern in KINDS if re.search(pattern, word.lower())), "sales")
