"""How cost grows with rows: a bare scan, intake with features, the analysis, complete runs; pandas and polars beside them.

    python bench/scale.py [--size 1M,10M] [--repeats 3] [--folder FOLDER] [--only WORDS]

The files are made by `rows.py`. Each stage is a process of its own, and the stages take turns, so that a busy machine
slows them alike; ratios are to the bare scan of the same rows in the same turn. `--only` keeps the stages whose name holds
one of the words, such as Parquet.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from process import Cost, cost
from results import table, write
from rows import COLUMNS, Size, make

SCAN = f"""
import sys, duckdb
source = "read_csv" if sys.argv[1].endswith("csv") else "read_parquet"
duckdb.execute("SELECT {", ".join(f"max({name})" for name in COLUMNS)} FROM " + source + f"('{{sys.argv[1]}}')").fetchall()
"""
FEATURES = """
import pickle, sys
from segmenter import load_config, features
from segmenter.intake import load
from segmenter.workspace import workspace
config = load_config(None)
with workspace(config) as connection:
    load(connection, [sys.argv[1]], config.source, config.rules)
    table = features.build(connection, config.features)
    if len(sys.argv) > 2:
        baskets = features.baskets(connection, table, excluded=config.rules.non_product_pattern)
        days = config.history.period_days
        money, past = features.period_revenue(connection, table, days), features.past_orders(connection, table, days)
        with open(sys.argv[2], "wb") as file:
            pickle.dump((table, baskets, money, past), file)
"""
STUDY = """
import pickle, sys
from segmenter import load_config
from segmenter.runs.acceptance import Following
from segmenter.study import Inputs, study
with open(sys.argv[1], "rb") as file:
    table, baskets, money, past = pickle.load(file)
study(table, Inputs(baskets, lambda ids: {}, money, Following(), None, past), load_config(None))
"""
PANDAS = """
import sys, pandas as pd
lines = pd.read_csv(sys.argv[1], parse_dates=["ordered_at"], dtype={"order_no": str})
lines["money"] = lines.quantity * lines.unit_price
lines.groupby("customer_id").agg(
    last=("ordered_at", "max"), first=("ordered_at", "min"), orders=("order_no", "nunique"), money=("money", "sum"),
    pieces=("quantity", "sum"), products=("product_code", "nunique"))
"""
POLARS = """
import sys, polars as pl
(pl.scan_csv(sys.argv[1], try_parse_dates=True, schema_overrides={"order_no": pl.String}).group_by("customer_id").agg(
    pl.col("ordered_at").max().alias("last"), pl.col("ordered_at").min().alias("first"), pl.col("order_no").n_unique(),
    (pl.col("quantity") * pl.col("unit_price")).sum().alias("money"), pl.col("quantity").sum(),
    pl.col("product_code").n_unique()).collect(engine="streaming"))
"""
FEW = Size.parse("20K")  # rows of a thousand customers, whose analysis takes the memory that its libraries take
STUDIED = "the analysis alone, from features"
RUN = "complete run, all views, HTML and PDF, CSV"


@dataclass
class Stage:
    """A command, and what it cost in each turn."""

    command: list[str]
    costs: list[Cost] = field(default_factory=list)
    # of complete runs: seconds and MiB by stage
    parts: list[dict[str, tuple[float, float]]] = field(default_factory=list)

    def measure(self) -> None:
        """Run it once more."""
        self.costs.append(cost(self.command, self._look if "run" in self.command else None))

    def _look(self, archive: Path) -> None:
        (path,) = archive.glob("2*/run.json")
        manifest = json.loads(path.read_text(encoding="utf-8"))["manifest"]
        self.parts.append({name: (each, manifest["peaks"][name]) for name, each in manifest["timings"].items()})

    @property
    def seconds(self) -> float:
        return statistics.median(each.seconds for each in self.costs)

    @property
    def cpu(self) -> float:
        return statistics.median(each.cpu for each in self.costs)

    @property
    def peak(self) -> float:
        return max(each.peak_mib for each in self.costs)


def main() -> None:
    """Make the files, measure, and write a section per size, and one on the growth where there are several."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="1M,10M", help="rows, such as 1M,10M,50M")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the files are made, and kept; unset: a temporary folder")
    parser.add_argument("--only", default="", help="words, such as scan,Parquet; unset: all stages")
    options = parser.parse_args()
    measured = {}
    with tempfile.TemporaryDirectory() as temporary:
        for text in options.size.split(","):
            size, folder = Size.parse(text), options.folder or Path(temporary)
            measured[size] = _measured(size, folder, options.only.split(","), options.repeats)
            write(f"{size.name} rows", _section(size, measured[size], options.repeats, Path(temporary)), ("polars",))
    if len(measured) > 1:
        write("Growth with rows", _growth(measured), ("polars",))


