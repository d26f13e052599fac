"""An export that lies in the cluster is read there as it would be read here."""

from datetime import date

import duckdb
import numpy as np
import pytest

from segmenter import features
from segmenter.config import Config
from segmenter.config.source import ColumnsConfig, RulesConfig, SourceConfig
from segmenter.engine.spark import SparkEngine
from segmenter.errors import DataError, SourceError
from segmenter.intake import lies_in_cluster, load, load_in_cluster, open_connection

CONFIG = Config()
ROWS = """
    ('17850.0', timestamp '2025-01-05 10:00', 'A1', 'cup', 2.0, 3.5, 'EUR'),
    ('17850.0', timestamp '2025-01-05 10:00', 'A1', 'jug', 1.0, 9.25, 'EUR'),
    ('17850.0', timestamp '2025-01-09 11:00', 'C2', 'jug', -1.0, 9.25, 'EUR'),
    ('13047', timestamp '2025-02-01 09:30', 'A3', 'cup', 4.0, 3.5, 'EUR'),
    ('13047', timestamp '2025-02-03 09:30', 'A4', 'pan', 1.0, 0.0, 'EUR'),
    (null, timestamp '2025-02-03 09:30', 'A5', 'pan', 1.0, 20.0, 'EUR'),
    ('nan', timestamp '2025-02-04 09:30', 'A6', 'pan', 1.0, 20.0, 'EUR'),
    ('12346', null, 'A7', 'pan', 1.0, 20.0, 'EUR'),
    ('12346', timestamp '2025-02-05 09:30', 'A8', 'pan', null, 20.0, 'EUR'),
    ('12346', timestamp '2025-02-06 09:30', 'A9', ' pan ', 3.0, 20.0, 'EUR'),
    ('12346', timestamp '2025-02-07 09:30', 'A9', 'pot', -1.0, 20.0, 'EUR'),
    ('12347', timestamp '2025-02-08 09:30', 'A10', 'pan', 10.0, 0.105, 'EUR')
"""
HEADER = "CustomerID, InvoiceDate, InvoiceNo, StockCode, Quantity, UnitPrice, Currency"
SOURCE = SourceConfig()
RULES = RulesConfig(min_customers=2, min_usable_share=0.1)


def write(path, rows=ROWS, options="format parquet"):
    duckdb.sql(f"copy (select * from (values {rows}) t ({HEADER})) to '{path}' ({options})")
    return path


def in_cluster(spark, paths, source=SOURCE, rules=RULES, as_of=None):
    engine, connection = SparkEngine(spark), duckdb.connect()
    urls = [f"file://{path}" for path in paths]
    return engine, load_in_cluster(engine, urls, source, rules, connection, as_of), connection


def here(paths, folder, source=SOURCE, rules=RULES, as_of=None):
    connection = open_connection("1GiB", None, folder)
    return connection, load(connection, paths, source, rules, as_of=as_of)


def transactions(engine):
    return engine.execute("select * from transactions order by customer_id, ts, product, amount").fetchall()


def test_urls_lie_in_the_cluster_and_files_here():
    assert lies_in_cluster(["s3a://bucket/sales", "table://shop.sales"])
    assert not lies_in_cluster(["sales.csv", "exports/*.csv"])
    with pytest.raises(SourceError, match="only one kind"):
        lies_in_cluster(["s3a://bucket/sales", "sales.csv"])


@pytest.mark.slow
def test_the_cluster_reads_the_same_transactions_and_gives_the_same_account(spark, tmp_path):
    path = write(tmp_path / "sales.parquet")
    engine, theirs, _ = in_cluster(spark, [path])
    connection, ours = here([path], tmp_path)
    assert transactions(engine) == transactions(connection)
    assert theirs.account == ours.account
    assert theirs.recognition == ours.recognition
    assert {line.reason for line in ours.account.lines} >= {
        "sale",
        "return",
        "cancelled",
        "cancellation",
        "no_customer",
    }


@pytest.mark.slow
def test_what_is_later_than_the_day_looked_from_is_set_aside_in_the_cluster_too(spark, tmp_path):
    path, day = write(tmp_path / "sales.parquet"), date(2025, 2, 6)
    engine, theirs, _ = in_cluster(spark, [path], as_of=day)
    connection, ours = here([path], tmp_path, as_of=day)
    assert transactions(engine) == transactions(connection)
    assert theirs.account == ours.account
    assert next(line.rows for line in ours.account.lines if line.reason == "later") == 2


