"""The schedule service under kill -9: every due time once, every mail once.

    python bench/service.py [--due 500] [--seed 1]

Two services share one archive; whichever holds it is killed again and again at random moments. Their clock runs
sixty times as fast, so that a schedule of every minute is due every second. Mails go to a real server on this machine.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from email import message_from_bytes
from pathlib import Path

import results
from aiosmtpd.controller import Controller

from segmenter import load_config, run
from segmenter.runs.state import open_state
from segmenter.sample import generate
from segmenter.schedule import serving

SPEED = 60
SERVE = """
import sys, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from segmenter.schedule import service
began, speed = float(sys.argv[2]), float(sys.argv[3])
start = datetime(2026, 1, 1, tzinfo=UTC)
service.TICK = service.STAND_BY = 0.2
now = lambda: start + timedelta(seconds=(time.time() - began) * speed)
command = lambda each: [sys.executable, "-c", sys.argv[4], *sys.argv[5:]]
service.Service(service.Settings(Path(sys.argv[1])), lambda _: command, now).serve()
"""
NAME_THE_RUN = "import json, sys; print(json.dumps({'run': sys.argv[1], 'folder': sys.argv[2], 'n_customers': 200}))"
CONFIG = """
[engine]
archive = "{archive}"
[delivery]
smtp_host = "127.0.0.1"
smtp_port = {port}
security = "none"
sender = "reports@shop.example"
[[schedule]]
name = "often"
cron = "* * * * *"
catch_up = "all"
retries = 20
formats = ["csv"]
recipients = ["me@shop.example"]
"""


class Mailbox:
    """Keeps the Message-ID of every mail that was taken."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's name
        self.ids.append(message_from_bytes(envelope.content)["Message-ID"])
        return "250 taken"


def main() -> None:
    """Kill, count, and write the figures down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--due", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = _measure(Path(folder), options.due, options.seed)
    rows = list(figures.items())
    text = "Whichever of two services holds the archive is killed with SIGKILL at random moments.\n\n"
    text += (
        results.table(("what", "figure"), rows)
        + f"\n\n`python bench/service.py --due {options.due} --seed {options.seed}`"
    )
    results.write("The schedule service under kill -9", text)
    print(results.table(("what", "figure"), rows))


def _measure(root: Path, n_due: int, seed: int) -> dict[str, object]:
    archive = root / "runs"
    folder = _one_run(root, archive)
    mailbox, port = Mailbox(), _free_port()
    Controller(mailbox, hostname="127.0.0.1", port=port).start()
    config = root / "config.toml"
    config.write_text(CONFIG.format(archive=archive, port=port))
    words = [
        sys.executable,
        "-c",
        SERVE,
        str(config),
        str(time.time()),
        str(SPEED),
        NAME_THE_RUN,
        folder.name,
        str(folder),
    ]
    generator, services, kills, took = random.Random(seed), [], 0, []
    began, errors = time.monotonic(), (root / "errors.log").open("wb")
    while _done(archive) < n_due and time.monotonic() - began < 1500:
        services = [each for each in services if each.poll() is None]
        services += [subprocess.Popen(words, stderr=errors) for _ in range(2 - len(services))]
        time.sleep(generator.uniform(2, 8))
        pid = serving(archive)
        if pid is not None and any(each.pid == pid for each in services):
            os.kill(pid, signal.SIGKILL)
            kills += 1
            took.append(_taken_over(archive, pid))
    for each in services:
        each.kill()
    print((root / "errors.log").read_text()[-2000:], file=sys.stderr)
    return _figures(archive, mailbox, kills, took)


def _one_run(root: Path, archive: Path) -> Path:
    generate(root / "sales.csv", 200, seed=1)
    keys = {
        "views": {"tsne_sample": 60, "hierarchy_sample": 60},
        "report": {"formats": ["html"]},
        "engine": {"archive": str(archive)},
    }
    return run([str(root / "sales.csv")], load_config(None, **keys)).folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _done(archive: Path) -> int:
    with open_state(archive) as state:
        return int(state.execute("SELECT count(*) FROM delivery WHERE state = 'sent'").fetchone()[0])


def _taken_over(archive: Path, dead: int) -> float:
    """Seconds until another service holds the archive."""
    began = time.monotonic()
    while serving(archive) in {None, dead} and time.monotonic() - began < 30:
        time.sleep(0.02)
    return time.monotonic() - began


def _figures(archive: Path, mailbox: Mailbox, kills: int, took: list[float]) -> dict[str, object]:
    with open_state(archive) as state:
        states = Counter(row[0] for row in state.execute("SELECT state FROM slot"))
        due = [row[0] for row in state.execute("SELECT due FROM slot ORDER BY due")]
        attempts = state.execute("SELECT sum(attempt - 1) FROM slot WHERE attempt > 0").fetchone()[0]
        sent = [tuple(row) for row in state.execute("SELECT message_id, ambiguous FROM delivery WHERE state = 'sent'")]
    times = Counter(mailbox.ids)
    doubled = {each.strip("<>").partition("@")[0] for each, n in times.items() if n > 1}
    flagged = {key for key, ambiguous in sent if ambiguous}
    return {
        "due times on the ledger": len(due),
        "of them done / failed / skipped / open": " / ".join(
            str(each)
            for each in (states["done"], states["failed"], states["skipped"], states["claimed"] + states["waiting"])
        ),
        "due times with two rows": len(due) - len(set(due)),
        "minutes without a row between the first and the last": _holes(due),
        "kills": kills,
        "runs cut short and begun again": attempts,
        "slowest take-over, seconds": f"{max(took):.1f}",
        "deliveries recorded as sent": len(sent),
        "mails that the server took": sum(times.values()),
        "mails taken twice (same Message-ID)": len(doubled),
        "of them flagged as open after a crash": len(doubled & flagged),
        "recorded as sent but never taken": len(
            {key for key, _ in sent} - {each.strip("<>").partition("@")[0] for each in times}
        ),
    }


def _holes(due: list[str]) -> int:
    from datetime import datetime

    first, last = datetime.fromisoformat(due[0]), datetime.fromisoformat(due[-1])
    return round((last - first).total_seconds() / 60) + 1 - len(set(due))


if __name__ == "__main__":
    main()
