"""People's verdicts on alerts, which hold a customer's alerts back for a time and measure the alerts' precision."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from segmenter.errors import UsageError
from segmenter.runs.state import transaction

WORDS = {"expected": "expected", "act": "act", "act on it": "act"}  # accepted spellings, and the verdicts they mean
FORM = "A line needs customer_id and verdict (expected or act), and may have until (such as 2025-06-30) and note."


@dataclass(frozen=True)
class Verdict:
    """A verdict on a customer's alert, which holds back that customer's alerts up to `until`.

    `since` is the run in which the alert began: the verdict counts for that alert only.
    """

    customer_id: str
    verdict: str
    until: date
    note: str = ""
    since: str = ""


def read_verdicts(state: sqlite3.Connection) -> dict[str, Verdict]:
    """The latest verdict on each customer."""
    rows = state.execute("SELECT customer_id, verdict, until, note, since FROM verdict ORDER BY number")
    return {row[0]: Verdict(row[0], row[1], date.fromisoformat(row[2]), row[3], row[4]) for row in rows}


def in_force(verdicts: Mapping[str, Verdict], as_of: date) -> dict[str, Verdict]:
    """The verdicts that still hold back alerts on `as_of`, by customer."""
    return {customer: each for customer, each in verdicts.items() if each.until >= as_of}


def precision(state: sqlite3.Connection) -> tuple[int, int]:
    """How many alerts were judged and how many of these were worth acting on, by the last verdict on each."""
    judged, right = state.execute(
        "SELECT count(*), count(*) FILTER (WHERE verdict = 'act') FROM verdict "
        "WHERE number IN (SELECT max(number) FROM verdict GROUP BY customer_id, since)"
    ).fetchone()
    return int(judged), int(right)


def add_verdicts(state: sqlite3.Connection, verdicts: Iterable[Verdict], now: datetime) -> int:
    """Record verdicts in one transaction; returns how many."""
    rows = [
        (each.customer_id, each.verdict, now.isoformat(), str(each.until), each.note, each.since) for each in verdicts
    ]
    with transaction(state):
        state.executemany(
            "INSERT INTO verdict (customer_id, verdict, said_at, until, note, since) VALUES (?, ?, ?, ?, ?, ?)", rows
        )
    return len(rows)


def on_alerts(verdicts: Iterable[Verdict], table: pd.DataFrame, as_of: date) -> list[Verdict]:
    """`verdicts`, each with the run in which its alert in `table` began.

    Raises
    ------
    UsageError
        A customer has no alert, or a verdict ends before `as_of`, the day of the run.
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
        raise UsageError(f"{path}, line {rows.line_num + 1}: {what}. {FORM}") from None


def _of_the_lines(path: Path, rows: csv.DictReader[str], until: date) -> Iterator[Verdict]:
    rows.fieldnames = [name.strip().casefold() for name in rows.fieldnames or ()]
    if missing := [name for name in ("customer_id", "verdict") if name not in rows.fieldnames]:
        raise UsageError(f"{path} has no column {' and no column '.join(missing)}. {FORM}")
    for row in rows:
        yield _of_a_line(path, rows.line_num, row, until)


def _of_a_line(path: Path, line: int, row: Mapping[str, str | None], until: date) -> Verdict:
    """The verdict of a line, which ends on `until` where the line names no day."""
    customer, word, day, note = ((row.get(name) or "").strip() for name in ("customer_id", "verdict", "until", "note"))
    try:
        ends = date.fromisoformat(day) if day else until
    except ValueError:
        raise UsageError(f"{path}, line {line}: {day!r} is not a date. {FORM}") from None
    try:
        return verdict(customer, word, ends, note)
    except UsageError:
        what = f"{word!r} is not a verdict" if customer else "it names no customer"
        raise UsageError(f"{path}, line {line}: {what}. {FORM}") from None
