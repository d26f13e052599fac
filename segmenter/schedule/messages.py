"""What is sent when a due time brought a report, brought none, or works again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from segmenter.config.schedule import ScheduleConfig
from segmenter.delivery import Message, channel_of
from segmenter.schedule.ledger import Slot


def report(schedule: ScheduleConfig, slot: Slot, run_id: str, gap: tuple[str, int]) -> tuple[Message, ...]:
    """The report to each recipient; it opens with the due times that brought none."""
    cause, n_missed = gap
    text = (_gap(n_missed, cause),) if n_missed else ()
    kind = "alerts" if schedule.kind == "alerts" else "report"
    return _to(schedule.recipients, schedule, slot, kind, "", text, run_id)


def _gap(n_missed: int, cause: str) -> str:
    times = "one due time" if n_missed == 1 else f"{n_missed} due times"
    return f"Before this report {times} brought none. The last cause: {cause}"


def notice(schedule: ScheduleConfig, slot: Slot, cause: str) -> tuple[Message, ...]:
    """One page to each recipient that there is no report, and why."""
    text = (
        f"The report {schedule.name} that was due {_local(schedule, slot.due)} could not be made.",
        cause,
        "The next one is tried at its own time and will say that this one is missing.",
    )
    return _to(schedule.recipients, schedule, slot, "notice", f"No report: {schedule.name}", text)


def failure(schedule: ScheduleConfig, slot: Slot, cause: str) -> tuple[Message, ...]:
    """The word to the owner that a due time failed."""
    text = (
        f"The schedule {schedule.name}, due {_local(schedule, slot.due)}, failed after {slot.attempt} attempt(s).",
        cause,
        f"When that is mended, make it by hand: segmenter schedule run {schedule.name}",
        "You hear again once a day while it fails, and when it works again.",
    )
    return _to(schedule.owner, schedule, slot, "owner", f"Failed: {schedule.name}", text)


def recovery(schedule: ScheduleConfig, slot: Slot) -> tuple[Message, ...]:
    """The word to the owner that reports are made again."""
    told = (f"The schedule {schedule.name}, due {_local(schedule, slot.due)}, brought its report again.",)
    return _to(schedule.owner, schedule, slot, "owner", f"Works again: {schedule.name}", told)


def undelivered(schedule: ScheduleConfig, slot: Slot, who: Iterable[str]) -> tuple[Message, ...]:
    """The word to the owner that a report did not reach everybody; `who` are sentences, one per recipient."""
    told = (
        f"The report {schedule.name}, due {_local(schedule, slot.due)}, did not reach everybody.",
        *who,
        "Send it again when that is mended: segmenter deliver RUN --to RECIPIENT",
    )
    return _to(schedule.owner, schedule, slot, "owner", f"Not delivered to everybody: {schedule.name}", told)


def broken_config(schedule: ScheduleConfig, now: datetime, fault: str) -> tuple[Message, ...]:
    """The word to the owner that an edit of the configuration is not used."""
    told = ("The edited configuration cannot be used; the service goes on with the one before.", fault)
    slot = Slot(schedule.name, now, 1)
    return _to(schedule.owner, schedule, slot, "owner", "The edited configuration cannot be used", told)


def _to(
    recipients: Iterable[str],
    schedule: ScheduleConfig,
    slot: Slot,
    kind: str,
    title: str,
    text: tuple[str, ...],
    run_id: str | None = None,
) -> tuple[Message, ...]:
    return tuple(
        Message(schedule.name, slot.due, run_id, kind, channel_of(each), each, title, text, schedule.formats)
        for each in dict.fromkeys(recipients)
    )


def _local(schedule: ScheduleConfig, due: datetime) -> str:
    return f"{due.astimezone(ZoneInfo(schedule.time_zone)):%Y-%m-%d %H:%M} ({schedule.time_zone})"
