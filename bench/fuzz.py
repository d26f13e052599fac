"""Ten thousand damaged texts and two thousand damaged tables, each read in a process that is watched.

    python bench/fuzz.py --files 12000 --seed 1 --results [--exports FOLDER] [--keep FOLDER] [--only NUMBER]

Every file must end in an account that balances, checked against counts that are independent of the program, or in an
error of one paragraph with exit status 2 or 3: within ten seconds, within bounded memory, with nothing written elsewhere.
Every fiftieth is read by the command line instead.
``--keep`` names a folder for the files that broke a promise, ``--only`` reads one again. The exit status is 1 where one did.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from random import Random
from typing import Any

import results
from fuzz_check import faults
from fuzz_corpus import Base, bases
from fuzz_damage import bombs, damaged

SECONDS = 10  # of a processor
TABLES = 6  # one in so many files is a workbook, a Parquet or a DuckDB file
REFUSALS = ("segmenter: ", "A run would stop here. ")
BY_COMMAND = 50  # one in so many is read by the command line
MOST_MEMORY = 300  # MiB that reading one file may add
ADDRESSES = 6 << 30  # bytes of address space a worker may take


@dataclass(frozen=True)
class Outcome:
    """How one file ended: `kind` is read, refused or broken; `detail` names the damage, then what was said."""

    number: int
    base: str
    kind: str
    damage: str
    detail: str
    seconds: float = 0.0
    mib: float = 0.0


@dataclass(frozen=True)
class Job:
    """A file to be read, made from the seed and its number."""

    number: int
    seed: int

    def make(self, corpus: tuple[Base, ...], folder: Path) -> tuple[Base, Path, str]:
        """Write the damaged file into `folder`; the base, the path and the damage's name."""
        rng = Random(f"{self.seed}-{self.number}")
        prepared = sorted((folder.parent.parent / "bombs").iterdir())
        if self.number < len(prepared):
            path = prepared[self.number]
            return Base(path.name, path.read_bytes(), "bomb"), path, "bomb"
        base = rng.choice([base for base in corpus if base.is_table == (self.number % TABLES == 0)])
        content, damage = damaged(base, rng)
        path = folder / base.name
        path.write_bytes(content)
        return base, path, damage


def work(pipe: Connection, room: Path, seed: int, exports: Path | None) -> None:
    """A worker: reads files by number until it receives None, and may write into `room` alone."""
    shutil.rmtree(room, ignore_errors=True)  # left by a worker that died
    for name in ("temp", "here", "files"):
        (room / name).mkdir(parents=True)
    os.chdir(room / "here")
    tempfile.tempdir = str(room / "temp")
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    corpus, opened = bases(exports), []
    sys.addaudithook(lambda event, arguments: _note(opened, event, arguments, room))
    while (number := pipe.recv()) is not None:
        opened.clear()
        pipe.send(_one(Job(number, seed), corpus, room, opened))


def _note(opened: list[str], event: str, arguments: tuple[Any, ...], room: Path) -> None:
    """Remember sockets, and files opened for writing outside `room`."""
    if event.startswith("socket.") and event != "socket.gethostname":
        opened.append(event)
    elif event == "open" and isinstance(arguments[0], str) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        path = os.path.abspath(arguments[0])
        if not path.startswith((str(room), "/dev/null", "/proc/self/clear_refs")):
            opened.append(f"wrote {path}")


def _one(job: Job, corpus: tuple[Base, ...], room: Path, opened: list[str]) -> Outcome:
    base, path, damage = job.make(corpus, room / "files")
    _reset_peak()
    before, since = _memory("VmRSS"), _processor()
    kind, detail = _read_by_command(path) if job.number % BY_COMMAND == 0 else _read(base, path)
    seconds, mib = _processor() - since, _memory("VmHWM") - before
    broken = [f"{seconds:.1f} s of processor"] * (seconds > SECONDS) + [f"{mib:.0f} MiB"] * (mib > MOST_MEMORY)
    broken += [f"left {left}" for left in (*os.listdir(room / "temp"), *os.listdir(room / "here"))] + opened
    if broken and kind != "broken":
        kind, detail = "broken", "; ".join(broken)
    return Outcome(job.number, base.name, kind, damage, detail, seconds, mib)


