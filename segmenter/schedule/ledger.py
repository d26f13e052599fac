"""The ledger of due times: what became of each, exactly one row per schedule and due time.

A due time is claimed by inserting its row before any work begins; the key (schedule, due) lets
only one claim through. Whoever finishes must still hold the claim, else the result is not published.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from segmenter.runs.state import transaction

BY_HAND = "hand-"  # begins the owner of a run that a person started: no service takes it over
LONGEST_PAUSE = timedelta(hours=1)  # between two attempts


@dataclass(frozen=True)
class Slot:
    """A due time that is to be worked on, and how often its work was begun."""

    schedule: str
    due: datetime
    attempt: int


def claim(state: sqlite3.Connection, schedule: str, due: datetime, owner: str, now: datetime) -> bool:
    """Claim a due time; False where it has a row already."""
    with transaction(state):
        done = state.execute(
            "INSERT INTO slot (schedule, due, state, owner, claimed_at) VALUES (?, ?, 'claimed', ?, ?) "
            "ON CONFLICT DO NOTHING",
            (schedule, due.isoformat(), owner, now.isoformat()),
        )
    return done.rowcount == 1


def skip(state: sqlite3.Connection, schedule: str, due: datetime, cause: str, now: datetime) -> None:
    """Record that a due time is not made up for, unless it has a row already."""
    with transaction(state):
        state.execute(
            "INSERT INTO slot (schedule, due, state, claimed_at, finished_at, cause) VALUES (?, ?, 'skipped', ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            (schedule, due.isoformat(), now.isoformat(), now.isoformat(), cause),
        )


def adopt(
    state: sqlite3.Connection, owner: str, now: datetime, busy: Collection[tuple[str, datetime]]
) -> tuple[Slot, ...]:
    """Take over what is to be tried again: waiting slots whose time has come, and claims that nobody works on.

    Only the one service that holds the archive may call this: a claim that is not among its `busy` ones is of a
    service that died, or its own from a tick that broke off. A slot that would wait longer than `LONGEST_PAUSE`
    was put off under a clock that ran ahead.
    """
    with transaction(state):
        rows = state.execute(
            "SELECT schedule, due, attempt FROM slot WHERE (state = 'waiting' AND (next_at <= ? OR next_at > ?)) "
            "OR (state = 'claimed' AND owner NOT LIKE ?) ORDER BY due",
            (now.isoformat(), (now + LONGEST_PAUSE).isoformat(), f"{BY_HAND}%"),
        ).fetchall()
        found = [Slot(row["schedule"], datetime.fromisoformat(row["due"]), row["attempt"]) for row in rows]
        free = tuple(slot for slot in found if (slot.schedule, slot.due) not in busy)
        for slot in free:
            state.execute(
                "UPDATE slot SET state = 'claimed', owner = ?, claimed_at = ? WHERE schedule = ? AND due = ?",
                (owner, now.isoformat(), slot.schedule, slot.due.isoformat()),
            )
    return free


def begin(state: sqlite3.Connection, slot: Slot, owner: str) -> Slot | None:
    """Count that work on a claim begins; None where the claim is lost."""
    with transaction(state):
        done = state.execute(
            "UPDATE slot SET attempt = attempt + 1 WHERE schedule = ? AND due = ? AND owner = ? AND state = 'claimed'",
            (slot.schedule, slot.due.isoformat(), owner),
        )
    return Slot(slot.schedule, slot.due, slot.attempt + 1) if done.rowcount else None


def finish(
    state: sqlite3.Connection, slot: Slot, owner: str, now: datetime, outcome: str, *, run_id: str | None, cause: str
) -> bool:
    """Close a claim as done or failed, inside the caller's transaction; False where the claim is lost."""
    done = state.execute(
        "UPDATE slot SET state = ?, finished_at = ?, run_id = ?, cause = ? "
        "WHERE schedule = ? AND due = ? AND owner = ? AND state = 'claimed'",
        (outcome, now.isoformat(), run_id, cause, slot.schedule, slot.due.isoformat(), owner),
    )
    return done.rowcount == 1


