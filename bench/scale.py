"""How cost grows with rows: a bare scan, intake with features, and complete runs, beside pandas and polars.

    python bench/scale.py [--size 1M,10M] [--repeats 3] [--folder FOLDER]

The files are made by DuckDB, with one customer per twenty rows. Each stage is a process of its own, and the stages take
turns, so that a busy machine slows them alike; ratios are to the bare scan of the same file in the same turn.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
from process import Cost, cost
from results import table, write

UNITS = {"K": 1_000, "M": 1_000_000}
ROWS_PER_CUSTOMER = 20
LINES = """
SELECT
    500000 + i // 5 AS order_no,
    strftime(
        TIMESTAMP '2023-01-01'
        + to_seconds(CAST(63072000 * (hash(i // 5, 1) % 1000003) / 1000003 AS BIGINT)), '%Y-%m-%d %H:%M:%S'
    ) AS ordered_at,
    10000 + CAST(floor($customers * pow((hash(i // 5, 2) % 1000003) / 1000003, 1.6)) AS BIGINT) AS customer_id,
    'ST' || CAST(100 + hash(i, 3) % 4000 AS VARCHAR) AS product_code,
    1 + hash(i, 4) % 12 AS quantity,
    (99 + 50 * (hash(i, 5) % 60)) / 100 AS unit_price,
    CASE hash(i // 5, 6) % 4 WHEN 0 THEN 'France' WHEN 1 THEN 'Germany' ELSE 'United Kingdom' END AS country
FROM range($rows) AS t(i)
"""
SCAN = """
import sys, duckdb
columns = ["order_no", "ordered_at", "customer_id", "product_code", "quantity", "unit_price", "country"]
source = "read_csv" if sys.argv[1].endswith("csv") else "read_parquet"
duckdb.execute(f"SELECT {', '.join(f'max({name})' for name in columns)} FROM {source}('{sys.argv[1]}')").fetchall()
"""
FEATURES = """
import sys
from segmenter import load_config, features
from segmenter.intake import load
from segmenter.workspace import workspace
config = load_config(None)
with workspace(config) as connection:
    load(connection, [sys.argv[1]], config.source, config.rules)
    features.build(connection, config.features)
"""
PANDAS = """
import sys, pandas as pd
lines = pd.read_csv(sys.argv[1], parse_dates=["ordered_at"])
lines["money"] = lines.quantity * lines.unit_price
lines.groupby("customer_id").agg(
    last=("ordered_at", "max"), first=("ordered_at", "min"), orders=("order_no", "nunique"), money=("money", "sum"),
    pieces=("quantity", "sum"), products=("product_code", "nunique"))
"""
POLARS = """
import sys, polars as pl
(pl.scan_csv(sys.argv[1], try_parse_dates=True).group_by("customer_id").agg(
    pl.col("ordered_at").max().alias("last"), pl.col("ordered_at").min().alias("first"), pl.col("order_no").n_unique(),
    (pl.col("quantity") * pl.col("unit_price")).sum().alias("money"), pl.col("quantity").sum(),
    pl.col("product_code").n_unique()).collect(engine="streaming"))
"""


@dataclass(frozen=True)
class Size:
    """A file of so many rows."""

    name: str
    rows: int

    @classmethod
    def parse(cls, text: str) -> Size:
        """From text such as 10M."""
        return cls(text, int(float(text[:-1]) * UNITS[text[-1].upper()]))


def main() -> None:
    """Make the files, measure, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="1M,10M", help="rows, such as 1M,10M,50M")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the files are made, and kept; unset: a temporary folder")
    options = parser.parse_args()
    sizes = [Size.parse(text) for text in options.size.split(",")]
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        parts = [_section(size, folder, options.repeats) for size in sizes]
    text = (
        f"One customer per {ROWS_PER_CUSTOMER} rows, seven columns; warm file cache, {options.repeats} repeats in turns. "
        "pandas and polars compute six figures per customer; segmenter reads, accounts for every row and computes all of "
        "its features. Ratio: to the bare scan of the CSV in the same turn, medians.\n\n"
    )
    write("Growth with rows", text + "\n\n".join(parts) + f"\n\n`python bench/scale.py --size {options.size}`")
    print("\n\n".join(parts))


def make(size: Size, folder: Path) -> tuple[Path, Path]:
    """The size's CSV and Parquet files in `folder`, made where they are not there."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / f"{size.name}.csv", folder / f"{size.name}.parquet"
    for path, form in zip(paths, ("CSV, HEADER", "PARQUET, COMPRESSION zstd"), strict=True):
        if not path.exists():
            given = {"rows": size.rows, "customers": size.rows // ROWS_PER_CUSTOMER}
            duckdb.execute(f"COPY ({LINES}) TO '{path}' (FORMAT {form})", given)
    return paths


def commands(csv: Path, parquet: Path, folder: Path) -> dict[str, list[str]]:
    """The stages by name; alternatives only where they are installed."""
    python = [sys.executable, "-c"]
    run = [sys.executable, "-m", "segmenter", "run", str(csv), "-o", str(folder / "runs"), "--quiet"]
    return {
        "bare scan, CSV": [*python, SCAN, str(csv)],
        "intake and features, CSV": [*python, FEATURES, str(csv)],
        "intake and features, Parquet": [*python, FEATURES, str(parquet)],
        "complete run, all views, HTML and PDF": run,
        "pandas": [*python, PANDAS, str(csv)],
        **({"polars": [*python, POLARS, str(csv)]} if importlib.util.find_spec("polars") else {}),
    }


def _section(size: Size, folder: Path, repeats: int) -> str:
    csv, parquet = make(size, folder)
    stages = commands(csv, parquet, folder)
    cost(stages["bare scan, CSV"])  # warms the file cache
    turns = [{name: cost(command) for name, command in stages.items()} for _ in range(repeats)]
    rows = [_row(name, [turn[name] for turn in turns], [turn["bare scan, CSV"] for turn in turns]) for name in stages]
    head = f"{size.name} rows, {size.rows // ROWS_PER_CUSTOMER:,} customers, {csv.stat().st_size / 2**20:,.0f} MiB CSV"
    return f"### {head}\n\n" + table(("", "seconds", "ratio to the bare scan", "peak MiB"), rows)


def _row(name: str, costs: list[Cost], scans: list[Cost]) -> tuple[str, str, str, str]:
    ratios = [each.seconds / scan.seconds for each, scan in zip(costs, scans, strict=True)]
    seconds = statistics.median(each.seconds for each in costs)
    return name, f"{seconds:.1f}", f"{statistics.median(ratios):.1f}", f"{max(each.peak_mib for each in costs):,.0f}"


if __name__ == "__main__":
    main()
