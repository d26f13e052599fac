"""The whole process on Online Retail beside the tutorial way, and the time of ``segmenter --help``.

python bench/process.py FOLDER-OF-THE-EXPORTS [REPEATS]
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
from results import table, write
from rows import LINES

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Cost:
    """Wall time, processor time and peak memory of a process."""

    seconds: float
    cpu: float
    peak_mib: float


class TooLongError(Exception):
    """A command took longer than its limit and was killed."""


def cost(command: list[str], look: Callable[[Path], None] | None = None, limit: float | None = None) -> Cost:
    """Run `command` and measure it; the word {fresh} in it is a folder of its own, which `look` may look into.

    A run that finds another in its archive reads less and does more.

    Raises
    ------
    TooLongError
        It took longer than `limit` seconds.
    """
    with tempfile.TemporaryDirectory() as folder:
        words = [word.replace("{fresh}", folder) for word in command]
        status, errors, found = ended(words, limit)
        if limit and status == -signal.SIGKILL and found.seconds >= limit:
            raise TooLongError
        if status:
            raise SystemExit(f"{' '.join(words)} failed:\n{errors}")
        if look:
            look(Path(folder))
        return found


def ended(command: list[str], limit: float | None = None) -> tuple[int, str, Cost]:
    """Exit status, standard error and cost of `command`, which is killed after `limit` seconds."""
    since = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
    end = threading.Timer(limit or threading.TIMEOUT_MAX, process.kill)
    end.daemon = True  # does not keep a bench that is ended alive
    end.start()
    errors = process.stderr.read() if process.stderr else ""
    end.cancel()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - since
    return process.returncode, errors, Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def measured(commands: dict[str, list[str]], repeats: int) -> dict[str, list[Cost]]:
    """Costs of each command, the commands taking turns."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            costs[name].append(cost(command))
    return costs


def main(exports: Path, repeats: int = 3) -> None:
    """Measure, and write the section."""
    with tempfile.TemporaryDirectory() as folder:
        hundred = Path(folder) / "hundred.csv"
        duckdb.execute(f"COPY ({LINES}) TO '{hundred}' (FORMAT CSV, HEADER)", {"rows": 100, "customers": 25})
        _measure(exports / "online-retail-by-day", hundred, repeats)


def _measure(retail: Path, hundred: Path, repeats: int) -> None:
    python = [sys.executable]
    run = [*python, "-m", "segmenter", "run", str(retail), "-o", "{fresh}", "--quiet"]
    tiny = [*python, "-m", "segmenter", "run", str(hundred), "-o", "{fresh}", "--quiet", "--format", "html"]
    commands = {
        "segmenter, all views, HTML and PDF": run,
        "segmenter, all views, HTML": [*run, "--format", "html"],
        "the tutorial way, no report": [*python, str(HERE / "tutorial.py"), str(retail)],
        "segmenter on a file of a hundred rows, HTML": tiny,
        "segmenter --help": [*python, "-m", "segmenter", "--help"],
    }
    cost(run)  # warms the file cache
    costs = measured(commands, repeats)
    rows = [
        (
            name,
            f"{statistics.median(one.seconds for one in each):.2f}",
            f"{min(one.seconds for one in each):.2f} to {max(one.seconds for one in each):.2f}",
            f"{statistics.median(one.cpu for one in each):.2f}",
            f"{max(one.peak_mib for one in each):.0f}",
        )
        for name, each in costs.items()
    ]
    text = (
        f"UCI Online Retail, 305 CSV files, 541,909 rows; warm file cache, {repeats} repeats in turns. The tutorial way "
        "is `bench/tutorial.py`: it reads the same files with pandas and makes no report.\n\n"
    )
    write("Whole process", text + table(("", "seconds (median)", "range", "CPU seconds", "peak MiB"), rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *(int(word) for word in sys.argv[2:3]))
