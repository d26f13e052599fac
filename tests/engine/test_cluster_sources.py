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
@pytest.mark.parametrize(
    ("columns", "known"),
    [
        (
            "* replace (concat(chr(9), CustomerID, ' ') as CustomerID, concat(StockCode, chr(11)) as StockCode), "
            "concat(chr(9), 'Shop', CustomerID, '@Example.com ') Email",
            {"17850", "12347"},
        ),
        (
            "* exclude (CustomerID), case when Quantity > 2 then 'Shop' else 'shop' end || CustomerID || '@example.com' Email",
            {"shop12346@example.com"},
        ),
        (
            "* replace (try_cast(CustomerID as double) * 1000000000 as CustomerID)",
            {"17850000000000", "12347000000000"},
        ),
    ],
    ids=["white space about them", "addresses in any capitals", "long ids that went through a float"],
)
def test_ids_products_and_addresses_are_read_in_the_cluster_as_here(spark, tmp_path, columns, known):
    path = tmp_path / "sales.parquet"
    duckdb.sql(f"copy (select {columns} from (values {ROWS}) t ({HEADER})) to '{path}'")
    engine, _, _ = in_cluster(spark, [path])
    connection, _ = here([path], tmp_path)
    assert transactions(engine) == transactions(connection)
    assert {row[0] for row in transactions(engine)} >= known


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
def test_orders_marked_as_refunded_are_taken_back_once_in_the_cluster_too(spark, tmp_path):
    path = tmp_path / "sales.parquet"
    each = [(f"'c{n % 3}', date '2025-01-{n + 1:02}', 'o{n}'") for n in range(6)]
    sales = ", ".join(f"({order}, 'a', 100, 'paid'), ({order}, 'coupon', -5, 'paid')" for order in each)
    rest = """
        ('c0', date '2025-01-20', 'x', 'b', 90, 'refunded'), ('c0', date '2025-01-22', 'x', 'b', -40, 'paid'),
        ('c1', date '2025-01-20', 'y', 'b', 90, 'refunded'), ('c1', date '2025-01-22', 'o1', 'coupon', -5, 'paid'),
        ('c2', date '2025-01-20', 'z', 'b', 90, 'refunded'), ('c2', date '2025-01-22', 'r', 'b', -90, 'paid'),
        ('c0', date '2025-01-20', 'x', 'coupon', -5, 'refunded'), ('c1', date '2025-01-20', 'y', 'coupon', -5, 'refunded')
    """
    header = "customer, date, order_id, sku, amount, status"
    duckdb.sql(f"copy (from (values {sales}, {rest}) t ({header})) to '{path}'")
    engine, theirs, _ = in_cluster(spark, [path])
    connection, ours = here([path], tmp_path)
    assert transactions(engine) == transactions(connection)
    assert {line.reason: line.rows for line in theirs.account.lines} == {
        line.reason: line.rows for line in ours.account.lines
    }
    assert {line.reason: line.rows for line in ours.account.lines} == {
        "sale": 7, "return": 2, "discount": 7, "cancelled": 1, "cancellation": 1, "cancelled_status": 2
    }  # fmt: skip


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


def alike(spark, paths, folder, rules=RULES):
    """What cannot be read, by line, column and reason, where both read `paths` alike; a CSV's lines here count the header."""
    engine, theirs, rejected = in_cluster(spark, paths, rules=rules)
    connection, ours = here(paths, folder, rules=rules)
    assert transactions(engine) == transactions(connection)
    assert theirs.account == ours.account
    assert [reading.n_rows for reading in theirs.readings] == [reading.n_rows for reading in ours.readings]
    asked = 'select line, "column", reason from rejected order by file, line'
    header = paths[0].suffix == ".csv"
    found = [(line + header, *rest) for line, *rest in rejected.execute(asked).fetchall()]
    assert found == connection.execute(asked).fetchall()
    return found


