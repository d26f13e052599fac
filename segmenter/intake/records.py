"""The rules by which a record of an export is typed: its values, its faults and its kind.

A record is typed in steps. First `cells_of` parses its cells, in the SQL of DuckDB (`cells`) or of a Spark cluster
(`cluster_cells`). The rules are in the following steps, which are written once, in DuckDB's SQL, and translated for the
cluster: `steps`, blanks filled in from the order (`segmenter.intake.orders`), and `currency_fault`. From the result
``queries/intake_lines.sql`` decides the record's fate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from segmenter.config.source import RulesConfig
from segmenter.intake.flags import NO
from segmenter.intake.moments import believable
from segmenter.intake.raw import literal
from segmenter.intake.roles import Roles
from segmenter.intake.statuses import CANCELLED, REFUNDED
from segmenter.intake.types import OTHER_CURRENCY

# Columns by name, each as SQL of the columns of the step before. A column of the same name is replaced.
Step = dict[str, str]
# A condition in SQL, the reason to give where it holds, and the column at fault: from 1, or 0 for the whole record.
Fault = tuple[str, str, int]

TEXTS = (
    "customer", "order", "product", "description", "category", "currency", "kind", "status", "cancelled", "email",
)  # fmt: skip
SCALES = {"amount": 4, "quantity": 3, "unit_price": 6, "refunded": 4, "credit": 4}  # decimals of the numbers
MONEY = f"DECIMAL(18, {SCALES['amount']})"
COLUMNS = {"order": "order_id", "amount": "stated", "time": "ts"}  # of roles whose column has another name
# The id without the decimals of a conversion to float; testing for a point first is faster, as most ids have none.
WHOLE_ID = (
    "CASE WHEN contains(customer, '.') AND regexp_full_match(customer, '[0-9]+[.]0+') "
    "THEN substr(customer, 1, strpos(customer, '.') - 1) ELSE customer END"
)


def number_columns(roles: Roles) -> list[int]:
    """The indices of the columns that hold numbers."""
    return [roles.index[role] for role in SCALES if role in roles.index]


class Cells(Protocol):
    """SQL of a record's cells by role, for roles that have a column; empty cells are NULL."""

    def text(self, role: str) -> str:
        """The text, without surrounding white space."""

    def number(self, role: str) -> str:
        """The number as DECIMAL with the role's decimals (`SCALES`), NULL where it is none."""

    def is_given(self, role: str) -> str:
        """Whether the cell is filled, be it readable or not."""

    def moment(self) -> str:
        """The TIMESTAMP in the column of times, NULL where it is none."""

    def since_midnight(self) -> str:
        """The time of day as an INTERVAL, zero where it is none."""


def cells_of(cells: Cells, roles: Roles) -> Step:
    """The first step: the parsed cells of a record, each named after its role or as in `COLUMNS`.

    Roles without a column are NULL. ``has_time``, ``has_amount`` and so on say whether cells that can be faulty are filled.
    """
    known = roles.index
    found = {role: cells.text(role) if role in known else "CAST(NULL AS STRING)" for role in TEXTS}
    for role, scale in SCALES.items():
        found[role] = cells.number(role) if role in known else f"CAST(NULL AS DECIMAL(18, {scale}))"
    found["time"] = cells.moment()
    if "time_of_day" in known:
        found["since_midnight"] = cells.since_midnight()
    given = {f"has_{role}": cells.is_given(role) for role in ("time", *SCALES) if role in known}
    return {**{COLUMNS.get(role, role): sql for role, sql in found.items()}, **given}


def steps(roles: Roles, rules: RulesConfig, *more: Fault) -> tuple[Step, ...]:
    """The steps from parsed cells to the record's values, its `fault` with the `faulty` column, and its kind.

    Faults that only the reader knows of (`more`) come before all others.
    """
    return _values(roles), _faults(roles, more), _kind_step(rules)


def _values(roles: Roles) -> Step:
    return {
        "ts": _moment(roles),
        "customer_id": f"lower({WHOLE_ID})" if roles.by_address else WHOLE_ID,
        "amount": _amount(roles),
        "refunded": "abs(refunded)",  # some exports write it as a negative number
        "status": _status(roles),
        "email": "CASE WHEN email LIKE '%_@_%' THEN sha256(lower(email)) END",  # as advertising platforms expect it; the address itself is dropped
    }


def _moment(roles: Roles) -> str:
    """SQL of the timestamp, with the time of day added where it has a column of its own."""
    moment = believable("ts")
    if "time_of_day" not in roles.index:
        return moment
    return f"{moment} + CASE WHEN ts = date_trunc('day', ts) THEN since_midnight ELSE INTERVAL 0 SECOND END"


