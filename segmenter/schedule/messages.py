"""The messages about due times, to recipients and to owners, in the report's language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from segmenter.config import Config
from segmenter.config.schedule import ScheduleConfig
from segmenter.delivery import Message, channel_of
from segmenter.schedule.freshness import Freshness
from segmenter.schedule.ledger import Slot
from segmenter.schedule.times import MOST_COUNTED

if TYPE_CHECKING:
    from segmenter.report.language import Voice


def voice_of(config: Config) -> Voice:
    """The language and currency that messages are written in."""
    from segmenter.report.language import Voice

    return Voice(config.report.locale, config.report.currency)


@dataclass(frozen=True)
class Opening:
    """What the first paragraphs of a report say about the report itself.

    `gap`: the last cause, and number, of due times before it without a report; `begun`: when it was begun late, None: in
    time; `fresh`: how new its transactions are.
    """

    gap: tuple[str, int] = ("", 0)
    begun: datetime | None = None
    as_of: date | None = None
    fresh: Freshness | None = None


def report(
    voice: Voice,
    schedule: ScheduleConfig,
    slot: Slot,
    run_id: str,
    opening: Opening | None = None,
    since: str | None = None,
) -> tuple[Message, ...]:
    """The report to each recipient; alerts are told relative to the run `since`."""
    text = _opening(voice, schedule, slot, opening or Opening())
    kind = "alerts" if schedule.kind == "alerts" else "report"
    return tuple(
        Message(schedule.name, slot.due, run_id, kind, channel_of(each), each, "", text, schedule.formats, since)
        for each in dict.fromkeys(schedule.recipients)
    )


def _opening(voice: Voice, schedule: ScheduleConfig, slot: Slot, opening: Opening) -> tuple[str, ...]:
    return (*_on_time(voice, schedule, slot, opening), *(_on_freshness(voice, opening.fresh) if opening.fresh else ()))


def _on_freshness(voice: Voice, fresh: Freshness) -> tuple[str, ...]:
    """A paragraph where the last report had all transactions, or where none came for unusually long."""
    known, words = fresh.known_since, "No new transactions have arrived since the report of {date}."
    sentences = voice(words, date=voice.date(known)) if known else "", voice.translate(fresh.silence)
    return (" ".join(filter(None, sentences)),) if any(sentences) else ()


def _on_time(voice: Voice, schedule: ScheduleConfig, slot: Slot, opening: Opening) -> tuple[str, ...]:
    """Paragraphs where a report is late, or follows due times without one."""
    paragraphs = []
    if opening.begun is not None:
        paragraphs.append(
            voice(
                "This report is late: it was due {due} and was started {begun}.",
                due=_local(voice, schedule, slot.due), begun=_local(voice, schedule, opening.begun),
            )
        )  # fmt: skip
        if opening.as_of is not None:
            paragraphs[0] += " " + voice("It shows the customers as of {day}.", day=voice.date(opening.as_of))
    cause, n_missed = voice(opening.gap[0]), opening.gap[1]
    if n_missed == 1:
        paragraphs.append(voice("The report due before this one was not made. The cause: {cause}", cause=cause))
    elif n_missed:
        number = voice.number(min(n_missed, MOST_COUNTED))
        number = voice("more than {n}", n=number) if n_missed > MOST_COUNTED else number
        words = "Before this report, {number} due reports were not made. The last cause: {cause}"
        paragraphs.append(voice(words, number=number, cause=cause))
    return tuple(paragraphs)


def notice(voice: Voice, schedule: ScheduleConfig, slot: Slot, cause: str) -> tuple[Message, ...]:
    """The notice to each recipient that there is no report, and why."""
    text = (
        voice(
            "The report {name} that was due {due} could not be made.",
            name=schedule.name, due=_local(voice, schedule, slot.due),
        ),
        cause,
        voice("The next one will be made at its usual time and will say that this one is missing."),
    )  # fmt: skip
    title = voice("No report: {name}", name=schedule.name)
    return _to(schedule.recipients, schedule, slot.due, "notice", title, text)


def failure(voice: Voice, schedule: ScheduleConfig, slot: Slot, cause: str) -> tuple[Message, ...]:
    """The message to the owner that a due time failed."""
    values = {"name": schedule.name, "due": _local(voice, schedule, slot.due)}
    text = (
        voice("The schedule {name}, due {due}, failed on its only attempt.", **values)
        if slot.n_tries <= 1
        else voice("The schedule {name}, due {due}, failed {n} times.", **values, n=voice.number(slot.n_tries)),
        cause,
        voice("Once that is fixed, make it by hand: {command}", command=f"segmenter schedule run {schedule.name}"),
        voice("You will be told once a day while it fails, and when it works again."),
    )
    return _to_owner(schedule, slot.due, voice("Failed: {name}", name=schedule.name), text)


def recovery(voice: Voice, schedule: ScheduleConfig, slot: Slot) -> tuple[Message, ...]:
    """The message to the owner that reports are made again."""
    values = {"name": schedule.name, "due": _local(voice, schedule, slot.due)}
    text = (voice("The schedule {name}, due {due}, made its report again.", **values),)
    return _to_owner(schedule, slot.due, voice("Works again: {name}", name=schedule.name), text)


def silent(voice: Voice, schedule: ScheduleConfig, slot: Slot, fresh: Freshness) -> tuple[Message, ...]:
    """The message to the owner that an export has no recent transactions, though reports go on."""
    text = (
        voice.translate(fresh.silence),
        voice("Check whether the export is still being written. The reports say so, too; you are told once."),
    )
    return _to_owner(schedule, slot.due, voice("No new transactions: {name}", name=schedule.name), text)


def undelivered(
    voice: Voice, schedule: ScheduleConfig, due: datetime, who: Iterable[str], run_id: str | None
) -> tuple[Message, ...]:
    """The message to the owner that a report did not reach everybody; `who` are sentences, one per recipient."""
    values = {"name": schedule.name, "due": _local(voice, schedule, due)}
    again = f"segmenter deliver {run_id} --to RECIPIENT" if run_id else ""
    text = (
        voice("The report {name}, due {due}, did not reach everybody.", **values),
        *who,
        *((voice("Once that is fixed, send it again: {command}", command=again),) if again else ()),
    )
    return _to_owner(schedule, due, voice("Not delivered to everybody: {name}", name=schedule.name), text)


def delayed(voice: Voice, schedule: ScheduleConfig, due: datetime, who: Iterable[str]) -> tuple[Message, ...]:
    """The message to the owner that a report has not reached everybody yet; `who` are sentences, one per recipient."""
    values = {"name": schedule.name, "due": _local(voice, schedule, due)}
    text = (
        voice("The report {name}, due {due}, has not reached everybody yet.", **values),
        *who,
        voice("It will be tried again at least once an hour; you will be told if it is given up."),
    )
    return _to_owner(schedule, due, voice("Not delivered yet: {name}", name=schedule.name), text)


def broken_config(voice: Voice, schedule: ScheduleConfig, now: datetime, fault: str) -> tuple[Message, ...]:
    """The message to the owner that an edit of the configuration is not used."""
    text = (voice("The edited configuration cannot be used; the service goes on with the previous one."), fault)
    return _to_owner(schedule, now, voice("The edited configuration cannot be used"), text)


def mended(voice: Voice, schedule: ScheduleConfig, now: datetime, cause: str) -> tuple[Message, ...]:
    """The message to the owner that the ledger was damaged, and what took its place."""
    return _to_owner(schedule, now, voice("The ledger was damaged and has been repaired"), (cause,))


def _to_owner(schedule: ScheduleConfig, due: datetime, title: str, text: tuple[str, ...]) -> tuple[Message, ...]:
    return _to(schedule.owner, schedule, due, "owner", title, text)


def _to(
    recipients: Iterable[str], schedule: ScheduleConfig, due: datetime, kind: str, title: str, text: tuple[str, ...]
) -> tuple[Message, ...]:
    return tuple(
        Message(schedule.name, due, None, kind, channel_of(each), each, title, text)
        for each in dict.fromkeys(recipients)
    )


def _local(voice: Voice, schedule: ScheduleConfig, due: datetime) -> str:
    moment = due.astimezone(ZoneInfo(schedule.time_zone))
    return f"{voice.date(moment.date())}, {moment:%H:%M} ({schedule.time_zone})"
