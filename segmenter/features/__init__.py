"""Transactions -> one row of numbers per customer, computed in SQL.

Reads the DuckDB table ``transactions`` (see `segmenter.intake.types`) of a connection and nothing else.
"""

from segmenter.features.addresses import with_addresses
from segmenter.features.history import evidence, in_words, sentences_of
from segmenter.features.lifetime import past_orders
from segmenter.features.purchases import baskets
from segmenter.features.table import alike, build, check, period_revenue, unused
from segmenter.features.timeline import period, silence_told

__all__ = [
    "alike",
    "baskets",
    "build",
    "check",
    "evidence",
    "in_words",
    "past_orders",
    "period",
    "period_revenue",
    "sentences_of",
    "silence_told",
    "unused",
    "with_addresses",
]
