"""Works through the outbox: each message by itself, whatever becomes of the others."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal
from uuid import uuid4

from segmenter.config.delivery import DeliveryConfig
from segmenter.config.report import ReportConfig
from segmenter.delivery import folder, mail, outbox, smtp, webhook
from segmenter.delivery.answers import UnansweredError, UnreachedError
from segmenter.delivery.check import check
from segmenter.delivery.content import content
from segmenter.delivery.outbox import CHANNELS, About, Message, Row
from segmenter.delivery.secrets import redacted, secret
from segmenter.errors import DeliveryError, RunError, SegmenterError
from segmenter.runs.state import open_state, transaction

PARALLEL = 4  # messages of one channel at a time, no two of them to one recipient
log = logging.getLogger("segmenter.service")


@dataclass(frozen=True)
class Sent:
    """What became of a message: sent, failed for good, or put off until `until`; `answer` in words."""

    row: Row
    outcome: Literal["sent", "failed", "put off"]
    answer: str
    until: datetime
    ambiguous: bool = False
    is_recorded: bool = False


class Post:
    """Sends what the outbox holds, several messages at a time: a server that stalls holds up nobody else."""

    def __init__(
        self, archive: Path, now: Callable[[], datetime], sender: str, ring: Callable[[], object] | None = None
    ) -> None:
        """`sender` is our token in the outbox, `ring` is called whenever a message has got its answer."""
        self.archive, self.now, self.sender, self.ring = archive, now, sender, ring
        self._pool = ThreadPoolExecutor(PARALLEL * len(CHANNELS), "post")
        self._sending: dict[int, tuple[Row, Future[Sent]]] = {}
        self._unrecorded: list[Sent] = []

    def send_due(self, config: DeliveryConfig, report: ReportConfig, about: About | None = None) -> int:
        """Begin to send messages whose time has come, as many as there is room for; returns how many."""
        begun = 0
        with open_state(self.archive) as state:
            for row in self._rows(state, about):
                future = self._pool.submit(self._send, row, config, report)
                self._sending[row.number] = (row, future)
                if self.ring is not None:
                    future.add_done_callback(lambda _: self.ring and self.ring())
                begun += 1
        return begun

    def _rows(self, state: sqlite3.Connection, about: About | None) -> Iterator[Row]:
        for channel in CHANNELS:
            while True:
                busy = [row.message.recipient for row, _ in self._sending.values() if row.message.channel == channel]
                if len(busy) >= PARALLEL:
                    break
                row = outbox.take(state, self.now(), channel, self.sender, busy, about)
                if row is None:
                    break
                yield row

    def _send(self, row: Row, config: DeliveryConfig, report: ReportConfig) -> Sent:
        """Send one message and record its answer at once, so that a crash has little time to come between."""
        sent = self._answered(row, config, report)
        return replace(sent, is_recorded=self._record(sent))

    def _answered(self, row: Row, config: DeliveryConfig, report: ReportConfig) -> Sent:
        secrets = _secrets(row.message, config)
        try:
            answer = self._transmit(row, config, report)
        except SegmenterError as error:
            cause = redacted(str(error), secrets)
            if _is_final(error, row, config, self.now()):
                return Sent(row, "failed", cause, self.now())
            ambiguous = isinstance(error, UnansweredError)
            return Sent(row, "put off", cause, _later(error, row, self.now()), ambiguous)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and the row is not left as being sent
            told = f"It failed in a way it should not: {type(error).__name__}: {error}"
            return Sent(row, "failed", redacted(told, secrets), self.now())
        return Sent(row, "sent", redacted(answer, secrets), self.now())

    def _transmit(self, row: Row, config: DeliveryConfig, report: ReportConfig) -> str:
        message, now = row.message, self.now()
        for problem in check([message.recipient], config):
            raise problem
        what = content(message, self.archive, report)
        if message.channel == "folder":
            return folder.send(message, what, Path(message.recipient.partition(":")[2]))
        hand_over = partial(self._hand_over, row)
        if message.channel == "webhook":
            hook = config.webhooks[message.recipient.partition(":")[2]]
            url = secret(hook.url_env, hook.url_file, "the webhook's address")
            key = secret(hook.secret_env, hook.secret_file, "the webhook's key")
            return webhook.send(message, what, hook, config, (url, key), now, hand_over)
        password = secret(config.password_env, config.password_file, "the password of the mail server")
        letter = mail.compose(message, what, config, now)
        return smtp.send(letter, message.recipient, config, password, hand_over)

    def _hand_over(self, row: Row) -> None:
        """Note that only the last word is left to say; what cannot be noted is not said."""
        try:
            with open_state(self.archive) as state:
                outbox.hand_over(state, row)
        except (sqlite3.Error, RunError) as error:
            raise UnreachedError(f"It was not sent, as that could not be noted: {error}.") from None

    def _record(self, sent: Sent) -> bool:
        """Whether the answer is on record now: a full disk keeps it off, and nobody from hearing what became of the message."""
        try:
            with open_state(self.archive) as state:
                if sent.outcome == "put off":
                    outbox.put_off(state, sent.row, sent.answer, sent.until, ambiguous=sent.ambiguous)
                else:
                    outbox.settle(state, sent.row, sent.outcome, sent.answer, self.now())
        except (sqlite3.Error, RunError) as error:
            log.error("answer not recorded", extra={"cause": str(error)})  # noqa: TRY400 - a person reads it
            return False
        return True

    def collect(self) -> tuple[Sent, ...]:
        """What became of the messages that have got their answers since; what could not be recorded then is tried again."""
        ended = [number for number, (_, future) in self._sending.items() if future.done()]
        found = [future.result() for number in ended for _, future in [self._sending.pop(number)]]
        left = [*self._unrecorded, *(sent for sent in found if not sent.is_recorded)]
        self._unrecorded = [sent for sent in left if not self._record(sent)]
        return tuple(found)

    def recover(self) -> int:
        """Put back what a crash cut short; only the service may call this. Returns how many."""
        held = [*self._sending, *(sent.row.number for sent in self._unrecorded)]
        with open_state(self.archive) as state, transaction(state):
            return outbox.recover(state, held, self.now())

    @property
    def is_sending(self) -> bool:
        """Whether messages were begun and not collected yet."""
        return bool(self._sending)

    @property
    def is_idle(self) -> bool:
        """Whether every message that was begun has its answer on record."""
        return not self._unrecorded and all(future.done() for _, future in self._sending.values())

    def wait(self, *, for_all: bool = True) -> None:
        """Wait for the answers of the messages that are being sent, or for the first of them."""
        futures = [future for _, future in self._sending.values()]
        wait(futures, return_when=ALL_COMPLETED if for_all else FIRST_COMPLETED)

    def finish(self) -> None:
        """Wait for the messages that are being sent; nothing can be sent afterwards."""
        self._pool.shutdown()


def deliver_due(
    archive: Path,
    config: DeliveryConfig,
    report: ReportConfig,
    now: Callable[[], datetime],
    about: About | None = None,
) -> tuple[Sent, ...]:
    """Send every message whose time has come, of one due time where `about` is given; what became of each.

    A mail whose answer got lost is sent once more, under the same Message-ID, and then given up. A refusal for
    good (5xx), or `config.give_up_hours` without success, ends a message as failed; anything else is tried again
    after a minute, doubled up to an hour. Each answer is on the disk before the recipient's next message is sent.
    """
    post = Post(archive, now, f"{outbox.BY_HAND}{uuid4().hex}")
    found: list[Sent] = []
    try:
        while post.send_due(config, report, about) or post.is_sending:
            post.wait(for_all=False)
            found += post.collect()
    finally:
        post.finish()
    return tuple(found)


def _is_final(error: SegmenterError, row: Row, config: DeliveryConfig, now: datetime) -> bool:
    old = now - row.created_at >= timedelta(hours=config.give_up_hours)
    twice = row.ambiguous and row.message.channel == "email" and isinstance(error, UnansweredError)
    return old or twice or not isinstance(error, UnreachedError)


def _later(error: SegmenterError, row: Row, now: datetime) -> datetime:
    asked = (error.retry_after or 0.0) if isinstance(error, UnreachedError) else 0.0
    patience = timedelta(seconds=min(asked, outbox.LONGEST_WAIT.total_seconds()))
    return now + max(outbox.pause(row.attempts), patience)


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
