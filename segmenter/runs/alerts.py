"""Anomalies as they live through runs: new, worsened, ongoing, resolved; told once, held back by verdicts."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pandas as pd

from segmenter.config.history import HistoryConfig
from segmenter.errors import UsageError
from segmenter.runs.history import AlertCount
from segmenter.runs.state import transaction

COLUMNS = (
    "customer_id", "state", "since", "changed", "severity", "told_severity", "amount_at_stake", "reason", "evidence",
    "verdict", "until",
)  # fmt: skip
VERDICTS = ("expected", "act")
FRESH = ("new", "worsened")
Row = dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """What somebody said of a customer's alert; it holds back that customer's alerts up to `until`."""

    customer_id: str
    verdict: str
    until: date
    note: str = ""


def alerts(
    anomalies: pd.DataFrame, before: pd.DataFrame | None, run_id: str, as_of: date, config: HistoryConfig
) -> pd.DataFrame:
    """The alerts of a run, one row per customer, from its anomalies and the alerts `before` (None: the baseline).

    new: not flagged in the run before; worsened: more severe than when last told, by `config.worsened_by`;
    ongoing: flagged before and not worse, or ordinary for a while (`config.remember_days`) and back;
    resolved: flagged before and ordinary now. The baseline tells nothing: all of its anomalies are ongoing.
    """
    known = {} if before is None else _rows(before)
    flagged = _rows(anomalies)
    rows = [
        _flagged(row, known.get(customer), before is None, run_id, as_of, config) for customer, row in flagged.items()
    ]
    rows += [_ordinary(row, as_of) for customer, row in known.items() if customer not in flagged]
    edge = as_of - timedelta(days=config.remember_days)
    kept = [row for row in rows if row["state"] != "resolved" or date.fromisoformat(str(row["changed"])) >= edge]
    order = {"new": 0, "worsened": 1, "ongoing": 2, "resolved": 3}
    kept.sort(key=lambda row: (order[str(row["state"])], -float(row["severity"]), str(row["customer_id"])))
    return pd.DataFrame(kept, columns=list(COLUMNS))


def _rows(table: pd.DataFrame) -> dict[str, Row]:
    return {str(row["customer_id"]): cast(Row, row) for row in table.to_dict("records")}


def _flagged(row: Row, known: Row | None, baseline: bool, run_id: str, as_of: date, config: HistoryConfig) -> Row:
    severity = float(row["severity"])
    told, since, state, changed = severity, run_id, "ongoing" if baseline else "new", str(as_of)
    if known is not None:
        told, since = float(known["told_severity"]), known["since"]
        worse = severity >= told + config.worsened_by
        state = "worsened" if worse else "ongoing"
        told = severity if worse else told
        changed = str(as_of) if worse or known["state"] == "resolved" else known["changed"]
    same = {name: row[name] for name in ("customer_id", "amount_at_stake", "reason", "evidence")}
    return {**same, "state": state, "since": since, "changed": changed, "severity": severity, "told_severity": told}


def _ordinary(known: Row, as_of: date) -> Row:
    changed = known["changed"] if known["state"] == "resolved" else str(as_of)
    return {**known, "state": "resolved", "changed": changed}


def with_verdicts(table: pd.DataFrame, verdicts: Mapping[str, Verdict], as_of: date) -> pd.DataFrame:
    """`table` with the verdicts that hold on `as_of` in the columns verdict and until, None elsewhere."""
    holding = {customer: each for customer, each in verdicts.items() if each.until >= as_of}
    ids = table["customer_id"]
    said = [holding[customer].verdict if customer in holding else None for customer in ids]
    until = [str(holding[customer].until) if customer in holding else None for customer in ids]
    return table.assign(
        verdict=pd.Series(said, table.index, dtype="str"), until=pd.Series(until, table.index, dtype="str")
    )


def told(table: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """The alerts to show: without those held back, and without those resolved in an earlier run."""
    stale = (table["state"] == "resolved") & (table["changed"].astype(str) != str(as_of))
    return table[~stale & table["verdict"].isna()]


def count(table: pd.DataFrame, verdicts: Mapping[str, Verdict], as_of: date, is_baseline: bool) -> AlertCount:
    """Alerts by state, those held back, and how many of the judged alerts were worth acting on."""
    states = told(table, as_of)["state"].value_counts()
    held = int((table["verdict"].notna() & table["state"].ne("resolved")).sum())
    right = sum(each.verdict == "act" for each in verdicts.values())
    numbers = {name: int(states.get(name, 0)) for name in ("new", "worsened", "ongoing", "resolved")}
    return AlertCount(is_baseline, **numbers, held=held, judged=len(verdicts), right=right)


def read_verdicts(state: sqlite3.Connection) -> dict[str, Verdict]:
    """The latest verdict on each customer."""
    rows = state.execute("SELECT customer_id, verdict, until, note FROM verdict ORDER BY number")
    return {row["customer_id"]: Verdict(row[0], row[1], date.fromisoformat(row[2]), row[3]) for row in rows}


def add_verdicts(state: sqlite3.Connection, verdicts: Iterable[Verdict], now: datetime) -> int:
    """Record verdicts, all or none of them; returns how many."""
    rows = [(each.customer_id, each.verdict, now.isoformat(), str(each.until), each.note) for each in verdicts]
    with transaction(state):
        state.executemany(
            "INSERT INTO verdict (customer_id, verdict, said_at, until, note) VALUES (?, ?, ?, ?, ?)", rows
        )
    return len(rows)


def verdict(customer_id: str, word: str, until: date, note: str = "") -> Verdict:
    """A verdict on a customer.

    Raises
    ------
    UsageError
        The word is none of `VERDICTS`, or no customer is named.
    """
    if word not in VERDICTS or not customer_id:
        raise UsageError(f"{customer_id}={word} is no verdict. Write CUSTOMER=expected or CUSTOMER=act.")
    return Verdict(customer_id, word, until, note)


def verdicts_from_csv(path: Path, until: date) -> tuple[Verdict, ...]:
    """Verdicts from a CSV with the columns customer_id, verdict and, where wanted, until and note.

    Raises
    ------
    UsageError
        The file cannot be read, lacks a column, or has a line that is no verdict; the line is named.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}.") from None
    found = []
    for line, row in enumerate(rows, 2):
        try:
            day = date.fromisoformat(row["until"]) if row.get("until") else until
            found.append(verdict(row["customer_id"] or "", row["verdict"] or "", day, row.get("note") or ""))
        except (KeyError, ValueError, UsageError) as error:
            raise UsageError(
                f"{path}, line {line}: {error}. A line needs customer_id, verdict (expected or act) and may have until "
                "(such as 2025-06-30) and note."
            ) from None
    return tuple(found)
