"""Due times on the wall clock of a time zone, by cron expressions as Debian's cron reads them.

A time that a clock change leaves out fires at the first instant after the gap, a time that comes
twice fires once, and hourly jobs fire once per real hour (cronsim). Never by adding 24 hours.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
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

    They are counted back from `now`, so that a clock that was set a century on costs no more than `limit`.
    """
    back = CronSim(schedule.cron, now.astimezone(ZoneInfo(schedule.time_zone)), reverse=True)
    found = [now] if now > since and next(after(schedule, _just_before(now))) == now else []
    for due in islice(back, limit):
        moment = due.astimezone(UTC)
        if moment <= since or len(found) >= limit:
            break
        found.append(moment)
    return tuple(sorted(set(found)))


def _just_before(moment: datetime) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() - 1, tz=UTC)


def in_words(schedule: ScheduleConfig) -> str:
    """When the schedule is due: ``At 08:00 on Monday (Europe/Berlin)``."""
    words = CronSim(schedule.cron, datetime(2024, 1, 1, tzinfo=UTC)).explain()
    return f"{words} ({schedule.time_zone})"
