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


def after(schedule: ScheduleConfig, moment: datetime) -> Iterator[datetime]:
    """Due times in UTC later than `moment`, in order, without end."""
    simulated = CronSim(schedule.cron, moment.astimezone(ZoneInfo(schedule.time_zone)))
    return (due.astimezone(UTC) for due in simulated)


def upcoming(schedule: ScheduleConfig, moment: datetime, n: int = 5) -> tuple[datetime, ...]:
    """The next `n` due times after `moment`, in UTC."""
    return tuple(islice(after(schedule, moment), n))


def missed(schedule: ScheduleConfig, since: datetime, now: datetime, limit: int) -> tuple[datetime, ...]:
    """Due times in UTC in (`since`, `now`], in order; of more than `limit` only the last ones.

    They are looked for in a span before `now` that is doubled until it holds enough, so that a clock that was set
    a century on costs no more than a few times `limit`. Counting back from `now` would be shorter, but where an
    hour of a clock change is half as long, as on Lord Howe, cron counts back otherwise than on.
    """
    span = timedelta(minutes=limit)
    while True:
        start = max(since, now - span)
        found = tuple(takewhile(lambda due: due <= now, after(schedule, start)))
        if start == since or len(found) >= limit:
            return found[-limit:]
        span *= 2


def in_words(schedule: ScheduleConfig) -> str:
    """When the schedule is due: ``At 08:00 on Monday (Europe/Berlin)``."""
    words = CronSim(schedule.cron, datetime(2024, 1, 1, tzinfo=UTC)).explain()
    return f"{words} ({schedule.time_zone})"
