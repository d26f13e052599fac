"""A team's own SQL sees copies of two tables: no file, no network, no setting, no end of time or memory."""

import hashlib
import os
from datetime import date

import duckdb
import pytest

from segmenter.config.analysis import FeaturesConfig
from segmenter.errors import ConfigError
from segmenter.features import build, sandbox
from segmenter.features.custom import custom_features
from tests.features.conftest import line, transactions

__all__ = ["transactions"]
LINES = [line("ann", "2024-01-07", "1", 10), line("bob", "2024-01-09", "3", 7)]
ESCAPES = {
    "absolute path": "select customer_id, (select count(*) from '/etc/passwd') as x from orders group by 1",
    "path upwards": "select customer_id, (select count(*) from '../../../etc/passwd') as x from orders group by 1",
    "its own inputs": "select customer_id, (select count(*) from 'transactions.parquet') as x from orders group by 1",
    "link out": "select customer_id, (select count(*) from read_csv('FOLDER/link.csv')) as x from orders group by 1",
    "read_text": "select customer_id, length((select content from read_text('/etc/passwd'))) as x from orders group by 1",
    "read_blob": "select customer_id, (select count(*) from read_blob('/etc/*')) as x from orders group by 1",
    "read_csv": "select customer_id, (select count(*) from read_csv('/etc/passwd')) as x from orders group by 1",
    "read_json": "select customer_id, (select count(*) from read_json('FOLDER/secret.json')) as x from orders group by 1",
    "read_parquet": "select customer_id, (select count(*) from read_parquet('FOLDER/x.parquet')) as x from orders group by 1",
    "read_duckdb": "select customer_id, (select count(*) from read_duckdb('FOLDER/x.duckdb')) as x from orders group by 1",
    "sniff_csv": "select customer_id, (select count(*) from sniff_csv('/etc/passwd')) as x from orders group by 1",
    "glob": "select customer_id, (select count(*) from glob('/etc/*')) as x from orders group by 1",
    "parquet_metadata": "select customer_id, (select count(*) from parquet_metadata('FOLDER/x.parquet')) as x from orders group by 1",
    "http": "select customer_id, (select count(*) from 'http://127.0.0.1:9/x.csv') as x from orders group by 1",
    "query": "select customer_id, (select count(*) from query('from read_text(''/etc/passwd'')')) as x from orders group by 1",
    "serialized": "select customer_id, (select count(*) from json_execute_serialized_sql(json_serialize_sql('select * from read_text(''/etc/passwd'')'))) as x from orders group by 1",
    "logging": "select customer_id, (select count(*) from enable_logging(storage='file', storage_path='FOLDER/log')) as x from orders group by 1",
    "python": "select customer_id, (select count(*) from sys) as x from orders group by 1",
    "getenv": "select customer_id, length(getenv('HOME')) as x from orders group by 1",
    "copy out": "copy transactions to 'FOLDER/stolen.csv'",
    "copy over its inputs": "copy (select 1) to 'transactions.parquet'",
    "copy program": "copy transactions to program 'cat > FOLDER/stolen'",
    "attach": "attach 'FOLDER/x.duckdb'",
    "export": "export database 'FOLDER/stolen'",
    "import": "import database 'FOLDER'",
    "install": "install httpfs",
    "load": "load httpfs",
    "set memory": "set memory_limit = '99TB'",
    "set folder": "set temp_directory = 'FOLDER/stolen'",
    "unlock": "set lock_configuration = false",
    "open again": "set enable_external_access = true",
    "pragma": "pragma enable_profiling",
    "call": "call pragma_version()",
    "secret": "create secret (type http, bearer_token 'x')",
    "two statements": "select 1; copy transactions to 'FOLDER/stolen.csv'",
    "hidden statement": "select customer_id, 1 as x from orders group by 1; --\n copy orders to 'FOLDER/stolen.csv'",
    "insert": "insert into transactions select * from transactions",
    "formula for a name": "select customer_id, 1 as \"=HYPERLINK('x')\" from orders group by 1",
    "markup for a name": 'select customer_id, 1 as "<script>" from orders group by 1',
    "path for a name": 'select customer_id, 1 as "../../x" from orders group by 1',
}
ENDLESS = {
    "recursion": "with recursive r as (select 1 as i union all select i + 1 from r) select 'ann' as customer_id, max(i) as x from r",
    "cross join": "select 'ann' as customer_id, count(*) as x from range(10000000) a, range(10000000) b where a.range * b.range % 7 = 3",
    "one endless function": "select 'ann' as customer_id, levenshtein(repeat('a', 900000), repeat('b', 900000)) as x",
}
GREEDY = {
    "a long text": "select 'ann' as customer_id, length(repeat('x', 40000000000)) as x",
    "a long list": "select 'ann' as customer_id, list_sum(range(3000000000)) as x",
    "a wide aggregate": "select 'ann' as customer_id, length(string_agg(repeat('x', 1000000))) as x from range(100000)",
}


