"""The outbox: a row per message and recipient, inserted in the transaction that completes its run."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from segmenter.runs.state import transaction

Channel = Literal["email", "webhook", "folder"]
CHANNELS: tuple[Channel, ...] = ("email", "webhook", "folder")
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)  # between attempts, by our own choice
LONGEST_WAIT = timedelta(days=1)  # that a server may ask for
BY_HAND = "hand-"  # prefix of the sender where a person's command, not the service, sends a message
LONGEST_SENDING = timedelta(hours=1)  # no attempt takes longer, so that a command by hand has died by then
LATE = timedelta(hours=1)  # age from which on the owner is told of an undelivered message


@dataclass(frozen=True)
class Message:
    """A message to one recipient.

    `kind` is report or alerts (their content is read from the run), notice (tells recipients that there is no
    report) or owner; `text` are paragraphs, of a report the opening ones. Alerts are told relative to the run
    `since`, None: relative to the previous run.
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
    since: str | None = None

    @property
    def key(self) -> str:
        """A key that is the same for every attempt, so that receivers can drop duplicates.

        It covers the text of a message to the owner, as several things may go wrong with one due time.
        """
        parts = [self.schedule, self.due.isoformat(), self.run_id, self.kind, self.recipient, self.title]
        parts += self.text if self.kind == "owner" else ()
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Row:
    """A message in the outbox; `ambiguous`: it is not known whether an earlier attempt reached its server."""

    number: int
    message: Message
    attempts: int
    created_at: datetime
    ambiguous: bool


@dataclass(frozen=True)
class About:
    """The messages of one due time."""

    schedule: str
    due: datetime


def enqueue(state: sqlite3.Connection, messages: Sequence[Message], now: datetime) -> int:
    """Put messages that are not there yet into the outbox, inside the caller's transaction; returns how many."""
    added = 0
    for message in messages:
        body = {"title": message.title, "text": message.text, "formats": message.formats, "since": message.since}
        values = (
            message.key, message.schedule, message.due.isoformat(), message.run_id, message.kind, message.channel,
            message.recipient, json.dumps(body), now.isoformat(), now.isoformat(),
        )  # fmt: skip
        added += state.execute(
            "INSERT INTO delivery (message_id, schedule, due, run_id, kind, channel, recipient, body, state, created_at, "
            "next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?) ON CONFLICT DO NOTHING",
            values,
        ).rowcount
    return added


def recover(state: sqlite3.Connection, held: Collection[int], now: datetime) -> int:
    """Put messages whose sending a crash interrupted back into the outbox, in the caller's transaction; returns how many.

    Only the service may call this, with the numbers that it is sending (`held`): any other row marked as being sent was
    left by a crash; rows of a command by hand count as left after an hour. Where only the final dot may have been lost
    it cannot be known whether the server took the mail (RFC 5321, 4.5.3.2.6): it is flagged and sent once more under
    the same Message-ID, and failed when that happens a second time.
    """
    left = (
        "state = 'sending' AND number NOT IN (SELECT value FROM json_each(?)) "
        "AND (sender NOT LIKE ? OR taken_at NOT BETWEEN ? AND ?)"
    )
    values = (json.dumps(list(held)), f"{BY_HAND}%", (now - LONGEST_SENDING).isoformat(), now.isoformat())
    state.execute(
        "UPDATE delivery SET state = 'failed', answer = 'Sending was interrupted twice; it may or may not have arrived.', "  # noqa: S608 - our words
        f"finished_at = ? WHERE ambiguous = 1 AND handed = 1 AND {left}",
        (now.isoformat(), *values),
    )
    put_back = f"UPDATE delivery SET state = 'pending', ambiguous = max(ambiguous, handed) WHERE {left}"  # noqa: S608
    return state.execute(put_back, values).rowcount


def take(
    state: sqlite3.Connection, now: datetime, channel: Channel, sender: str, busy: Collection[str], about: About | None
) -> Row | None:
    """Mark the next message of `channel` that is due as being sent, and return it; None where there is none.

    Recipients who are `busy` are left out, and with `about` all messages of other due times. A row that would wait
    longer than a day counts as due: it was put off under a clock that ran ahead.
    """
    where = "state = 'pending' AND channel = ? AND (next_at <= ? OR next_at > ?) "
    where += "AND recipient NOT IN (SELECT value FROM json_each(?))"
    values = [channel, now.isoformat(), (now + LONGEST_WAIT).isoformat(), json.dumps(list(busy))]
    if about is not None:
        where += " AND schedule = ? AND due = ?"
        values += [about.schedule, about.due.isoformat()]
    with transaction(state):
        row = state.execute(f"SELECT * FROM delivery WHERE {where} ORDER BY next_at, number LIMIT 1", values).fetchone()  # noqa: S608
        if row is None:
            return None
        state.execute(
            "UPDATE delivery SET state = 'sending', attempts = attempts + 1, sender = ?, taken_at = ?, handed = 0 "
            "WHERE number = ?",
            (sender, now.isoformat(), row["number"]),
        )
    created = datetime.fromisoformat(row["created_at"])
    return Row(row["number"], _message(row), row["attempts"] + 1, created, bool(row["ambiguous"]))


