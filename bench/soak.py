"""Thirty days of a busy schedule in one service process: does its memory grow, and do its ledger and archive stay bounded?

    python bench/soak.py [--days 30] [--seed 1]

Seven schedules are due every hour, each at a minute of its own, so that thirty days have 5,040 due times. The service, its
ledger, its outbox and the mail server are real, the clock is set on by hand, and every run is a process that copies the
folder of a real run. Once a simulated day the archive is pruned with `segmenter runs prune`. The exit status is 1 where a
promise is broken.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import results
from aiosmtpd.controller import Controller
from service import CONFIG, free_port

from segmenter.config.schedule import ScheduleConfig
from segmenter.runs.archive import list_runs
from segmenter.runs.state import FILE, read_state
from segmenter.schedule import Service, Settings

SCHEDULES = 7
SENT = 3  # of them, to folders and one by mail
KEEP = 2 * 24 * SCHEDULES  # runs, those of two days
WARM = 3  # days until everything that is loaded once is loaded
MOST_GROWTH = 5.0  # per cent of resident memory from then on
HERE = Path(__file__).resolve().parent
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
COPY_A_RUN = (
    "import os, sys; s, t = sys.argv[1:]; os.mkdir(t + '.part'); "
    "[os.link(f'{s}/{n}', f'{t}.part/{n}') for n in os.listdir(s) if os.path.isfile(f'{s}/{n}')]; os.rename(t + '.part', t); "
    'print(\'{"run": "%s", "folder": "%s", "n_customers": 200, "changed": false}\' % (os.path.basename(t), t))'
)
PARALLEL = """
[service]
parallel = 2
"""
SCHEDULE = """
[[schedule]]
name = "soak-{n}"
cron = "{minute} * * * *"
formats = ["csv"]
recipients = ["{to}"]
condition = "{condition}"
"""


PRUNE = [sys.executable, "-m", "segmenter", "runs", "prune", "--keep", str(KEEP), "--quiet"]
MAKE_A_RUN = "import sys; from pathlib import Path; from service import one_run; print(one_run(Path(sys.argv[1])))"


class Mailbox:
    """Writes the Message-ID of every accepted mail to a file, so that this process does not grow by it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's name
        with self.path.open("a", encoding="ascii") as file:
            file.write(message_from_bytes(envelope.content)["Message-ID"].strip() + "\n")
        return "250 taken"


@dataclass(frozen=True)
class Sample:
    """What the process and the archive hold at the end of a simulated day; sizes in bytes, the ledger's with its log."""

    day: int
    rss: int
    files: int
    ledger: int
    rows: int
    runs: int
    due: int


@dataclass
class Soak:
    """The service, its clock, and the real run that the stand-ins copy."""

    root: Path
    generator: random.Random
    moment: datetime = BEGIN

    def __post_init__(self) -> None:
        made = subprocess.run(  # in another process, as the memory of an analysis would hide the service's growth
            [sys.executable, "-c", MAKE_A_RUN, str(self.root)], cwd=HERE, check=True, stdout=subprocess.PIPE, text=True
        )
        port, self.archive, self.n_begun = free_port(), self.root / "runs", 0
        self.model = Path(made.stdout.split()[-1]).rename(self.root / "model")
        Controller(Mailbox(self.root / "mails"), hostname="127.0.0.1", port=port).start()
        self.config = self.root / "config.toml"
        self.config.write_text(CONFIG.format(archive=self.archive, port=port) + PARALLEL + self._schedules())
        _log_to(self.root / "events")
        self.service = Service(Settings(self.config), lambda *_: self._command, lambda: self.moment)
        self.service.tick()  # from now on the schedules are looked after

    def _schedules(self) -> str:
        """Some are always sent, the last of them by mail; the others' condition keeps every report back."""
        minutes = enumerate(self.generator.sample(range(60), SCHEDULES))
        recipients = [f"folder:{self.root}/out"] * (SENT - 1) + ["p@shop.example"]
        return "".join(
            SCHEDULE.format(
                n=n, minute=minute, to=recipients[min(n, SENT - 1)], condition="always" if n < SENT else "changed"
            )
            for n, minute in minutes
        )

    def _command(self, _: ScheduleConfig) -> list[str]:
        """A run of the simulated moment, under a name that no other has."""
        self.n_begun += 1
        name = f"{self.moment:%Y%m%dT%H%M%SZ}-{self.n_begun:08x}"
        return [sys.executable, "-S", "-c", COPY_A_RUN, str(self.model), str(self.archive / name)]

    def hour(self) -> None:
        """Set the clock on in steps of twenty minutes, and let what is due come to its end and to its recipients."""
        for _ in range(3):
            self.moment += timedelta(minutes=20)
            for _ in range(2):
                self.service.tick()
                while not self.service.is_idle:
                    time.sleep(0.002)

    def day(self, number: int) -> Sample:
        """A day, then the pruning that a cron job would do, then a look at everything."""
        for _ in range(24):
            self.hour()
        prune = [*PRUNE, "-o", str(self.archive)]
        subprocess.run(prune, check=True)
        for old in sorted((self.root / "out").iterdir())[: -KEEP or None]:
            _remove(old)  # the recipients' folder is theirs to clear
        return self._sample(number)

    def _sample(self, number: int) -> Sample:
        with read_state(self.archive) as state:
            rows = sum(state.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("slot", "delivery"))
        ledger = sum(path.stat().st_size for path in self.archive.glob(f"{FILE}*"))
        status = Path("/proc/self/status").read_text(encoding="ascii")
        rss = int(status.split("VmRSS:")[1].split()[0]) * 1024
        n_files = len(os.listdir("/proc/self/fd"))
        return Sample(number, rss, n_files, ledger, rows, len(list_runs(self.archive)), self.n_begun)


