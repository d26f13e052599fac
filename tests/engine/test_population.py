"""A study of a sample, with everybody placed in the cluster by the same rule."""

import numpy as np
import pytest

from segmenter import features
from segmenter.config import Config
from segmenter.intake import load, open_connection
from segmenter.runs.acceptance import Following
from segmenter.runs.model import place
from segmenter.sample import generate
from segmenter.study import Inputs, keep_everybody, population_of, study
from segmenter.study.core import core_of
from segmenter.study.population import rule_of

CONFIG = Config.model_validate(
    {
        "views": {"tsne_sample": 200, "hierarchy_sample": 200, "perplexity": 10.0, "mixture": False},
        "kmeans": {"bootstraps": 0, "n_init": 3},
    }
)
DRAWN = 2000


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Features of four hundred customers."""
    folder = tmp_path_factory.mktemp("small")
    generate(folder / "sales.csv", n_customers=400, seed=5)
    connection = open_connection("1GiB", None, folder)
    load(connection, [folder / "sales.csv"], CONFIG.source, CONFIG.rules)
    return features.build(connection, CONFIG.features)


def test_the_rule_of_a_study_says_of_its_own_customers_what_the_study_said(small):
    core = core_of(small, Following(), CONFIG)
    segments, beyond = rule_of(core).place(small.values)
    assert (segments == core.segmentation.labels).all()
    assert ((beyond > 0) == core.anomalies.is_anomaly).all()
    assert core.anomalies.is_anomaly.any()


def test_one_machine_needs_no_population(small, tmp_path):
    connection = open_connection("1GiB", None, tmp_path)
    assert population_of(connection, small) is None


@pytest.fixture(scope="module")
def everybody(retail):
    return features.build(retail, CONFIG.features)


@pytest.fixture(scope="module")
def drawn(cluster, tmp_path_factory):
    """A study of 2,000 of Online Retail's customers, and everybody's segments as the cluster wrote them."""
    engine, folder = cluster(most=DRAWN), tmp_path_factory.mktemp("kept")
    table = features.build(engine, CONFIG.features)
    found = study(
        table,
        Inputs(
            features.baskets(engine, table),
            lambda ids: {name: features.in_words(each) for name, each in features.evidence(engine, ids).items()},
            features.period_revenue(engine, table, 30),
            Following(),
            population_of(engine, table),
        ),
        CONFIG,
    )
    keep_everybody(engine, found.findings.cards, str(folder), "run")
    return found, sorted((folder / "run").glob("*.parquet"))


@pytest.mark.slow
def test_the_cards_count_everybody_as_the_model_places_them(drawn, everybody):
    found, _ = drawn
    labels, _ = place(found.model, everybody)
    money = everybody.column("monetary")
    for at, card in enumerate(found.findings.cards):
        mine = labels == at
        assert card.customers == mine.sum()
        assert card.revenue == pytest.approx(money[mine].sum(), rel=1e-9)
        assert card.revenue_share == pytest.approx(money[mine].sum() / money.sum(), rel=1e-9)
        below, above = np.quantile(money[mine], (0.499, 0.501), method="closest_observation")
        assert below <= card.medians["monetary"] <= above
    assert sum(card.customer_share for card in found.findings.cards) == pytest.approx(1)
    assert found.segments["customers"].sum() == len(everybody.customer_id)


@pytest.mark.slow
def test_the_cluster_keeps_everybodys_segment(drawn, everybody, retail):
    found, files = drawn
    kept = retail.read_parquet([str(file) for file in files]).order("customer_id").df()
    labels, _ = place(found.model, everybody)
    assert (kept["customer_id"] == everybody.customer_id).all()
    assert (kept["segment"] == np.array(found.model.numbers)[labels]).all()
    assert (kept["segment_name"] == np.array([card.name for card in found.findings.cards])[labels]).all()
    assert kept["is_anomaly"].sum() == sum(card.n_anomalies for card in found.findings.cards)


@pytest.mark.slow
def test_the_list_of_customers_is_the_sample_and_the_anomalies_are_of_everybody(drawn, everybody):
    found, _ = drawn
    inside = set(found.customers["customer_id"])
    assert len(inside) == DRAWN
    outside = found.anomalies[~found.anomalies["customer_id"].isin(inside)]
    assert len(outside) == DRAWN // 100
    assert set(outside["customer_id"]) <= set(everybody.customer_id)
    assert outside["evidence"].str.len().min() > 0
    assert outside["reason"].str.len().min() > 0
    assert found.anomalies["severity"].is_monotonic_decreasing
    known = found.customers.set_index("customer_id")["severity"]
    mine = found.anomalies[found.anomalies["customer_id"].isin(inside)].set_index("customer_id")["severity"]
    assert (known[known > 0].sort_index() == mine.sort_index()).all()


@pytest.mark.slow
def test_the_report_is_told_that_it_shows_a_sample(drawn):
    told = " ".join(drawn[0].findings.separation)
    assert "2,000 customers, drawn by a hash" in told
    assert "4,371" in told
