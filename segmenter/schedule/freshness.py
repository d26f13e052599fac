"""Whether a run has transactions that the previous report did not have, and how long none have come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from segmenter.config.schedule import ScheduleConfig
from segmenter.errors import RunError
from segmenter.features import silence_warning
from segmenter.runs.archive import read_document
from segmenter.runs.types import Manifest


@dataclass(frozen=True)
class Freshness:
    """How new a run's transactions are.

    `known_since`: the day of the last report where it already had them all, else None. `silence`: an English sentence
    where none came for unusually long, else empty; `is_first`: whether the previous run had no such sentence.
    """

    known_since: date | None = None
    silence: str = ""
    is_first: bool = False


def freshness(
    schedule: ScheduleConfig, folder: Path, heard: str | None, before: str | None, now: datetime
) -> Freshness | None:
    """How new the transactions of the run in `folder` are to people who last got the run `heard` of its archive.

    `before` is the schedule's previous run. None where the run in `folder` cannot be read.
    """
    made = _manifest(folder.parent, folder.name)
    if made is None:
        return None
    zone = ZoneInfo(schedule.time_zone)
    last, previous = (_manifest(folder.parent, run_id) for run_id in (heard, before))
    known = last.started_at.astimezone(zone).date() if last is not None and _holds_all_of(last, made, zone) else None
    silence = _silence(made, now, zone)
    is_first = bool(silence) and not (previous is not None and _silence(previous, previous.started_at, zone))
    return Freshness(known, silence, is_first)


def _manifest(archive: Path, run_id: str | None) -> Manifest | None:
    """A run's manifest; None where there is no such run or it is damaged."""
    try:
        return read_document(archive / run_id)[0] if run_id else None
    except RunError:
        return None


def _holds_all_of(before: Manifest, now: Manifest, zone: tzinfo) -> bool:
    """Whether the run `before` had every transaction: the files are the same, or the newest day and number of rows are.

    Fewer rows or an older day count as new, too: a wrong date was corrected, or the export is a window that has moved on.
    A newest day after the run's own is a wrong date, which would hide that others come.
    """
    if before.run_id == now.run_id:
        return False
    if {each.sha256 for each in before.readings} == {each.sha256 for each in now.readings}:
        return now.period.last_day <= before.period.last_day
    newest, known = ((each.period.last_day, each.period.n_transactions) for each in (now, before))
    return newest == known and before.period.age(before.started_at.astimezone(zone).date()) >= 0


def _silence(made: Manifest, now: datetime, zone: tzinfo) -> str:
    """The sentence on silence up to the day that transactions should reach: features.as_of where it is set, else today."""
    named = made.settings.features.as_of
    return silence_warning(made.period, made.as_of if named else now.astimezone(zone).date())
