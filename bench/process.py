"""The whole process on Online Retail beside the tutorial way, and the time of ``segmenter --help``.

python bench/process.py FOLDER-OF-THE-EXPORTS [REPEATS]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from results import table, write

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Cost:
    """Wall time and peak memory of a process."""

    seconds: float
    peak_mib: float


def cost(command: list[str]) -> Cost:
    """Run `command` and measure it."""
    since = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = process.stderr.read() if process.stderr else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{said}")
    return Cost(time.perf_counter() - since, usage.ru_maxrss / 1024)


def measured(commands: dict[str, list[str]], repeats: int) -> dict[str, list[Cost]]:
    """Costs of each command, the commands taking turns."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            costs[name].append(cost(command))
    return costs


def main(exports: Path, repeats: int = 3) -> None:
    """Measure, and write the section."""
    retail = exports / "online-retail-by-day"
    with tempfile.TemporaryDirectory() as folder:
        run = [sys.executable, "-m", "segmenter", "run", str(retail), "-o", folder, "--quiet"]
        commands = {
            "segmenter, all views, HTML and PDF": run,
            "segmenter, all views, HTML": [*run, "--format", "html"],
            "the tutorial way, no report": [sys.executable, str(HERE / "tutorial.py"), str(retail)],
            "segmenter --help": [sys.executable, "-m", "segmenter", "--help"],
        }
        cost(run)  # warms the file cache
        costs = measured(commands, repeats)
    rows = [
        (
            name,
            f"{statistics.median(one.seconds for one in each):.2f}",
            f"{min(one.seconds for one in each):.2f} to {max(one.seconds for one in each):.2f}",
            f"{max(one.peak_mib for one in each):.0f}",
        )
        for name, each in costs.items()
    ]
    text = (
        f"UCI Online Retail, 305 CSV files, 541,909 rows; warm file cache, {repeats} repeats in turns. The tutorial way "
        "is `bench/tutorial.py`: it reads the same files with pandas and makes no report.\n\n"
    )
    write("Whole process", text + table(("", "seconds (median)", "range", "peak MiB"), rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *(int(word) for word in sys.argv[2:3]))
