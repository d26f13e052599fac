"""A Spark of our own, in local mode, and transactions to put before both engines."""

import os
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from segmenter.config.engine import EngineConfig
from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.engine.spark import SparkEngine, open_session
from segmenter.intake import load, open_connection

# Java compiles what a test runs once only lightly: a run on a local Spark takes a quarter less time.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")


@pytest.fixture(scope="session")
def spark():
    """A Spark session in local mode."""
    if shutil.which("java") is None:
        pytest.skip("there is no Java on this machine; openjdk-17-jre-headless brings it")
    if find_spec("pyspark") is None:
        pytest.skip("PySpark is not installed; pip install '.[spark]' brings it")
    with (
        tempfile.TemporaryDirectory() as folder,
        open_session(EngineConfig(kind="spark", spark="local[2]"), Path(folder)) as session,
    ):
        yield session


@pytest.fixture(scope="session")
def retail(exports, tmp_path_factory):
    """Online Retail as read by DuckDB: a connection with `transactions`."""
    connection = open_connection("4GiB", None, tmp_path_factory.mktemp("spill"))
    load(connection, [exports / "online-retail-by-day"], SourceConfig(), RulesConfig())
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def cluster(spark, retail, tmp_path_factory):
    """Makes an engine that holds the same transactions in Spark, with a bound on what comes home."""
    folder = tmp_path_factory.mktemp("handed-over") / "transactions"
    retail.table("transactions").write_parquet(str(folder), per_thread_output=True)

    def make(most=200_000):
        engine = SparkEngine(spark)
        spark.read.parquet(str(folder)).createOrReplaceTempView("transactions")
        engine.draw(most)
        return engine

    return make
