"""The service: wakes at due times, and at least every twenty seconds, and works on what is due by the ledger.

APScheduler only wakes it. What is due is computed from the cron expressions and the ledger on every tick, so that no
due time is lost or repeated when the clock jumps, the machine sleeps or the service dies.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from segmenter import delivery
from segmenter.config import Config
from segmenter.config.schedule import ScheduleConfig
from segmenter.errors import RunError, SegmenterError
from segmenter.runs.integrity import COPY
from segmenter.runs.state import keep_copy, open_state, transaction
from segmenter.schedule import ledger, owners, times
from segmenter.schedule.ledger import Slot
from segmenter.schedule.lock import hold
from segmenter.schedule.messages import voice_of
from segmenter.schedule.readiness import refuse_unready, silent_failures
from segmenter.schedule.settings import Settings
from segmenter.schedule.work import Command, Worker, make

TICK = 20.0  # seconds at most between two ticks
STAND_BY = 2.0  # seconds between two tries to take over
PROMPT = timedelta(minutes=5)  # lateness up to which a due time is not missed, so that catch_up does not matter
MOST_MADE_UP = 1000  # missed due times that catch_up = all works on; of more only the last ones
log = logging.getLogger("segmenter.service")


class Service:
    """Works through the due times of one archive, which it holds."""

    def __init__(
        self,
        settings: Settings,
        command: Callable[[Config, Path | None], Command],
        now: Callable[[], datetime] | None = None,
    ) -> None:
        """`command` gives the command line of a schedule's run by configuration and its file; `now` is the clock, in UTC."""
        self.settings = settings
        self.command = command
        self.now = now or (lambda: datetime.now(UTC))
        self.owner = uuid4().hex
        self.archive = Path(settings.config.engine.archive)
        self.heartbeat = delivery.Heartbeat()
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._working: dict[tuple[str, datetime], Future[None]] = {}
        self._runs = ThreadPoolExecutor(settings.config.service.parallel, "run")
        self.post = delivery.Post(self.archive, self.now, self.owner, self._wake.set)
        self._faults: list[str] = []  # in edits of the configuration, until the messages to owners are in the outbox
        self._has_closed, self._has_sent = False, False  # a due time, a message, since the ledger was last copied
        self._is_checked = False

    def serve(self, *, wait: bool = True) -> None:
        """Hold the archive and work until `stop`; with `wait` stand by while another service holds it.

        Raises
        ------
        HeldError
            Another service holds the archive and `wait` is off.
        ConfigError
            A recipient or secret cannot be served, and that does not pass by itself.
        """
        with hold(self.archive, wait=wait, pause=self._stand_by):
            if self._ended.is_set():
                return
            self._open()
            with _alarm(self._wake.set) as set_alarm:
                while not self._ended.is_set():
                    self._wake.clear()
                    self._tick_safely()
                    set_alarm(self._next_due())
                    self._wake.wait(TICK)
            self.finish()
            log.info("ends", extra={"archive": self.archive})

    def _open(self) -> None:
        config = self.settings.config
        refuse_unready(config, connect=True)
        self.settings.sweep()
        for schedule, why in silent_failures(config):
            log.warning("nobody is told", extra={"schedule": schedule.name, "cause": why})
        log.info("serves", extra={"archive": self.archive, "schedules": len(config.schedule)})

    def stop(self) -> None:
        """End `serve` once the runs in progress are done."""
        self._ended.set()
        self._wake.set()

    def _stand_by(self) -> None:
        """Wait for the archive; the first time, refuse a configuration with which this service could not take over."""
        if not self._is_checked:
            refuse_unready(self.settings.config)
            log.info("stands by", extra={"archive": self.archive})
            self._is_checked = True
        if self._ended.wait(STAND_BY):
            raise SystemExit(0)

    def _tick_safely(self) -> None:
        """One tick; an error in it (a full disk, a damaged ledger) is logged, and the next tick tries again."""
        try:
            self.tick()
        except (SegmenterError, OSError, sqlite3.Error) as error:
            log.error("tick failed", extra={"cause": str(error)})  # noqa: TRY400 - a person reads it, not a traceback

    def tick(self) -> None:
        """Read the configuration, the clock and the ledger once, and begin what is due."""
        if fault := self.settings.refresh():
            log.error("configuration cannot be used", extra={"cause": fault})
            self._faults.append(fault)
        with open_state(self.archive) as state:
            ledger.unwatch(state, [schedule.name for schedule in self.settings.config.schedule])
            for schedule in self.settings.config.schedule:
                self._note_due(state, schedule)
        self._collect()
        for slot in self._adopted():
            self._begin(slot)
        self._deliver()
        self._keep_copy()

    def _note_due(self, state: sqlite3.Connection, schedule: ScheduleConfig) -> None:
        """Insert rows for the due times since the last one: claimed and begun, or skipped by the catch-up policy."""
        now = self.now()
        since = ledger.watched_since(state, schedule, now)
        wanted = _made_up_for(schedule, since, now)
        left_out = times.missed(schedule, since, wanted[0] - timedelta(seconds=1) if wanted else now, 1)
        for last in left_out:
            cause = f"Missed while the service was not running; catch_up = {schedule.catch_up}."
            ledger.skip(state, schedule.name, last, times.count(schedule, since, last), cause, now)
        for moment in wanted:
            if ledger.claim(state, schedule.name, moment, self.owner, now):
                self._begin(Slot(schedule.name, moment, 0))

    def _adopted(self) -> tuple[Slot, ...]:
        """Slots to be tried again (`ledger.adopt`)."""
        with open_state(self.archive) as state:
            return ledger.adopt(state, self.owner, self.now(), self._working.keys())

    def _begin(self, slot: Slot) -> None:
        schedule = next((each for each in self.settings.config.schedule if each.name == slot.schedule), None)
        if schedule is None:
            self._drop(slot)
            return
        future = self._runs.submit(make, self._worker(), schedule, slot)
        self._working[(slot.schedule, slot.due)] = future
        future.add_done_callback(lambda _: self._wake.set())

    def _drop(self, slot: Slot) -> None:
        with open_state(self.archive) as state, transaction(state):
            cause = "The schedule is no longer in the configuration."
            ledger.finish(state, slot, self.owner, self.now(), "failed", run_id=None, cause=cause)

    def _worker(self) -> Worker:
        config = self.settings.config
        command = self.command(config, self.settings.file())
        return Worker(self.archive, config, command, self.owner, self.now, self.heartbeat)

    def _collect(self) -> None:
        """Remove work that has ended; where it raised an exception it waits to be begun again, as after a crash."""
        for key in [key for key, future in self._working.items() if future.done()]:
            future = self._working.pop(key)
            if future.cancelled():
                continue
            self._has_closed = True
            if error := future.exception():
                log.error("work broke off", extra={"schedule": key[0], "due": key[1], "cause": str(error)})
                with open_state(self.archive) as state:
                    until = self.now() + timedelta(minutes=1)
                    ledger.postpone(state, Slot(*key, attempt=1), self.owner, until, str(error), crashed=True)

    def _deliver(self) -> None:
        """Record what the outbox sent, tell the owners of faults, and begin to send what is due."""
        config = self.settings.config
        for sent in self.post.collect():
            self._has_sent = True
            if sent.outcome == "failed":
                message, cause = sent.row.message, f"{sent.row.message.recipient}: {sent.answer}"
                log.error("not delivered", extra={"schedule": message.schedule, "due": message.due, "cause": cause})
        self.post.recover()
        with open_state(self.archive) as state:
            owners.notify(state, config.schedule, voice_of(config), self.now(), self._faults)
        self._faults.clear()
        self.post.send_due(config.delivery, config.report)

    def _keep_copy(self) -> None:
        """Copy the ledger when a due time was closed, and when no message is being sent any more."""
        is_new = not (self.archive / COPY).exists()
        if is_new or self._has_closed or (self._has_sent and self.post.is_idle):
            try:
                keep_copy(self.archive)
            except RunError as error:
                log.error("no copy of the ledger", extra={"cause": str(error)})  # noqa: TRY400 - a person reads it
            else:
                self._has_closed = self._has_sent = False

    def _next_due(self) -> datetime | None:
        upcoming = [times.upcoming(schedule, self.now(), 1) for schedule in self.settings.config.schedule]
        return min((due for found in upcoming for due in found), default=None)

    @property
    def is_idle(self) -> bool:
        """Whether no run and no delivery is in progress."""
        return all(future.done() for future in self._working.values()) and self.post.is_idle

    def finish(self) -> None:
        """Wait for the runs and deliveries in progress, and record their outcomes.

        Due times whose run has not begun stay claimed: the next service begins them.
        """
        self._runs.shutdown(cancel_futures=True)
        self.post.finish()
        self._collect()
        self._has_sent = bool(self.post.collect()) or self._has_sent
        self._keep_copy()
        self.heartbeat.finish()


def _made_up_for(schedule: ScheduleConfig, since: datetime, now: datetime) -> tuple[datetime, ...]:
    """The due times in (`since`, `now`] to work on: a prompt one always, late ones by the catch-up policy."""
    if schedule.catch_up == "all":
        return times.missed(schedule, since, now, MOST_MADE_UP)
    last = times.missed(schedule, since, now, 1)
    return last if schedule.catch_up == "latest" else tuple(each for each in last if now - each <= PROMPT)


@contextmanager
def _alarm(ring: Callable[[], object]) -> Iterator[Callable[[datetime | None], None]]:
    """APScheduler as an alarm clock: yields a function that sets the time at which `ring` is called."""
    from apscheduler.schedulers.background import BackgroundScheduler
    from apscheduler.triggers.date import DateTrigger

    clock = BackgroundScheduler(timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True})
    clock.start()

    def set_to(moment: datetime | None) -> None:
        if moment is None:
            clock.remove_all_jobs()
        else:
            clock.add_job(ring, DateTrigger(moment), id="due", replace_existing=True)

    try:
        yield set_to
    finally:
        clock.shutdown(wait=False)
