"""Features of a user's own: what they may do, and what they may not."""

import numpy as np
import pytest

from segmenter.config.analysis import FeaturesConfig
from segmenter.errors import ConfigError
from segmenter.features import build
from tests.features.conftest import line

LINES = [line("ann", "2024-01-07", "1", 10), line("ann", "2024-01-08", "2", 5), line("bob", "2024-01-09", "3", 7)]
SUNDAYS = """
-- label: orders placed on a Sunday
-- unit: orders
-- kind: count
-- better: higher
select customer_id, count(*) as sunday_orders
from orders
where mod(date_diff('day', date '1970-01-05', day), 7) = 6 and day < $as_of
group by customer_id
"""


@pytest.fixture
def built(transactions, tmp_path):
    """Builds the table with one .sql file of the given text."""

    def build_with(sql, name="mine.sql"):
        (tmp_path / name).write_text(sql)
        return build(transactions(LINES), FeaturesConfig(folder=str(tmp_path)))

    return build_with


def test_a_file_adds_its_column_with_its_words_and_empty_where_it_is_silent(built):
    table = built(SUNDAYS)
    np.testing.assert_array_equal(table.column("sunday_orders"), [1, np.nan])
    feature = table.features[-1]
    assert (feature.label, feature.unit, feature.kind) == ("orders placed on a Sunday", "orders", "count")
    assert feature.higher_is_better


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
