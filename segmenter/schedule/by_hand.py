"""A schedule's report made at once, for its recipients or for one who tries it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from segmenter import delivery
from segmenter.config import Config
from segmenter.config.schedule import ScheduleConfig
from segmenter.errors import ConfigError, DeliveryError
from segmenter.runs.state import open_state, transaction
from segmenter.schedule import child, ledger, messages
from segmenter.schedule.ledger import BY_HAND, Slot
from segmenter.schedule.work import Command, Desk, make, nothing_to_tell


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
    command: Command,
    now: Callable[[], datetime],
    recipients: tuple[str, ...] = (),
) -> Tried:
    """Make the report now and send it to `recipients`, where none are given to the schedule's own."""
    archive, owner = Path(config.engine.archive), f"{BY_HAND}{uuid4().hex}"
    chosen = schedule.model_copy(
        update={"recipients": recipients or schedule.recipients, "condition": "always", "retries": 0}
    )
    slot = Slot(schedule.name, now(), 0)
    with open_state(archive) as state:
        ledger.watched_since(state, schedule.name, slot.due)
        ledger.claim(state, schedule.name, slot.due, owner, slot.due)
    make(Desk(archive, config, command, owner, now), chosen, slot)
    delivery.deliver_due(archive, config.delivery, config.report, now)
    with open_state(archive) as state:
        row = next(each for each in ledger.history(state, schedule.name) if each["due"] == slot.due.isoformat())
        sent = tuple(
            each for each in delivery.history(state, schedule.name, 1000) if each["due"] == slot.due.isoformat()
        )
    return Tried(row["state"], row["run_id"], row["cause"], delivered=sent)


def try_out(
    config: Config, schedule: ScheduleConfig, command: Command, now: Callable[[], datetime], folder: Path,
    recipients: tuple[str, ...] = (),
) -> Tried:  # fmt: skip
    """Make the report and write each mail into `folder` as .eml; nothing is sent and nothing enters the ledger."""
    chosen = schedule.model_copy(update={"recipients": recipients or schedule.recipients})
    outcome = child.run(command(schedule), schedule.time_limit_minutes * 60)
    if outcome.document is None or outcome.folder is None:
        return Tried("failed", None, outcome.cause)
    faults = delivery.gate(outcome.folder)
    told = messages.report(chosen, Slot(schedule.name, now(), 1), outcome.run_id or "", ("", 0))
    folder.mkdir(parents=True, exist_ok=True)
    previews = []
    for number, message in enumerate(each for each in told if each.channel == "email"):
        path = folder / f"{schedule.name}-{number + 1}.eml"
        path.write_bytes(delivery.preview(message, Path(config.engine.archive), config.delivery, config.report))
        previews.append(path)
    state = "failed" if faults else "done"
    return Tried(state, outcome.run_id, " ".join(faults) or nothing_to_tell(schedule, outcome), tuple(previews))


def send_again(
    config: Config, run_id: str, recipients: tuple[str, ...], now: Callable[[], datetime]
) -> tuple[dict[str, object], ...]:
    """Send the report of a run to `recipients`, again or for the first time; the ledger's rows of it.

    Raises
    ------
    DeliveryError
        A recipient cannot be served: unknown, without a secret, or outside the allowed domains.
    """
    problems = delivery.check(recipients, config.delivery)
    if problems:
        raise DeliveryError(" ".join(problems))
    archive, moment = Path(config.engine.archive), now()
    by_hand = ScheduleConfig(name="by-hand", cron="0 0 * * *", recipients=recipients, formats=config.report.formats)
    with open_state(archive) as state, transaction(state):
        delivery.enqueue(state, messages.report(by_hand, Slot("by-hand", moment, 1), run_id, ("", 0)), moment)
    delivery.deliver_due(archive, config.delivery, config.report, now)
    with open_state(archive) as state:
        return tuple(each for each in delivery.history(state, "by-hand", 1000) if each["due"] == moment.isoformat())
