"""Commands killed with SIGKILL at random moments, from the first run of an archive on.

    python bench/kills.py [--kills 200] [--seed 1]

Every command is a real one, in a process of its own: runs on the sample, each about a later day than the last one that
finished, `runs accept`, `runs prune` and `alerts --verdict`. Half of the archives begin with a run that is killed between
the moment its folder appears and its acceptance, an instant that chance would hardly hit; the other moments are drawn
evenly over the time that the command took before. Archives are begun anew after every twentieth kill.

After each kill the archive is checked: only complete runs are visible, every file of every run has the hash that it was
sealed with, the last two can be read and the later one refers to the earlier, the SQLite file is sound, the accepted model
is there, verdicts are recorded in pairs as they were given, and a number has one name in all models. After every tenth kill
a run is not killed: it has to succeed, hold the accepted model, and remove what killed commands left.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import multiprocessing
import os
import random
import signal
import sqlite3
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb
import results

from segmenter.cli import main as segmenter
from segmenter.errors import RunError
from segmenter.runs import acceptance, archive
from segmenter.runs.model import read_model
from segmenter.runs.naming import find
from segmenter.runs.seal import FILE as SEAL
from segmenter.runs.state import FILE
from segmenter.sample import generate

FIRST_DAY = date(2025, 1, 6)
KILLS_PER_ARCHIVE = 20
PRELOAD = [
    "segmenter.pipeline", "segmenter.study", "segmenter.report", "segmenter.commands.runs", "segmenter.commands.alerts",
    "segmenter.commands.analysis", "sklearn.cluster", "matplotlib.figure", "duckdb",
]  # fmt: skip
CONFIG = """
[views]
tsne_sample = 60
hierarchy_sample = 60
mixture = false
themes = 0
[kmeans]
bootstraps = 5
n_init = 3
[report]
formats = ["csv"]
[engine]
threads = 1
"""
READING_ERRORS = (RunError, OSError, ValueError, KeyError, sqlite3.Error, duckdb.Error)
UNSEEN = (FILE, f"{FILE}-wal", f"{FILE}-shm")
OTHERS = (
    ("accept", ("runs", "accept", "latest", "--yes")),
    ("prune", ("runs", "prune", "--keep", "4")),
    ("verdict", ("alerts",)),
)


def main() -> None:
    """Kill, look, and write the figures down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = Killer(Path(folder), options.seed)
        while sum(found.killed.values()) < options.kills:
            found.archive(min(KILLS_PER_ARCHIVE, options.kills - sum(found.killed.values())))
    rows = list(found.figures().items())
    print(results.table(("what", "figure"), rows), *found.faults, sep="\n")
    command = f"`python bench/kills.py --kills {options.kills} --seed {options.seed}`"
    results.write("Commands under kill -9", f"{results.table(('what', 'figure'), rows)}\n\n{command}")


