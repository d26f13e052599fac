"""A mail server that fails in twelve ways: what arrives, what is reported as failed, and what comes twice.

python bench/delivery.py [--rounds 20]
"""

from __future__ import annotations

import argparse
import os
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import results
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from service import free_port

from segmenter.config.delivery import DeliveryConfig
from segmenter.config.report import ReportConfig
from segmenter.delivery import Message, deliver_due, enqueue
from segmenter.runs.state import open_state, read_state, transaction

DUE = datetime(2026, 3, 2, 8, tzinfo=UTC)
EACH = 2  # recipients of a round
KEYS = {"connect_seconds": 0.5, "command_seconds": 2, "accept_seconds": 2}  # shortened, so that silence costs less


def main() -> None:
    """Measure and write the figures down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        about, header, rows = storm(Path(folder), options.rounds)
    table = results.table(header, rows)
    results.write(
        "A mail server in a storm", f"{about}\n\n{table}\n\n`python bench/delivery.py --rounds {options.rounds}`"
    )
    print(table)


@dataclass
class Mailbox:
    """A mail server's handler: the mails it accepted, and the answers that it gives first."""

    mails: list[tuple[str, str]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - aiosmtpd's name
        if address in self.refused:
            return "550 unknown"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 taken"
        if answer.startswith("2") or "taken" in answer:
            self.mails.append((envelope.rcpt_tos[0], message_from_bytes(envelope.content)["Message-ID"]))
        if answer.startswith("drop"):
            server.transport.abort()
        return "250 never heard" if answer.startswith("drop") else answer


Setup = Callable[[Mailbox, DeliveryConfig, tuple[str, ...]], DeliveryConfig]


def configured(**keys: object) -> Setup:
    return lambda _, config, __: config.model_copy(update=keys)


def answering(*answers: str) -> Setup:
    def setup(mailbox: Mailbox, config: DeliveryConfig, _: tuple[str, ...]) -> DeliveryConfig:
        mailbox.answers = list(answers)
        return config

    return setup


def refusing(n: int) -> Setup:
    def setup(mailbox: Mailbox, config: DeliveryConfig, people: tuple[str, ...]) -> DeliveryConfig:
        mailbox.refused = set(people[:n])
        return config

    return setup


def storm(root: Path, rounds: int) -> tuple[str, tuple[str, ...], list[tuple[object, ...]]]:
    """Twelve faults, each `rounds` times with two mails: what arrived, what was reported as failed, what came twice."""
    mailbox, port = Mailbox(), free_port()

    def judge(_server, _session, _envelope, _mechanism, data) -> AuthResult:
        return AuthResult(success=data.password == b"right", handled=False)

    Controller(mailbox, hostname="127.0.0.1", port=port, authenticator=judge, auth_require_tls=False).start()
    os.environ["STORM_PASSWORD"] = "wrong"
    silent = socket.create_server(("127.0.0.1", 0), backlog=256)
    base = DeliveryConfig(smtp_host="127.0.0.1", smtp_port=port, security="none", sender="reports@shop.example", **KEYS)
    modes: dict[str, Setup] = {
        "connection refused": configured(smtp_port=1),
        "name not found": configured(smtp_host="no-such-host.invalid"),
        "silent, no greeting": configured(smtp_port=silent.getsockname()[1]),
        "421 at the mail": answering("421 busy", "421 busy"),
        "451 at the mail, three times": answering(*["451 later"] * 6),
        "550 to one of two": refusing(1),
        "550 to both": refusing(2),
        "connection cut in mid-DATA": answering("drop", "drop"),
        "connection cut after the last dot, mail taken": answering("drop, taken", "drop, taken"),
        "TLS asked for and not offered": configured(security="starttls"),
        "login refused": configured(user="shop", password_env="STORM_PASSWORD"),
        "552 too large": answering("552 too large", "552 too large"),
    }
    rows = [_mode(root / str(n), name, setup, base, mailbox, rounds) for n, (name, setup) in enumerate(modes.items())]
    about = (
        f"{rounds} rounds of {EACH} mails through each fault, on a real server; after the first attempt the fault is mended and the "
        "outbox worked on for six hours. Told: given up, with the cause, of which the owner is told. Time limits are "
        "shortened to half a second for the connection and two seconds for an answer."
    )
    header = (
        "fault",
        "mails",
        "arrived once",
        "told",
        "neither",
        "came twice, same Message-ID",
        "came twice, another",
        "slowest attempt, s",
    )
    return about, header, rows


def _mode(
    folder: Path, name: str, setup: Setup, base: DeliveryConfig, mailbox: Mailbox, rounds: int
) -> tuple[object, ...]:
    """One row of the table."""
    counts: Counter[str] = Counter()
    slowest = 0.0
    for number in range(rounds):
        mailbox.mails, mailbox.answers, mailbox.refused = [], [], set()
        people = tuple(f"{who}{number}@shop.example" for who in "ab"[:EACH])
        due, moment = DUE + timedelta(days=number), [DUE + timedelta(days=number)]
        messages = [
            Message("storm", due, None, "notice", "email", each, f"Round {number}", ("Hello",)) for each in people
        ]
        with open_state(folder) as state, transaction(state):
            enqueue(state, messages, due)
        since = time.perf_counter()
        _attempt(folder, setup(mailbox, base, people), moment)
        slowest = max(slowest, time.perf_counter() - since)
        mailbox.refused = set()
        for _ in range(6):
            moment[0] += timedelta(hours=1)
            _attempt(folder, base, moment)
        counts.update(_fates(folder, due, people, mailbox))
    return (
        name, rounds * EACH, counts["once"], counts["told"], counts["neither"], counts["same"], counts["another"], f"{slowest:.1f}",
    )  # fmt: skip


def _attempt(folder: Path, config: DeliveryConfig, moment: list[datetime]) -> None:
    deliver_due(folder, config, ReportConfig(), lambda: moment[0])


def _fates(folder: Path, due: datetime, people: tuple[str, ...], mailbox: Mailbox) -> list[str]:
    """What became of the mails of one round."""
    with read_state(folder) as state:
        states = dict(
            state.execute("SELECT recipient, state FROM delivery WHERE due = ?", (due.isoformat(),)).fetchall()
        )
    fates = []
    for each in people:
        ids = [message_id for to, message_id in mailbox.mails if to == each]
        if len(ids) > 1:
            fates.append("same" if len(set(ids)) == 1 else "another")
        elif ids:
            fates.append("once")
        else:
            fates.append("told" if states[each] == "failed" else "neither")
    return fates


if __name__ == "__main__":
    main()
