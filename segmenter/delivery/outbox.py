"""The outbox: every message to one recipient is a row, from the transaction that completes its run to its last answer."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from segmenter.runs.state import transaction

Channel = Literal["email", "webhook", "folder"]
CHANNELS: tuple[Channel, ...] = ("email", "webhook", "folder")
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)  # that we make of ourselves
LONGEST_WAIT = timedelta(days=1)  # that a server may ask for


@dataclass(frozen=True)
class Message:
    """A message to one recipient.

    `kind` is report or alerts (their content is read from the run), notice (to recipients: there is no
    report) or owner; `text` are paragraphs, for a report those that it opens with.
    """

    schedule: str
    due: datetime
    run_id: str | None
    kind: str
    channel: Channel
    recipient: str
    title: str
    text: tuple[str, ...]
    formats: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What makes the message this one: the same for every attempt, so that receivers can drop a repetition."""
        parts = (self.schedule, self.due.isoformat(), self.run_id, self.kind, self.recipient, self.title)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Row:
    """A message in the outbox; `ambiguous` says that a crash left open whether its server had taken it."""

    number: int
    message: Message
    attempts: int
    created_at: datetime
    ambiguous: bool


def enqueue(state: sqlite3.Connection, messages: Sequence[Message], now: datetime) -> int:
    """Put messages into the outbox, inside the caller's transaction; one that is there already is not added again.

    Returns the number of messages that were added.
    """
    added = 0
    for message in messages:
        body = json.dumps({"title": message.title, "text": message.text, "formats": message.formats})
        values = (
            message.key, message.schedule, message.due.isoformat(), message.run_id, message.kind, message.channel,
            message.recipient, body, now.isoformat(), now.isoformat(),
        )  # fmt: skip
        added += state.execute(
            "INSERT INTO delivery (message_id, schedule, due, run_id, kind, channel, recipient, body, state, created_at, "
            "next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?) ON CONFLICT DO NOTHING",
            values,
        ).rowcount
    return added


def recover(state: sqlite3.Connection) -> int:
    """Put messages whose sending a crash cut short back into the outbox, flagged; inside the caller's transaction.

    Whether the server had taken them cannot be known (RFC 5321, 4.5.3.2.6). They are sent once more under
    the same Message-ID; one that is cut short a second time is left as failed. Returns how many were put back.
    """
    state.execute(
        "UPDATE delivery SET state = 'failed', answer = 'It was cut short twice; whether it arrived is not known.' "
        "WHERE state = 'sending' AND ambiguous = 1"
    )
    return state.execute("UPDATE delivery SET state = 'pending', ambiguous = 1 WHERE state = 'sending'").rowcount


def take(state: sqlite3.Connection, now: datetime, channel: Channel) -> Row | None:
    """Mark the next message of `channel` whose time has come as being sent, and return it; None where there is none.

    One that would wait longer than a day was put off under a clock that ran ahead.
    """
    with transaction(state):
        row = state.execute(
            "SELECT * FROM delivery WHERE state = 'pending' AND channel = ? AND (next_at <= ? OR next_at > ?) "
            "ORDER BY next_at, number LIMIT 1",
            (channel, now.isoformat(), (now + LONGEST_WAIT).isoformat()),
        ).fetchone()
        if row is None:
            return None
        state.execute(
            "UPDATE delivery SET state = 'sending', attempts = attempts + 1 WHERE number = ?", (row["number"],)
        )
    body = json.loads(row["body"])
    message = Message(
        row["schedule"], datetime.fromisoformat(row["due"]), row["run_id"], row["kind"], row["channel"], row["recipient"],
        body["title"], tuple(body["text"]), tuple(body["formats"]),
    )  # fmt: skip
    created = datetime.fromisoformat(row["created_at"])
    return Row(row["number"], message, row["attempts"] + 1, created, bool(row["ambiguous"]))


def settle(state: sqlite3.Connection, row: Row, outcome: Literal["sent", "failed"], answer: str, now: datetime) -> None:
    """Record a message's last answer."""
    with transaction(state):
        state.execute(
            "UPDATE delivery SET state = ?, answer = ?, finished_at = ? WHERE number = ?",
            (outcome, answer, now.isoformat(), row.number),
        )


def put_off(state: sqlite3.Connection, row: Row, answer: str, until: datetime, *, ambiguous: bool) -> None:
    """Let a message wait for its next attempt; `ambiguous` flags that its server may have it already."""
    with transaction(state):
        state.execute(
            "UPDATE delivery SET state = 'pending', answer = ?, next_at = ?, ambiguous = max(ambiguous, ?) WHERE number = ?",
            (answer, until.isoformat(), int(ambiguous), row.number),
        )


def pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts: a minute, doubled each time up to an hour, a tenth more or less."""
    plain: timedelta = min(FIRST_PAUSE * (1 << min(attempts - 1, 10)), LONGEST_PAUSE)
    return plain * random.uniform(0.9, 1.1)  # noqa: S311 - to spread attempts, not to hide anything


def history(state: sqlite3.Connection, schedule: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Who was sent what and when, newest first, as dictionaries of the outbox's columns without the body."""
    where, values = ("WHERE schedule = ?", [schedule]) if schedule else ("", [])
    rows = state.execute(f"SELECT * FROM delivery {where} ORDER BY number DESC LIMIT ?", [*values, limit])  # noqa: S608
    return [{name: row[name] for name in row.keys() if name != "body"} for row in rows]  # noqa: SIM118 - a Row's keys


def as_document(message: Message) -> dict[str, Any]:
    """A message as JSON."""
    return {**asdict(message), "due": message.due.isoformat(), "key": message.key}
