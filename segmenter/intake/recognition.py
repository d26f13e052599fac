"""What was recognised in an export, and the configuration that reads the next export in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.errors import SourceError
from segmenter.intake.roles import Roles
from segmenter.intake.types import Intake, Reading, Recognition


def recognition(layouts: Sequence[tuple[Sequence[str], Roles]]) -> Recognition:
    """Columns by role, from pairs of header and roles; different names for one role are joined by a slash."""
    columns: dict[str, str] = {}
    reasons: dict[str, str] = {}
    used: set[str] = set()
    for header, roles in layouts:
        for role, index in roles.index.items():
            known = columns.get(role, "").split(" / ")
            columns[role] = " / ".join(dict.fromkeys([*filter(None, known), header[index]]))
            reasons.setdefault(role, roles.reasons[role])
            used.add(header[index])
    ignored = dict.fromkeys(name for header, _ in layouts for name in header if name not in used)
    return Recognition(columns, reasons, tuple(ignored))


def suggest_config(intake: Intake, source: SourceConfig, rules: RulesConfig) -> dict[str, Any]:
    """The given configuration plus what was recognised, for `segmenter init`.

    Raises
    ------
    SourceError
        No role has the same column name in all files.
    """
    columns = {role: name for role, name in intake.recognition.columns.items() if " / " not in name}
    if not columns:
        raise SourceError("The files name their columns differently; write one configuration per layout.")
    given = source.model_dump(exclude_unset=True)
    named = {"columns": {**given.get("columns", {}), **columns}}
    return {"source": {**_pinned(intake.readings), **given, **named}, "rules": rules.model_dump(exclude_unset=True)}


def _pinned(readings: Sequence[Reading]) -> dict[str, str]:
    """Settings that the next export may leave ambiguous: the order of day and month, and a decimal comma.

    A decimal point is not pinned, as it is also the default where no number has decimals.
    """
    kinds = {(reading.date_order, reading.decimal) for reading in readings}
    order, decimal = kinds.pop() if len(kinds) == 1 else ("", "")
    orders = {"date_order": order} if order in {"dmy", "mdy"} else {}
    return {**orders, **({"decimal": decimal} if decimal == "," else {})}
