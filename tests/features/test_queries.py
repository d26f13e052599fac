"""The feature queries stay portable, so that the same files can run on another engine."""

import pytest
import sqlglot
from sqlglot import exp

from segmenter.assets import asset
from segmenter.features.catalogue import CATALOGUE

QUERIES = sorted(asset("queries").glob("features*.sql"))
ALL = sorted(
    path
    for name in ("features", "evidence", "period", "baskets", "lifetime")
    for path in asset("queries").glob(f"{name}*.sql")
)


def tree_of(path):
    statements = sqlglot.parse(path.read_text(), read="duckdb")
    assert len(statements) == 1
    return statements[0]


def test_the_catalogue_names_every_feature_query():
    assert {path.stem for path in QUERIES} == {*CATALOGUE, "features_orders", "features_days"}


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_a_query_is_one_select_that_says_what_a_row_is(path):
    assert path.read_text().startswith("-- One row")
    assert isinstance(tree_of(path), exp.Select)


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_days_are_counted_between_dates_only(path):
    for node in tree_of(path).find_all(exp.DateDiff):
        for side in (node.this, node.expression):
            assert "ts" not in {column.name for column in side.find_all(exp.Column)}, "cast timestamps to DATE first"


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_no_function_that_means_something_else_on_another_engine(path):
    forbidden = (
        exp.PercentileCont,
        exp.DayOfWeek,
        exp.ArgMax,
        exp.ArgMin,
        exp.Avg,
        exp.Stddev,
        exp.TryCast,
        exp.Qualify,
    )
    assert not [node.sql() for node in tree_of(path).find_all(*forbidden)]


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_division_has_a_double_on_one_side(path):
    for node in tree_of(path).find_all(exp.Div):
        assert node.find(exp.Cast) or node.find(exp.Sqrt) or node.find(exp.Column).name.endswith("_rate"), node.sql()


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_window_that_looks_at_neighbours_has_a_total_order(path):
    keys = {"day_number"}  # unique per customer by its own group by
    for window in tree_of(path).find_all(exp.Window):
        if isinstance(window.this, exp.Lag | exp.Lead | exp.RowNumber):
            assert {column.name for column in window.args["order"].find_all(exp.Column)} >= keys


@pytest.mark.parametrize("dialect", ["spark", "postgres"])
@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_feature_query_translates(path, dialect):
    translated = tree_of(path).sql(dialect, unsupported_level=sqlglot.ErrorLevel.RAISE)
    sqlglot.parse_one(translated, read=dialect)