@pytest.mark.slow
def test_white_space_about_ids_products_and_addresses_is_nothing_in_the_cluster_too(spark, tmp_path):
    path = tmp_path / "sales.parquet"
    odd = "concat(chr(9), CustomerID, ' ') as CustomerID, concat(StockCode, chr(11)) as StockCode"
    mail = "concat(chr(9), 'Shop', CustomerID, '@Example.com ') Email"
    duckdb.sql(f"copy (select * replace ({odd}), {mail} from (values {ROWS}) t ({HEADER})) to '{path}'")
    engine, _, _ = in_cluster(spark, [path])
    connection, _ = here([path], tmp_path)
    assert transactions(engine) == transactions(connection)


@pytest.mark.slow
def test_times_of_day_in_a_column_of_their_own_are_read_in_the_cluster_too(spark, tmp_path):
    path = tmp_path / "sales.parquet"
    shapes = enumerate(["%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S%p", "noon"])
    clock = " ".join(f"when {n} then strftime(InvoiceDate, '{shape}')" for n, shape in shapes)
    told = f"cast(cast(InvoiceDate as date) as varchar) InvoiceDate, case row_number() over () % 5 {clock} end Time"
    duckdb.sql(f"copy (select * exclude (InvoiceDate), {told} from (values {ROWS}) t ({HEADER})) to '{path}'")
    engine, theirs, _ = in_cluster(spark, [path])
    connection, ours = here([path], tmp_path)
    assert transactions(engine) == transactions(connection)
    assert theirs.recognition == ours.recognition
    known = {at.hour for (at,) in connection.execute("select ts from transactions").fetchall()}
    assert known == {0, 9, 10, 11}


@pytest.mark.slow
def test_customers_known_by_address_are_one_whatever_the_capitals_in_the_cluster_too(spark, tmp_path):
    path = tmp_path / "sales.parquet"
    mail = "case when Quantity > 2 then 'Shop' else 'shop' end || CustomerID || '@example.com'"
    duckdb.sql(f"copy (select * exclude (CustomerID), {mail} Email from (values {ROWS}) t ({HEADER})) to '{path}'")
    engine, _, _ = in_cluster(spark, [path])
    connection, _ = here([path], tmp_path)
    assert transactions(engine) == transactions(connection)
    assert {row[0] for row in connection.execute("select customer_id from transactions").fetchall()} >= {
        "shop12346@example.com"
    }


@pytest.mark.slow
def test_rows_that_two_sources_share_count_once(spark, tmp_path):
    paths = [write(tmp_path / "one.parquet"), write(tmp_path / "two.parquet")]
    engine, theirs, _ = in_cluster(spark, paths)
    connection, ours = here(paths, tmp_path)
    assert theirs.account == ours.account
    assert transactions(engine) == transactions(connection)
    assert any(line.reason == "duplicate" for line in theirs.account.lines)


@pytest.mark.slow
def test_what_cannot_be_read_in_a_csv_is_counted_and_brought_home(spark, tmp_path):
    path = tmp_path / "sales.csv"
    text = f"select customerid, cast(invoicedate as varchar) invoicedate, unitprice amount from (values {ROWS}) t ({HEADER})"
    duckdb.sql(
        f"copy ({text} union all select '9', 'yesterday', 1 union all select '9', '2025-01-01', null) to '{path}'"
    )
    _, theirs, connection = in_cluster(spark, [path])
    assert {line.reason: line.rows for line in theirs.account.lines}["unreadable"] == 1
    ((file, column, reason, row),) = connection.execute('select file, "column", reason, text from rejected').fetchall()
    assert file == f"file://{path}"
    assert column == "invoicedate"
    assert reason == "a date that cannot be read"
    assert row.startswith("9,yesterday,1")


@pytest.mark.slow
def test_several_currencies_are_refused_or_one_is_kept(spark, tmp_path):
    path = write(
        tmp_path / "sales.parquet", ROWS + ", ('12350', timestamp '2025-02-08 09:30', 'A11', 'pan', 1, 7, 'usd')"
    )
    with pytest.raises(DataError, match="several currencies"):
        in_cluster(spark, [path])
    _, intake, _ = in_cluster(spark, [path], rules=RULES.model_copy(update={"currency": "EUR"}))
    assert {line.reason: line.rows for line in intake.account.lines}["unreadable"] == 1


