"""The ledger of due times: what became of each, exactly one row per schedule and due time.

A due time is claimed by inserting its row before any work begins; the key (schedule, due) admits one claim only. The
result is published only where the claim is still held when the work ends.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from segmenter.assets import query
from segmenter.config.schedule import ScheduleConfig
from segmenter.runs.state import transaction

BY_HAND = "hand-"  # prefix of the owner of a run that a person started, which no service takes over
FOR_OTHERS = f"{BY_HAND}others-"  # prefix of its owner where it was not for the schedule's own recipients
LONGEST_PAUSE = timedelta(hours=1)  # between two attempts


@dataclass(frozen=True)
class Slot:
    """A due time to be worked on, how often its work was begun, and how often a crash interrupted it."""

    schedule: str
    due: datetime
    attempt: int
    crashes: int = 0

    @property
    def n_tries(self) -> int:
        """How often its work was begun and not interrupted by a crash, including this time."""
        return self.attempt - self.crashes


def claim(state: sqlite3.Connection, schedule: str, due: datetime, owner: str, now: datetime) -> bool:
    """Claim a due time; False where it has a row already."""
    with transaction(state):
        done = state.execute(
            "INSERT INTO slot (schedule, due, state, owner, claimed_at) VALUES (?, ?, 'claimed', ?, ?) "
            "ON CONFLICT DO NOTHING",
            (schedule, due.isoformat(), owner, now.isoformat()),
        )
    return done.rowcount == 1


def skip(state: sqlite3.Connection, schedule: str, due: datetime, n_due: int, cause: str, now: datetime) -> None:
    """Record that `n_due` due times, the last of them at `due`, are left out, unless that one has a row already."""
    with transaction(state):
        state.execute(
            "INSERT INTO slot (schedule, due, state, claimed_at, finished_at, cause, n_due) "
            "VALUES (?, ?, 'skipped', ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (schedule, due.isoformat(), now.isoformat(), now.isoformat(), cause, n_due),
        )


def adopt(
    state: sqlite3.Connection, owner: str, now: datetime, busy: Collection[tuple[str, datetime]]
) -> tuple[Slot, ...]:
    """Take over what is to be tried again: waiting slots that are due, and claims that nobody works on.

    Only the service that holds the archive may call this: a claim that is not among its `busy` ones is of a service that
    died, or its own from a tick that failed. Work that was begun and not ended counts as a crash, not as a failure. A
    slot that would wait longer than `LONGEST_PAUSE` counts as due: it was put off under a clock that ran ahead.
    """
    with transaction(state):
        rows = state.execute(
            "SELECT schedule, due, attempt, crashes, begun FROM slot WHERE (state = 'waiting' AND (next_at <= ? OR next_at > ?)) "
            "OR (state = 'claimed' AND owner NOT LIKE ?) ORDER BY due",
            (now.isoformat(), (now + LONGEST_PAUSE).isoformat(), f"{BY_HAND}%"),
        ).fetchall()
        found = [
            Slot(row["schedule"], datetime.fromisoformat(row["due"]), row["attempt"], row["crashes"] + row["begun"])
            for row in rows
        ]
        free = tuple(slot for slot in found if (slot.schedule, slot.due) not in busy)
        for slot in free:
            state.execute(
                "UPDATE slot SET state = 'claimed', owner = ?, claimed_at = ?, crashes = ?, begun = 0 "
                "WHERE schedule = ? AND due = ?",
                (owner, now.isoformat(), slot.crashes, slot.schedule, slot.due.isoformat()),
            )
    return free


def begin(state: sqlite3.Connection, slot: Slot, owner: str) -> Slot | None:
    """Record that work on a claim begins; None where the claim is lost."""
    with transaction(state):
        done = state.execute(
            "UPDATE slot SET attempt = attempt + 1, begun = 1 "
            "WHERE schedule = ? AND due = ? AND owner = ? AND state = 'claimed'",
            (slot.schedule, slot.due.isoformat(), owner),
        )
    return replace(slot, attempt=slot.attempt + 1) if done.rowcount else None


def finish(
    state: sqlite3.Connection, slot: Slot, owner: str, now: datetime, outcome: str, *, run_id: str | None, cause: str
) -> bool:
    """Close a claim as done or failed, inside the caller's transaction; False where the claim is lost."""
    done = state.execute(
        "UPDATE slot SET state = ?, finished_at = ?, run_id = ?, cause = ?, begun = 0 "
        "WHERE schedule = ? AND due = ? AND owner = ? AND state = 'claimed'",
        (outcome, now.isoformat(), run_id, cause, slot.schedule, slot.due.isoformat(), owner),
    )
    return done.rowcount == 1


def postpone(
    state: sqlite3.Connection, slot: Slot, owner: str, until: datetime, cause: str, *, crashed: bool = False
) -> None:
    """Let a claim wait for its next attempt; with `crashed` this one does not count as a failure."""
    with transaction(state):
        state.execute(
            "UPDATE slot SET state = 'waiting', next_at = ?, cause = ?, crashes = crashes + begun * ?, begun = 0 "
            "WHERE schedule = ? AND due = ? AND owner = ? AND state = 'claimed'",
            (until.isoformat(), cause, int(crashed), slot.schedule, slot.due.isoformat(), owner),
        )