def _message(row: sqlite3.Row) -> Message:
    body = json.loads(row["body"])
    return Message(
        row["schedule"], datetime.fromisoformat(row["due"]), row["run_id"], row["kind"], row["channel"], row["recipient"],
        body["title"], tuple(body["text"]), tuple(body["formats"]), body["since"],
    )  # fmt: skip


def hand_over(state: sqlite3.Connection, row: Row) -> None:
    """Record that a message is about to be handed over: after a crash it is not known whether it arrived."""
    with transaction(state):
        state.execute("UPDATE delivery SET handed = 1 WHERE number = ?", (row.number,))


def settle(state: sqlite3.Connection, row: Row, outcome: Literal["sent", "failed"], answer: str, now: datetime) -> None:
    """Record a message's final outcome and answer."""
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
    """How long to wait after `attempts`: a minute, doubled each time up to an hour, with a jitter of a tenth."""
    plain: timedelta = min(FIRST_PAUSE * (1 << min(attempts - 1, 10)), LONGEST_PAUSE)
    return plain * random.uniform(0.9, 1.1)  # noqa: S311 - to spread attempts, not to hide anything


def untold(state: sqlite3.Connection, now: datetime) -> list[dict[str, Any]]:
    """Messages of which the owner has not been told: given up, or not delivered an hour after they were made."""
    rows = state.execute(
        "SELECT * FROM delivery WHERE (state = 'failed' AND told < 2) "
        "OR (state IN ('pending', 'sending') AND told < 1 AND attempts > 0 AND created_at <= ?) ORDER BY number",
        ((now - LATE).isoformat(),),
    ).fetchall()
    return [dict(row) for row in rows]


def mark_told(state: sqlite3.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Record that the owner was told of `rows` as they are, inside the caller's transaction."""
    state.executemany(
        "UPDATE delivery SET told = ? WHERE number = ?",
        [(2 if row["state"] == "failed" else 1, row["number"]) for row in rows],
    )


def undelivered(state: sqlite3.Connection, schedule: str, due: datetime, late: datetime) -> list[dict[str, Any]]:
    """Messages of a due time that failed and were not sent again since, or were made before `late` and still wait."""
    rows = state.execute(
        "SELECT * FROM delivery d WHERE schedule = ? AND due = ? AND ((state IN ('pending', 'sending') AND created_at <= ?) "
        "OR (state = 'failed' AND NOT EXISTS (SELECT 1 FROM delivery e WHERE e.run_id = d.run_id "
        "AND e.recipient = d.recipient AND e.state = 'sent' AND e.number > d.number))) ORDER BY number",
        (schedule, due.isoformat(), late.isoformat()),
    ).fetchall()
    return [dict(row) for row in rows]


def forget(state: sqlite3.Connection, before: datetime) -> int:
    """Remove messages that were sent, or failed and told of, before `before`; returns how many."""
    with transaction(state):
        gone = state.execute(
            "DELETE FROM delivery WHERE (state = 'sent' OR (state = 'failed' AND told = 2)) AND finished_at < ?",
            (before.isoformat(),),
        )
    return gone.rowcount


def history(state: sqlite3.Connection, schedule: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Who was sent what and when, newest first, as dictionaries of the outbox's columns without the body."""
    where, values = ("WHERE schedule = ?", [schedule]) if schedule else ("", [])
    rows = state.execute(f"SELECT * FROM delivery {where} ORDER BY number DESC LIMIT ?", [*values, limit])  # noqa: S608
    hidden = {"body", "sender", "handed", "told"}
    return [{name: row[name] for name in row.keys() if name not in hidden} for row in rows]  # noqa: SIM118 - a Row's keys


def as_document(message: Message) -> dict[str, Any]:
    """A message as JSON."""
    return {**asdict(message), "due": message.due.isoformat(), "key": message.key}
