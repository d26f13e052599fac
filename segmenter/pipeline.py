"""The one way through the program, from source to run folder.

source -> transactions -> features -> study (segments, anomalies, views) -> run -> report
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from segmenter.config import Config
from segmenter.runs.history import Drift, History
from segmenter.runs.types import Manifest, Run

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from segmenter.engine.types import Engine
    from segmenter.features.types import FeatureTable, Period
    from segmenter.intake.types import Intake

CACHE = ".cache"  # folder of the archive that holds what was read before; safe to delete
STAGES = ("reading the export", "describing customers", "finding segments and anomalies", "writing the report")


@dataclass(frozen=True)
class Finished:
    """A run as it lies in the archive, with the files a person opens."""

    run: Run
    folder: Path
    files: tuple[Path, ...]


@dataclass
class Stopwatch:
    """Tells which stage begins and keeps the seconds each took."""

    tell: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict)
    _since: tuple[str, float] | None = None

    def begin(self, stage: str) -> None:
        """End the stage that runs and begin `stage`."""
        self.end()
        self.tell(stage)
        self._since = (stage, time.perf_counter())

    def so_far(self) -> dict[str, float]:
        """Seconds of the stages that ended and of the one that runs."""
        stage, since = self._since or ("", 0.0)
        return {**self.seconds, **({stage: round(time.perf_counter() - since, 3)} if stage else {})}

    def end(self) -> None:
        """End the stage that runs."""
        if self._since:
            stage, since = self._since
            self.seconds[stage] = round(time.perf_counter() - since, 3)
        self._since = None


def silent(stage: str) -> None:
    """Tell nobody."""


@contextmanager
def workspace(config: Config) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection of bounded memory; its spill folder is removed afterwards."""
    from segmenter.intake import open_connection

    with tempfile.TemporaryDirectory(prefix="segmenter-") as folder:
        connection = open_connection(config.engine.memory_limit, config.engine.threads, Path(folder))
        try:
            yield connection
        finally:
            connection.close()


def run(sources: Sequence[str], config: Config, *, tell: Callable[[str], None] = silent) -> Finished:
    """Segment the customers of `sources` and write a run, with its report, into the archive.

    Raises
    ------
    SegmenterError
        The sources cannot be read or used, or the archive or report cannot be written.
    """
    from segmenter import report
    from segmenter.runs import acceptance, archive
    from segmenter.runs.memory import remember

    Thread(target=_warm_up, daemon=True).start()
    watch, started = Stopwatch(tell), datetime.now(UTC)
    root = Path(config.engine.archive)
    made = remember(_analyse(sources, config, watch, started), root, config.history)
    watch.begin(STAGES[3])
    files: list[Path] = []

    def finish(aside: Path) -> None:
        files.extend(file.relative_to(aside) for file in report.render(made, config.report, aside))

    folder = archive.write(made, root, finish)
    if acceptance.accepted_run(root) is None:
        acceptance.accept(root, folder.name, datetime.now(UTC))
    watch.end()
    return Finished(made, folder, tuple(folder / file for file in files))


def _analyse(sources: Sequence[str], config: Config, watch: Stopwatch, started: datetime) -> Run:
    """The run as far as it can be told without the runs before it, but for the accepted model."""
    from segmenter import features
    from segmenter.runs import acceptance
    from segmenter.study import Known, keep_everybody, population_of, study

    with workspace(config) as connection:
        watch.begin(STAGES[0])
        with _read(connection, sources or config.source.paths, config) as (intake, engine):
            watch.begin(STAGES[1])
            table = features.build(engine, config.features)
            period = features.period(engine, table.as_of)
            known = Known(
                features.baskets(engine, table.as_of, excluded=config.rules.non_product_pattern),
                partial(_evidence, engine, table.as_of, config.report.currency),
                features.period_revenue(engine, table, config.history.period_days),
                acceptance.follow(Path(config.engine.archive), table, config),
                population_of(engine, table),
                features.past_orders(engine, table, config.history.period_days),
            )
            watch.begin(STAGES[2])
            found = study(table, known, config)
            customers = features.with_addresses(found.customers, engine)
            manifest = _manifest(config, started, intake, table, period, watch)
            keep_everybody(engine, found.findings.cards, config.engine.spark_folder, manifest.run_id)
        rejected = connection.execute("SELECT * FROM rejected ORDER BY file, line").df()
    return Run(
        manifest,
        found.findings,
        customers,
        found.segments,
        found.anomalies,
        rejected,
        found.model,
        found.challenger,
        History(found.continuity, sentences=known.following.sentences),
    )