MOMENTS = (
    "2025-01-05 10:00:00+02:00", "2025-01-05T10:00:00Z", "2025-01-05T23:30:00.5-0200", "2025-01-05 10:00", "2025-01-06",
    "2025-01-05 10:00:00 +02:00", "1899-12-31", "1900-01-01", "2200-12-31 23:59", "2201-01-01", "0024-03-01",
    "10:00", "2025",
)  # fmt: skip


@pytest.mark.slow
def test_moments_of_other_zones_and_days_beyond_belief_are_read_in_the_cluster_as_here(spark, tmp_path):
    path = tmp_path / "sales.csv"
    rows = "".join(f"k{n % 3},{moment},{n + 1}\n" for n, moment in enumerate((*MOMENTS, *["2025-03-01"] * 20)))
    path.write_text("customer,date,amount\n" + rows)
    rules = RULES.model_copy(update={"max_unreadable_share": 0.5})
    found = alike(spark, [path], tmp_path, rules)
    assert found == [(n, "date", "a date that cannot be read") for n in (8, 11, 12, 13, 14)]


@pytest.mark.slow
def test_a_line_of_nothing_but_empty_cells_is_no_row_in_the_cluster_either(spark, tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text('customer,date,amount\na,2025-01-05,3\nb,2025-01-06,4\n,2025-01-06,4\n,,\n"",,\n,,\n')
    assert alike(spark, [path], tmp_path) == []
    assert in_cluster(spark, [path])[1].account.rows_read == 3


@pytest.mark.slow
def test_money_too_large_to_store_cannot_be_read_in_the_cluster_either(spark, tmp_path):
    large = ", ('12350', timestamp '2025-02-08 09:30', 'A11', 'pan', 999999999999, 99999999, 'EUR')"
    path = write(tmp_path / "sales.parquet", ROWS + large)
    assert alike(spark, [path], tmp_path) == [(13, "UnitPrice", "an amount too large to store")]


@pytest.mark.slow
def test_a_row_of_another_currency_that_cannot_be_read_counts_as_that_in_the_cluster_too(spark, tmp_path):
    path, many = tmp_path / "sales.csv", tmp_path / "many.csv"
    sales = [f"k{n % 3},2025-01-{n + 10},{n + 1},EUR" for n in range(19)] + ["k1,2025-02-01,5,usd"]
    odd = [f"k{n},soon,9,USD" for n in range(2)]
    rules = RULES.model_copy(update={"currency": "eur"})
    path.write_text("\n".join(["Customer,Date,Amount,Currency Code", *sales, *odd, ""]))
    assert alike(spark, [path], tmp_path, rules) == [
        (21, "Currency Code", "another currency"),
        (22, "Date", "a date that cannot be read"),
        (23, "Date", "a date that cannot be read"),
    ]
    many.write_text("\n".join(["Customer,Date,Amount,Currency Code", *sales, *odd, *odd, ""]))
    with pytest.raises(DataError, match="4 of 24 rows could not be read"):
        here([many], tmp_path, rules=rules)
    with pytest.raises(DataError, match="4 of 24 rows could not be read"):
        in_cluster(spark, [many], rules=rules)


@pytest.mark.slow
def test_what_cannot_be_read_keeps_its_line_beside_orders_and_other_sources(spark, tmp_path):
    paths = [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    for path in paths:
        duckdb.sql(f"copy (select * from (values {SHOP}) t ({SHOP_HEADER})) to '{path}'")
    found = alike(spark, paths, tmp_path, RULES.model_copy(update={"currency": "EUR"}))
    assert [line for line, *_ in found] == [5, 6, 5, 6]


@pytest.mark.slow
def test_lines_of_another_number_of_cells_are_set_aside_in_the_cluster_too(spark, tmp_path):
    sales = [f"c{n % 3},2025-01-{n + 13},{n},2.5" for n in range(1, 10)]
    torn = ["c1,2025-01-20,1,000,2.5", "c2,2025-01-21"]
    path = tmp_path / "sales.csv"
    path.write_text("\n".join(["customer,date,quantity,unit_price", *sales[:4], *torn, *sales[4:], ""]))
    engine, theirs, connection = in_cluster(spark, [path])
    local, ours = here([path], tmp_path)
    assert transactions(engine) == transactions(local)
    assert {line.reason: line.rows for line in theirs.account.lines} == {"sale": 9, "unreadable": 2}
    assert {line.reason: line.rows for line in ours.account.lines} == {"sale": 9, "unreadable": 2}
    assert [text for (text,) in connection.execute("select text from rejected order by line").fetchall()] == torn
    assert theirs.recognition == ours.recognition


@pytest.mark.slow
def test_several_currencies_are_refused_or_one_is_kept(spark, tmp_path):
    path = write(
        tmp_path / "sales.parquet", ROWS + ", ('12350', timestamp '2025-02-08 09:30', 'A11', 'pan', 1, 7, 'usd')"
    )
    with pytest.raises(SourceError, match="several currencies"):
        in_cluster(spark, [path])
    _, intake, _ = in_cluster(spark, [path], rules=RULES.model_copy(update={"currency": "EUR"}))
    assert {line.reason: line.rows for line in intake.account.lines}["unreadable"] == 1


@pytest.mark.slow
def test_too_few_customers_are_refused_in_the_cluster_as_here(spark, tmp_path):
    path = write(tmp_path / "sales.parquet")
    for read in (
        lambda rules: in_cluster(spark, [path], rules=rules),
        lambda rules: here([path], tmp_path, rules=rules),
    ):
        with pytest.raises(DataError, match="too few for statistics"):
            read(RULES.model_copy(update={"min_customers": 99}))


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


@pytest.mark.slow
@pytest.mark.parametrize(
    "time", ["1735689600 + n * 86400", "CAST(1735689600 + n * 86400 AS VARCHAR)", "(1735689600 + n * 86400) * 1000"]
)
def test_seconds_since_1970_totals_and_marks_are_read_in_the_cluster_as_here(spark, tmp_path, time):
    path = tmp_path / "sales.parquet"
    duckdb.sql(
        f"COPY (SELECT if(n = 39, 'Grand Total', 'c' || n % 5) AS customer, {time} AS ordered_at, n + 1 AS amount, "
        f"if(n % 10 = 0, 'X', '') AS Storniert FROM range(40) t(n)) TO '{path}'"
    )
    engine, theirs, _ = in_cluster(spark, [path])
    connection, ours = here([path], tmp_path)
    assert transactions(engine) == transactions(connection)
    assert theirs.account == ours.account
    assert {line.reason: line.rows for line in ours.account.lines} == {"sale": 35, "cancelled_status": 4, "total": 1}


@pytest.mark.slow
def test_rows_of_other_kinds_are_set_aside_and_what_went_back_has_a_minus_in_the_cluster_too(spark, tmp_path):
    path = tmp_path / "ledger.csv"
    kinds = [
        ("Invoice", 90, ""),
        ("Credit note", 10, "0"),
        ("payment", "cash", 7),
        ("CREDIT NOTE", -5, ""),
        ("Invoice", "", -4),
    ] * 6
    rows = [f"c{n % 3},2025-01-{n % 28 + 1:02},{word},{money},{back}" for n, (word, money, back) in enumerate(kinds)]
    rows.append("Guest,2025-01-05,payment,9,")
    path.write_text("\n".join(["customer,date,type,amount,back", *rows]) + "\n", encoding="utf-8")
    source = SourceConfig(columns=ColumnsConfig(kind="type", amount="amount", credit="back"))
    rules = RulesConfig(min_customers=2, kinds=("invoice",), kinds_back=("Credit Note",), max_unreadable_share=0)
    engine, theirs, _ = in_cluster(spark, [path], source, rules)
    connection, ours = here([path], tmp_path, source, rules)
    assert transactions(engine) == transactions(connection)
    assert theirs.account == ours.account
    assert {line.reason: line.rows for line in ours.account.lines} == {"sale": 6, "return": 18, "other_kind": 7}
