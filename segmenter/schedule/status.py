"""What a person or a monitor asks of the schedules: when they are due, what became of them, whether all is well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from segmenter.config import Config
from segmenter.config.schedule import ScheduleConfig
from segmenter.runs.state import open_state
from segmenter.schedule import ledger, times
from segmenter.schedule.holder import holder


@dataclass(frozen=True)
class Condition:
    """How a schedule stands: its latest due time on the ledger and what is wrong, empty where nothing is."""

    schedule: str
    last_due: datetime | None
    state: str
    run_id: str | None
    problem: str


def conditions(archive: Path, config: Config, now: datetime) -> tuple[Condition, ...]:
    """One `Condition` per schedule of `config`."""
    grace = timedelta(minutes=config.service.grace_minutes)
    with open_state(archive) as state:
        found = {each.name: ledger.latest(state, each.name, now) for each in config.schedule}
        since = {each.name: ledger.watched_since(state, each.name, now) for each in config.schedule}
    return tuple(_condition(each, found[each.name], since[each.name], now, grace) for each in config.schedule)


def _condition(
    schedule: ScheduleConfig, row: dict[str, Any] | None, since: datetime, now: datetime, grace: timedelta
) -> Condition:
    overdue = times.missed(schedule, since, now - grace, 1)
    if row is None:
        problem = f"The due time {overdue[-1]:%Y-%m-%d %H:%M} UTC has not been looked at." if overdue else ""
        return Condition(schedule.name, None, "never due yet", None, problem)
    due = datetime.fromisoformat(row["due"])
    problem = ""
    if overdue:
        problem = f"The due time {overdue[-1]:%Y-%m-%d %H:%M} UTC has not been looked at."
    elif row["state"] == "failed":
        problem = row["cause"]
    elif row["state"] in {"claimed", "waiting"} and now - due > grace + timedelta(minutes=schedule.time_limit_minutes):
        problem = f"It is {(now - due) // timedelta(minutes=1):,} minutes late. {row['cause']}".rstrip()
    return Condition(schedule.name, due, row["state"], row["run_id"], problem)


def serving(archive: Path) -> int | None:
    """Process number of the service that holds `archive`, None where none does."""
    return holder(archive)


def coming(config: Config, now: datetime, n: int = 5) -> tuple[tuple[str, datetime], ...]:
    """The next `n` due times of each schedule, all together in order: pairs of schedule and UTC time."""
    due = [(moment, each.name) for each in config.schedule for moment in times.upcoming(each, now, n)]
    return tuple((name, moment) for moment, name in sorted(due))