@contextmanager
def _read(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[str], config: Config
) -> Iterator[tuple[Intake, Engine]]:
    """The intake of `sources` and what answers queries on them: `connection`, or a Spark where one is configured."""
    from segmenter.engine.handover import open_cluster, open_engine
    from segmenter.intake import lies_in_cluster, load, load_in_cluster

    if config.engine.kind == "spark" and lies_in_cluster(sources):
        with open_cluster(config.engine) as cluster:
            intake = load_in_cluster(cluster, sources, config.source, config.rules, connection)
            cluster.draw(config.engine.spark_sample)
            yield intake, cluster
    else:
        cache = Path(config.engine.archive) / CACHE
        intake = load(connection, sources, config.source, config.rules, cache)
        with open_engine(connection, config.engine) as engine:
            yield intake, engine


def _evidence(engine: Engine, as_of: date, currency: str, customers: list[str]) -> dict[str, str]:
    """The transactions behind customers in words."""
    from segmenter import features

    found = features.evidence(engine, customers, as_of)
    return {customer: features.in_words(proof, currency) for customer, proof in found.items()}


def _manifest(
    config: Config, started: datetime, intake: Intake, table: FeatureTable, period: Period, watch: Stopwatch
) -> Manifest:
    from segmenter.runs import archive

    return Manifest(
        run_id=archive.new_run_id(started, intake.readings, Path(config.engine.archive)),
        started_at=started,
        as_of=table.as_of,
        seed=config.engine.seed,
        config=config.model_dump(mode="json"),
        versions=_versions(config),
        readings=intake.readings,
        recognition=intake.recognition,
        account=intake.account,
        features=table.features,
        period=period,
        timings=watch.so_far(),
    )


def _warm_up() -> None:
    """Load the libraries of the later stages while DuckDB reads the export; a stage that needs one waits for it."""
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # a first run need not hear of font caches
    for name in ("segmenter.study", "sklearn.cluster", "sklearn.manifold", "sklearn.mixture", "matplotlib.figure"):
        import_module(name)


def _versions(config: Config) -> dict[str, str]:
    from importlib.metadata import version

    spark = ("pyspark", "sqlglot") if config.engine.kind == "spark" else ()
    report = ("matplotlib", "weasyprint", "jinja2", "babel")
    names = ("segmenter", "duckdb", *spark, "numpy", "scipy", "scikit-learn", "pandas", *report)
    return {name: version(name) for name in names}


def inspect(sources: Sequence[str], config: Config) -> Intake:
    """Read `sources` and account for every row; no analysis, nothing written."""
    from segmenter.intake import load

    with workspace(config) as connection:
        return load(connection, sources or config.source.paths, config.source, config.rules)


@dataclass(frozen=True)
class Scored:
    """Customers in the segments of an earlier run, and how far they have drifted from that run's.

    `customers` has one row per customer: customer_id, segment, segment_name, distance (to the centroid, prepared units).
    """

    customers: pd.DataFrame
    drift: tuple[Drift, ...]


def score(sources: Sequence[str], config: Config, folder: Path) -> Scored:
    """Customers of `sources` in the segments of the run in `folder`, without refitting.

    Raises
    ------
    SegmenterError
        The run's model is missing or damaged, or the sources lack a feature that it uses.
    """
    import numpy as np
    import pandas as pd

    from segmenter import features
    from segmenter.intake import load
    from segmenter.runs import model
    from segmenter.runs.drift import drift
    from segmenter.runs.tables import read_table
    from segmenter.study.placement import shown_names

    known = model.read_model(folder / "model.json")
    with workspace(config) as connection:
        load(connection, sources or config.source.paths, config.source, config.rules)
        table = features.build(connection, config.features)
    labels, matrix = model.place(known, table)
    scored = pd.DataFrame(
        {
            "customer_id": table.customer_id,
            "segment": np.array(known.numbers)[labels],
            "segment_name": np.array(shown_names(known.names, config), dtype=object)[labels],
            "distance": np.linalg.norm(matrix - np.array(known.centroids)[labels], axis=1),
        }
    )
    return Scored(scored, drift(read_table(folder / "customers.parquet"), table, known.preparation.names))
