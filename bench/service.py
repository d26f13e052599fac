"""The schedule service: clock changes, double starts, a simulated week, and SIGKILL again and again.

    python bench/service.py [zones] [starts] [week] [kills] [--due 500] [--seed 1]

Without a word all four are measured. Kills: two services share one archive, with their clock, their pauses and their
defaults as shipped; whichever holds the archive is killed at random moments. Twenty-five schedules are due every
minute, so that 500 due times take twenty minutes. Mails go to a real server on this machine. When the last due time is
past, the service is left in peace until nothing is open.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from itertools import pairwise, takewhile
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import results
from aiosmtpd.controller import Controller

from segmenter import load_config, run
from segmenter.config.schedule import ScheduleConfig
from segmenter.runs.state import read_state
from segmenter.sample import generate
from segmenter.schedule import Service, Settings, serving, times

SCHEDULES = 25
NAME_THE_RUN = (
    "import json, random, sys, time; time.sleep(random.random()); "
    "print(json.dumps({'run': sys.argv[1], 'folder': sys.argv[2], 'n_customers': 200}))"
)
SERVE = """
import sys
from pathlib import Path
from segmenter.schedule import Service, Settings
from segmenter.schedule.journal import open_journal
settings = Settings(Path(sys.argv[1]))
open_journal(Path(settings.config.engine.archive))
Service(settings, lambda *_: lambda each: [sys.executable, "-c", *sys.argv[2:]]).serve()
"""
CONFIG = """
[engine]
archive = "{archive}"
[delivery]
smtp_host = "127.0.0.1"
smtp_port = {port}
security = "none"
sender = "reports@shop.example"
"""
SCHEDULE = """
[[schedule]]
name = "{name}"
cron = "{cron}"
time_zone = "{zone}"
formats = ["csv"]
recipients = ["{to}"]
owner = ["folder:{root}/owner"]
"""
YEARS = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 12, 31, tzinfo=UTC)


class Mailbox:
    """Keeps the Message-ID of every mail that was taken."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's name
        self.ids.append(message_from_bytes(envelope.content)["Message-ID"].strip("<>").partition("@")[0])
        return "250 taken"


def main() -> None:
    """Measure what is asked for and write the figures down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", choices=["zones", "starts", "week", "kills", []], default=[])
    parser.add_argument("--due", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        measures = {
            "zones": ("Clock changes", zones),
            "starts": ("Double starts", lambda: starts(root)),
            "week": ("A simulated week", lambda: week(root)),
            "kills": ("The schedule service under kill -9", lambda: kills(root, options.due, options.seed)),
        }
        for name in options.what or measures:
            title, measure = measures[name]
            about, figures = measure()
            command = (
                f"`python bench/service.py {name}`"
                if name != "kills"
                else (f"`python bench/service.py kills --due {options.due} --seed {options.seed}`")
            )
            table = results.table(("what", "figure"), list(figures.items()))
            results.write(title, f"{about}\n\n{table}\n\n{command}")
            print(title, table, sep="\n")


def zones() -> tuple[str, dict[str, object]]:
    """A daily schedule at every half hour in every zone, for two years."""
    alike: dict[tuple[object, ...], list[str]] = {}
    for zone in sorted(available_timezones()):
        alike.setdefault(_offsets(zone), []).append(zone)
    n_due = wrong = 0
    for same in alike.values():
        for half in range(48):
            fires, faults = _fires(same[0], half)
            n_due += fires * len(same)
            wrong += faults * len(same)
    about = (
        "A daily schedule at every half hour of the day, 2026 and 2027, in every IANA zone; zones whose clocks are the same "
        "throughout are computed once. Right is one fire on each local day, at the time or, where a clock change leaves that "
        "out, at the first instant after it."
    )
    return about, {
        "zones": sum(map(len, alike.values())),
        "of them with clocks of their own": len(alike),
        "schedules": sum(map(len, alike.values())) * 48,
        "due times": f"{n_due:,}",
        "local days without a fire, or with two": wrong,
    }


def _offsets(zone: str) -> tuple[object, ...]:
    """The zone's offsets from UTC through both years, to the quarter of an hour where they change."""
    clock, (start, end), day = ZoneInfo(zone), YEARS, timedelta(days=1)
    days = [start + number * day for number in range((end - start).days + 1)]
    changing = [
        each for each in days if each.astimezone(clock).utcoffset() != (each + day).astimezone(clock).utcoffset()
    ]
    quarters = [each + timedelta(minutes=15 * number) for each in changing for number in range(97)]
    return tuple(each.astimezone(clock).utcoffset() for each in days), tuple(
        (each, each.astimezone(clock).utcoffset()) for each in quarters
    )