def _read(base: Base, path: Path) -> tuple[str, str]:
    """How the program ends on the file at `path`."""
    from segmenter.config.source import RulesConfig, SourceConfig
    from segmenter.errors import SegmenterError
    from segmenter.intake import load, open_connection

    rules = RulesConfig(min_customers=2, min_usable_share=0.0, max_unreadable_share=1.0)
    connection = open_connection("1GiB", 1, Path(tempfile.gettempdir()))
    try:
        intake = load(connection, [str(path)], SourceConfig(), rules)
        wrong = faults(base, path, path.read_bytes(), intake, connection)
        aside = any(line.reason == "unreadable" for line in intake.account.lines)
        return ("broken", "; ".join(wrong)) if wrong else ("read", "rows set aside" if aside else "whole")
    except SegmenterError as error:
        told = str(error)
        if "\n" in told or error.exit_status not in {2, 3} or len(told) > 3000:
            return "broken", f"no paragraph: {told[:200]!r}"
        return "refused", type(error).__name__ + ": " + told
    except Exception as error:  # noqa: BLE001 - any other error is the finding
        return "broken", f"{type(error).__name__}: {str(error)[:300]}"
    finally:
        connection.close()


def _read_by_command(path: Path) -> tuple[str, str]:
    """How the command line ends on the file at `path`, and what it says."""
    words = [sys.executable, "-P", "-m", "segmenter", "inspect", str(path)]
    environment = {**os.environ, "TMPDIR": tempfile.gettempdir()}
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", env=environment, check=False)
    refusals = [
        line for line in done.stderr.splitlines() if line.startswith(REFUSALS)
    ]  # lines to paste may stand below
    if done.returncode not in {0, 2, 3} or "Traceback" in done.stderr or (done.returncode and not refusals):
        return "broken", f"the command ended with {done.returncode}: {done.stderr[-300:]!r}"
    return ("refused", refusals[0]) if done.returncode else ("read", "by the command line")


def _processor() -> float:
    """Seconds of a processor that this process and its children took so far."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _reset_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return  # the peak then covers all files so far


def _memory(key: str) -> float:
    """MiB of this process by its status."""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith(key))


class Worker:
    """A process that reads files, and the number of its current file."""

    def __init__(self, room: Path, seed: int, exports: Path | None) -> None:
        self.room, self.seed, self.exports = room, seed, exports
        self.start()

    def start(self) -> None:
        """Begin anew in an empty room."""
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, self.room, self.seed, self.exports), daemon=True)
        self.process.start()
        theirs.close()
        self.number, self.since, self.used = -1, 0.0, 0.0

    def give(self, number: int | None) -> None:
        """Hand it the next file, or the end."""
        self.number, self.since = -1 if number is None else number, time.monotonic()
        self.used = _used_by(self.process.pid)
        self.pipe.send(number)

    def answer(self) -> Outcome | None:
        """How its file ended, None while it works. A worker that died or hangs is replaced."""
        try:
            if self.pipe.poll():
                return self.pipe.recv()  # type: ignore[no-any-return]
        except EOFError:
            self.process.join()
            return self._replaced(f"the process died (exit {self.process.exitcode})")
        used, waited = _used_by(self.process.pid) - self.used, time.monotonic() - self.since
        if used > SECONDS * 4 or waited > SECONDS * 60:  # the first file includes the start
            self.process.kill()
            self.process.join()
            return self._replaced(f"no answer in {waited:.0f} s, {used:.0f} s of a processor")
        return None

    def _replaced(self, why: str) -> Outcome:
        outcome = Outcome(self.number, "", "broken", "", why)
        self.start()
        return outcome


def _used_by(pid: int | None) -> float:
    """Seconds of a processor that another process took since it began on its file."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0  # it has just ended
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def outcomes(numbers: list[int], seed: int, exports: Path | None, home: Path, n_workers: int) -> Iterator[Outcome]:
    """How each of the files ended, in the order in which they did."""
    (home / "bombs").mkdir()
    book = next(base.content for base in bases(None) if base.kind == "workbook")
    for name, content in bombs(book).items():
        (home / "bombs" / name).write_bytes(content)
    waiting = iter(numbers)
    workers = [Worker(home / f"worker{n}", seed, exports) for n in range(min(n_workers, len(numbers)))]
    for worker in workers:
        worker.give(next(waiting))
    left = len(numbers)
    while left:
        wait([worker.pipe for worker in workers if worker.number >= 0], timeout=1)
        for worker in workers:
            if worker.number >= 0 and (outcome := worker.answer()):
                left -= 1
                if outcome.kind == "broken" or left % 500 == 0:
                    print(f"{left} left; {outcome.kind} {outcome.number} {outcome.detail[:200]}", file=sys.stderr)
                worker.give(next(waiting, None))
                yield outcome


