"""What one record of an export says of itself: its values, its faults and its kind.

A record is typed in steps. First `cells_of` asks what its cells hold, in the SQL of whoever reads the export: DuckDB (`cells`)
or a Spark cluster (`cluster_cells`). All rules are in the steps after it, which are written once, in DuckDB's SQL, and which
the cluster translates: `steps`, what other lines of the order say (`segmenter.intake.orders`), and `currency_fault`. The
result is what ``queries/intake_lines.sql`` judges.
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

# What a step makes: columns by name, each as SQL of the columns before it. A column of the same name is replaced.
Step = dict[str, str]
# A condition in SQL, the reason to give where it holds, and the place of the column at fault: from 1, 0 for the whole record.
Fault = tuple[str, str, int]

TEXTS = (
    "customer", "order", "product", "description", "category", "currency", "kind", "status", "cancelled", "email",
)  # fmt: skip
SCALES = {"amount": 4, "quantity": 3, "unit_price": 6, "refunded": 4, "credit": 4}  # decimals of the numbers
MONEY = f"DECIMAL(18, {SCALES['amount']})"
COLUMNS = {"order": "order_id", "amount": "stated", "time": "ts"}  # of roles whose column is not called as they are
# The id without the decimals that it got where it went through a float; most ids have no point, which is tested first.
WHOLE_ID = (
    "CASE WHEN contains(customer, '.') AND regexp_full_match(customer, '[0-9]+[.]0+') "
    "THEN substr(customer, 1, strpos(customer, '.') - 1) ELSE customer END"
)


def number_columns(roles: Roles) -> list[int]:
    """The places of the columns that hold numbers."""
    return [roles.index[role] for role in SCALES if role in roles.index]


class Cells(Protocol):
    """SQL of what a record holds in the column of a role that the export has. What is empty is NULL."""

    def text(self, role: str) -> str:
        """The text, without the white space about it."""

    def number(self, role: str) -> str:
        """The number as DECIMAL with the role's decimals (`SCALES`), NULL where it is none."""

    def is_given(self, role: str) -> str:
        """True where the cell holds anything, be it readable or not."""

    def moment(self) -> str:
        """The TIMESTAMP in the column of times, NULL where it is none."""

    def since_midnight(self) -> str:
        """The time of day as an INTERVAL, of no length where it is none."""


def cells_of(cells: Cells, roles: Roles) -> Step:
    """What the cells of a record hold, each under its role or the name in `COLUMNS`.

    Texts and numbers are all there, NULL where the export has no column for them. ``has_time``, ``has_amount`` and so on tell
    whether the cells that can be faulty hold anything.
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
    """From what the cells hold to the record's values, its `fault` with the `faulty` column, and what its kind says.

    Faults that only the reader can see (`more`) come before all others.
    """
    return _values(roles), _faults(roles, more), _kind_step(rules)


def _values(roles: Roles) -> Step:
    return {
        "ts": _moment(roles),
        "customer_id": f"lower({WHOLE_ID})" if roles.by_address else WHOLE_ID,
        "amount": _amount(roles),
        "refunded": "abs(refunded)",  # some write it as money that went out
        "status": _status(roles),
        "email": "CASE WHEN email LIKE '%_@_%' THEN sha256(lower(email)) END",  # as platforms take it; the address goes nowhere
    }


def _moment(roles: Roles) -> str:
    """SQL of the moment, to whose day a time of day is added where the export writes it apart."""
    moment = believable("ts")
    if "time_of_day" not in roles.index:
        return moment
    return f"{moment} + CASE WHEN ts = date_trunc('day', ts) THEN since_midnight ELSE INTERVAL 0 SECOND END"


def _amount(roles: Roles) -> str:
    """SQL of the money; the product of a common price and quantity fits a machine word, which is several times as fast."""
    if {"amount", "credit"} <= roles.index.keys():
        return f"CASE WHEN credit <> 0 THEN CAST(coalesce(stated, 0) - abs(credit) AS {MONEY}) ELSE stated END"
    if {"amount", "quantity"} <= roles.index.keys():  # pieces that come back may have the minus alone
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
    """SQL of the order's status, which the day of a cancellation tells as well as a word does.

    A mark that says no speaks for its line, which may stand in an order whose first line was voided.
    """
    if "cancelled" not in roles.index:
        return "status"
    is_no = f"regexp_full_match(lower(cancelled), '{NO}')"
    otherwise = "status" if "status" in roles.index else f"CASE WHEN {is_no} THEN 'kept' END"
    return f"CASE WHEN NOT {is_no} THEN 'cancelled' ELSE {otherwise} END"


def _faults(roles: Roles, more: Sequence[Fault]) -> Step:
    """Every fault that a record's own cells may have, the first that it has; to be empty is none."""
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
    """Whether the record is of a kind that does not count (`is_other`), and a minus on what is of a kind that went back."""
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
    """The fault of a record in another currency than the one that `rules` keep, if it has no other; empty where they keep all."""
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
    """The customer ids that stand for nobody, as exports write them, by the fate of their rows."""
    words = {"no_customer": rules.guest_ids, "total": rules.total_ids}
    cases = (str, str.lower, str.upper, str.title)
    return {fate: [case(word) for word in ids for case in cases] for fate, ids in words.items()}
