"""Anomalies as they live through runs: new, worsened, ongoing, resolved; told once, held back by verdicts."""

from __future__ import annotations

import csv
import io
import math
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pandas as pd

from segmenter.config.history import HistoryConfig
from segmenter.errors import UsageError
from segmenter.runs.history import AlertCount
from segmenter.runs.state import transaction

COLUMNS = (
    "customer_id", "state", "since", "changed", "cause", "severity", "told_severity", "amount_at_stake", "reason", "evidence",
    "verdict", "until",
)  # fmt: skip
WORDS = {"expected": "expected", "act": "act", "act on it": "act"}  # what a person may write, and what it means
CUSTOMER, LINE = "customer", "line"  # why an alert's state changed last: what they did, or where the line was drawn
BY_LINE = (
    "The line between odd and ordinary is drawn anew each time; by that alone, not by what they did: {n} more odd, {m} "
    "ordinary again."
)
FRESH = ("new", "worsened")  # what somebody should look at now
ORDER = {"new": 0, "worsened": 1, "ongoing": 2, "resolved": 3}
Row = dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """What somebody said of a customer's alert; it holds back that customer's alerts up to `until`.

    `since` is the run in which the alert began: a verdict is counted for that alert alone.
    """

    customer_id: str
    verdict: str
    until: date
    note: str = ""
    since: str = ""


def alerts(
    anomalies: pd.DataFrame,
    before: pd.DataFrame | None,
    run_id: str,
    as_of: date,
    config: HistoryConfig,
    held: Collection[str] = (),
    by_line: Collection[str] = (),
) -> pd.DataFrame:
    """The alerts of a run, one row per customer, from its anomalies and the alerts `before` (None: the baseline).

    new: nobody was told yet. worsened: more severe, by `config.worsened_by`, than when last told. ongoing: told before
    and not worse, also after being ordinary for at most `config.remember_days`. resolved: flagged before and ordinary
    now.

    Three kinds of alerts are no news. In a baseline all are ongoing. Those of customers in `held`, by a verdict, keep
    their state but count as untold, so that they are news when the verdict ends. Those of customers in `by_line`, whom
    only the line between ordinary and odd moved (see `segmenter.runs.line`), have the line as their cause, and are
    ongoing in place of new.
    """
    known = {} if before is None else _rows(before)
    flagged = _rows(anomalies)
    rows = [_flagged(row, known.get(customer), run_id, as_of, config) for customer, row in flagged.items()]
    rows = [_by_line(row) if row["customer_id"] in by_line else row for row in rows]
    rows = [row if row["customer_id"] in held else _as_told(row, before is None) for row in rows]
    rows += [_ordinary(row, as_of, by_line) for customer, row in known.items() if customer not in flagged]
    edge = as_of - timedelta(days=config.remember_days)
    kept = [row for row in rows if row["state"] != "resolved" or date.fromisoformat(str(row["changed"])) >= edge]
    return _ordered(pd.DataFrame(kept, columns=list(COLUMNS)))


def of_run(
    state: sqlite3.Connection,
    anomalies: pd.DataFrame,
    before: pd.DataFrame | None,
    run_id: str,
    as_of: date,
    config: HistoryConfig,
    by_line: Collection[str] = (),
) -> tuple[pd.DataFrame, AlertCount]:
    """The `alerts` of a run with the verdicts on record in the archive's `state`, and how many there are of each kind."""
    verdicts = read_verdicts(state)
    table = alerts(anomalies, before, run_id, as_of, config, holding(verdicts, as_of), by_line)
    table = with_verdicts(table, verdicts, as_of)
    return table, count(table, precision(state), as_of, is_baseline=before is None)


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    """New before worse, ongoing and resolved, the most severe first."""
    places = table.assign(place=table["state"].map(ORDER))
    ordered = places.sort_values(["place", "severity", "customer_id"], ascending=[True, False, True], ignore_index=True)
    return ordered.drop(columns="place")


def _rows(table: pd.DataFrame) -> dict[str, Row]:
    return {str(row["customer_id"]): cast(Row, row) for row in table.to_dict("records")}