def _fires(zone: str, half: int) -> tuple[int, int]:
    """How often a daily schedule fires, and on how many local days it does so not exactly once."""
    chosen = ScheduleConfig(name="daily", cron=f"{30 * (half % 2)} {half // 2} * * *", time_zone=zone)
    fires = list(takewhile(lambda due: due < YEARS[1], times.after(chosen, YEARS[0])))
    # where a gap ends at midnight, the fire after it belongs to the day before, which the second before it tells
    return len(fires), min(_faults(fires, ZoneInfo(zone), timedelta(seconds=shift)) for shift in (0, 1))


def _faults(fires: list[datetime], zone: ZoneInfo, shift: timedelta) -> int:
    days: Counter[date] = Counter((each - shift).astimezone(zone).date() for each in fires)
    n_days = (max(days) - min(days)).days + 1
    return n_days - len(days) + sum(n - 1 for n in days.values())


def _write_config(root: Path, port: int, schedules: list[dict[str, str]]) -> Path:
    path = root / "config.toml"
    text = CONFIG.format(archive=root / "runs", port=port)
    path.write_text(text + "".join(SCHEDULE.format(root=root, **keys) for keys in schedules))
    return path


def starts(root: Path) -> tuple[str, dict[str, object]]:
    """Fifty services at once, then refusals one by one."""
    config = _write_config(root, 1, [{"name": "often", "cron": "0 0 1 1 *", "zone": "UTC", "to": f"folder:{root}/out"}])
    words = [sys.executable, "-m", "segmenter", "schedule", "start", "--no-wait", "-c", str(config)]
    begun = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(50)]
    statuses: Counter[int | None] = Counter()
    pid = None
    for _ in range(1200):
        pid, statuses = serving(root / "runs"), Counter(each.poll() for each in begun)
        if statuses[None] <= 1 and pid is not None:
            break
        time.sleep(0.1)
    named = sum(str(pid) in (each.stderr.read() if each.stderr else "") for each in begun if each.poll() is not None)
    took = []
    for _ in range(10):
        since = time.perf_counter()
        subprocess.run(words, stderr=subprocess.DEVNULL, check=False)
        took.append(time.perf_counter() - since)
    for each in begun:
        each.terminate()
    about = "Fifty `segmenter schedule start --no-wait` at once on one archive; then ten more, one by one."
    return about, {
        "of fifty, holding the archive": statuses[None],
        "of fifty, ended with status 75": statuses[75],
        "of them naming the holder's process": named,
        "a refusal, seconds, median and slowest of ten": f"{statistics.median(took):.2f}, {max(took):.2f}",
    }


