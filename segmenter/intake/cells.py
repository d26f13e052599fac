"""SQL of Spark that types the cells of an export's rows, by the rules by which DuckDB does it here.

Columns are given as `raw`: the quoted name of the column in each role.
"""

from __future__ import annotations

from collections.abc import Sequence

from segmenter.intake.flags import NO
from segmenter.intake.lines import SCALES
from segmenter.intake.moments import EPOCH, UNCLOCKED, believable
from segmenter.intake.values import ABOUT, NOTHING

DAY = "[0-9]{4}-[0-9]{1,2}-[0-9]"  # what Spark reads without one, such as 10:00 or 2025, is no moment
CLOCKS = ("H:mm:ss", "H:mm", "h:mm:ssa", "h:mma")


def quoted(name: str) -> str:
    """`name` as an identifier of Spark's SQL."""
    return "`" + name.replace("`", "``") + "`"


def _stated_moment(raw: dict[str, str]) -> str:
    """SQL of the moment in the column of times, as its clock shows it where it tells its distance from UTC, or by seconds since 1970."""
    text = _trimmed(raw["time"])
    shown = f"try_cast({text} as timestamp_ntz)"
    since = f"cast(timestamp_seconds(try_cast(left({text}, 10) as bigint)) as timestamp_ntz)"
    return f"case when {text} rlike '^{DAY}' then {believable(shown)} when {text} rlike '^({EPOCH})$' then {since} end"


def moment_of(raw: dict[str, str]) -> str:
    """SQL of the moment, to whose day a time of day is added where the export writes it apart."""
    moment = _stated_moment(raw)
    if "time_of_day" not in raw:
        return moment
    text = f"upper(regexp_replace({_trimmed(raw['time_of_day'])}, '{UNCLOCKED}', ''))"
    clock = f"coalesce({', '.join(f'try_to_timestamp({text}, {shape!r})' for shape in CLOCKS)})"
    apart = f"make_dt_interval(0, hour({clock}), minute({clock}), second({clock}))"
    return f"case when {clock} is null or {moment} <> date_trunc('day', {moment}) then {moment} else {moment} + {apart} end"


def text_of(column: str | None) -> str:
    """SQL of a text value; what exports write for nothing is NULL."""
    if column is None:
        return "cast(null as string)"
    text = _trimmed(column)
    return f"case when {text} not in ({', '.join(map(repr, NOTHING))}) then {text} end"


def status_of(raw: dict[str, str]) -> str:
    """SQL of the order's status, which the day of a cancellation tells as well as a word does, and a mark that says no for its line."""
    is_flag = f"regexp_like(lower({text_of(raw.get('cancelled'))}), '^({NO})$')"
    status = text_of(raw["status"]) if "status" in raw else f"case when {is_flag} then 'kept' end"
    return f"case when not {is_flag} then 'cancelled' else {status} end"


def email_of(column: str | None) -> str:
    """SQL of an address's SHA-256, of its text trimmed and in lower case; NULL where there is none."""
    if column is None:
        return "cast(null as string)"
    address = _trimmed(column)
    return f"case when {address} like '%_@_%' then sha2(lower({address}), 256) end"


def _trimmed(column: str) -> str:
    return f"btrim(cast({column} as string), '{ABOUT}')"


def number_of(raw: dict[str, str], role: str) -> str:
    """SQL of the number in a role, NULL where it is none."""
    return f"try_cast({raw.get(role, 'null')} as decimal(18, {SCALES[role]}))"


def amount_of(raw: dict[str, str]) -> str:
    """SQL of the money; pieces that come back may have the minus alone."""
    if {"amount", "credit"} <= raw.keys():
        stated, credit = number_of(raw, "amount"), f"abs({number_of(raw, 'credit')})"
        return f"case when {credit} <> 0 then coalesce({stated}, 0) - {credit} else {stated} end"
    if {"amount", "quantity"} <= raw.keys():
        stated = number_of(raw, "amount")
        return f"case when {number_of(raw, 'quantity')} < 0 and {stated} > 0 then -{stated} else {stated} end"
    if "amount" in raw:
        return number_of(raw, "amount")
    price = f"cast({number_of(raw, 'unit_price')} as decimal(20, 6))"
    money = f"{price} * {number_of(raw, 'quantity')}" if "quantity" in raw else price
    return f"try_cast(round({money}, 4) as decimal(18, 4))"


def said(text: str) -> str:
    """`text` as a string of Spark's SQL, where a backslash escapes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def case(faults: Sequence[tuple[str, str, str]], place: int) -> str:
    """SQL of the reason (1) or the column (2) of the first of the `faults` that a row has, NULL where it has none."""
    cases = [f"when {fault[0]} then {said(fault[place])}" for fault in faults]
    return f"case {' '.join(cases)} end"


def faults_of(raw: dict[str, str], names: dict[str, str]) -> list[tuple[str, str, str]]:
    """SQL that is true where a row has a fault, the reason, and the column's name; an empty cell is no fault."""
    values = {"time": _stated_moment(raw), **{role: number_of(raw, role) for role in SCALES if role in raw}}
    found = [
        (
            f"{text_of(raw[role])} is not null and {value} is null",
            "a date that cannot be read" if role == "time" else "a number that cannot be read",
            names[role],
        )
        for role, value in values.items()
    ]
    if "amount" not in raw and "quantity" in raw:
        both = f"{text_of(raw['quantity'])} is not null and {text_of(raw['unit_price'])} is not null"
        found.append((f"{both} and {amount_of(raw)} is null", "an amount too large to store", names["unit_price"]))
    return found
