"""Matches records with each other, so that every refund is deducted exactly once, however often an export states it.

Refunds that a record states itself are handled while it is read. `segmenter.intake.records` reads the column of refunds
without its sign, `segmenter.intake.orders` distributes an order's refund over its lines, ``queries/intake_lines.sql`` limits
it to the line's money and counts a line that was refunded in full as cancelled, and ``queries/intake_judged.sql`` deducts it
from the others.

What depends on other records is settled here, once all are read, in four steps, each on the records that those before it
left:

1. repeated: another file has the same record (``queries/intake_repeated.sql``);
2. discounts: a row such as a coupon's takes money off its order (``queries/intake_deductions.sql``);
3. matched: a row of its own takes a sale back in full (``queries/intake_matched.sql``);
4. marked: the status says that the order was refunded, which counts unless rows say how much (``queries/intake_marked.sql``).

The table ``settled`` gets a row for each record whose fate changes; the caller updates the records.
"""

from __future__ import annotations

from typing import Any

from segmenter.assets import query
from segmenter.config.source import RulesConfig
from segmenter.engine.types import Engine

# Words in a product or description that make a negative row a return and not a discount.
GIVEN_BACK = (
    "refund|return|retour|rückg|erstatt|gutschrift|credit note|rembours|reembols|rimbors|devol|devuelt|zwrot|iade"
)


def settle(engine: Engine, rules: RulesConfig) -> None:
    """Create ``settled``: the new fate and status of ``records`` that other records change or that are marked as refunded."""
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
    """Create the views ``judged`` (all ``records``, amounts net of refunds) and ``transactions``."""
    for name in ("intake_judged", "intake_transactions"):
        engine.execute(query(name))


def _exists(engine: Engine, condition: str) -> bool:
    return bool(engine.execute(f"SELECT 1 FROM records WHERE {condition} LIMIT 1").fetchall())  # noqa: S608 - ours


def _overlaps(engine: Engine) -> list[tuple[Any, Any]]:
    """The spans of time that several files cover, as disjoint intervals."""
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
