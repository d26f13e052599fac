"""`segmenter run` with [engine] kind = "spark": the same run."""

import os
import socket
import subprocess
import sys
import time

import duckdb
import numpy as np
import pytest

from segmenter.engine.drawn import within
from segmenter.runs.archive import list_runs, read
from segmenter.runs.naming import find
from segmenter.sample import generate

pytestmark = pytest.mark.slow

SETTINGS = """
[views]
tsne_sample = 200
hierarchy_sample = 200
perplexity = 10.0
[kmeans]
bootstraps = 5
n_init = 3
[report]
formats = ["html"]
[engine]
"""
SERVER = """
import sys, time
from pyspark.sql import SparkSession
SparkSession.builder.master("local[2]").config("spark.plugins", "org.apache.spark.sql.connect.SparkConnectPlugin").config(
    "spark.connect.grpc.binding.port", sys.argv[1]).config("spark.ui.enabled", "false").config(
    "spark.sql.shuffle.partitions", "2").getOrCreate()
time.sleep(600)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Runs the same export on an engine, in a process of its own, and gives the run."""
    folder = tmp_path_factory.mktemp("runs")
    generate(folder / "sales.csv", n_customers=400, seed=5)

    def make(name, settings):
        (folder / f"{name}.toml").write_text(SETTINGS + settings, encoding="utf-8")
        command = [sys.executable, "-m", "segmenter", "run", "sales.csv", "-c", f"{name}.toml", "-o", name]
        done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        return read(find(folder / name))

    return make


@pytest.fixture(scope="module")
def on_duckdb(made):
    return made("duckdb", "")


@pytest.fixture
def connect(spark, tmp_path):
    """Address of a Spark Connect server on this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable}
    with subprocess.Popen([sys.executable, "-c", SERVER, str(port)], cwd=tmp_path, env=environment) as server:
        for _ in range(240):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.5)
        yield f"sc://127.0.0.1:{port}"
        server.terminate()


def assert_same(ours, theirs):
    assert list(ours.customers) == list(theirs.customers)
    for name in ours.customers:
        mine, other = ours.customers[name], theirs.customers[name]
        if mine.dtype.kind == "f":
            np.testing.assert_allclose(other, mine, rtol=1e-9, atol=1e-9, err_msg=name)
        else:
            assert other.equals(mine), name
    assert theirs.anomalies.equals(ours.anomalies)
    assert theirs.segments.equals(ours.segments)


def test_a_local_spark_makes_the_same_run(spark, made, on_duckdb):
    found = made("local", 'kind = "spark"\nspark = "local[2]"\n')
    assert_same(on_duckdb, found)
    assert "pyspark" in found.manifest.versions


def test_of_two_samples_nobody_is_new_or_gone_who_was_only_not_drawn(spark, tmp_path):
    generate(tmp_path / "all.csv", n_customers=1300, seed=5)
    with duckdb.connect() as there:
        there.execute(f"create table sales as from read_csv('{tmp_path / 'all.csv'}', all_varchar = true)")
        found = there.execute("select list(distinct customer_id), max(cast(left(ordered_at, 10) as date)) from sales")
        ids, last = found.fetchall()[0]
        came = sorted(filter(None, ids))[::6]
        then = f"customer_id not in {tuple(came)} and cast(left(ordered_at, 10) as date) <= cast('{last}' as date) - 7"
        there.execute(f"copy (from sales where {then}) to '{tmp_path / 'then.csv'}'")
        known = there.execute(f"select distinct customer_id from sales where {then}").fetchall()
    (tmp_path / "config.toml").write_text(f'{SETTINGS}kind = "spark"\nspark = "local[2]"\nspark_sample = 1000\n')
    for name in ("then", "all"):
        command = [sys.executable, "-m", "segmenter", "run", f"{name}.csv", "-c", "config.toml"]
        done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
    before, now = (read(folder) for folder in list_runs(tmp_path / "runs"))
    assert len(before.customers) == len(now.customers) == 1000
    assert before.drawn.limit > now.drawn.limit
    newcomers = np.array(sorted({*filter(None, ids)} - {each for (each,) in known}))
    states = now.moves.groupby("state")["customer_id"].agg(set)
    assert states["new"] == set(newcomers[within(newcomers, now.drawn.limit)].tolist())
    assert "gone" not in states
    assert f"today 1,000 of {now.manifest.period.n_customers:,} customers" in now.history.movement.covers
    check = now.findings.lifetime.check
    assert 0 < sum(check.period_orders) <= check.orders


def test_spark_connect_makes_the_same_run_and_leaves_no_transactions_behind(made, on_duckdb, connect, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    found = made("connect", f'kind = "spark"\nspark = "{connect}"\nspark_folder = "{shared}"\n')
    assert_same(on_duckdb, found)
    assert not list(shared.iterdir())
