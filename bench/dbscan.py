"""DBSCAN beside scikit-learn's where that can run, and alone at millions of customers: seconds, memory, differences.

    python bench/dbscan.py [--size 10K,100K,1M,5M] [--repeats 3]

Each run is a process of its own; seconds are of the clustering alone, memory is the process's with its data. Made
customers lie in six groups of unequal spread, one in five hundred of them far out; eps is the knee that segmenter
chooses for the `min_samples` in question. scikit-learn runs up to 100,000 customers: beyond that it needs minutes and
gigabytes.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from math import log
from pathlib import Path

import numpy as np
from results import table, write
from rows import Size

from segmenter.analysis import dbscan
from segmenter.analysis.neighbours import arrange
from segmenter.analysis.threads import one_thread
from segmenter.config.analysis import DbscanConfig

THEIRS = 100_000  # most customers for scikit-learn
OURS, SKLEARN = "segmenter", "scikit-learn"


@dataclass(frozen=True)
class Case:
    """So many customers (n, d) and a `min_samples`: twice the dimension, as the research has it, or the product's own."""

    n: int
    d: int
    min_samples: int

    @property
    def words(self) -> list[str]:
        return [str(self.n), str(self.d), str(self.min_samples)]


@dataclass(frozen=True)
class Found:
    """What one run took and found."""

    seconds: float
    cpu: float
    peak_mib: float
    eps: float
    n_noise: int


def customers(n: int, d: int) -> np.ndarray:
    """Prepared customers (n, d) in six groups."""
    generator = np.random.default_rng(0)
    centers = generator.normal(size=(6, d)) * 3
    points: np.ndarray = centers[generator.integers(6, size=n)] + generator.normal(size=(n, d))
    points[: n // 500] *= 2.5
    return points


def one(who: str, case: Case, target: Path) -> None:
    """Cluster in this process, print what it took, and leave labels and core points in `target`."""
    points = customers(case.n, case.d)
    eps, _ = dbscan.choose_eps(dbscan.k_distances(arrange(points), case.min_samples), case.min_samples, DbscanConfig())
    cluster = partial(_theirs if who == SKLEARN else _ours, points, eps, case.min_samples)
    with one_thread():
        pass  # loads what a run has loaded long before
    since, busy = time.perf_counter(), time.process_time()
    labels, core = cluster()
    seconds, cpu = time.perf_counter() - since, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    np.savez(target, labels=labels, core=core)
    print(json.dumps([seconds, cpu, peak, eps, int((labels < 0).sum())]))


def _ours(points: np.ndarray, eps: float, min_samples: int) -> tuple[np.ndarray, np.ndarray]:
    found = dbscan.dbscan(points, eps, min_samples)
    return found.labels, found.core


def _theirs(points: np.ndarray, eps: float, min_samples: int) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.cluster import DBSCAN

    model = DBSCAN(eps=eps, min_samples=min_samples, n_jobs=-1).fit(points)
    core = np.zeros(len(points), dtype=bool)
    core[model.core_sample_indices_] = True
    return model.labels_, core


def main() -> None:
    """Measure, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="10K,100K,1M", help="customers, such as 1M,5M")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one", nargs=5, help=argparse.SUPPRESS)  # in a process of its own
    options = parser.parse_args()
    if options.one:
        who, n, d, min_samples, target = options.one
        one(who, Case(int(n), int(d), int(min_samples)), Path(target))
        return
    sizes = [Size.parse(text).rows for text in options.size.split(",")]
    rows = [row for case in _cases(sizes) for row in _rows(case, options.repeats)]
    heads = (
        "customers",
        "features",
        "min_samples",
        "eps",
        "",
        "seconds",
        "CPU seconds",
        "peak MiB",
        "noise",
        "differences",
    )
    text = (
        f"Medians of {options.repeats} runs, each a process of its own; the seconds are those of the clustering alone, the "
        "memory that of the process with its data. min_samples is twice the number of features, and the number that "
        "segmenter takes by itself, features times ln customers. Differences: customers with another label or another "
        f"role than with scikit-learn, which runs up to {THEIRS:,} customers.\n\n"
    )
    write("DBSCAN at scale", text + table(heads, rows))


def _cases(sizes: list[int]) -> list[Case]:
    return [Case(n, d, k) for n in sizes for d in (4, 8) for k in (2 * d, round(d * log(n)))]


def _rows(case: Case, repeats: int) -> list[tuple[str, ...]]:
    """A row for each who can cluster so many."""
    with tempfile.TemporaryDirectory() as folder:
        who = [OURS, SKLEARN] if case.n <= THEIRS else [OURS]
        files = {name: Path(folder) / f"{name}.npz" for name in who}
        turns = [{name: _run(name, case, files[name]) for name in who} for _ in range(repeats)]
        differences = _differences(files[OURS], files[SKLEARN]) if SKLEARN in who else ""
        return [_row(case, name, [turn[name] for turn in turns], differences if name == OURS else "") for name in who]


def _run(who: str, case: Case, target: Path) -> Found:
    command = [sys.executable, __file__, "--one", who, *case.words, str(target)]
    return Found(*json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def _differences(ours: Path, theirs: Path) -> str:
    with np.load(ours) as mine, np.load(theirs) as others:
        differ = (mine["labels"] != others["labels"]) | (mine["core"] != others["core"])
    return f"{differ.sum():,}"


def _row(case: Case, who: str, turns: list[Found], differences: str) -> tuple[str, ...]:
    return (
        f"{case.n:,}",
        str(case.d),
        str(case.min_samples),
        f"{turns[0].eps:.3f}",
        who,
        f"{statistics.median(each.seconds for each in turns):.2f}",
        f"{statistics.median(each.cpu for each in turns):.2f}",
        f"{max(each.peak_mib for each in turns):,.0f}",
        f"{turns[0].n_noise:,}",
        differences,
    )


if __name__ == "__main__":
    main()
