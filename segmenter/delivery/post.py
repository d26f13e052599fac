"""Sends the messages of the outbox, each independently of the others."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
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
    """The outcome of an attempt: sent, failed for good, or put off until `until`; `answer` in words."""

    row: Row
    outcome: Literal["sent", "failed", "put off"]
    answer: str
    until: datetime
    ambiguous: bool = False
    is_recorded: bool = False


class Post:
    """Sends several messages of the outbox at a time, so that a stalled server delays no other recipient."""

    def __init__(
        self, archive: Path, now: Callable[[], datetime], sender: str, ring: Callable[[], object] | None = None
    ) -> None:
        """`sender` marks our rows in the outbox, `ring` is called whenever an attempt has ended."""
        self.archive, self.now, self.sender, self.ring = archive, now, sender, ring
        self._pool = ThreadPoolExecutor(PARALLEL * len(CHANNELS), "post")
        self._sending: dict[int, tuple[Row, Future[Sent]]] = {}
        self._unrecorded: list[Sent] = []

    def send_due(self, config: DeliveryConfig, report: ReportConfig, about: About | None = None) -> int:
        """Begin to send messages that are due, up to the limit per channel; returns how many."""
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
        """Send one message and record the outcome at once, so that a crash can hardly come between."""
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
        except Exception as error:  # noqa: BLE001 - a bug is recorded too, and the row not left as being sent
            cause = f"It failed in a way it should not: {type(error).__name__}: {error}"
            return Sent(row, "failed", redacted(cause, secrets), self.now())
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
        """Record that only the last step is left; where that cannot be recorded the step is not taken."""
        try:
            with open_state(self.archive) as state:
                outbox.hand_over(state, row)
        except (sqlite3.Error, RunError) as error:
            raise UnreachedError(f"It was not sent, as that could not be noted: {error}.") from None

    def _record(self, sent: Sent) -> bool:
        """Record the outcome; False where that fails, as on a full disk."""
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
        """The outcomes since the last call; those that could not be recorded are recorded again."""
        ended = [number for number, (_, future) in self._sending.items() if future.done()]
        found = [future.result() for number in ended for _, future in [self._sending.pop(number)]]
        left = [*self._unrecorded, *(sent for sent in found if not sent.is_recorded)]
        self._unrecorded = [sent for sent in left if not self._record(sent)]
        return tuple(found)

    def recover(self) -> int:
        """Put messages that a crash interrupted back into the outbox (`outbox.recover`); returns how many."""
        held = [*self._sending, *(sent.row.number for sent in self._unrecorded)]
        with open_state(self.archive) as state, transaction(state):
            return outbox.recover(state, held, self.now())

    @property
    def is_sending(self) -> bool:
        """Whether messages were begun and not collected yet."""
        return bool(self._sending)

    @property
    def is_idle(self) -> bool:
        """Whether the outcome of every message that was begun is recorded."""
        return not self._unrecorded and all(future.done() for _, future in self._sending.values())

    def wait(self) -> None:
        """Wait until the first of the messages that are being sent has its outcome."""
        wait([future for _, future in self._sending.values()], return_when=FIRST_COMPLETED)

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
    """Send every message that is due, with `about` of one due time only; returns the outcomes.

    A mail whose answer got lost is sent once more, under the same Message-ID, and then given up. A permanent refusal
    (5xx), or `config.give_up_hours` without success, ends a message as failed; anything else is tried again after a
    minute, doubled up to an hour. Each outcome is on disk before the recipient's next message is sent.
    """
    post = Post(archive, now, f"{outbox.BY_HAND}{uuid4().hex}")
    found: list[Sent] = []
    try:
        while post.send_due(config, report, about) or post.is_sending:
            post.wait()
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
    """Every secret that sending `message` may use, to be redacted from what is recorded."""
    named = [(config.password_env, config.password_file)]
    if hook := config.webhooks.get(message.recipient.partition(":")[2]):
        named += [(hook.url_env, hook.url_file), (hook.secret_env, hook.secret_file)]
    found = []
    for env, file in named:
        try:
            found.append(secret(env, file, ""))
        except DeliveryError:
            continue  # a secret that cannot be read cannot leak; `check` reports it
    return tuple(found)
