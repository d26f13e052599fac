"""What was given back, where records tell it of each other: a sale is taken back once, however often that is told.

What a record says of itself is judged while it is read: a column says how much of its money went back, a status that its
order was cancelled or refunded. Such a refund goes one way: `segmenter.intake.records` reads it without its sign,
`segmenter.intake.orders` divides an order's refund among its lines, ``queries/intake_lines.sql`` bounds it by the line's
money and counts a line that was given back in whole as cancelled, and ``queries/intake_judged.sql`` takes it off the others.

What other records say is known when all are read, and is settled here in four steps, each of which looks at what those before
it left:

1. repeated: another file holds the record as well (``queries/intake_repeated.sql``);
2. discounts: a coupon's row takes money off the order that it stands in (``queries/intake_deductions.sql``);
3. matched: a row of its own takes the sale back in full (``queries/intake_matched.sql``);
4. marked: the status calls the order refunded, and counts where no rows tell how much (``queries/intake_marked.sql``).

``settled`` gets a row for each record whose fate changes, few as they are; whoever holds the records changes them.
"""

from __future__ import annotations

from typing import Any

from segmenter.assets import query
from segmenter.config.source import RulesConfig
from segmenter.engine.types import Engine

# In the name of what is taken off an order: goods, of which a till may not say what they were.
GIVEN_BACK = (
    "refund|return|retour|rückg|erstatt|gutschrift|credit note|rembours|reembols|rimbors|devol|devuelt|zwrot|iade"
)


def settle(engine: Engine, rules: RulesConfig) -> None:
    """Create ``settled``: fate and status of those of ``records`` that others change, or that are marked as refunded."""
    engine.execute(
        "CREATE OR REPLACE TABLE settled AS SELECT CAST(NULL AS BIGINT) AS record, CAST(NULL AS fate) AS fate, "
        "CAST(NULL AS status) AS status WHERE FALSE"
    )
    if rules.overlap == "count_once":
        for first, last in _overlaps(engine):
            engine.execute(query("intake_repeated"), {"first": first, "last": last})
    engine.execute(query("intake_candidates"))
    engine.execute(query("intake_deductions"), {"given_back": GIVEN_BACK})
    engine.execute(query("intake_discounts"))
    if rules.cancellations == "net" and _exists(engine, "status = 'return'"):
        engine.execute(query("intake_matched"))
    if _exists(engine, "fate = 'refunded_status'"):
        engine.execute(query("intake_marked"))


def create_views(engine: Engine) -> None:
    """Create ``judged`` (every one of ``records``, settled) and ``transactions``."""
    for name in ("intake_judged", "intake_transactions"):
        engine.execute(query(name))


def _exists(engine: Engine, condition: str) -> bool:
    return bool(engine.execute(f"SELECT 1 FROM records WHERE {condition} LIMIT 1").fetchall())  # noqa: S608 - ours


def _overlaps(engine: Engine) -> list[tuple[Any, Any]]:
    """Spans of time that several files cover, merged so that none touches another."""
    spans = sorted((first, last) for _, first, last in engine.execute(query("intake_spans")).fetchall())
    shared: list[tuple[Any, Any]] = []
    latest = None
    for first, last in spans:
        if latest is not None and first <= latest:
            begin, end = first, min(last, latest)
            if shared and begin <= shared[-1][1]:
                shared[-1] = (shared[-1][0], max(shared[-1][1], end))
            else:
                shared.append((begin, end))
        latest = last if latest is None else max(latest, last)
    return shared
