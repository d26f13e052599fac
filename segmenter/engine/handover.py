"""Opens the engine of a run, and hands the transactions over to it."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.config.engine import EngineConfig
from segmenter.engine.spark import SparkEngine, open_session
from segmenter.errors import ConfigError
from segmenter.folders import temporary_folder

if TYPE_CHECKING:
    import duckdb

    from segmenter.engine.types import Engine


@contextmanager
def open_engine(connection: duckdb.DuckDBPyConnection, config: EngineConfig) -> Iterator[Engine]:
    """The engine for queries on the transactions in `connection`: that itself, or a Spark to which they are copied.

    Raises
    ------
    ConfigError
        Spark cannot be used, or shares no folder with this machine.
    """
    if config.kind == "duckdb":
        yield connection
        return
    with open_cluster(config) as engine, _exchange(config) as exchange:
        rows = connection.sql("SELECT * REPLACE (CAST(status AS VARCHAR) AS status) FROM transactions")
        rows.write_parquet(str(exchange), per_thread_output=True)
        engine.session.read.parquet(str(exchange)).createOrReplaceTempView("transactions")
        engine.draw(config.spark_sample)
        yield engine


@contextmanager
def open_cluster(config: EngineConfig) -> Iterator[SparkEngine]:
    """A Spark without any tables.

    Raises
    ------
    ConfigError
        Spark cannot be used.
    """
    with temporary_folder() as folder, open_session(config, folder) as session:
        engine = SparkEngine(session)
        try:
            yield engine
        finally:
            engine.release()


@contextmanager
def _exchange(config: EngineConfig) -> Iterator[Path]:
    """The path of a new folder through which transactions reach the cluster; removed afterwards."""
    if config.spark_folder is None and config.spark.startswith("local"):
        with temporary_folder() as folder:
            yield folder / "transactions"
        return
    if config.spark_folder is None or not Path(config.spark_folder).is_dir():
        raise ConfigError(
            f"engine.spark_folder = {config.spark_folder!r} is not a folder on this machine, so that transactions which are "
            f"read here cannot reach {config.spark}. Name a folder that both reach, or sources that the cluster reads "
            "itself (docs/scale.md)."
        )
    exchange = Path(config.spark_folder) / f"transactions-{uuid.uuid4().hex}"
    try:
        yield exchange
    finally:
        shutil.rmtree(exchange, ignore_errors=True)
