"""Features of a user's own: what they may do, and what they may not."""

import duckdb
import numpy as np
import pytest

from segmenter import pipeline
from segmenter.assets import query
from segmenter.config import Config
from segmenter.config.analysis import FeaturesConfig
from segmenter.config.engine import EngineConfig
from segmenter.errors import ConfigError
from segmenter.features import build, check, unused_warnings
from segmenter.intake import load
from segmenter.sample import generate
from segmenter.workspace import workspace
from tests.features.conftest import line

LINES = [line("ann", "2024-01-07", "1", 10), line("ann", "2024-01-08", "2", 5), line("bob", "2024-01-09", "3", 7)]
SUNDAYS = """
-- label: orders placed on a Sunday
-- unit: orders
-- kind: count
-- label[de]: Bestellungen an einem Sonntag
select customer_id, count(*) as sunday_orders
from orders
where mod(date_diff('day', date '1970-01-05', day), 7) = 6 and day < $as_of
group by customer_id
"""


@pytest.fixture
def built(transactions, tmp_path):
    """Builds the table with one .sql file of the given text."""

    def build_with(sql, name="mine.sql", language="en"):
        (tmp_path / name).write_text(sql)
        return build(transactions(LINES), FeaturesConfig(folder=str(tmp_path)), language)

    return build_with


def test_a_file_adds_its_column_with_its_words_and_empty_where_it_is_silent(built):
    table = built(SUNDAYS)
    np.testing.assert_array_equal(table.column("sunday_orders"), [1, np.nan])
    feature = table.features[-1]
    assert (feature.label, feature.unit, feature.kind) == ("orders placed on a Sunday", "orders", "count")


@pytest.mark.parametrize(
    ("language", "label"), [("de", "Bestellungen an einem Sonntag"), ("he", "orders placed on a Sunday")]
)
def test_a_feature_is_called_as_its_file_says_for_the_language_of_the_report(built, language, label):
    assert built(SUNDAYS, language=language).features[-1].label == label


def test_several_columns_are_described_by_name(built):
    table = built(
        "-- label low: least\n-- label high: most\nselect customer_id, 1 as low, 2.5 as high from orders group by 1"
    )
    assert [feature.label for feature in table.features[-2:]] == ["least", "most"]
    assert table.column("high").tolist() == [2.5, 2.5]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select customer_id from orders", "at least one more column"),
        ("select 1 as x", "at least one more column"),
        ("select customer_id, 1 as x from orders", "several rows for one customer"),
        ("select customer_id, 'a' as x from orders group by 1", "no numbers"),
        ("select customer_id, 'inf'::double as x from orders group by 1", "infinite"),
        ("select customer_id, 1 as recency from orders group by 1", "second time"),
        ("select customer_id, oops as x from orders group by 1", "cannot be run"),
        ("selec", "cannot be run"),
        ("", "exactly one SELECT"),
        ("select 1; select 2", "exactly one SELECT"),
        ("delete from transactions", "exactly one SELECT"),
        ("set enable_external_access = true", "exactly one SELECT"),
        ("copy transactions to 'stolen.csv'", "exactly one SELECT"),
        ("select customer_id, length(content) as x from read_text('/etc/passwd'), orders", "cannot be run"),
        ("-- kind: furlongs\nselect customer_id, 1 as x from orders group by 1", "furlongs"),
    ],
)
def test_what_is_no_feature_is_refused_with_the_files_name_and_a_reason(built, sql, reason):
    with pytest.raises(ConfigError, match=reason):
        built(sql)


WRONG = [
    ("-- label: x\n\nselect customer_id,\n  sum(solds) as x\nfrom orders group by 1", "line 4: .*solds"),
    ("-- label: x\nselect customer_id, 1 as x\nfrom order_lines group by 1", "line 3: .*order_lines"),
    ("-- label: x\nselec customer_id", "line 2: .*selec"),
    ("select customer_id, $foo as x from orders group by 1", ".*foo"),
]


@pytest.mark.parametrize(("sql", "where"), WRONG)
def test_what_is_wrong_is_told_by_file_and_line_with_the_tables_and_columns_that_there_are(built, sql, where):
    with pytest.raises(ConfigError, match=rf"mine\.sql cannot be run: {where}") as refused:
        built(sql)
    told = str(refused.value)
    assert "\n" not in told
    assert "Candidate" not in told
    assert "orders (customer_id, order_id, placed, day, ordered, sold," in told
    assert "days (customer_id, day, day_number, sold, n_orders), and the day $as_of" in told


@pytest.mark.parametrize(("sql", "where"), [*WRONG, ("select customer_id, day as x from orders", "numbers")])
def test_a_query_is_tried_before_an_export_is_read(tmp_path, sql, where):
    (tmp_path / "mine.sql").write_text(sql)
    config = Config(features=FeaturesConfig(folder=str(tmp_path)), engine=EngineConfig(archive=str(tmp_path / "runs")))
    with pytest.raises(ConfigError, match=r"mine\.sql"):
        pipeline.run(["no such export.csv"], config)


def test_the_table_that_queries_are_tried_on_is_that_of_an_export(tmp_path):
    generate(tmp_path / "sales.csv", n_customers=60, seed=1)
    with workspace(Config()) as connection:
        load(connection, [str(tmp_path / "sales.csv")], Config().source, Config().rules)
        real = connection.execute("select * replace (cast(status as varchar) as status) from transactions").description
    with duckdb.connect() as connection:
        connection.execute(query("transactions_none"))
        assert connection.execute("select * from transactions").description == real


def test_a_feature_that_nobody_asked_for_is_told_of(built, tmp_path):
    table = built(SUNDAYS)
    config = FeaturesConfig(folder=str(tmp_path))
    assert [sentence.split()[0] for sentence in unused_warnings(table, config)] == ["sunday_orders"]
    for use in ({"use": ("sunday_orders",)}, {"anomalies_use": ("sunday_orders",)}, {"anomalies_use": ()}):
        assert not unused_warnings(table, config.model_copy(update=use))


def test_a_feature_asked_for_is_known_before_an_export_is_read(tmp_path):
    (tmp_path / "mine.sql").write_text(SUNDAYS)
    check(FeaturesConfig(folder=str(tmp_path), use=("recency", "sunday_orders")))
    with pytest.raises(ConfigError, match="monday_orders"):
        check(FeaturesConfig(folder=str(tmp_path), use=("recency", "monday_orders")))


def test_a_query_that_never_ends_is_stopped(built, monkeypatch):
    monkeypatch.setattr("segmenter.features.custom.SECONDS", 0.3)
    with pytest.raises(ConfigError, match="took longer"):
        built(
            "select customer_id, (select count(*) from range(1000000) a, range(1000000) b) as x from orders group by 1"
        )


def test_a_missing_folder_is_named(transactions, tmp_path):
    with pytest.raises(ConfigError, match="nowhere"):
        build(transactions(LINES), FeaturesConfig(folder=str(tmp_path / "nowhere")))


def test_a_feature_that_does_not_exist_is_named(transactions):
    with pytest.raises(ConfigError, match="recensy"):
        build(transactions(LINES), FeaturesConfig(use=("recensy", "monetary")))
