"""A complete run beside the usual ways on one sample: seconds, memory, and how much of what was planted is found.

    python bench/ways.py [--customers 5000] [--repeats 3] [--limit 600] [--pycaret PYTHON]

The tutorial way with pandas, the same with polars, and PyCaret where an interpreter that has it is named: PyCaret 3.3 wants
pandas below 2.2 and numpy below 1.27, so that it cannot be installed beside segmenter, but only in an environment of its own
(python -m venv E; E/bin/pip install pycaret==3.3.2 six). Every way is a process of its own; the ways take turns.
"""

from __future__ import annotations

import argparse
import csv
import math
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from process import Cost, TooLongError, cost
from results import table, write
from sklearn.metrics import adjusted_rand_score

from segmenter.runs.tables import read_table
from segmenter.sample import generate

HERE = Path(__file__).resolve().parent
OURS = "segmenter, all views, HTML and PDF"


@dataclass
class Way:
    """A command, what it cost in each turn, and how it fared; `is_ended` where it took too long and was not run again."""

    command: list[str]
    found: Callable[[], pd.DataFrame]
    costs: list[Cost] = field(default_factory=list)
    recovered: tuple[str, ...] = ("",) * 4
    is_ended: bool = False

    def measure(self, limit: float) -> None:
        """Run it once more, for at most `limit` seconds."""
        if self.is_ended:
            return
        try:
            self.costs.append(cost(self.command, limit=limit))
        except TooLongError:
            self.costs, self.is_ended = [Cost(limit, math.nan, math.nan)], True


def main() -> None:
    """Measure, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--limit", type=float, default=600, help="seconds after which a way is ended")
    parser.add_argument("--pycaret", help="an interpreter that has PyCaret")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        generate(folder / "sample.csv", options.customers, 42, folder / "truth.csv")
        ways = _ways(folder, options.pycaret)
        for _ in range(options.repeats):
            for number, way in enumerate(ways.values()):
                way.command[-1] = str(folder / f"{number}-{len(way.costs)}")
                way.measure(options.limit)
        for way in ways.values():
            if not way.is_ended:
                way.recovered = _recovered(way.found(), folder / "truth.csv")
        rows = sum(1 for _ in (folder / "sample.csv").open(encoding="utf-8")) - 1
    write(f"Beside the usual ways, {options.customers:,} customers", _text(ways, rows, options), ("polars",))


def _ways(folder: Path, pycaret: str | None) -> dict[str, Way]:
    """The ways by name; the last word of each command is where it writes."""
    export, python = str(folder / "sample.csv"), sys.executable

    def ours() -> pd.DataFrame:
        (path,) = Path(ways[OURS].command[-1]).glob("2*/customers.parquet")
        return read_table(path)

    def theirs(name: str) -> Callable[[], pd.DataFrame]:
        return lambda: pd.read_csv(ways[name].command[-1], dtype={"customer_id": str})

    tutorial = [python, str(HERE / "tutorial.py"), export]
    commands = {
        "pandas and scikit-learn, the tutorial way": [*tutorial, "--out", ""],
        "polars and scikit-learn": [*tutorial, "--polars", "--out", ""],
        **({"PyCaret": [pycaret, str(HERE / "pycaret_way.py"), export, ""]} if pycaret else {}),
    }
    ways = {OURS: Way([python, "-m", "segmenter", "run", export, "--quiet", "-o", ""], ours)}
    ways |= {name: Way(command, theirs(name)) for name, command in commands.items()}
    return ways


def _recovered(found: pd.DataFrame, answers: Path) -> tuple[str, ...]:
    """Segments, adjusted Rand index without the anomalies, precision and recall of the flags."""
    with answers.open(newline="", encoding="utf-8") as file:
        truth = {row["customer_id"]: (row["segment"], bool(row["anomaly"])) for row in csv.DictReader(file)}
    segments, planted = zip(*(truth[customer] for customer in found["customer_id"]), strict=True)
    ordinary, odd = ~np.array(planted), found["is_anomaly"].to_numpy(dtype=bool)
    hits = (odd & ~ordinary).sum()
    figures = (
        adjusted_rand_score(np.array(segments)[ordinary], found["segment"].to_numpy()[ordinary]),
        hits / max(odd.sum(), 1),
        hits / max(sum(is_odd for _, is_odd in truth.values()), 1),
    )
    return str(found["segment"].nunique()), *(f"{figure:.2f}" for figure in figures)


def _text(ways: dict[str, Way], rows: int, options: argparse.Namespace) -> str:
    planted = "segmenter reads, matches and accounts for every row, draws all views and writes the report; the others report nothing"
    missing = "" if options.pycaret else " PyCaret was not measured: no interpreter that has it was named."
    heads = ("", "seconds", "CPU seconds", "times segmenter's", "peak MiB", "segments", "Rand", "precision", "recall")
    return (
        f"A file of `segmenter sample` with {options.customers:,} customers and {rows:,} rows, {options.repeats} repeats in turns, "
        f"medians; {planted}. Rand: adjusted Rand index with the planted segments, without the anomalies; precision and recall of "
        f"the flags. A way that takes longer than {options.limit:.0f} seconds is ended.{missing}\n\n"
        + table(heads, [_row(name, way, ways[OURS]) for name, way in ways.items()])
    )


def _row(name: str, way: Way, ours: Way) -> tuple[str, ...]:
    ratios = [each.seconds / mine.seconds for each, mine in zip(way.costs, ours.costs, strict=False)]
    over = "over " if way.is_ended else ""
    return (
        name,
        f"{over}{statistics.median(each.seconds for each in way.costs):.1f}",
        "" if way.is_ended else f"{statistics.median(each.cpu for each in way.costs):.1f}",
        f"{over}{statistics.median(ratios):.1f}",
        "" if way.is_ended else f"{max(each.peak_mib for each in way.costs):,.0f}",
        *way.recovered,
    )


if __name__ == "__main__":
    main()
