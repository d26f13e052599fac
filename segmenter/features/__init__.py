"""Computes one row of features per customer from the transactions, in SQL.

Reads the DuckDB table ``transactions`` (see `segmenter.intake.types`) of a connection and nothing else.
"""

from segmenter.features.addresses import with_addresses
from segmenter.features.history import evidence, in_words, sentences_of
from segmenter.features.lifetime import past_orders
from segmenter.features.purchases import baskets
from segmenter.features.table import build, check, period_revenue, similar_id_warnings, unused_warnings
from segmenter.features.timeline import period, silence_warning

__all__ = [
    "baskets",
    "build",
    "check",
    "evidence",
    "in_words",
    "past_orders",
    "period",
    "period_revenue",
    "sentences_of",
    "silence_warning",
    "similar_id_warnings",
    "unused_warnings",
    "with_addresses",
]
