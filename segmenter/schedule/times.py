"""Due times on the wall clock of a time zone, by cron expressions as Debian's cron reads them.

A time that a clock change leaves out fires at the first instant after the gap, a time that comes
twice fires once, and hourly jobs fire once per real hour (cronsim). Never by adding 24 hours.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim

from segmenter.config.schedule import ScheduleConfig

MOST_COUNTED = 10_000  # missed due times up to which their number is exact


def after(schedule: ScheduleConfig, moment: datetime) -> Iterator[datetime]:
    """Due times in UTC after `moment`, in order, without end."""
    simulated = CronSim(schedule.cron, moment.astimezone(ZoneInfo(schedule.time_zone)))
    return (due.astimezone(UTC) for due in simulated)


def upcoming(schedule: ScheduleConfig, moment: datetime, n: int) -> tuple[datetime, ...]:
    """The next `n` due times after `moment`, in UTC."""
    return tuple(islice(after(schedule, moment), n))


def missed(schedule: ScheduleConfig, since: datetime, now: datetime, limit: int) -> tuple[datetime, ...]:
    """Due times in UTC in (`since`, `now`], in order; of more than `limit` only the last ones.

    They are searched for in a span before `now` that is doubled until it holds enough, so that the cost stays
    proportional to `limit` even where the clock was set a century ahead. Iterating backwards from `now` would be
    simpler, but around the half-hour clock change of Lord Howe cronsim yields other times backwards than forwards.
    """
    if next(after(schedule, since)) > now:
        return ()
    span = timedelta(minutes=limit)
    while True:
        start = max(since, now - span)
        found = tuple(takewhile(lambda due: due <= now, after(schedule, start)))
        if start == since or len(found) >= limit:
            return found[-limit:]
        span *= 2


def count(schedule: ScheduleConfig, since: datetime, until: datetime) -> int:
    """How many due times lie in (`since`, `until`]; `MOST_COUNTED` + 1 where they are more than `MOST_COUNTED`."""
    return sum(1 for _ in islice(takewhile(lambda due: due <= until, after(schedule, since)), MOST_COUNTED + 1))


def in_words(schedule: ScheduleConfig) -> str:
    """When the schedule is due: ``At 08:00 on Monday (Europe/Berlin)``."""
    words = CronSim(schedule.cron, datetime(2024, 1, 1, tzinfo=UTC)).explain()
    return f"{words} ({schedule.time_zone})"


def local(schedule: ScheduleConfig, due: datetime) -> str:
    """A due time on the clock of the schedule's time zone: ``Mon 2026-03-02 08:00 CET``."""
    return f"{due.astimezone(ZoneInfo(schedule.time_zone)):%a %Y-%m-%d %H:%M %Z}"