def _log_to(path: Path) -> None:
    """The service's events in a file, each with its schedule and due time."""
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(message)s\t%(schedule)s\t%(due)s", defaults={"schedule": "", "due": ""}))
    log = logging.getLogger("segmenter.service")
    log.setLevel(logging.INFO)
    log.handlers[:], log.propagate = [handler], False


def _remove(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def soak(root: Path, days: int, seed: int) -> tuple[list[Sample], dict[str, int], float]:
    """The samples of `days` simulated days, what became of the due times, and the seconds that it took."""
    soaked = Soak(root, random.Random(seed))
    since, samples = time.perf_counter(), []
    for number in range(1, days + 1):
        samples.append(soaked.day(number))
        print(samples[-1], file=sys.stderr)
    soaked.service.finish()
    return samples, _counts(root, days), time.perf_counter() - since


def _counts(root: Path, days: int) -> dict[str, int]:
    """What became of the due times, by the service's log and the mail server's."""
    events = Counter(tuple(line.split("\t")) for line in (root / "events").read_text().splitlines())
    done = {key: n for key, n in events.items() if key[0] == "done"}
    mails = Counter((root / "mails").read_text().splitlines())
    expected = days * 24 * SCHEDULES
    return {
        "due times": expected,
        "done": len(done),
        "missed": expected - len(done),
        "done twice": sum(done.values()) - len(done),
        "failed, put off or not delivered": sum(n for key, n in events.items() if key[0] not in {"begins", "done"}),
        "mails missing": days * 24 - len(mails),
        "mails taken twice": sum(mails.values()) - len(mails),
    }


def growth(samples: list[Sample]) -> float:
    """Per cent by which resident memory grew since the process was warm; the median of three days at either end."""
    first, last = samples[WARM - 1 : WARM + 2], samples[-3:]
    return 100 * (statistics.median(each.rss for each in last) / statistics.median(each.rss for each in first) - 1)


def broken(samples: list[Sample], counts: dict[str, int]) -> list[str]:
    """The promises that do not hold."""
    found = [f"{name}: {n}" for name, n in counts.items() if name not in {"due times", "done"} and n]
    warm, last = samples[min(WARM, len(samples)) - 1], samples[-1]
    if growth(samples) >= MOST_GROWTH:
        found.append(f"resident memory grew by {growth(samples):.1f} %")
    if last.files > warm.files:
        found.append(f"{last.files} open files after {warm.files}")
    if any(each.runs > KEEP for each in samples):
        found.append("more runs than retention allows")
    if last.rows > warm.rows * 1.05 or last.ledger > warm.ledger * 1.25:
        found.append(
            f"the ledger grew from {warm.rows} rows, {warm.ledger} bytes to {last.rows} rows, {last.ledger} bytes"
        )
    return found


def report(samples: list[Sample], counts: dict[str, int], seconds: float) -> str:
    """The figures as Markdown: by the day, then what became of the due times."""
    head = (
        "day",
        "resident memory, MiB",
        "open files",
        "ledger, KiB",
        "its rows",
        "runs in the archive",
        "due times so far",
    )
    shown = [each for each in samples if each.day in {1, 2, WARM} or each.day % 5 == 0 or each is samples[-1]]
    rows = [
        (
            each.day,
            f"{each.rss / 2**20:.1f}",
            each.files,
            f"{each.ledger / 1024:,.0f}",
            f"{each.rows:,}",
            each.runs,
            f"{each.due:,}",
        )
        for each in shown
    ]
    about = (
        f"One service process, {SCHEDULES} schedules due every hour, {len(samples)} simulated days; the clock is set on by hand, "
        f"each run a process that copies a real run's folder; {SENT - 1} are delivered to a folder, one by mail, and the others are "
        "kept back by their condition. `segmenter "
        f"runs prune --keep {KEEP}` once a day, beside the service."
    )
    figures = [
        *counts.items(),
        (f"growth of resident memory from day {WARM} on, per cent", f"{growth(samples):.1f}"),
        *(("bytes of the ledger per 1,000 due times, " + name, f"{n:,.0f}") for name, n in thirds(samples).items()),
        ("seconds", f"{seconds:,.0f}"),
    ]
    return f"{about}\n\n{results.table(head, rows)}\n\n{results.table(('what', 'figure'), figures)}"


def thirds(samples: list[Sample]) -> dict[str, float]:
    """Growth of the ledger in bytes per 1,000 due times, in each third of the days."""
    edges = [0, len(samples) // 3, 2 * len(samples) // 3, len(samples) - 1]
    names = ("first third", "second third", "last third")
    spans = zip(names, edges, edges[1:], strict=False)
    return {
        name: 1000 * (samples[end].ledger - samples[begin].ledger) / max(1, samples[end].due - samples[begin].due)
        for name, begin, end in spans
    }


def main() -> int:
    """Soak the service, write the figures down, and say which promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.days < WARM + 3:
        parser.error(f"at least {WARM + 3} days: the first {WARM} warm the process")
    with tempfile.TemporaryDirectory() as folder:
        samples, counts, seconds = soak(Path(folder), options.days, options.seed)
    text, faults = report(samples, counts, seconds), broken(samples, counts)
    verdict = "Every promise holds." if not faults else f"Broken: {'; '.join(faults)}."
    print(text, verdict, sep="\n\n")
    command = f"`python bench/soak.py --days {options.days} --seed {options.seed}`"
    results.write("A soaked service", f"{text}\n\n{verdict}\n\n{command}")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