@pytest.fixture
def folder(tmp_path):
    """A folder of features beside things that must stay as they are; afterwards they are."""
    for name in ("secret.json", "x.parquet", "x.duckdb"):
        (tmp_path / name).write_text('{"secret": 1}')
    (tmp_path / "link.csv").symlink_to("/etc/passwd")
    (tmp_path / "features").mkdir()
    before, here = _digest(tmp_path), sorted(os.listdir())
    yield tmp_path
    (tmp_path / "features" / "mine.sql").unlink()
    assert _digest(tmp_path) == before
    assert sorted(os.listdir()) == here


def _digest(folder):
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def connection(transactions):
    """Two sales and their orders; what a team's own queries must leave as it is."""
    connection = transactions(LINES)
    build(connection, FeaturesConfig())
    yield connection
    connection.close()


@pytest.fixture
def run(folder, connection):
    """Runs a query as a run does that has come to the team's own features."""

    def run(sql):
        (folder / "features" / "mine.sql").write_text(sql.replace("FOLDER", str(folder)))
        try:
            return list(custom_features(connection, str(folder / "features"), date(2024, 1, 10), "en"))
        finally:
            assert connection.execute("select count(*), sum(amount) from transactions").fetchall() == [(2, 17)]
            assert connection.execute("select count(*) from orders").fetchall() == [(2,)]

    return run


@pytest.fixture
def enclosed(folder, connection, monkeypatch):
    """Runs a query as the sandbox does, on tables of its own."""
    room = folder / "features"
    monkeypatch.chdir(room)
    (room / "mine.sql").touch()
    for table in ("transactions", "orders"):
        connection.execute(f"copy {table} to '{room / table}.parquet' (format parquet)")
    with sandbox._sandbox(room, str(256 << 20) + "B", "1") as inside:
        for table in ("transactions", "orders"):
            (room / f"{table}.parquet").unlink()
        yield lambda sql: sandbox._answer(inside, sql.replace("FOLDER", str(folder)), date(2024, 1, 10))


@pytest.mark.parametrize("sql", ESCAPES.values(), ids=ESCAPES.keys())
def test_every_way_out_is_closed(enclosed, sql):
    with pytest.raises((duckdb.Error, ValueError)) as error:
        enclosed(sql)
    assert "root:" not in str(error.value)


@pytest.mark.parametrize("name", ["absolute path", "link out", "copy out", "set memory", "markup for a name"])
def test_a_way_out_is_told_by_the_files_name_in_one_paragraph(run, name):
    with pytest.raises(ConfigError) as error:
        run(ESCAPES[name])
    assert "mine.sql" in str(error.value)
    assert "\n" not in str(error.value)
    assert "root:" not in str(error.value)


@pytest.mark.parametrize("sql", ENDLESS.values(), ids=ENDLESS.keys())
def test_what_never_ends_is_ended(run, monkeypatch, sql):
    monkeypatch.setattr("segmenter.features.custom.SECONDS", 1)
    with pytest.raises(ConfigError, match="took longer than 1 s and was stopped"):
        run(sql)


@pytest.mark.parametrize("sql", GREEDY.values(), ids=GREEDY.keys())
def test_what_takes_all_memory_ends_alone(run, monkeypatch, sql):
    monkeypatch.setattr("segmenter.features.custom.SECONDS", 60)
    monkeypatch.setattr("segmenter.features.custom._limits", lambda _: (str(256 << 20), "1"))
    with pytest.raises(ConfigError, match=r"cannot be run|ended its process"):
        run(sql)


def test_a_file_that_is_no_text_is_named(folder, transactions):
    (folder / "features" / "mine.sql").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"mine\.sql cannot be read: it is not UTF-8 text"):
        build(transactions(LINES), FeaturesConfig(folder=str(folder / "features")))