def _flagged(row: Row, known: Row | None, run_id: str, as_of: date, config: HistoryConfig) -> Row:
    """The alert of an odd customer. Its told_severity is as before, NaN where nobody was told yet."""
    severity = float(row["severity"])
    told = math.nan if known is None else float(known["told_severity"])
    worse = severity >= told + config.worsened_by
    state = "new" if math.isnan(told) else "worsened" if worse else "ongoing"
    goes_on = known is not None and state == "ongoing" and known["state"] != "resolved"
    same = {name: row[name] for name in ("customer_id", "amount_at_stake", "reason", "evidence")}
    return {
        **same,
        "state": state,
        "since": run_id if known is None else known["since"],
        "changed": known["changed"] if known is not None and goes_on else str(as_of),
        "cause": known["cause"] if known is not None and goes_on else CUSTOMER,
        "severity": severity,
        "told_severity": told,
    }


def _by_line(row: Row) -> Row:
    """The alert of a customer whom the line alone made odd: what would be new is ongoing, as if somebody had been told."""
    if row["state"] != "new":
        return row
    return {**row, "state": "ongoing", "cause": LINE, "told_severity": row["severity"]}


def _as_told(row: Row, baseline: bool) -> Row:
    """The alert once somebody was told of it. A baseline counts as told, and its alerts are ongoing."""
    if row["state"] not in FRESH:
        return row
    return {**row, "told_severity": row["severity"], "state": "ongoing" if baseline else row["state"]}


def _ordinary(known: Row, as_of: date, by_line: Collection[str]) -> Row:
    if known["state"] == "resolved":
        return known
    cause = LINE if known["customer_id"] in by_line else CUSTOMER
    return {**known, "state": "resolved", "changed": str(as_of), "cause": cause}


def holding(verdicts: Mapping[str, Verdict], as_of: date) -> dict[str, Verdict]:
    """The verdicts that hold a customer's alerts back on `as_of`, by customer."""
    return {customer: each for customer, each in verdicts.items() if each.until >= as_of}


def with_verdicts(table: pd.DataFrame, verdicts: Mapping[str, Verdict], as_of: date) -> pd.DataFrame:
    """`table` with the verdicts that hold on `as_of` in the columns verdict and until, None elsewhere."""
    holds = holding(verdicts, as_of)
    ids = table["customer_id"]
    said = [holds[customer].verdict if customer in holds else None for customer in ids]
    until = [str(holds[customer].until) if customer in holds else None for customer in ids]
    return table.assign(
        verdict=pd.Series(said, table.index, dtype="str"), until=pd.Series(until, table.index, dtype="str")
    )