def watched_since(state: sqlite3.Connection, schedule: ScheduleConfig, now: datetime) -> datetime:
    """From when on due times are to be worked on: the last one up to `now` with a row, or the start of the watch.

    The watch starts now for a schedule that is new or has another cron. Runs by hand do not count, nor rows after `now`,
    which are from a clock that ran ahead.
    """
    with transaction(state):
        state.execute(
            "INSERT INTO watch (schedule, since, timing) VALUES (:name, :now, :timing) "
            "ON CONFLICT DO UPDATE SET timing = :timing, "
            "since = CASE WHEN timing = :timing THEN min(since, :now) ELSE :now END",
            {"name": schedule.name, "now": now.isoformat(), "timing": _timing(schedule)},
        )
        return last_watched(state, schedule, now) or now


def last_watched(state: sqlite3.Connection, schedule: ScheduleConfig, now: datetime) -> datetime | None:
    """As `watched_since`, without writing; None where the schedule was never watched with its present cron."""
    row = state.execute("SELECT since, timing FROM watch WHERE schedule = ?", (schedule.name,)).fetchone()
    if row and row["timing"] != _timing(schedule):
        return None
    last = state.execute(
        "SELECT max(due) AS due FROM slot WHERE schedule = ? AND due <= ? AND owner NOT LIKE ?",
        (schedule.name, now.isoformat(), f"{BY_HAND}%"),
    ).fetchone()["due"]
    return max((datetime.fromisoformat(each) for each in (row and row["since"], last) if each), default=None)


def _timing(schedule: ScheduleConfig) -> str:
    return f"{schedule.cron} {schedule.time_zone}"


def unwatch(state: sqlite3.Connection, schedules: Collection[str]) -> None:
    """Stop watching all but `schedules`: one that is put back later has missed nothing in between."""
    with transaction(state):
        others = "DELETE FROM watch WHERE schedule NOT IN (SELECT value FROM json_each(?))"
        state.execute(others, (json.dumps([*schedules]),))


def tell_owner(state: sqlite3.Connection, schedule: str, now: datetime, pause: timedelta, *, failed: bool) -> bool:
    """Whether to tell the owner now, and record that, inside the caller's transaction.

    The owner is told of the first failure, of the recovery, and in between of a failure once per `pause`.
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


SENT = "state = 'done' AND cause = '' AND owner NOT LIKE ?"  # a report that went to the schedule's own recipients


def gap(state: sqlite3.Connection, slot: Slot) -> tuple[str, int]:
    """Last cause, and number, of the due times before `slot` without a report since its recipients got the last one.

    They did not get runs for somebody else, nor those that the condition held back.
    """
    last = state.execute(
        f"SELECT max(due) AS due FROM slot WHERE schedule = ? AND due < ? AND {SENT}",  # noqa: S608 - our words
        (slot.schedule, slot.due.isoformat(), f"{FOR_OTHERS}%"),
    ).fetchone()["due"]
    rows = state.execute(
        "SELECT cause, n_due FROM slot WHERE schedule = ? AND due < ? AND due > ? AND state IN ('failed', 'skipped') "
        "AND owner NOT LIKE ? ORDER BY due",
        (slot.schedule, slot.due.isoformat(), last or "", f"{BY_HAND}%"),
    ).fetchall()
    return (rows[-1]["cause"], sum(row["n_due"] for row in rows)) if rows else ("", 0)


def last_heard(state: sqlite3.Connection, slot: Slot) -> str | None:
    """The run that the schedule's recipients last got before `slot`, else its first one; None where there is none."""
    for where, order in ((SENT, "DESC"), ("state = 'done' AND owner NOT LIKE ?", "ASC")):
        row = state.execute(
            f"SELECT run_id FROM slot WHERE schedule = ? AND due < ? AND {where} ORDER BY due {order} LIMIT 1",  # noqa: S608
            (slot.schedule, slot.due.isoformat(), f"{FOR_OTHERS}%"),
        ).fetchone()
        if row is not None:
            return str(row["run_id"])
    return None


def last_made(state: sqlite3.Connection, slot: Slot) -> str | None:
    """The schedule's previous run before `slot`, whether or not it was sent; None where there is none."""
    row = state.execute(
        "SELECT run_id FROM slot WHERE schedule = ? AND due < ? AND state = 'done' AND owner NOT LIKE ? "
        "ORDER BY due DESC LIMIT 1",
        (slot.schedule, slot.due.isoformat(), f"{FOR_OTHERS}%"),
    ).fetchone()
    return str(row["run_id"]) if row else None


def forget(state: sqlite3.Connection, before: datetime) -> int:
    """Remove due times that were closed before `before` and that no schedule depends on; returns how many.

    A schedule depends on its last due time, on the last report that its recipients got (else the first one made), and on
    those that failed or were skipped since.
    """
    with transaction(state):
        state.execute(query("state_forget"), (before.isoformat(), f"{FOR_OTHERS}%"))
        return int(state.execute("SELECT changes()").fetchone()[0])


def untold_repairs(state: sqlite3.Connection) -> list[str]:
    """Repairs of a damaged state that were not told yet, then marked as told; inside the caller's transaction."""
    rows = state.execute("SELECT cause FROM repair WHERE told = 0 ORDER BY number").fetchall()
    state.execute("UPDATE repair SET told = 1 WHERE told = 0")
    return [row["cause"] for row in rows]


def latest(state: sqlite3.Connection, schedule: str, now: datetime) -> dict[str, Any] | None:
    """The row of the last due time up to `now`; a run by hand counts once it has ended."""
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
