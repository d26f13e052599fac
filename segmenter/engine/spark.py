"""Apache Spark as an engine: runs the same queries, translated from DuckDB's dialect, on transactions in the cluster."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.assets import query as query_of
from segmenter.config.engine import EngineConfig
from segmenter.engine.translation import translate
from segmenter.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame, SparkSession

NO_PYSPARK = 'engine.kind = "spark" needs {}, which is not installed: pip install "segmenter[spark]".'
SETTINGS = {"spark.sql.session.timeZone": "UTC", "spark.sql.ansi.enabled": "true"}
LOGGING = """rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
logger.python.name = org.apache.spark.api.python.PythonGatewayServer
logger.python.level = error
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = Spark: %p %c{1}: %m%n%ex{0}
"""


class SparkResult:
    """The result of a query in the cluster, with the interface of DuckDB's.

    `fetchnumpy` returns only the customers who were `drawn`, where there are too many for one machine.
    """

    def __init__(self, frame: DataFrame, drawn: DataFrame | None) -> None:
        self.frame = frame
        self._drawn = drawn

    def fetchnumpy(self) -> dict[str, NDArray[Any]]:
        """Arrays by column, sorted by customer where a sample was drawn; a missing number is NaN."""
        frame = self.frame
        if self._drawn is not None and "customer_id" in frame.columns:
            frame = frame.join(self._drawn, "customer_id", "left_semi").orderBy(*frame.columns[:2])
        table = frame.toArrow()
        return {name: table.column(name).to_numpy() for name in table.column_names}

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Rows as tuples."""
        columns = self.frame.toArrow().columns
        return list(zip(*(column.to_pylist() for column in columns), strict=True))


class SparkEngine:
    """A Spark session that runs the queries; `drawn` has the ids of the sampled customers, None where there is no sample."""

    def __init__(self, session: SparkSession) -> None:
        self.session = session
        self.drawn: DataFrame | None = None
        self._kept: list[DataFrame] = []

    def execute(self, query: str, parameters: dict[str, Any] | None = None) -> SparkResult:
        """Run one statement of DuckDB's dialect; the results of CREATE TABLE AS and INSERT become views of that name."""
        translated = translate(query)
        frame = self.session.sql(translated.sql, args=parameters or {})
        if translated.target is None:
            if self.drawn is not None and "customer_id" in frame.columns:
                self.keep(frame)  # needed for the sample now and for all customers later
            return SparkResult(frame, self.drawn)
        if translated.is_insert:
            # The checkpoint cuts the lineage; otherwise plans that contain all previous plans several times grow without
            # bound.
            frame = self.session.table(translated.target).union(frame).localCheckpoint()
        else:
            self.keep(frame)
        frame.createOrReplaceTempView(translated.target)
        return SparkResult(frame, self.drawn)

    def keep(self, frame: DataFrame) -> DataFrame:
        """Persist `frame`, once it is computed, until `release`."""
        self._kept.append(frame.persist())
        return frame

    def release(self) -> None:
        """Unpersist all frames, because a Spark Connect server outlives its sessions."""
        for frame in self._kept:
            frame.unpersist()

    def draw(self, most: int) -> None:
        """Sample the customers whose rows are fetched: of more than `most`, that many are drawn by a hash of the id."""
        self.drawn = None
        ((n_customers,),) = self.execute("select count(distinct customer_id) as n from transactions").fetchall()
        if n_customers > most:
            self.drawn = self.keep(self.execute(query_of("drawn_customers"), {"n": most}).frame)


@contextmanager
def open_session(config: EngineConfig, folder: Path) -> Iterator[SparkSession]:
    """A session with the Spark at `config.spark`; a local one has its files in `folder`.

    Raises
    ------
    ConfigError
        PySpark or Java is missing, or Spark cannot be reached.
    """
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession

        import_module("sqlglot")
    except ImportError as error:
        raise ConfigError(NO_PYSPARK.format(error.name)) from None
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    is_connect = config.spark.startswith("sc://")
    builder = SparkSession.builder.remote(config.spark) if is_connect else SparkSession.builder.master(config.spark)
    builder = builder.appName("segmenter")
    for key, value in {**SETTINGS, **({} if is_connect else _driver_settings(config, folder))}.items():
        builder = builder.config(key, value)
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")  # pandas is not used with Spark here
    try:
        session = builder.getOrCreate()
        session.sql("select 1").collect()
    except PySparkException as error:
        raise ConfigError(_unreachable(config.spark, error)) from None
    try:
        yield session
    finally:
        session.stop()


def _driver_settings(config: EngineConfig, folder: Path) -> dict[str, str]:
    """Settings of a driver that is started here; a local one listens on the loopback interface and spills to `folder`."""
    logging = folder / "log4j2.properties"
    logging.write_text(LOGGING, encoding="utf-8")
    settings = {
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": f"{max(1024, config.memory_mib)}m",
        "spark.buffer.pageSize": "4m",  # by default each of dozens of small broadcast tables takes 64 MiB
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={logging.as_uri()}",
    }
    if config.spark.startswith("local"):
        settings |= {
            "spark.ui.enabled": "false",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.local.dir": str(folder),
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
            "spark.sql.shuffle.partitions": str(2 * (os.cpu_count() or 1)),
        }
    return settings


def _unreachable(address: str, error: Exception) -> str:
    reason = str(error).split("\n", 1)[0]
    return (
        f"engine.spark = {address!r} cannot be used: {reason} A Spark of one's own needs Java 17 or newer "
        "(openjdk-17-jre-headless); a Spark Connect server must run at the address."
    )