def told(table: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """The alerts to show, news and the most severe first.

    Left out are those held back by a verdict, those resolved in an earlier run or by the line alone, and those resolved
    before anybody was told.
    """
    stale = (table["state"] == "resolved") & (
        (table["changed"].astype(str) != str(as_of)) | table["told_severity"].isna() | (table["cause"] == LINE)
    )
    return _ordered(table[~stale & table["verdict"].isna()])


def count(table: pd.DataFrame, judged: tuple[int, int], as_of: date, is_baseline: bool) -> AlertCount:
    """How many alerts are in each state, are held back, were right of the `judged` ones, and were moved by the line alone."""
    states = told(table, as_of)["state"].value_counts()
    held = int((table["verdict"].notna() & table["state"].ne("resolved")).sum())
    numbers = {name: int(states.get(name, 0)) for name in ORDER}
    moved = table[(table["cause"] == LINE) & (table["changed"].astype(str) == str(as_of))]["state"]
    line_out = int((moved == "resolved").sum())
    return AlertCount(
        is_baseline, **numbers, held=held, judged=judged[0], right=judged[1],
        line_in=len(moved) - line_out, line_out=line_out,
    )  # fmt: skip


def read_verdicts(state: sqlite3.Connection) -> dict[str, Verdict]:
    """The latest verdict on each customer."""
    rows = state.execute("SELECT customer_id, verdict, until, note, since FROM verdict ORDER BY number")
    return {row[0]: Verdict(row[0], row[1], date.fromisoformat(row[2]), row[3], row[4]) for row in rows}


def precision(state: sqlite3.Connection) -> tuple[int, int]:
    """How many alerts were judged and how many of these were worth acting on, by the last verdict on each."""
    judged, right = state.execute(
        "SELECT count(*), count(*) FILTER (WHERE verdict = 'act') FROM verdict "
        "WHERE number IN (SELECT max(number) FROM verdict GROUP BY customer_id, since)"
    ).fetchone()
    return int(judged), int(right)


def add_verdicts(state: sqlite3.Connection, verdicts: Iterable[Verdict], now: datetime) -> int:
    """Record verdicts, all or none of them; returns how many."""
    rows = [
        (each.customer_id, each.verdict, now.isoformat(), str(each.until), each.note, each.since) for each in verdicts
    ]
    with transaction(state):
        state.executemany(
            "INSERT INTO verdict (customer_id, verdict, said_at, until, note, since) VALUES (?, ?, ?, ?, ?, ?)", rows
        )
    return len(rows)


def on_alerts(verdicts: Iterable[Verdict], table: pd.DataFrame, as_of: date) -> list[Verdict]:
    """`verdicts`, each with the run in which the alert that it is about began, from `table`.

    Raises
    ------
    UsageError
        A customer has no alert, or a verdict ends before `as_of`, the day of the run, and would hold nothing.
    """
    since, found = dict(zip(table["customer_id"], table["since"], strict=True)), []
    for each in verdicts:
        if each.customer_id not in since:
            raise UsageError(
                f"Customer {each.customer_id} has no alert in this run, so there is nothing to judge. "
                "`segmenter alerts --all` lists those who have."
            )
        if each.until < as_of:
            raise UsageError(
                f"The verdict on {each.customer_id} ends on {each.until}, before the run's day, {as_of}: it would hold "
                "nothing back. Name a later day."
            )
        found.append(replace(each, since=str(since[each.customer_id])))
    return found


def verdict(customer_id: str, word: str, until: date, note: str = "") -> Verdict:
    """A verdict on a customer.

    Raises
    ------
    UsageError
        The word is none of `WORDS`, or no customer is named.
    """
    said = WORDS.get(" ".join(word.casefold().split()))
    if said is None or not customer_id.strip():
        raise UsageError(f"{customer_id}={word} is not a verdict. Write CUSTOMER=expected or CUSTOMER=act.")
    return Verdict(customer_id.strip(), said, until, note)


def verdicts_from_csv(path: Path, until: date) -> tuple[Verdict, ...]:
    """Verdicts from a CSV (comma, semicolon or tab) with the columns customer_id, verdict and, if wanted, until and note.

    Raises
    ------
    UsageError
        The file cannot be read, lacks a column, or has a line that is no verdict; the line is named.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}.") from None
    head = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True)
    try:
        return tuple(_of_the_lines(path, rows, until))
    except csv.Error:
        what = "a quote is not closed, or has text behind it"
        raise UsageError(f"{path}, line {rows.line_num + 1}: {what}. {_FORM}") from None


_FORM = "A line needs customer_id and verdict (expected or act), and may have until (such as 2025-06-30) and note."


def _of_the_lines(path: Path, rows: csv.DictReader[str], until: date) -> Iterator[Verdict]:
    rows.fieldnames = [name.strip().casefold() for name in rows.fieldnames or ()]
    if missing := [name for name in ("customer_id", "verdict") if name not in rows.fieldnames]:
        raise UsageError(f"{path} has no column {' and no column '.join(missing)}. {_FORM}")
    for row in rows:
        yield _of_a_line(path, rows.line_num, row, until)


def _of_a_line(path: Path, line: int, row: Mapping[str, str | None], until: date) -> Verdict:
    """The verdict of a line, which holds to `until` where it names no day."""
    customer, word, day, note = ((row.get(name) or "").strip() for name in ("customer_id", "verdict", "until", "note"))
    try:
        ends = date.fromisoformat(day) if day else until
    except ValueError:
        raise UsageError(f"{path}, line {line}: {day!r} is not a date. {_FORM}") from None
    try:
        return verdict(customer, word, ends, note)
    except UsageError:
        what = f"{word!r} is not a verdict" if customer else "it names no customer"
        raise UsageError(f"{path}, line {line}: {what}. {_FORM}") from None
