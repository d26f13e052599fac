"""Works through the outbox: one message after the other, each by itself, whatever became of those before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from segmenter.config.delivery import DeliveryConfig
from segmenter.config.report import ReportConfig
from segmenter.delivery import folder, mail, outbox, smtp, webhook
from segmenter.delivery.answers import RefusedError, UnansweredError, UnreachedError
from segmenter.delivery.check import check
from segmenter.delivery.content import content
from segmenter.delivery.outbox import CHANNELS, Channel, Message, Row
from segmenter.delivery.secrets import secret, without
from segmenter.errors import DeliveryError, SegmenterError
from segmenter.runs.state import open_state


@dataclass(frozen=True)
class Failed:
    """A message that was given up, and why."""

    schedule: str
    due: datetime
    kind: str
    recipient: str
    cause: str


@dataclass(frozen=True)
class Outcome:
    """What became of the messages whose time had come."""

    n_sent: int
    n_put_off: int
    failed: tuple[Failed, ...]


def deliver_due(
    archive: Path,
    config: DeliveryConfig,
    report: ReportConfig,
    now: Callable[[], datetime],
    channels: Sequence[Channel] = CHANNELS,
) -> Outcome:
    """Send every message of `channels` whose time has come.

    A mail whose answer got lost is sent once more, under the same Message-ID, and then given up. A refusal for
    good (5xx), or `config.give_up_hours` without success, ends a message as failed; anything else is tried again
    after a minute, doubled up to an hour. Each answer is on the disk before the next message is sent.
    """
    found = [_deliver_due(archive, config, report, now, channel) for channel in channels]
    return Outcome(
        sum(each.n_sent for each in found),
        sum(each.n_put_off for each in found),
        tuple(failed for each in found for failed in each.failed),
    )


def _deliver_due(
    archive: Path, config: DeliveryConfig, report: ReportConfig, now: Callable[[], datetime], channel: Channel
) -> Outcome:
    n_sent, n_put_off, failed = 0, 0, []
    started = now()
    with open_state(archive) as state:
        while (row := outbox.take(state, started, channel)) is not None:
            secrets = _secrets(row.message, config)
            try:
                answer = _send(row.message, archive, config, report, now())
            except SegmenterError as error:
                cause = without(str(error), secrets)
                if _is_final(error, row, config, now()):
                    outbox.settle(state, row, "failed", cause, now())
                    message = row.message
                    failed.append(Failed(message.schedule, message.due, message.kind, message.recipient, cause))
                else:
                    unknown = isinstance(error, UnansweredError)
                    outbox.put_off(state, row, cause, _later(error, row, now()), ambiguous=unknown)
                    n_put_off += 1
            else:
                outbox.settle(state, row, "sent", without(answer, secrets), now())
                n_sent += 1
    return Outcome(n_sent, n_put_off, tuple(failed))


def _is_final(error: SegmenterError, row: Row, config: DeliveryConfig, now: datetime) -> bool:
    old = now - row.created_at >= timedelta(hours=config.give_up_hours)
    twice = row.ambiguous and row.message.channel == "email" and isinstance(error, UnansweredError)
    return old or twice or not isinstance(error, UnreachedError)


def _later(error: SegmenterError, row: Row, now: datetime) -> datetime:
    asked = error.retry_after if isinstance(error, UnreachedError) else None
    patience = min(timedelta(seconds=asked), outbox.LONGEST_WAIT) if asked else timedelta(0)
    return now + max(outbox.pause(row.attempts), patience)


def _send(message: Message, archive: Path, config: DeliveryConfig, report: ReportConfig, now: datetime) -> str:
    problems = check([message.recipient], config)
    if problems:
        raise RefusedError(" ".join(problems))
    what = content(message, archive, report)
    if message.channel == "folder":
        return folder.send(message, what, Path(message.recipient.partition(":")[2]))
    if message.channel == "webhook":
        hook = config.webhooks[message.recipient.partition(":")[2]]
        url = secret(hook.url_env, hook.url_file, "the webhook's address")
        key = secret(hook.secret_env, hook.secret_file, "the webhook's key")
        return webhook.send(message, what, hook, config, (url, key), now)
    password = secret(config.password_env, config.password_file, "the password of the mail server")
    return smtp.send(mail.compose(message, what, config, now), message.recipient, config, password)


def _secrets(message: Message, config: DeliveryConfig) -> tuple[str, ...]:
    """Every secret that sending `message` may touch, to be blotted out of what is recorded."""
    named = [(config.password_env, config.password_file)]
    if hook := config.webhooks.get(message.recipient.partition(":")[2]):
        named += [(hook.url_env, hook.url_file), (hook.secret_env, hook.secret_file)]
    found = []
    for env, file in named:
        try:
            found.append(secret(env, file, ""))
        except DeliveryError:
            continue  # it is not there, so that it cannot be told; `check` says so to the sender
    return tuple(found)
