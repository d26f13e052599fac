"""Messages to the owners of schedules about deliveries, repairs and the configuration, each sent once."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from segmenter import delivery
from segmenter.config.schedule import ScheduleConfig
from segmenter.delivery import Message
from segmenter.runs.state import transaction
from segmenter.schedule import ledger, messages

if TYPE_CHECKING:
    from segmenter.report.language import Voice

log = logging.getLogger("segmenter.service")


def notify(
    state: sqlite3.Connection,
    schedules: Sequence[ScheduleConfig],
    voice: Voice,
    now: datetime,
    faults: Sequence[str],
) -> None:
    """Tell the owners of messages that did not arrive, of a mended ledger, and of `faults` in an edited configuration.

    Messages are marked as told in the same transaction, so that a crash neither loses nor repeats one.
    """
    with transaction(state):
        rows = delivery.untold(state, now)
        found = list(_of_deliveries(rows, {each.name: each for each in schedules}, voice))
        for repair in ledger.untold_repairs(state):
            log.error("ledger mended", extra={"cause": repair})
            found += _once(message for each in schedules for message in messages.mended(voice, each, now, repair))
        for fault in faults:
            found += _once(message for each in schedules for message in messages.broken_config(voice, each, now, fault))
        delivery.enqueue(state, found, now)
        delivery.mark_told(state, rows)


def _of_deliveries(
    rows: Iterable[dict[str, Any]], schedules: Mapping[str, ScheduleConfig], voice: Voice
) -> Iterable[Message]:
    """A message for each due time with late or failed deliveries, other than those to owners."""

    def key(row: dict[str, Any]) -> tuple[str, str, str, bool]:
        return row["schedule"], row["due"], row["run_id"] or "", row["state"] == "failed"

    ours = [row for row in rows if row["kind"] != "owner" and row["schedule"] in schedules]
    for (name, due, run_id, has_failed), group in groupby(sorted(ours, key=key), key):
        who = [f"{row['recipient']}: {row['answer']}" for row in group]
        schedule, moment = schedules[name], datetime.fromisoformat(due)
        if has_failed:
            yield from messages.undelivered(voice, schedule, moment, who, run_id or None)
        else:
            yield from messages.delayed(voice, schedule, moment, who)


def _once(found: Iterable[Message]) -> list[Message]:
    """One message per recipient, who may own several schedules."""
    return list({message.recipient: message for message in found}.values())
