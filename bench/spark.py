"""What a core of a Spark does in a second, and what follows for a cluster: reading, features, placing everybody.

    python bench/spark.py [--size 1M,4M] [--cores 2]

One local Spark, warmed by a small export, reads two exports of different size from Parquet; rates are from the difference
of their times, without the constant cost of a stage. The figures for clusters are extrapolated.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
from results import table, write
from rows import Size, make

from segmenter import features, load_config
from segmenter.config import Config
from segmenter.engine.population import place_everybody
from segmenter.engine.spark import SparkEngine, open_session
from segmenter.features.catalogue import CATALOGUE
from segmenter.intake import load_in_cluster
from segmenter.runs.acceptance import Following
from segmenter.study.core import core_of
from segmenter.study.population import rule_of

WARM = Size.parse("100K")
HANDBOOK = Path(__file__).resolve().parents[1] / "docs" / "scale.md"
MARK = "<!-- written by bench/spark.py -->"
HELD = "bytes held per row"
STAGES = ("reading and matching", "features", "placing everybody")
CLUSTERS = ((4, 16), (16, 16), (64, 16))  # workers, and cores of each
ROWS = (10**9, 10**10)


@dataclass(frozen=True)
class Rate:
    """A stage's rows per second and core, and what it takes at any size."""

    rows: float
    constant: float


def main() -> None:
    """Measure, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="1M,4M", help="two sizes in rows")
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    small, large = (Size.parse(text) for text in options.size.split(","))
    keys = {"kind": "spark", "spark": f"local[{options.cores}]", "memory_limit": "8GiB"}
    config = load_config(None, engine=keys)
    with tempfile.TemporaryDirectory() as temporary:
        folder, own = Path(temporary), Path(temporary) / "spark"
        own.mkdir()
        since = time.perf_counter()
        with open_session(config.engine, own) as session:
            started = time.perf_counter() - since
            measure = partial(_stages, lambda: SparkEngine(session), folder, config)
            measure(WARM)
            seconds = {size: measure(size) for size in (small, large)}
    rates = {stage: _rate(stage, seconds, small, large, options.cores) for stage in STAGES}
    clusters = _clusters(rates, seconds[large][HELD])
    write("Spark, per core", _text(rates, seconds, started, options) + clusters, ("pyspark", "sqlglot"))
    _write_handbook(clusters)


def _stages(engine_of: Callable[[], SparkEngine], folder: Path, config: Config, size: Size) -> dict[str, float]:
    """Seconds per stage of one export."""
    path, seconds, engine = make(size, folder / f"{size.name}.parquet"), {}, engine_of()
    with _timed(seconds, STAGES[0]):
        load_in_cluster(engine, [f"file://{path}"], config.source, config.rules, duckdb.connect())
        engine.draw(config.engine.spark_sample)
    with _timed(seconds, STAGES[1]):
        found = features.build(engine, config.features)
        features.period(engine, found)
        features.baskets(engine, found, excluded=config.rules.non_product_pattern)
        features.period_revenue(engine, found, config.history.period_days)
        features.past_orders(engine, found, config.history.period_days)
    rule = rule_of(core_of(found, Following(), config))
    with _timed(seconds, STAGES[2]):
        place_everybody(engine, rule, tuple(CATALOGUE), found.as_of, most_odd=2_000)
    held = engine.session.sparkContext._jsc.sc().getRDDStorageInfo()  # noqa: SLF001 - PySpark has no other way to ask
    seconds[HELD] = sum(each.memSize() + each.diskSize() for each in held) / size.rows
    engine.release()
    print(f"{size.name}: " + ", ".join(f"{stage} {took:.1f}" for stage, took in seconds.items()), file=sys.stderr)
    return seconds


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    since = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - since


def _rate(stage: str, seconds: dict[Size, dict[str, float]], small: Size, large: Size, cores: int) -> Rate:
    each = (seconds[large][stage] - seconds[small][stage]) / (large.rows - small.rows)
    return Rate(1 / (each * cores), max(0.0, seconds[small][stage] - each * small.rows))


def _text(
    rates: dict[str, Rate], seconds: dict[Size, dict[str, float]], started: float, options: argparse.Namespace
) -> str:
    measured = [
        (stage, *(f"{took[stage]:.1f}" for took in seconds.values()), f"{rate.constant:.1f}", f"{rate.rows:,.0f}")
        for stage, rate in rates.items()
    ]
    heads = (
        "stage",
        *(f"seconds, {size.name} rows" for size in seconds),
        "of which at any size",
        "rows a second and core",
    )
    return (
        f"Spark in local mode on {options.cores} cores, which starts in {started:.0f} s; Parquet of eight columns, one customer "
        "per twenty rows. The fit of the model is not in it: it sees a sample of fixed size.\n\n"
        f"{table(heads, measured)}\n\nExtrapolated from these rates, every core as fast as one here and no time for a network "
        "between them:\n\n"
    )


def _clusters(rates: dict[str, Rate], held: float) -> str:
    """What clusters of some sizes take, as a table."""
    rows = [
        (f"{workers} workers of {cores} cores", *(_minutes(rates, rows, workers * cores) for rows in ROWS))
        for workers, cores in CLUSTERS
    ]
    room = ("memory and disk held meanwhile, in all", *(f"{rows * held / 1e9:,.0f} GB" for rows in ROWS))
    return table(("", *(f"{rows:,} rows" for rows in ROWS)), [*rows, room])


def _write_handbook(clusters: str) -> None:
    """Replace the table in the handbook."""
    text = HANDBOOK.read_text(encoding="utf-8")
    before, _, rest = text.partition(f"{MARK}\n")
    _, _, after = rest.partition(MARK)
    HANDBOOK.write_text(f"{before}{MARK}\n{clusters}\n\n{MARK}{after}", encoding="utf-8")


def _minutes(rates: dict[str, Rate], rows: int, cores: int) -> str:
    seconds = sum(rate.constant + rows / (rate.rows * cores) for rate in rates.values())
    return f"{seconds / 60:,.0f} min"


if __name__ == "__main__":
    main()