def stages(size: Size, folder: Path) -> dict[str, list[str]]:
    """The commands by name; alternatives only where they are installed."""
    csv, parquet = str(folder / f"{size.name}.csv"), str(folder / f"{size.name}.parquet")
    features, run = str(folder / f"{size.name}.features"), [sys.executable, "-m", "segmenter", "run"]
    python = [sys.executable, "-c"]
    polars = (
        {"polars, six figures per customer, CSV": [*python, POLARS, csv]} if importlib.util.find_spec("polars") else {}
    )
    return {
        "bare scan, CSV": [*python, SCAN, csv],
        "bare scan, Parquet": [*python, SCAN, parquet],
        "intake and features, CSV": [*python, FEATURES, csv],
        "intake and features, Parquet": [*python, FEATURES, parquet],
        STUDIED: [*python, STUDY, features],
        RUN: [*run, csv, "-o", "{fresh}", "--quiet"],
        "complete run, all views, HTML and PDF, Parquet": [*run, parquet, "-o", "{fresh}", "--quiet"],
        "pandas, six figures per customer, CSV": [*python, PANDAS, csv],
        **polars,
    }


def _measured(size: Size, folder: Path, words: list[str], repeats: int) -> dict[str, Stage]:
    """The stages whose name holds one of the words, each as often as told, in turns."""
    wanted = {
        name: Stage(command) for name, command in stages(size, folder).items() if any(word in name for word in words)
    }
    given = [Path(word) for stage in wanted.values() for word in stage.command if word.startswith(str(folder))]
    for path in sorted({path for path in given if path.suffix in {".csv", ".parquet"}}):
        make(size, path)
    for path in {path for path in given if path.suffix == ".features"}:
        _write_features(size, path)
    for name, stage in wanted.items():
        if name.startswith("bare scan"):
            cost(stage.command)  # warms the file cache
    for _ in range(repeats):
        for stage in wanted.values():
            stage.measure()
    return wanted


def _write_features(size: Size, path: Path) -> None:
    """What the analysis of the size's rows begins with, in `path`."""
    if not path.exists():
        rows = make(size, path.with_suffix(".parquet"))
        cost([sys.executable, "-c", FEATURES, str(rows), str(path)])


def _section(size: Size, found: dict[str, Stage], repeats: int, temporary: Path) -> str:
    base = next((name for name in found if name.startswith("bare scan")), None)
    rows = [_row(name, stage, found[base] if base else None) for name, stage in found.items()]
    return "\n\n".join(
        [
            f"{size.rows:,} rows of up to {size.customers:,} customers, eight columns, a fiftieth of the orders taken back; warm "
            f"file cache, {repeats} repeats in turns. pandas and polars compute six figures per customer; segmenter reads, "
            f"matches, accounts for every row and computes all of its features. Ratio: to the {base} in the same turn, medians.",
            table(("", "seconds", "CPU seconds", "ratio", "peak MiB"), rows),
            *(_parts(name, stage) for name, stage in found.items() if stage.parts),
            *([_memory(size, found[STUDIED], temporary)] if STUDIED in found else []),
        ]
    )


def _row(name: str, stage: Stage, scan: Stage | None) -> tuple[str, ...]:
    pairs = zip(stage.costs, scan.costs, strict=True) if scan else ()
    ratios = [each.seconds / bare.seconds for each, bare in pairs]
    ratio = f"{statistics.median(ratios):.1f}" if ratios else ""
    return name, f"{stage.seconds:.1f}", f"{stage.cpu:.1f}", ratio, f"{stage.peak:,.0f}"


def _parts(name: str, stage: Stage) -> str:
    """What the stages of a complete run took, as its run.json tells."""
    each = {part: [turn[part] for turn in stage.parts] for part in stage.parts[0]}
    rows = [
        (part, f"{statistics.median(seconds for seconds, _ in costs):.1f}", f"{max(peak for _, peak in costs):,.0f}")
        for part, costs in each.items()
    ]
    return f"{name}, by its run.json:\n\n" + table(("stage", "seconds", "peak MiB"), rows)


def _memory(size: Size, studied: Stage, temporary: Path) -> str:
    few = temporary / f"{FEW.name}.features"
    _write_features(FEW, few)
    own = cost([sys.executable, "-c", STUDY, str(few)]).peak_mib
    each = (studied.peak - own) * 1024 / max(size.customers - FEW.customers, 1)
    return (
        f"Memory of the analysis: {own:,.0f} MiB with {FEW.customers:,} customers, which are its libraries'; beyond that "
        f"{each:.2f} KiB per customer, the features that it is given and the tables that it leaves among them."
    )


def _growth(measured: dict[Size, dict[str, Stage]]) -> str:
    """Exponents of cost from size to size."""
    sizes = sorted(measured, key=lambda size: size.rows)
    names = [name for name in measured[sizes[0]] if all(name in measured[size] for size in sizes)]
    steps = list(pairwise(sizes))

    def exponent(name: str, small: Size, large: Size) -> str:
        seconds = measured[large][name].cpu / measured[small][name].cpu
        return f"{math.log(seconds) / math.log(large.rows / small.rows):.2f}"

    rows = [(name, *(exponent(name, small, large) for small, large in steps)) for name in names]
    heads = ("", *(f"{small.name} to {large.name}" for small, large in steps))
    return "CPU seconds grow as rows to the power of:\n\n" + table(heads, rows)


if __name__ == "__main__":
    main()
