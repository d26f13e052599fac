"""What was recognised in an export, and the configuration that reads the next export in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from segmenter.config.reference import Proposals
from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.errors import SourceError
from segmenter.intake.roles import Roles
from segmenter.intake.types import Intake, Reading, Recognition
from segmenter.intake.undecided import Doubt, in_comment


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
    """The given configuration plus what was recognised and is not in doubt, for `segmenter init`.

    Raises
    ------
    SourceError
        No role has the same column name in all files.
    """
    columns = {role: name for role, name in intake.recognition.columns.items() if " / " not in name}
    if intake.recognition.columns and not columns:
        raise SourceError("The files name their columns differently; write one configuration per layout.")
    given = source.model_dump(exclude_unset=True)
    named = {"columns": {**_undoubted(columns, intake.doubts), **given.get("columns", {})}}
    return {"source": {**_pinned(intake.readings), **given, **named}, "rules": rules.model_dump(exclude_unset=True)}


def _undoubted(columns: dict[str, str], doubts: Sequence[Doubt]) -> dict[str, str]:
    """Those of `columns` by role that no way to decide `doubts` concerns, as a named column is no longer doubted."""
    open_columns = [way.settings.get("source.columns", {}) for doubt in doubts for way in doubt.ways]
    roles = {role for each in open_columns for role in each}
    names = {name for each in open_columns for name in each.get("ignore", ())}
    return {role: name for role, name in columns.items() if role not in roles and name not in names}


def proposals(doubts: Sequence[Doubt]) -> Proposals:
    """The settings that decide `doubts`, each with the mark of its way, by table and key."""
    found: Proposals = {}
    for number, doubt in enumerate(doubts, 1):
        for mark, way in doubt.marked(number):
            for table, keys in way.settings.items():
                for key, value in keys.items():
                    found.setdefault(table, {}).setdefault(key, []).append((value, mark))
    return found


def questions(doubts: Sequence[Doubt]) -> list[str]:
    """The `doubts`, each followed by the ways to decide it, as numbered lines for a comment."""
    return [
        in_comment(line)
        for number, doubt in enumerate(doubts, 1)
        for line in (f"{number}. {doubt.what}", *(f"{mark}: {way.when}" for mark, way in doubt.marked(number)))
    ]


def _pinned(readings: Sequence[Reading]) -> dict[str, str]:
    """Settings that the next export may leave ambiguous: the order of day and month, and a decimal comma.

    A decimal point is not pinned, as it is also the default where no number has decimals.
    """
    kinds = {(reading.date_order, reading.decimal) for reading in readings}
    order, decimal = kinds.pop() if len(kinds) == 1 else ("", "")
    orders = {"date_order": order} if order in {"dmy", "mdy"} else {}
    return {**orders, **({"decimal": decimal} if decimal == "," else {})}
