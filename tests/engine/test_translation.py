"""A query of DuckDB's in Spark's words: the same parts in the same places, whatever they are called."""

import pytest

pytest.importorskip("sqlglot")

from segmenter.engine.translation import translate

NESTED = "with a as (select 1 as x) select * from (with a as (select 2 as x) select x from a) as b join a on a.x = b.x"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("with a as (select 1 as x) select x from a", "SELECT x FROM (SELECT 1 AS x) AS a"),
        ("with a as (select 1 as x) select b.x from a as b", "SELECT b.x FROM (SELECT 1 AS x) AS b"),
        ("with a(y) as (select 1 as x) select y from a", "SELECT y FROM (SELECT 1 AS x) AS a(y)"),
        (
            "with a as (select 1 as x), b as (select x from a) select a.x from a join b on b.x = a.x",
            "SELECT a.x FROM (SELECT 1 AS x) AS a JOIN (SELECT x FROM (SELECT 1 AS x) AS a) AS b ON b.x = a.x",
        ),
        (
            "with orders as (select * from orders where n > 1) select n from orders",
            "SELECT n FROM (SELECT * FROM orders WHERE n > 1) AS orders",
        ),
        (
            "with a as (select n from b), b as (select 1 as n) select a.n from a join b on a.n = b.n",
            "SELECT a.n FROM (SELECT n FROM b) AS a JOIN (SELECT 1 AS n) AS b ON a.n = b.n",
        ),
        (NESTED, "SELECT * FROM (SELECT x FROM (SELECT 2 AS x) AS a) AS b JOIN (SELECT 1 AS x) AS a ON a.x = b.x"),
        ("with a as (select 1 as x) select 2 where 1 in (select x from a)", "SELECT 2 WHERE 1 IN (SELECT x FROM (SELECT 1 AS x) AS a)"),
    ],
    ids=["one", "renamed", "columns", "chained", "a table's own name", "a name that comes later", "hidden", "in a condition"],
)  # fmt: skip
def test_a_named_part_stands_where_its_name_stood(query, expected):
    assert translate(query).sql == expected


def test_a_table_that_is_made_keeps_its_name():
    made = translate("create table t as with a as (select 1 as x) select x from a")
    assert (made.sql, made.target, made.is_insert) == ("SELECT x FROM (SELECT 1 AS x) AS a", "t", False)