def week(root: Path) -> tuple[str, dict[str, object]]:
    """Ten schedules in ten zones over the week of a clock change, their clock set on by hand."""
    there = root / "week"
    there.mkdir()
    folder = one_run(there)
    names = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Tokyo",
             "America/Sao_Paulo", "Africa/Cairo", "Pacific/Auckland", "America/Los_Angeles"]  # fmt: skip
    keys = [
        {"name": f"daily-{n}", "cron": "30 2 * * *", "zone": zone, "to": f"folder:{there}/out"}
        for n, zone in enumerate(names)
    ]
    moment = [datetime(2026, 3, 5, tzinfo=UTC)]
    command = [
        sys.executable,
        "-c",
        NAME_THE_RUN.replace("time.sleep(random.random()); ", ""),
        folder.name,
        str(folder),
    ]
    service = Service(Settings(_write_config(there, 1, keys)), lambda *_: lambda _: command, lambda: moment[0])
    since = time.perf_counter()
    for _ in range(7 * 12 + 1):
        for _ in range(2):
            service.tick()
            while not service.is_idle:
                time.sleep(0.01)
        moment[0] += timedelta(hours=2)
    service.finish()
    took = time.perf_counter() - since
    with read_state(there / "runs") as state:
        states = Counter(row[0] for row in state.execute("SELECT state FROM slot"))
        sent = state.execute("SELECT count(*) FROM delivery WHERE state = 'sent'").fetchone()[0]
    about = "Ten daily schedules in ten zones through the week in which New York and Los Angeles set their clocks, simulated."
    return about, {"due times done": states["done"], "of any other state": sum(states.values()) - states["done"],
                   "reports delivered": sent, "seconds": f"{took:.1f}"}  # fmt: skip


