"""One due time from claim to outbox: run, gate, and in one transaction the result and its messages."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from segmenter import delivery
from segmenter.config import Config
from segmenter.config.schedule import ScheduleConfig
from segmenter.delivery import Message
from segmenter.runs.state import open_state, transaction
from segmenter.schedule import child, ledger, messages
from segmenter.schedule.child import Made, Outcome
from segmenter.schedule.freshness import Freshness, freshness
from segmenter.schedule.ledger import Slot

Command = Callable[[ScheduleConfig], Sequence[str]]
REMIND = timedelta(days=1)  # between two messages to the owner while a schedule keeps failing
MOST_CRASHES = 5  # interruptions of one due time's work after which it is given up, whatever its retries
log = logging.getLogger("segmenter.service")


@dataclass(frozen=True)
class Worker:
    """What work on a due time needs; `command` gives the run's command line, `owner` is the holder of the claim."""

    archive: Path
    config: Config
    command: Command
    owner: str
    now: Callable[[], datetime]
    heartbeat: delivery.Heartbeat

    @property
    def is_by_hand(self) -> bool:
        """Whether a person started it, who sees what goes wrong."""
        return self.owner.startswith(ledger.BY_HAND)

    @property
    def is_for_others(self) -> bool:
        """Whether the report goes to recipients named on the command line, not to the schedule's own."""
        return self.owner.startswith(ledger.FOR_OTHERS)


def make(worker: Worker, schedule: ScheduleConfig, slot: Slot) -> None:
    """Make the report of a claimed due time and put it, or a notice that there is none, into the outbox."""
    with open_state(worker.archive) as state:
        begun = ledger.begin(state, slot, worker.owner)
    if begun is None:
        log.error("lost its claim", extra={"schedule": slot.schedule, "due": slot.due})
        return
    slot, began_at = begun, worker.now()
    log.info("begins", extra={"schedule": slot.schedule, "due": slot.due, "attempt": slot.attempt})
    worker.heartbeat.tell(worker.config.delivery, "start", f"{slot.schedule} {slot.due.isoformat()}")
    outcome = _outcome(worker, schedule, slot)
    if outcome.made is None and slot.n_tries <= schedule.retries and slot.crashes <= MOST_CRASHES:
        _try_again(worker, slot, outcome.cause)
    elif outcome.made is None:
        _fail(worker, schedule, slot, outcome.cause)
    elif found := faults(schedule, outcome.made):
        _fail(worker, schedule, slot, found)
    else:
        _succeed(worker, schedule, slot, outcome.made, began_at)


def _outcome(worker: Worker, schedule: ScheduleConfig, slot: Slot) -> Outcome:
    """The run, or why there is none."""
    if slot.crashes > MOST_CRASHES:
        return Outcome(None, f"It was interrupted {slot.crashes} times by a crash of the service or the machine.")
    if problem := _lack_of_space(worker):
        return Outcome(None, problem)
    limits = schedule.time_limit_minutes * 60, child.memory_limit(worker.config)
    return child.run(worker.command(schedule), *limits)


def _lack_of_space(worker: Worker) -> str:
    """A sentence where the disk has less free space than a run may need, else empty."""
    free = shutil.disk_usage(worker.archive).free // 2**20
    if free >= worker.config.service.min_free_mib:
        return ""
    return (
        f"The disk of {worker.archive} has {free:,} MiB left; service.min_free_mib asks for "
        f"{worker.config.service.min_free_mib:,}. Free space, for example with `segmenter runs prune`."
    )


def faults(schedule: ScheduleConfig, made: Made) -> str:
    """Why a run must not be sent as a report, empty where it may."""
    found = list(delivery.gate(made.folder, schedule.formats))
    if made.n_customers < schedule.min_customers:
        found.append(f"It has {made.n_customers:,} customers; min_customers asks for {schedule.min_customers:,}.")
    return " ".join(found)


def n_news(schedule: ScheduleConfig, made: Made, archive: Path, since: str | None) -> int:
    """How many customers are newly odd or worse since the run `since`, None: since the previous run."""
    matters = schedule.kind == "alerts" or schedule.condition in {"new anomalies", "above"}
    if since is None or not matters:
        return made.new_alerts
    from segmenter.runs.archive import read
    from segmenter.runs.news import as_news

    counts = as_news(read(made.folder), archive, since).history.alerts
    return made.new_alerts if counts is None else counts.n_news


