"""Runs killed with SIGKILL at random moments, from the first byte read to the last one written.

    python bench/kills.py [--kills 200] [--seed 1]

Every run is a real one, in a process of its own, on a folder that grows; each run is about a later day than the last
one that was finished. After each kill the archive is looked at from outside: every folder in sight can be read whole,
nothing else is in sight, and the SQLite file is sound. After every tenth kill a run is left in peace: it has to
succeed, remember the last whole run, and sweep away what the dead left.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sqlite3
import statistics
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import results

from segmenter import load_config, run
from segmenter.runs import archive
from segmenter.runs.state import FILE
from segmenter.sample import generate

FIRST_DAY = date(2025, 1, 6)
PRELOAD = [
    "segmenter.pipeline",
    "segmenter.study",
    "segmenter.report",
    "sklearn.cluster",
    "matplotlib.figure",
    "duckdb",
]
VIEWS = {"tsne_sample": 60, "hierarchy_sample": 60, "mixture": False, "themes": 0}
UNSEEN = {FILE, f"{FILE}-wal", f"{FILE}-shm"}


def main() -> None:
    """Kill, look, and write the figures down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = list(measure(Path(folder), options.kills, options.seed).items())
    command = f"`python bench/kills.py --kills {options.kills} --seed {options.seed}`"
    results.write("Runs under kill -9", f"{results.table(('what', 'figure'), rows)}\n\n{command}")
    print(results.table(("what", "figure"), rows))


def measure(root: Path, n_kills: int, seed: int) -> dict[str, object]:
    """Figures of `n_kills` kills and of the runs between them."""
    days, runs, generator = _exports(root), root / "runs", random.Random(seed)
    took = [_in_peace(days, runs, 0)]
    killed = finished_first = hidden = 0
    faults: list[str] = []
    while killed < n_kills:
        number = len(archive.list_runs(runs))
        process = _start(days, runs, number)
        process.join(generator.uniform(0, 1.1 * statistics.median(took)))
        finished_first += process.exitcode is not None
        killed += process.exitcode is None
        process.kill()  # SIGKILL
        process.join()
        faults += _faults(runs, number)
        hidden += any(runs.glob(f".writing-{process.pid}-*"))
        if killed % 10 == 0 and process.exitcode:
            took.append(_in_peace(days, runs, len(archive.list_runs(runs))))
            faults += _faults(runs, number) + [f"not swept: {path.name}" for path in runs.glob(".writing-*")]
    print(*faults, sep="\n")
    return {
        "runs killed": killed,
        "of them in the middle of writing their folder": hidden,
        "runs that were done before the kill came": finished_first,
        "runs left in peace, all of them finished": len(took),
        "runs in the archive, all of them whole": len(archive.list_runs(runs)),
        "half folders, unsound files or wrong histories seen": len(faults),
        "seconds per run, median": f"{statistics.median(took):.1f}",
    }


def _exports(root: Path) -> list[Path]:
    """The sample, a file a month."""
    generate(root / "all.csv", 150, seed=1)
    lines = pd.read_csv(root / "all.csv", dtype=str)
    folder = root / "days"
    folder.mkdir()
    month = lines["ordered_at"].str[:7]
    for name, part in lines.groupby(month):
        part.to_csv(folder / f"{name}.csv", index=False)
    return sorted(folder.iterdir())


def _config(runs: Path, number: int):
    engine = {"archive": str(runs), "threads": 1}
    day = FIRST_DAY + timedelta(days=number)
    return load_config(None, views=VIEWS, report={"formats": ["html"]}, engine=engine, features={"as_of": day})


def _one_run(days: list[Path], runs: Path, number: int) -> None:
    run([str(day) for day in days], _config(runs, number))


def _start(days: list[Path], runs: Path, number: int):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    process = context.Process(target=_one_run, args=(days, runs, number))
    process.start()
    return process


def _in_peace(days: list[Path], runs: Path, number: int) -> float:
    """Seconds of a run that nobody kills; it has to succeed."""
    began, process = time.monotonic(), _start(days, runs, number)
    process.join()
    if process.exitcode:
        raise SystemExit(f"a run that nobody killed ended with {process.exitcode}")
    return time.monotonic() - began


def _faults(runs: Path, least: int) -> list[str]:
    """What a reader of the archive would stumble over."""
    if not runs.exists():
        return []
    found = [path.name for path in runs.iterdir() if not path.name.startswith(".") and path.name not in UNSEEN]
    strays = sorted(set(found) - {path.name for path in archive.list_runs(runs)})
    whole = [archive.read(folder) for folder in archive.list_runs(runs)[-2:]]  # raises where one is damaged
    faults = [f"in sight: {name}" for name in strays]
    if len(archive.list_runs(runs)) < least:
        faults.append("a run was lost")
    if len(whole) == 2:
        faults += _wrong_history(*whole)
    if (runs / FILE).exists():
        state = sqlite3.connect(runs / FILE)
        faults += [row[0] for row in state.execute("PRAGMA integrity_check") if row[0] != "ok"]
        state.close()
    return faults


def _wrong_history(before, now) -> list[str]:
    moved = now.history.movement
    if moved is None or moved.previous_run != before.manifest.run_id:
        return [f"{now.manifest.run_id} does not remember {before.manifest.run_id}"]
    counted = sum(flow.customers for flow in moved.flows if flow.before)
    return [] if counted == len(before.customers) else [f"{now.manifest.run_id}: flows do not add up"]


if __name__ == "__main__":
    main()