SHOP = """
    ('#1', 'a@x.com', '2025-01-05', 'A', 1, 10.0, 'paid', 'EUR', 0.0, null),
    ('#1', 'a@x.com', '2025-01-05', 'B', 2, 10.0, null, null, null, null),
    ('#2', 'b@x.com', '2025-01-06', 'A', 1, 20.0, 'voided', 'EUR', 0.0, null),
    ('#2', null, null, 'B', 3, 10.0, null, null, null, null),
    ('#3', 'c@x.com', '2025-01-07', 'A', 1, 20.0, 'paid', 'USD', 0.0, null),
    ('#3', 'c@x.com', '2025-01-07', 'B', 3, 10.0, null, null, null, null),
    ('#4', 'a@x.com', '2025-01-08', 'A', 1, 10.0, 'partially_refunded', 'EUR', 30.0, null),
    ('#4', 'a@x.com', '2025-01-08', 'B', 1, 30.0, null, null, null, null),
    ('#4', null, '2025-01-08', 'C', 1, 20.0, null, null, null, null),
    ('#5', 'b@x.com', '2025-01-09', 'A', 1, 15.0, 'paid', 'EUR', -15.0, null),
    ('#6', 'd@x.com', '2025-01-10', 'A', 1, 5.0, 'paid', 'EUR', 0.0, '2025-01-11'),
    ('#6', 'd@x.com', '2025-01-10', 'B', 1, 7.0, null, null, null, null),
    ('#7', 'Guest', '2025-01-10', 'B', 1, 7.0, 'paid', 'EUR', 0.0, null),
    ('#8', 'd@x.com', '2025-01-11', 'B', 1, 8.0, 'Refunded', 'EUR', null, null)
"""
SHOP_HEADER = '"Order ID", Customer, Date, SKU, Quantity, Price, Status, Currency, "Refunded Amount", "Cancelled at"'


@pytest.mark.slow
@pytest.mark.parametrize("cancellations", ["net", "drop"])
def test_what_an_order_says_on_one_line_and_what_was_given_back_hold_in_the_cluster_too(spark, tmp_path, cancellations):
    path, rules = (
        tmp_path / "shop.parquet",
        RULES.model_copy(update={"currency": "EUR", "cancellations": cancellations}),
    )
    duckdb.sql(f"copy (select * from (values {SHOP}) t ({SHOP_HEADER})) to '{path}'")
    engine, theirs, _ = in_cluster(spark, [path], rules=rules)
    connection, ours = here([path], tmp_path, rules=rules)
    assert transactions(engine) == transactions(connection)
    assert theirs.account == ours.account
    fates = {line.reason: (line.rows, float(line.amount)) for line in ours.account.lines}
    if cancellations == "net":
        assert fates == {
            "sale": (4, 60.0), "cancelled": (2, 25.0), "cancelled_status": (5, 70.0), "no_customer": (1, 7.0),
            "unreadable": (2, 50.0),
        }  # fmt: skip


@pytest.mark.slow
def test_the_hash_of_a_source_is_that_of_its_rows_in_any_order(spark, tmp_path):
    path = write(tmp_path / "sales.parquet")
    other = tmp_path / "turned.parquet"
    duckdb.sql(f"copy (from '{path}' order by StockCode desc) to '{other}'")
    changed = write(tmp_path / "changed.parquet", ROWS.replace("9.25", "9.26"))
    hashes = [in_cluster(spark, [each])[1].readings[0].sha256 for each in (path, other, changed)]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.slow
def test_a_source_that_is_not_there_is_named(spark, tmp_path):
    with pytest.raises(SourceError, match=r"nowhere\.parquet cannot be read by the cluster"):
        in_cluster(spark, [tmp_path / "nowhere.parquet"])


@pytest.mark.slow
def test_columns_are_named_by_the_configuration_where_their_names_say_nothing(spark, tmp_path):
    path = tmp_path / "odd.parquet"
    duckdb.sql(
        f"copy (select customerid a, invoicedate b, unitprice `c d` from (values {ROWS}) t ({HEADER})) to '{path}'".replace(
            "`", '"'
        )
    )
    source = SourceConfig(columns=ColumnsConfig(customer="a", time="b", amount="c d"))
    engine, _, _ = in_cluster(spark, [path], source)
    connection, _ = here([path], tmp_path, source)
    assert transactions(engine) == transactions(connection)


@pytest.mark.slow
def test_online_retail_gives_the_same_features_when_the_cluster_reads_it(spark, retail, exports, tmp_path):
    path = tmp_path / "retail.parquet"
    days = exports / "online-retail-by-day" / "*.csv"
    typed = "* replace (cast(InvoiceDate as timestamp) as InvoiceDate, cast(Quantity as int) as Quantity)"
    duckdb.sql(f"copy (select {typed} from read_csv('{days}', all_varchar = true)) to '{path}'")
    engine, intake, _ = in_cluster(spark, [path], rules=CONFIG.rules)
    assert intake.account.rows_read == 541_909
    ours, theirs = (features.build(each, CONFIG.features) for each in (retail, engine))
    assert (ours.customer_id == theirs.customer_id).all()
    np.testing.assert_allclose(theirs.values, ours.values, rtol=1e-9, atol=1e-9)