class Killer:
    """Kills commands on archives of its own and keeps count."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root, self.random = root, random.Random(seed)
        self.export, self.config = root / "sales.csv", root / "config.toml"
        generate(self.export, 150, seed=1)
        self.config.write_text(CONFIG)
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(PRELOAD)
        self.took: dict[str, list[float]] = defaultdict(list)
        self.killed: Counter[str] = Counter()
        self.faults: list[str] = []
        self.hidden = self.late = self.firsts = self.unaccepted = self.peaceful = self.looked = self.archives = 0

    def archive(self, n_kills: int) -> None:
        """So many kills on a new archive, from its first run on."""
        runs = self.root / f"runs{self.archives}"
        for name in ("run", *(name for name, _ in OTHERS)):
            if not self.took[name]:
                self._measure(name)
        at_the_seam = self.archives % 2 == 0
        self.archives += 1
        end = sum(self.killed.values()) + n_kills
        if at_the_seam:
            self._kill_before_acceptance(runs)
        while (so_far := sum(self.killed.values())) < end:
            self._kill_one(runs)
            if (now := sum(self.killed.values())) != so_far and (now % 10 == 0 or now == end):
                self._in_peace(runs)

    def _measure(self, name: str) -> None:
        """How long a command takes that is not killed, on an archive of its own."""
        runs = self.root / "measured"
        if name != "run" and not archive.list_runs(runs):
            raise SystemExit("a run is measured first")
        for _ in range(3):
            began, process = time.monotonic(), self._start(name, runs)
            process.join()
            self.took[name].append(time.monotonic() - began)
            if process.exitcode:
                raise SystemExit(f"{name}, which nobody killed, ended with {process.exitcode}")

    def _start(self, name: str, runs: Path, *, seam: bool = False):
        words = self._words(name, runs)
        process = self.context.Process(target=_command, args=(words, str(self.root / "said.txt"), seam))
        process.start()
        return process

    def _words(self, name: str, runs: Path) -> Sequence[str]:
        where = ("-c", str(self.config), "-o", str(runs), "--quiet")
        if name == "run":
            day = FIRST_DAY + timedelta(
                days=len(archive.list_runs(runs)) + 7 * self.peaceful + sum(self.killed.values())
            )
            return ("run", str(self.export), "--as-of", str(day), *where)
        words = dict(OTHERS)[name]
        if name == "verdict":
            table = archive.read(find(runs)).alerts
            pair = [] if table is None else table["customer_id"].head(2).tolist()
            said = [f"{customer}={self.random.choice(('expected', 'act'))}" for customer in pair]
            words = (*words, *(part for each in said for part in ("--verdict", each)))
        return (*words, *where)

    def _kill_one(self, runs: Path) -> None:
        """Kill one command at a random moment of the time that it takes, and check the archive."""
        before = archive.list_runs(runs)
        name = self.random.choice(OTHERS)[0] if before and self.random.random() < 0.3 else "run"
        process = self._start(name, runs)
        process.join(self.random.uniform(0, statistics.median(self.took[name][-5:])))
        if process.exitcode is None:
            self.killed[name] += 1
            self.firsts += not before
        else:
            self.late += 1
        process.kill()  # SIGKILL
        process.join()
        self.hidden += any(runs.glob(".writing-*"))
        least = min(4, len(before)) if name == "prune" else len(before)
        self._look(runs, least)

    def _kill_before_acceptance(self, runs: Path) -> None:
        process = self._start("run", runs, seam=True)
        process.join()
        self.killed["run"] += 1
        self.firsts += 1
        if process.exitcode != -signal.SIGKILL or acceptance.accepted_run(runs) is not None:
            self.faults.append("the first run was not killed before its acceptance")
        self.unaccepted += 1
        self._look(runs, 1)

    def _in_peace(self, runs: Path) -> None:
        """A run that is not killed: it has to succeed, by the accepted model, and remove what killed ones left."""
        known = acceptance.accepted_run(runs)
        first = next(iter(archive.list_runs(runs)), None)
        process = self._start("run", runs)
        began = time.monotonic()
        process.join()
        self.took["run"].append(time.monotonic() - began)
        self.peaceful += 1
        if process.exitcode:
            self.faults.append(f"a run in peace ended with {process.exitcode}: {(self.root / 'said.txt').read_text()}")
            return
        self.faults += [f"not swept: {path.name}" for path in runs.glob(".writing-*")]
        made = archive.read(find(runs))
        held = runs / known[0] / f"{known[1]}.json" if known else first and first / "model.json"
        if held and made.model != read_model(held):
            self.faults.append(f"{made.manifest.run_id} was not placed by the model of {held.parent.name}")
        self._look(runs, 1)

    def _look(self, runs: Path, least: int) -> None:
        self.looked += 1
        try:
            self.faults += [f"after {sum(self.killed.values())} kills: {fault}" for fault in _faults(runs, least)]
        except READING_ERRORS as error:
            self.faults.append(f"after {sum(self.killed.values())} kills: {type(error).__name__}: {error}")

    def figures(self) -> dict[str, object]:
        """What was killed, and what was seen afterwards."""
        return {
            "commands killed": sum(self.killed.values()),
            "of them runs, acceptances, prunes, verdicts": ", ".join(
                str(self.killed[name]) for name in ("run", "accept", "prune", "verdict")
            ),
            "first runs of an archive killed, of them between appearance and acceptance": f"{self.firsts}, {self.unaccepted}",
            "kills that left something half written, always hidden": self.hidden,
            "commands that were done before the kill came": self.late,
            "runs left in peace, all of them finished": self.peaceful,
            "looks at an archive": self.looked,
            "half folders, unsound files, wrong histories, lost models or changed names seen": len(self.faults),
            "seconds per run, median": f"{statistics.median(self.took['run']):.1f}",
        }


def _command(words: Sequence[str], said: str, seam: bool) -> None:
    """A command line in this process; with `seam` it dies in the moment before the first acceptance."""
    if seam:
        acceptance.accept_first = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    with contextlib.redirect_stderr(io.StringIO()) as heard:
        status = segmenter(words)
    if status:
        Path(said).write_text(heard.getvalue())
    raise SystemExit(status)


def _faults(runs: Path, least: int) -> Iterator[str]:
    """What is wrong with the archive for a reader."""
    if not runs.exists():
        return
    found = archive.list_runs(runs)
    seen = {path.name for path in runs.iterdir() if not path.name.startswith(".")} - {folder.name for folder in found}
    yield from (f"in sight: {name}" for name in sorted(seen) if not name.startswith(UNSEEN))
    if len(found) < least:
        yield f"{least - len(found)} runs were lost"
    for folder in found:
        for line in (folder / SEAL).read_text().splitlines():
            digest, _, name = line.partition("  ")
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
                yield f"{folder.name}/{name} is not as it was written"
    yield from _names(found)
    yield from _history(found)
    yield from _state(runs)


def _names(found: Sequence[Path]) -> Iterator[str]:
    """Numbers that go by several names."""
    names: dict[int, set[str]] = defaultdict(set)
    for folder in found:
        for name in acceptance.FITS:
            if (path := folder / f"{name}.json").exists():
                model = read_model(path)
                for number, called in zip(model.numbers, model.names, strict=True):
                    names[number].add(called)
    yield from (f"segment {number} is called {sorted(each)}" for number, each in names.items() if len(each) > 1)


def _history(found: Sequence[Path]) -> Iterator[str]:
    """Whether the last two runs can be read, and the later one remembers the earlier."""
    if len(found) < 2:
        return
    before, now = (archive.read(folder) for folder in found[-2:])
    moved, name = now.history.movement, now.manifest.run_id
    if moved is None or moved.previous_run != before.manifest.run_id:
        yield f"{name} does not remember {before.manifest.run_id}"
    elif sum(flow.customers for flow in moved.flows if flow.number_before is not None) != len(before.customers):
        yield f"{name}: its flows do not add up"


def _state(runs: Path) -> Iterator[str]:
    """Whether SQLite finds its file sound, the accepted model is there, and verdicts came in pairs."""
    if not (runs / FILE).exists():
        return
    with contextlib.closing(sqlite3.connect(runs / FILE)) as state:
        yield from (row[0] for row in state.execute("PRAGMA integrity_check") if row[0] != "ok")
        tables = {row[0] for row in state.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        said = state.execute("SELECT count(*) FROM verdict").fetchone()[0] if "verdict" in tables else 0
        if said % 2:
            yield f"{said} verdicts are on record, which were given in pairs"
    if (known := acceptance.accepted_run(runs)) is not None:
        read_model(runs / known[0] / f"{known[1]}.json")  # raises where it is not there


if __name__ == "__main__":
    main()