def report(found: list[Outcome]) -> str:
    """The outcomes by the kind of file as a Markdown table, then the worst and what broke."""
    kinds = [
        ("read", "whole"),
        ("read", "rows set aside"),
        ("read", "by the command line"),
        ("refused", ""),
        ("broken", ""),
    ]
    counts = Counter(
        (outcome.base, outcome.kind, outcome.detail if outcome.kind == "read" else "") for outcome in found
    )
    bases_seen = sorted({outcome.base for outcome in found})
    rows = [[base, *(counts[base, *kind] for kind in kinds)] for base in bases_seen]
    rows.append(["all", *(sum(row[column] for row in rows) for column in range(1, len(kinds) + 1))])
    slowest, fattest = max(found, key=lambda one: one.seconds), max(found, key=lambda one: one.mib)
    head = ("export", "read whole", "read, rows set aside", "read by the command", "refused in a paragraph", "broken")
    broken = [f"BROKEN {one.number} {one.base} [{one.damage}]: {one.detail}" for one in found if one.kind == "broken"]
    worst = (
        f"{len(found):,} files. The slowest took {slowest.seconds:.1f} s of a processor ({slowest.base}, {slowest.damage}); the "
        f"hungriest {fattest.mib:.0f} MiB ({fattest.base}, {fattest.damage})."
    )
    return "\n\n".join([results.table(head, rows), worst, *broken])


def main() -> int:
    """Read the files, print the table, and keep what broke."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--files", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--exports", type=Path, help="folder of the public exports, read too")
    parser.add_argument("--keep", type=Path, help="folder for the files that broke a promise")
    parser.add_argument("--only", type=int, action="append", help="number of a file to look at again; may be repeated")
    parser.add_argument("--results", action="store_true", help="write the table to bench/RESULTS.md")
    options = parser.parse_args()
    numbers = options.only or list(range(options.files))
    exports = options.exports.resolve() if options.exports else None
    with tempfile.TemporaryDirectory() as home:
        found = list(outcomes(numbers, options.seed, exports, Path(home), options.workers))
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            _keep(found, options, exports, Path(home))
    if options.only:
        print(*found, sep="\n")
    print(report(found))
    if options.results:
        command = f"python bench/fuzz.py --files {options.files} --seed {options.seed} --results"
        results.write("Damaged exports", f"{report(found)}\n\n`{command}{' --exports FOLDER' * bool(exports)}`")
    return int(any(outcome.kind == "broken" for outcome in found))


def _keep(found: list[Outcome], options: argparse.Namespace, exports: Path | None, home: Path) -> None:
    """Write the files that broke a promise, or the one that was asked for, below ``--keep``."""
    scratch = home / "again" / "files"
    scratch.mkdir(parents=True)
    for outcome in found:
        if outcome.kind == "broken" or options.only:
            base, path, _ = Job(outcome.number, options.seed).make(bases(exports), scratch)
            (options.keep / f"{outcome.number}-{base.name}").write_bytes(path.read_bytes())


if __name__ == "__main__":
    sys.exit(main())