def postpone(state: sqlite3.Connection, slot: Slot, owner: str, until: datetime, cause: str) -> None:
    """Let a claim wait for its next attempt."""
    with transaction(state):
        state.execute(
            "UPDATE slot SET state = 'waiting', next_at = ?, cause = ? "
            "WHERE schedule = ? AND due = ? AND owner = ? AND state = 'claimed'",
            (until.isoformat(), cause, slot.schedule, slot.due.isoformat(), owner),
        )


def watched_since(state: sqlite3.Connection, schedule: str, now: datetime) -> datetime:
    """The last due time up to `now` with a row, or since when the schedule is looked after: `now`, if it is new.

    What is of a later time, from a clock that ran ahead, does not count, nor do runs by hand.
    """
    with transaction(state):
        state.execute(
            "INSERT INTO watch (schedule, since) VALUES (?, ?) "
            "ON CONFLICT DO UPDATE SET since = excluded.since WHERE since > excluded.since",
            (schedule, now.isoformat()),
        )
        since = state.execute("SELECT since FROM watch WHERE schedule = ?", (schedule,)).fetchone()["since"]
        last = state.execute(
            "SELECT max(due) AS due FROM slot WHERE schedule = ? AND due <= ? AND owner NOT LIKE ?",
            (schedule, now.isoformat(), f"{BY_HAND}%"),
        ).fetchone()["due"]
    return max(datetime.fromisoformat(each) for each in (since, last) if each)


def tell_owner(state: sqlite3.Connection, schedule: str, failed: bool, now: datetime, pause: timedelta) -> bool:
    """Whether the owner is to be told now, inside the caller's transaction.

    Told are the first failure, the recovery, and between the two a failure once in `pause`.
    """
    row = state.execute("SELECT failing, told_at FROM watch WHERE schedule = ?", (schedule,)).fetchone()
    was_failing = bool(row and row["failing"])
    told_at = datetime.fromisoformat(row["told_at"]) if row and row["told_at"] else None
    tell = failed != was_failing or (failed and (told_at is None or now - told_at >= pause))
    if tell:
        state.execute(
            "UPDATE watch SET failing = ?, told_at = ? WHERE schedule = ?", (int(failed), now.isoformat(), schedule)
        )
    return tell


def gap(state: sqlite3.Connection, slot: Slot) -> tuple[str, int]:
    """Due times before `slot` that brought no report since the last that did: the cause of the last, and how many."""
    last = state.execute(
        "SELECT max(due) AS due FROM slot WHERE schedule = ? AND due < ? AND state = 'done'",
        (slot.schedule, slot.due.isoformat()),
    ).fetchone()["due"]
    rows = state.execute(
        "SELECT cause FROM slot WHERE schedule = ? AND due < ? AND due > ? AND state IN ('failed', 'skipped') ORDER BY due",
        (slot.schedule, slot.due.isoformat(), last or ""),
    ).fetchall()
    return (rows[-1]["cause"], len(rows)) if rows else ("", 0)


def latest(state: sqlite3.Connection, schedule: str, now: datetime) -> dict[str, Any] | None:
    """The last due time up to `now`, as a dictionary of the ledger's columns; a run by hand counts when it has ended."""
    row = state.execute(
        "SELECT * FROM slot WHERE schedule = ? AND due <= ? AND NOT (state = 'claimed' AND owner LIKE ?) "
        "ORDER BY due DESC LIMIT 1",
        (schedule, now.isoformat(), f"{BY_HAND}%"),
    ).fetchone()
    return dict(row) if row else None


def history(state: sqlite3.Connection, schedule: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """The latest due times, newest first, as dictionaries of the ledger's columns."""
    where, values = ("WHERE schedule = ?", [schedule]) if schedule else ("", [])
    rows = state.execute(f"SELECT * FROM slot {where} ORDER BY due DESC LIMIT ?", [*values, limit])  # noqa: S608
    return [dict(row) for row in rows]
