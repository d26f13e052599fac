"""The service: wakes at due times, and at least every twenty seconds, and does what the ledger says is to be done.

APScheduler only wakes it. What is due is computed from the cron expressions and the ledger on every
tick, so that a clock that jumps, a machine that slept or a service that died neither loses nor repeats a due time.
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
from segmenter.config import Config, load_config
from segmenter.config.schedule import ScheduleConfig
from segmenter.errors import ConfigError, SegmenterError
from segmenter.runs.state import open_state, transaction
from segmenter.schedule import ledger, messages, times
from segmenter.schedule.holder import hold
from segmenter.schedule.ledger import Slot
from segmenter.schedule.work import Command, Desk, make

TICK = 20.0  # seconds at most between two looks at the ledger and the clock
STAND_BY = 2.0  # seconds between two tries to take over
PROMPT = timedelta(minutes=5)  # lateness up to which a due time counts as met, whatever the catch-up policy
MOST_MISSED = 1000  # missed due times that get a row; of more only the last ones do
log = logging.getLogger("segmenter.service")


class Settings:
    """The configuration file as the service uses it: read again when it changes, the old one kept when it is broken."""

    def __init__(self, path: Path | None, archive: str | None = None) -> None:
        """Read `path` (None: all defaults); `archive` stands in for the configuration's.

        Raises
        ------
        ConfigError
            The file cannot be used.
        """
        self.path = path
        self.archive = archive
        self._seen = self._text()
        self.config = self._load()
        self.archive = self.config.engine.archive  # the one that the service holds, whatever is edited

    def _text(self) -> bytes:
        return self.path.read_bytes() if self.path is not None and self.path.exists() else b""

    def _load(self) -> Config:
        overrides = {"engine": {"archive": self.archive}} if self.archive else {}
        return load_config(self.path, **overrides)

    def refresh(self) -> str | None:
        """Use an edited file; the fault in words where it cannot be used, once for each edit."""
        text = self._text()
        if text == self._seen:
            return None
        self._seen = text
        try:
            self.config = self._load()
        except ConfigError as error:
            return str(error)
        log.info("configuration read again")
        return None


class Service:
    """Works through the due times of one archive, which it holds."""

    def __init__(
        self, settings: Settings, command: Callable[[Config], Command], now: Callable[[], datetime] | None = None
    ) -> None:
        """`command` gives the command line of a schedule's run; `now` is the clock, in UTC."""
        self.settings = settings
        self.command = command
        self.now = now or (lambda: datetime.now(UTC))
        self.owner = uuid4().hex
        self.archive = Path(settings.config.engine.archive)
        self._working: dict[tuple[str, datetime], Future[None]] = {}
        self._runs = ThreadPoolExecutor(settings.config.service.parallel, "run")
        self._post = ThreadPoolExecutor(len(delivery.CHANNELS), "post")
        self._posting: dict[delivery.Channel, Future[None]] = {}
        self._recovered = False
        self._wake = threading.Event()
        self._ended = threading.Event()

    def serve(self, *, wait: bool = True) -> None:
        """Hold the archive and work until `stop`; with `wait` stand by while another service holds it.

        Raises
        ------
        HeldError
            Another service holds the archive and `wait` is off.
        """
        with hold(self.archive, wait=wait, pause=self._stand_by):
            if self._ended.is_set():
                return
            log.info("serves", extra={"archive": self.archive, "schedules": len(self.settings.config.schedule)})
            with _alarm(self._wake.set) as set_alarm:
                while not self._ended.is_set():
                    self._tick_safely()
                    set_alarm(self._next_due())
                    self._wake.wait(TICK)
                    self._wake.clear()
            self.finish()

    def stop(self) -> None:
        """End `serve` after the runs that are under way."""
        self._ended.set()
        self._wake.set()

    def _stand_by(self) -> None:
        if self._ended.wait(STAND_BY):
            raise SystemExit(0)

    def _tick_safely(self) -> None:
        """One tick; what goes wrong in it (a full disk, a damaged ledger) is logged and tried again at the next."""
        try:
            self.tick()
        except (SegmenterError, OSError, sqlite3.Error) as error:
            log.error("tick failed", extra={"cause": str(error)})  # noqa: TRY400 - a person reads it, not a traceback

    def tick(self) -> None:
        """Look once at the configuration, the clock and the ledger, and begin what is due."""
        fault = self.settings.refresh()
        if fault:
            self._tell_all_owners(fault)
        with open_state(self.archive) as state:
            self._recover(state)
            for schedule in self.settings.config.schedule:
                self._note_due(state, schedule)
        self._collect()
        for slot in self._adopted():
            self._begin(slot)
        self._deliver()

    def _recover(self, state: sqlite3.Connection) -> None:
        """Once, before anything is sent: messages that a service before was cut short in sending."""
        if not self._recovered:
            with transaction(state):
                delivery.recover(state)
            self._recovered = True

    def _note_due(self, state: sqlite3.Connection, schedule: ScheduleConfig) -> None:
        """Give every due time since the last one its row: claimed and begun, or skipped by the catch-up policy."""
        now = self.now()
        since = ledger.watched_since(state, schedule.name, now)
        due = times.missed(schedule, since, now, MOST_MISSED)
        wanted = set(_made_up_for(schedule, due, now))
        for moment in due:
            if moment not in wanted:
                cause = f"It was missed while the service did not run; catch_up = {schedule.catch_up}."
                ledger.skip(state, schedule.name, moment, cause, now)
            elif ledger.claim(state, schedule.name, moment, self.owner, now):
                self._begin(Slot(schedule.name, moment, 0))

    def _adopted(self) -> tuple[Slot, ...]:
        """Slots to be tried again: waiting ones, and claims that nobody works on."""
        with open_state(self.archive) as state:
            return ledger.adopt(state, self.owner, self.now(), self._working.keys())

    def _begin(self, slot: Slot) -> None:
        schedule = next((each for each in self.settings.config.schedule if each.name == slot.schedule), None)
        if schedule is None:
            self._drop(slot)
            return
        desk = self._desk()
        log.debug("queued", extra={"schedule": slot.schedule, "due": slot.due})
        self._working[(slot.schedule, slot.due)] = self._runs.submit(make, desk, schedule, slot)

    def _drop(self, slot: Slot) -> None:
        with open_state(self.archive) as state, transaction(state):
            cause = "The schedule is no longer in the configuration."
            ledger.finish(state, slot, self.owner, self.now(), "failed", run_id=None, cause=cause)

    def _desk(self) -> Desk:
        config = self.settings.config
        return Desk(self.archive, config, self.command(config), self.owner, self.now)

    def _collect(self) -> None:
        """Take note of work that ended; what failed in a way it should not is left to the next attempt."""
        for key, future in list(self._working.items()):
            if future.done():
                del self._working[key]
                error = future.exception()
                if error is not None:
                    log.error("work broke off", extra={"schedule": key[0], "due": key[1], "cause": str(error)})
                    self._let_wait(Slot(*key, attempt=1), str(error))
        for channel, posting in list(self._posting.items()):
            if posting.done():
                del self._posting[channel]
                error = posting.exception()
                if error is not None:
                    log.error("deliveries broke off", extra={"channel": channel, "cause": str(error)})

    def _let_wait(self, slot: Slot, cause: str) -> None:
        with open_state(self.archive) as state:
            ledger.postpone(state, slot, self.owner, self.now() + timedelta(minutes=1), cause)

    def _deliver(self) -> None:
        """Send what the outbox holds, beside the rest: a mail server that stalls holds up no webhook and no folder."""
        for channel in delivery.CHANNELS:
            if channel not in self._posting:
                self._posting[channel] = self._post.submit(self._send, channel)

    def _send(self, channel: delivery.Channel) -> None:
        config = self.settings.config
        outcome = delivery.deliver_due(self.archive, config.delivery, config.report, self.now, [channel])
        by_slot: dict[tuple[str, datetime], list[str]] = {}
        for failed in outcome.failed:
            log.error("not delivered", extra={"schedule": failed.schedule, "due": failed.due, "cause": failed.cause})
            if failed.kind != "owner":
                by_slot.setdefault((failed.schedule, failed.due), []).append(f"{failed.recipient}: {failed.cause}")
        schedules = {schedule.name: schedule for schedule in config.schedule}
        with open_state(self.archive) as state, transaction(state):
            for (name, due), who in by_slot.items():
                if name in schedules:
                    told = messages.undelivered(schedules[name], Slot(name, due, 1), who)
                    delivery.enqueue(state, told, self.now())

    def _tell_all_owners(self, fault: str) -> None:
        log.error("configuration cannot be used", extra={"cause": fault})
        now = self.now()
        told = [
            each for schedule in self.settings.config.schedule for each in messages.broken_config(schedule, now, fault)
        ]
        once = {message.recipient: message for message in told}
        with open_state(self.archive) as state, transaction(state):
            delivery.enqueue(state, tuple(once.values()), now)

    def _next_due(self) -> datetime | None:
        upcoming = [times.upcoming(schedule, self.now(), 1) for schedule in self.settings.config.schedule]
        return min((due for found in upcoming for due in found), default=None)

    def is_idle(self) -> bool:
        """Whether no run and no delivery is under way."""
        working = [*self._working.values(), *self._posting.values()]
        return all(future.done() for future in working)

    def finish(self) -> None:
        """Wait for the runs and deliveries that are under way."""
        self._runs.shutdown()
        self._post.shutdown()
        self._collect()


def _made_up_for(schedule: ScheduleConfig, due: tuple[datetime, ...], now: datetime) -> tuple[datetime, ...]:
    """Those of the `due` times that are worked on: prompt ones always, late ones by the catch-up policy."""
    if schedule.catch_up == "all":
        return due
    late = due if schedule.catch_up == "latest" else tuple(each for each in due if now - each <= PROMPT)
    return late[-1:]


@contextmanager
def _alarm(ring: Callable[[], object]) -> Iterator[Callable[[datetime | None], None]]:
    """APScheduler as alarm clock: yields a function that sets the time at which `ring` is called."""
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
