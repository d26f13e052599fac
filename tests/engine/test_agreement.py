"""DuckDB and Spark give the same figures, from the same files of SQL."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from segmenter import features
from segmenter.assets import query
from segmenter.config import Config
from segmenter.features.catalogue import CATALOGUE

pytestmark = pytest.mark.slow

CONFIG = Config()
SINGLE = ("12346", "16446", "14646", "nobody")


@pytest.fixture(scope="module")
def engines(retail, cluster):
    return retail, cluster()


@pytest.fixture(scope="module")
def tables(engines):
    """The features of all customers at the end, by either engine."""
    return [features.build(engine, CONFIG.features) for engine in engines]


def assert_same(ours, theirs):
    assert ours.names == theirs.names
    assert (ours.customer_id == theirs.customer_id).all()
    np.testing.assert_allclose(theirs.values, ours.values, rtol=1e-9, atol=1e-9)


def test_every_feature_of_every_customer_is_the_same(tables):
    assert_same(*tables)


def test_the_period_and_its_cohorts_are_the_same(engines, tables):
    ours, theirs = map(features.period, engines, tables)
    np.testing.assert_allclose(theirs.monthly_revenue, ours.monthly_revenue, rtol=1e-12)
    assert theirs.revenue == pytest.approx(ours.revenue, rel=1e-12)
    assert replace(theirs, monthly_revenue=(), revenue=0) == replace(ours, monthly_revenue=(), revenue=0)


def test_the_evidence_is_the_same_transactions(engines):
    ours, theirs = (features.evidence(engine, SINGLE) for engine in engines)
    assert theirs == ours
    assert ours["12346"].returns[0].amount == pytest.approx(77183.6)


def test_the_baskets_hold_the_same_products(engines, tables):
    ours, theirs = (
        features.baskets(engine, table, excluded=CONFIG.rules.non_product_pattern)
        for engine, table in zip(engines, tables, strict=True)
    )
    assert (theirs.customer_id == ours.customer_id).all()
    assert theirs.products == ours.products
    assert (theirs.counts != ours.counts).nnz == 0


def test_a_pattern_excludes_codes_that_it_matches_as_a_whole(engines):
    for engine in engines:
        for code, pattern, is_matched in (("POSTER", "POST|D", False), ("post", "(?i)POST|D", True)):
            found = engine.execute("select regexp_full_match($code, $pattern)", {"code": code, "pattern": pattern})
            assert found.fetchall() == [(is_matched,)]


def test_the_revenue_of_the_last_days_is_the_same(engines, tables):
    ours, theirs = (features.period_revenue(engine, tables[0], 30) for engine in engines)
    np.testing.assert_allclose(theirs, ours, rtol=1e-9)


def test_every_feature_of_every_customer_is_the_same_on_a_day_before_the_end(engines):
    before = CONFIG.features.model_copy(update={"as_of": date(2011, 9, 1)})
    assert_same(*(features.build(engine, before) for engine in engines))


def test_a_sample_brings_home_the_drawn_customers_with_figures_taken_over_all(retail, cluster):
    everybody = features.build(retail, CONFIG.features)
    drawn = features.build(cluster(most=1000), CONFIG.features)
    assert len(drawn.customer_id) == 1000
    rows = np.searchsorted(everybody.customer_id, drawn.customer_id)
    np.testing.assert_allclose(drawn.values, everybody.values[rows], rtol=1e-9, atol=1e-9)


@pytest.fixture(scope="module")
def built(cluster):
    """An engine whose cluster keeps the transactions and the features of all customers."""
    engine = cluster()
    engine.keep(engine.session.table("transactions")).createOrReplaceTempView("transactions")
    features.build(engine, CONFIG.features)
    return engine


@pytest.mark.parametrize("name", [*CATALOGUE, "baskets", "lifetime_periods", "period_cohorts"])
def test_what_is_kept_in_the_cluster_is_not_computed_again(built, name):
    """Every table that the query reads is one that lies there, whether or not the query names parts of itself."""
    asked = {
        "as_of": date(2011, 12, 10),
        "max_customers": 9,
        "max_products": 9,
        "excluded": "x",
        "days": 30,
        "limit": "",
    }
    asked |= {"split": date(2011, 9, 1), "until": date(2011, 12, 10)}
    leaves = built.execute(query(name), asked).frame._jdf.queryExecution().withCachedData().collectLeaves()
    assert {leaves.apply(place).nodeName() for place in range(leaves.size())} == {"InMemoryRelation"}
