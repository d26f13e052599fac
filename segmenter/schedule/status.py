"""The state of the schedules for people and monitors: when they are due, and what is wrong."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from segmenter import delivery
from segmenter.config import Config
from segmenter.config.schedule import ScheduleConfig
from segmenter.runs.state import read_state
from segmenter.schedule import ledger, times

NEXT = 5  # upcoming due times that are listed


@dataclass(frozen=True)
class Condition:
    """A schedule's latest due time on the ledger, its state, and what is wrong, empty where nothing is."""

    schedule: str
    last_due: datetime | None
    state: str
    run_id: str | None
    problem: str


def conditions(archive: Path, config: Config, now: datetime) -> tuple[Condition, ...]:
    """One `Condition` per schedule of `config`; nothing is written.

    Raises
    ------
    RunError
        The ledger is damaged or cannot be read.
    """
    grace = timedelta(minutes=config.service.grace_minutes)
    with read_state(archive) as state:
        return tuple(_condition(state, each, now, grace) for each in config.schedule)


def _condition(state: sqlite3.Connection, schedule: ScheduleConfig, now: datetime, grace: timedelta) -> Condition:
    row = ledger.latest(state, schedule.name, now)
    since = ledger.last_watched(state, schedule, now) or now
    found = [_overdue(schedule, since, now - grace)]
    if row is None:
        return Condition(schedule.name, None, "never due yet", None, found[0])
    due = datetime.fromisoformat(row["due"])
    found += [_unfinished(schedule, row, due, now, grace), *_undelivered(state, schedule, due, now - grace)]
    return Condition(schedule.name, due, row["state"], row["run_id"], " ".join(filter(None, found)))


def _overdue(schedule: ScheduleConfig, since: datetime, late: datetime) -> str:
    overdue = times.missed(schedule, since, late, 1)
    return f"The run that was due at {overdue[-1]:%Y-%m-%d %H:%M} UTC has not started." if overdue else ""


def _unfinished(schedule: ScheduleConfig, row: dict[str, Any], due: datetime, now: datetime, grace: timedelta) -> str:
    if row["state"] == "failed":
        return str(row["cause"])
    late = now - due > grace + timedelta(minutes=schedule.time_limit_minutes)
    if row["state"] in {"claimed", "waiting"} and late:
        return f"It is {(now - due) // timedelta(minutes=1):,} minutes late. {row['cause']}".rstrip()
    return ""


def _undelivered(state: sqlite3.Connection, schedule: ScheduleConfig, due: datetime, late: datetime) -> list[str]:
    """Sentences on undelivered messages of the latest due time."""
    words = {"failed": "did not reach", "pending": "has not reached", "sending": "has not reached"}
    return [
        f"The {row['kind'] if row['kind'] != 'owner' else 'word to the owner'} {words[row['state']]} {row['recipient']}: "
        f"{row['answer'] or 'nothing was tried yet.'}"
        for row in delivery.undelivered(state, schedule.name, due, late)
    ]


def coming(schedule: ScheduleConfig, now: datetime) -> tuple[tuple[str, datetime], ...]:
    """The next five due times of a schedule, each as text in its time zone, and in UTC."""
    return tuple((times.local(schedule, due), due) for due in times.upcoming(schedule, now, NEXT))
