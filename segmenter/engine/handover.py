"""The engine of a run, with the transactions where it can read them."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.config.engine import EngineConfig
from segmenter.engine.spark import SparkEngine, open_session
from segmenter.errors import ConfigError

if TYPE_CHECKING:
    import duckdb

    from segmenter.engine.types import Engine


@contextmanager
def open_engine(connection: duckdb.DuckDBPyConnection, config: EngineConfig) -> Iterator[Engine]:
    """What answers the queries on the transactions that `connection` has read: itself, or a Spark that gets them.

    Raises
    ------
    ConfigError
        Spark cannot be used, or shares no folder with this machine.
    """
    if config.kind == "duckdb":
        yield connection
        return
    with tempfile.TemporaryDirectory(prefix="segmenter-") as own, _exchange(config, Path(own)) as exchange:
        connection.table("transactions").write_parquet(str(exchange), per_thread_output=True)
        with open_session(config, Path(own)) as session:
            engine = SparkEngine(session)
            session.read.parquet(str(exchange)).createOrReplaceTempView("transactions")
            engine.draw(config.spark_sample)
            yield engine


@contextmanager
def _exchange(config: EngineConfig, own: Path) -> Iterator[Path]:
    """A folder that does not exist yet, for transactions on their way to the cluster; removed afterwards."""
    if config.spark_folder is None and not config.spark.startswith("local"):
        raise ConfigError(
            f"engine.spark = {config.spark!r} runs elsewhere: name a folder that it and this machine both reach as "
            "engine.spark_folder, for the transactions that are read here."
        )
    folder = own if config.spark_folder is None else Path(config.spark_folder)
    exchange = folder / f"transactions-{uuid.uuid4().hex}"
    try:
        yield exchange
    finally:
        shutil.rmtree(exchange, ignore_errors=True)