def _amount(roles: Roles) -> str:
    """SQL of the amount; products of common prices and quantities fit 64 bits, which is several times as fast."""
    if {"amount", "credit"} <= roles.index.keys():
        return f"CASE WHEN credit <> 0 THEN CAST(coalesce(stated, 0) - abs(credit) AS {MONEY}) ELSE stated END"
    if {"amount", "quantity"} <= roles.index.keys():  # returns may have a minus on the pieces only
        return f"CASE WHEN quantity < 0 AND stated > 0 THEN CAST(-stated AS {MONEY}) ELSE stated END"
    if "amount" in roles.index:
        return "stated"
    if "quantity" not in roles.index:
        return f"TRY_CAST(round(unit_price, 4) AS {MONEY})"
    wide = f"TRY_CAST(round(CAST(unit_price AS DECIMAL(20, 6)) * quantity, 4) AS {MONEY})"
    narrow = f"CAST(round(CAST(unit_price AS DECIMAL(11, 6)) * CAST(quantity AS DECIMAL(7, 3)), 4) AS {MONEY})"
    is_common = "unit_price BETWEEN -99999 AND 99999 AND quantity BETWEEN -9999 AND 9999"
    return f"CASE WHEN {is_common} THEN {narrow} ELSE {wide} END"


def _status(roles: Roles) -> str:
    """SQL of the status; a date or flag of cancellation makes it ``cancelled``.

    Where only the flag exists and says no, the status is ``kept``: the line may belong to an order whose first line was voided.
    """
    if "cancelled" not in roles.index:
        return "status"
    is_no = f"regexp_full_match(lower(cancelled), '{NO}')"
    otherwise = "status" if "status" in roles.index else f"CASE WHEN {is_no} THEN 'kept' END"
    return f"CASE WHEN NOT {is_no} THEN 'cancelled' ELSE {otherwise} END"


def _faults(roles: Roles, more: Sequence[Fault]) -> Step:
    """The first fault of a record's cells, if it has one; an empty cell is no fault."""
    places = {role: place + 1 for role, place in roles.index.items()}
    found = [*more, ("has_time AND ts IS NULL", "a date that cannot be read", places["time"])]
    found += [
        (f"has_{role} AND {COLUMNS.get(role, role)} IS NULL", "a number that cannot be read", places[role])
        for role in SCALES
        if role in places
    ]
    if "amount" not in places and "quantity" in places:
        too_large = "has_quantity AND has_unit_price AND amount IS NULL"
        found.append((too_large, "an amount too large to store", places["unit_price"]))
    return {
        "fault": _case((condition, literal(reason)) for condition, reason, _ in found),
        "faulty": _case((condition, str(place)) for condition, _, place in found),
    }


def _case(cases: Iterable[tuple[str, str]]) -> str:
    return f"CASE {' '.join(f'WHEN {condition} THEN {value}' for condition, value in cases)} END"


def _kind_step(rules: RulesConfig) -> Step:
    """Whether the record's kind does not count (`is_other`); amounts of kinds that are refunds become negative."""
    sold, back = ([word.strip().lower() for word in words] for words in (rules.kinds, rules.kinds_back))
    is_other = f"(NOT {_is_kind([*sold, *back])})" if sold else "FALSE"
    went_back = _is_kind(back) if back else "FALSE"
    minus = {
        name: f"CASE WHEN {went_back} AND {name} > 0 THEN CAST(-{name} AS DECIMAL(18, {SCALES[name]})) ELSE {name} END"
        for name in ("amount", "quantity")
    }
    counts = {name: f"CASE WHEN NOT {is_other} THEN {name} END" for name in ("fault", "refunded")}
    return {**counts, **minus, "is_other": is_other}


def _is_kind(words: Sequence[str]) -> str:
    return f"coalesce(list_contains([{', '.join(map(literal, words))}], lower(kind)), FALSE)"


def currency_fault(roles: Roles, rules: RulesConfig) -> Step:
    """The step that makes another currency than that of `rules` a fault, unless there is one already; empty if none is set."""
    if not rules.currency or "currency" not in roles.index:
        return {}
    is_other = f"fault IS NULL AND NOT is_other AND upper(currency) <> {literal(rules.currency.upper())}"
    columns = {"fault": literal(OTHER_CURRENCY), "faulty": str(roles.index["currency"] + 1)}
    return {name: f"CASE WHEN {is_other} THEN {value} ELSE {name} END" for name, value in columns.items()}


def policies(rules: RulesConfig) -> dict[str, Any]:
    """Parameters of ``queries/intake_lines.sql``."""
    return {
        "cancelled": CANCELLED,
        "refunded": REFUNDED,
        "non_product": rules.non_product_pattern,
        "drop_non_products": rules.non_product_codes == "set_aside",
        "drop_negative_price": rules.negative_price == "set_aside",
        "drop_zero": rules.zero_price == "set_aside",
        "drop_cancellations": rules.cancellations == "drop",
    }


def placeholder_ids(rules: RulesConfig) -> dict[str, list[str]]:
    """Customer ids that stand for no customer, in their usual capitalisations, by the fate of their rows."""
    words = {"no_customer": rules.guest_ids, "total": rules.total_ids}
    cases = (str, str.lower, str.upper, str.title)
    return {fate: [case(word) for word in ids for case in cases] for fate, ids in words.items()}