def reason_to_hold_back(schedule: ScheduleConfig, made: Made, odd: int, fresh: Freshness | None) -> str:
    """Why the schedule's condition holds a report back, empty where it is sent; `odd` customers are newly odd or worse."""
    same = "No transactions have come since the last report." if fresh is not None and fresh.known_since else ""
    return {
        "always": "",
        "new anomalies": "" if odd else "No customer is newly odd.",
        "changed": same or ("" if made.changed else "No segment has really changed."),
        "above": "" if odd >= schedule.threshold else f"{odd} newly odd, fewer than {schedule.threshold}.",
    }[schedule.condition]


def _succeed(worker: Worker, schedule: ScheduleConfig, slot: Slot, made: Made, began_at: datetime) -> None:
    run_id, voice = made.run_id, messages.voice_of(worker.config)
    with open_state(worker.archive) as state:
        since, gap, before = ledger.last_heard(state, slot), ledger.gap(state, slot), ledger.last_made(state, slot)
    fresh = freshness(schedule, made.folder, since, before, began_at)
    held_back = reason_to_hold_back(schedule, made, n_news(schedule, made, worker.archive, since), fresh)
    late = began_at - slot.due > timedelta(minutes=worker.config.service.grace_minutes)
    opening = messages.Opening(gap, began_at if late else None, made.as_of, fresh)
    sent = () if held_back else messages.report(voice, schedule, slot, run_id, opening, since)
    if fresh is not None and fresh.is_first and not worker.is_for_others:
        sent = (*sent, *messages.silent(voice, schedule, slot, fresh))
    with open_state(worker.archive) as state:
        _close(state, worker, slot, sent, messages.recovery(voice, schedule, slot), run_id=run_id, cause=held_back)
    worker.heartbeat.tell(worker.config.delivery, "success", run_id)
    log.info("done", extra={"schedule": slot.schedule, "due": slot.due, "run": run_id, "cause": held_back})


def _try_again(worker: Worker, slot: Slot, cause: str) -> None:
    until = worker.now() + min(timedelta(minutes=2 ** (slot.n_tries - 1)), ledger.LONGEST_PAUSE)
    with open_state(worker.archive) as state:
        ledger.postpone(state, slot, worker.owner, until, cause)
    log.warning("waits", extra={"schedule": slot.schedule, "due": slot.due, "until": until, "cause": cause})


def _fail(worker: Worker, schedule: ScheduleConfig, slot: Slot, cause: str) -> None:
    voice = messages.voice_of(worker.config)
    notices = () if worker.is_by_hand else messages.notice(voice, schedule, slot, cause)
    owners = messages.failure(voice, schedule, slot, cause)
    with open_state(worker.archive) as state:
        _close(state, worker, slot, notices, owners, run_id=None, cause=cause)
    worker.heartbeat.tell(worker.config.delivery, "fail", f"{slot.schedule} {slot.due.isoformat()}")
    log.error("failed", extra={"schedule": slot.schedule, "due": slot.due, "cause": cause})


def _close(
    state: sqlite3.Connection,
    worker: Worker,
    slot: Slot,
    recipients: Sequence[Message],
    owners: Sequence[Message],
    *,
    run_id: str | None,
    cause: str,
) -> None:
    """Record the result, done or (without a run) failed, with the messages to recipients and owners, in one transaction.

    Nothing is recorded where the claim was lost. Owners are told of the first failure, of the recovery, and once a day in
    between.
    """
    now, outcome = worker.now(), "done" if run_id else "failed"
    with transaction(state):
        if not ledger.finish(state, slot, worker.owner, now, outcome, run_id=run_id, cause=cause):
            log.error("lost its claim", extra={"schedule": slot.schedule, "due": slot.due})
            return
        delivery.enqueue(state, recipients, now)
        is_told = worker.is_by_hand and outcome == "failed"
        if not is_told and ledger.tell_owner(state, slot.schedule, now, REMIND, failed=outcome == "failed"):
            delivery.enqueue(state, owners, now)