def kills(root: Path, n_due: int, seed: int) -> tuple[str, dict[str, object]]:
    """SIGKILL to whichever service holds the archive, until `n_due` due times are past; then peace."""
    folder, mailbox, port = one_run(root), Mailbox(), free_port()
    Controller(mailbox, hostname="127.0.0.1", port=port).start()
    keys = [
        {"name": f"often-{n}", "cron": "* * * * *", "zone": "UTC", "to": f"p{n}@shop.example"} for n in range(SCHEDULES)
    ]
    words = [sys.executable, "-c", SERVE, str(_write_config(root, port, keys)), NAME_THE_RUN, folder.name, str(folder)]
    generator, services = random.Random(seed), []
    errors = (root / "errors.log").open("wb")
    services = [subprocess.Popen(words, stderr=errors) for _ in range(2)]
    while serving(root / "runs") is None:
        time.sleep(0.05)
    first = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    last = first + timedelta(minutes=n_due // SCHEDULES - 1)
    killed: list[datetime] = []
    took = []
    while datetime.now(UTC) < last + timedelta(seconds=50):
        time.sleep(generator.uniform(2, 8))
        pid = serving(root / "runs")
        if any(each.pid == pid for each in services):
            os.kill(pid or 0, signal.SIGKILL)
            killed.append(datetime.now(UTC))
            took.append(_taken_over(root / "runs", pid or 0))
        services = [each for each in services if each.poll() is None]
        services += [subprocess.Popen(words, stderr=errors) for _ in range(2 - len(services))]
    _drain(root / "runs", first, last)
    for each in services:
        each.kill()
    restart = _restart(words, root / "runs", errors)
    about = (
        f"Two services on one archive, {SCHEDULES} schedules due every minute of the real clock, every pause, retry and limit as "
        "shipped. Whichever holds the archive is killed with SIGKILL after two to eight seconds, again and again; after the "
        "last due time nothing is killed any more."
    )
    return about, _figures(root, mailbox, (first, last), killed) | {
        "slowest take-over by the stand-by, seconds": f"{max(took):.1f}",
        "start to holding the archive where none stands by, seconds": f"{restart:.1f}",
    }


def one_run(root: Path) -> Path:
    """The folder of a real run of 200 customers, in the archive below `root`."""
    generate(root / "sales.csv", 200, seed=1)
    keys = {
        "views": {"tsne_sample": 60, "hierarchy_sample": 60},
        "report": {"formats": ["csv"]},
        "engine": {"archive": str(root / "runs")},
    }
    return run([str(root / "sales.csv")], load_config(None, **keys)).folder


def free_port() -> int:
    """A port of this machine that nothing listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _taken_over(archive: Path, dead: int) -> float:
    """Seconds until another service holds the archive."""
    began = time.monotonic()
    while serving(archive) in {None, dead} and time.monotonic() - began < 30:
        time.sleep(0.02)
    return time.monotonic() - began


def _restart(words: list[str], archive: Path, errors) -> float:
    """Seconds from the start of a service to its holding the archive, where no other does."""
    time.sleep(1)
    since = time.monotonic()
    service = subprocess.Popen(words, stderr=errors)
    while serving(archive) != service.pid:
        time.sleep(0.02)
    took = time.monotonic() - since
    service.kill()
    return took


def _drain(archive: Path, first: datetime, last: datetime) -> None:
    """Wait until every due time and message of the window is closed, three minutes at most."""
    end = time.monotonic() + 180
    while time.monotonic() < end:
        with read_state(archive) as state:
            window = (first.isoformat(), last.isoformat())
            open_slots = state.execute(
                "SELECT count(*) FROM slot WHERE due BETWEEN ? AND ? AND finished_at IS NULL", window
            )
            open_mails = state.execute(
                "SELECT count(*) FROM delivery WHERE due BETWEEN ? AND ? AND finished_at IS NULL", window
            )
            if not open_slots.fetchone()[0] + open_mails.fetchone()[0]:
                return
        time.sleep(1)


def _figures(
    root: Path, mailbox: Mailbox, window: tuple[datetime, datetime], killed: list[datetime]
) -> dict[str, object]:
    span = tuple(each.isoformat() for each in window)
    with read_state(root / "runs") as state:
        slots = state.execute("SELECT * FROM slot WHERE due BETWEEN ? AND ?", span).fetchall()
        mails = state.execute("SELECT * FROM delivery WHERE due BETWEEN ? AND ? AND kind = 'report'", span).fetchall()
    states = Counter(row["state"] for row in slots)
    expected = SCHEDULES * (round((window[1] - window[0]).total_seconds() / 60) + 1)
    sent = {row["message_id"]: row["ambiguous"] for row in mails if row["state"] == "sent"}
    taken = Counter(each for each in mailbox.ids if each in {row["message_id"] for row in mails})
    doubled = [each for each, n in taken.items() if n > 1]
    return {
        "due times": expected,
        "of them done / failed / skipped / open": " / ".join(
            str(each)
            for each in (states["done"], states["failed"], states["skipped"], states["claimed"] + states["waiting"])
        ),
        "due times lost": expected - sum(row["n_due"] for row in slots),
        "due times with two rows": len(slots) - len({(row["schedule"], row["due"]) for row in slots}),
        "kills": len(killed),
        "runs cut short and begun again": sum(row["crashes"] for row in slots),
        "slowest from a kill to the second beginning, seconds": f"{_slowest_rerun(root / 'runs', killed):.1f}",
        "deliveries recorded as sent / failed / open": " / ".join(
            str(sum(row["state"] in each for row in mails)) for each in ({"sent"}, {"failed"}, {"pending", "sending"})
        ),
        "mails that the server took": sum(taken.values()),
        "mails taken twice, with the same Message-ID": len(doubled),
        "of them flagged as open after a crash": sum(bool(sent.get(each)) for each in doubled),
        "mails taken three times or more": sum(n > 2 for n in taken.values()),
        "recorded as sent but never taken": len(set(sent) - set(taken)),
    }


def _slowest_rerun(archive: Path, killed: list[datetime]) -> float:
    """Seconds from a kill to the moment when the work that it cut short was begun again, the longest."""
    begun: dict[tuple[str, str], list[datetime]] = {}
    for path in sorted(archive.glob("service.jsonl*")):
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            if entry["event"] == "begins":
                begun.setdefault((entry["schedule"], entry["due"]), []).append(datetime.fromisoformat(entry["at"]))
    waits = [0.0]
    for moments in map(sorted, begun.values()):
        for one, next_one in pairwise(moments):
            waits += [(next_one - kill).total_seconds() for kill in killed if one <= kill <= next_one][:1]
    return max(waits)


if __name__ == "__main__":
    main()
