"""A schedule's report made at once: sent, or tried out without sending."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from segmenter import delivery
from segmenter.config import Config
from segmenter.config.schedule import ScheduleConfig
from segmenter.errors import ConfigError, DeliveryError
from segmenter.folders import temporary_folder
from segmenter.runs.state import FILE, keep_copy, open_state, read_state, transaction
from segmenter.schedule import child, ledger, messages
from segmenter.schedule.freshness import freshness
from segmenter.schedule.ledger import BY_HAND, FOR_OTHERS, Slot
from segmenter.schedule.work import Command, Worker, faults, make, n_news, reason_to_hold_back

CommandOf = Callable[[Config], Command]


@dataclass(frozen=True)
class Tried:
    """What became of a run by hand; `previews` are mails that were written instead of sent."""

    state: str
    run_id: str | None
    cause: str
    previews: tuple[Path, ...] = ()
    delivered: tuple[dict[str, object], ...] = ()


def find(config: Config, name: str) -> ScheduleConfig:
    """The schedule called `name`.

    Raises
    ------
    ConfigError
        There is none of that name.
    """
    for schedule in config.schedule:
        if schedule.name == name:
            return schedule
    known = ", ".join(schedule.name for schedule in config.schedule) or "none"
    raise ConfigError(f"There is no schedule {name}; the configuration has: {known}.")


def run_now(
    config: Config,
    schedule: ScheduleConfig,
    command: CommandOf,
    now: Callable[[], datetime],
    recipients: tuple[str, ...] = (),
) -> Tried:
    """Make the report now and send it to `recipients`, by default the schedule's own.

    Raises
    ------
    DeliveryError
        One of `recipients` cannot be served: unknown, without a secret, or outside the allowed domains.
    """
    _check(recipients, config)
    archive, owner = Path(config.engine.archive), f"{FOR_OTHERS if recipients else BY_HAND}{uuid4().hex}"
    chosen = schedule.model_copy(
        update={"recipients": recipients or schedule.recipients, "condition": "always", "retries": 0}
    )
    slot, heartbeat = Slot(schedule.name, now(), 0), delivery.Heartbeat()
    with open_state(archive) as state:
        ledger.watched_since(state, schedule, slot.due)
        ledger.claim(state, schedule.name, slot.due, owner, slot.due)
    make(Worker(archive, config, command(config), owner, now, heartbeat), chosen, slot)
    sent = _send(config, delivery.About(schedule.name, slot.due), now)
    heartbeat.finish()
    with read_state(archive) as state:
        row = next(each for each in ledger.history(state, schedule.name) if each["due"] == slot.due.isoformat())
    return Tried(row["state"], row["run_id"], row["cause"], delivered=sent)


def _check(recipients: tuple[str, ...], config: Config) -> None:
    """Refuse recipients who cannot be served, before any work is done."""
    problems = delivery.check(recipients, config.delivery)
    if problems:
        raise DeliveryError(" ".join(map(str, problems)))


def _send(config: Config, about: delivery.About, now: Callable[[], datetime]) -> tuple[dict[str, object], ...]:
    """Send the outbox's messages of one due time; returns their rows."""
    archive = Path(config.engine.archive)
    delivery.deliver_due(archive, config.delivery, config.report, now, about)
    keep_copy(archive)
    with read_state(archive) as state:
        rows = delivery.history(state, about.schedule, 1000)
    return tuple(row for row in rows if row["due"] == about.due.isoformat())


def try_out(
    config: Config, schedule: ScheduleConfig, command: CommandOf, now: Callable[[], datetime], folder: Path,
    recipients: tuple[str, ...] = (),
) -> Tried:  # fmt: skip
    """Make the report and write it, and each mail as .eml, into `folder`; nothing is sent, and the archive stays as it is."""
    chosen = schedule.model_copy(update={"recipients": recipients or schedule.recipients})
    folder.mkdir(parents=True, exist_ok=True)
    with _shadow(Path(config.engine.archive)) as shadow:
        aside = config.model_copy(update={"engine": config.engine.model_copy(update={"archive": str(shadow)})})
        limits = schedule.time_limit_minutes * 60, child.memory_limit(config)
        outcome = child.run(command(aside)(schedule), *limits)
        if (run := outcome.made) is None:
            return Tried("failed", None, outcome.cause)
        problems = faults(schedule, run)
        slot = Slot(schedule.name, now(), 1)
        with read_state(shadow) as state:
            gap, since, before = ledger.gap(state, slot), ledger.last_heard(state, slot), ledger.last_made(state, slot)
        fresh = freshness(schedule, run.folder, since, before, slot.due)
        opening = messages.Opening(gap, fresh=fresh)
        report = messages.report(messages.voice_of(config), chosen, slot, run.run_id, opening, since)
        previews = _write_previews(report, aside, folder)
        held_back = reason_to_hold_back(schedule, run, n_news(schedule, run, shadow, since), fresh)
        made = folder / run.run_id
        shutil.move(run.folder, made)
    return Tried("failed" if problems else "done", run.run_id, problems or held_back, (*previews, made))


def _write_previews(report: tuple[delivery.Message, ...], config: Config, folder: Path) -> list[Path]:
    written = []
    for number, message in enumerate((each for each in report if each.channel == "email"), 1):
        path = folder / f"{message.schedule}-{number}.eml"
        path.write_bytes(delivery.preview(message, Path(config.engine.archive), config.delivery, config.report))
        written.append(path)
    return written


@contextmanager
def _shadow(archive: Path) -> Iterator[Path]:
    """A temporary archive with the runs and state of `archive`, which stays unchanged when a run is written into it."""
    from segmenter.privacy import SECRET

    with temporary_folder() as shadow:
        for path in archive.iterdir() if archive.is_dir() else ():
            if path.name == SECRET or (path.is_dir() and not path.name.startswith(".")):  # .cache would be written to
                (shadow / path.name).symlink_to(path.absolute())
        with read_state(archive) as state:
            state.execute("VACUUM INTO ?", (str(shadow / FILE),))
        yield shadow


def send_again(
    config: Config,
    run_id: str,
    recipients: tuple[str, ...],
    now: Callable[[], datetime],
    *,
    alerts: bool = False,
) -> tuple[dict[str, object], ...]:
    """Send the report of a run, or its alerts, to `recipients`, again or for the first time; returns the outbox's rows.

    Raises
    ------
    DeliveryError
        A recipient cannot be served: unknown, without a secret, or outside the allowed domains.
    """
    _check(recipients, config)
    about = delivery.About("by-hand", now())
    by_hand = ScheduleConfig(
        name=about.schedule, cron="0 0 * * *", recipients=recipients, formats=config.report.formats,
        kind="alerts" if alerts else "segmentation",
    )  # fmt: skip
    report = messages.report(messages.voice_of(config), by_hand, Slot(about.schedule, about.due, 1), run_id)
    with open_state(Path(config.engine.archive)) as state, transaction(state):
        delivery.enqueue(state, report, about.due)
    return _send(config, about, now)
