"""Reasons, severity and the jury."""

import numpy as np
import pytest

from segmenter.analysis import dbscan, explain, kmeans
from segmenter.config.analysis import DbscanConfig, KMeansConfig
from segmenter.features.types import Feature
from tests.plain import plain

FEATURES = (
    Feature("monetary", "money spent", "", "money"),
    Feature("frequency", "orders", "", "count"),
    Feature("shoe_size", "shoe size", "", "count"),
)


@pytest.fixture
def found(rng):
    """Four hundred ordinary customers, one who spent hugely and one with an odd shoe."""
    values = np.column_stack([rng.normal(100, 10, 402), rng.normal(10, 1, 402), rng.normal(42, 1, 402)])
    values[400, 0], values[401, 2] = 500.0, 99.0
    matrix = (values - values.mean(axis=0)) / values[:400].std(axis=0)
    anomalies = dbscan.detect(matrix, plain(*(feature.name for feature in FEATURES)), DbscanConfig())
    money = explain.stake(values, FEATURES)
    return values, matrix, anomalies, explain.severity(anomalies, money)


def explained(found):
    values, matrix, anomalies, severity = found
    return explain.explain(values, FEATURES, matrix, anomalies, severity, lambda _, value: f"{value:,.0f}")


def test_the_true_cause_comes_first_in_words(found):
    result = explained(found)
    reasons = dict(zip(result.rows.tolist(), result.reasons, strict=True))
    assert reasons[400][0].text == "spent 500; a typical customer spends 99"
    assert reasons[401][0].text == "shoe size: 99; typical 42"


def test_a_reason_gives_the_usual_range(found):
    reason = dict(zip(explained(found).rows.tolist(), explained(found).reasons, strict=True))[400][0]
    assert reason.usual_low < reason.median < reason.usual_high < reason.value == 500.0


def test_the_most_severe_come_first_and_ordinary_customers_have_none(found):
    _, _, anomalies, severity = found
    assert (np.diff(severity[explained(found).rows]) <= 0).all()
    assert (severity[~anomalies.is_anomaly] == 0).all()
    assert ((severity >= 0) & (severity <= 100)).all()


def test_the_nearest_ordinary_customer_is_ordinary(found):
    anomalies, nearest = found[2], explained(found).nearest
    assert not anomalies.is_anomaly[nearest].any()


def test_the_jury_agrees_on_plain_cases(found):
    _, matrix, anomalies, _ = found
    segmentation = kmeans.segment(matrix, KMeansConfig(n_clusters=2, bootstraps=0), 1)
    votes = explain.jury(matrix, matrix, segmentation, anomalies)
    assert min(votes[400], votes[401]) >= 4
    assert votes[:400].mean() < 0.5
    assert set(votes) <= set(range(6))


def test_nobody_odd_means_nothing_to_explain():
    matrix = np.ones((20, 3))
    anomalies = dbscan.detect(matrix, plain("a", "b", "c"), DbscanConfig())
    result = explain.explain(matrix, FEATURES, matrix, anomalies, np.zeros(20), lambda _, value: str(value))
    assert len(result.rows) == 0


@pytest.mark.parametrize(
    ("name", "value", "median", "told"),
    [
        ("monetary", -4288, 100, "got 4,288 more back than they paid"),
        ("frequency", 0, 8, "placed no order that was not cancelled"),
        ("returned_lines", 80, 0, "returned or cancelled 80 of orders; most customers none"),
        ("returned_lines", 80, 2, "returned or cancelled 80 of orders; a typical customer 2"),
        ("spend_trend", 1, -1, "spent all of their money in the last 90 days"),
        ("spend_trend", 0.95, -1, "spent many times as much per day in the last 90 days as before"),
        ("spend_trend", -1, 0.5, "spent almost nothing in the last 90 days"),
        ("largest_order", 6, 368, "never placed an order of more than 6; a typical customer's largest is 368"),
    ],
)
def test_a_reason_never_compares_with_nothing_and_has_no_negative_money(name, value, median, told):
    column = Feature(name, name, "", "count")
    values = np.array([[median]] * 40 + [[value]], float)
    matrix = (values - median) / max(np.ptp(values), 1)
    anomalies = dbscan.detect(np.tile(matrix, (1, 2)), plain(name, "other"), DbscanConfig(min_samples=5, eps=0.1))
    severity = np.where(anomalies.is_anomaly, 50.0, 0.0)
    found = explain.explain(values, [column], matrix, anomalies, severity, lambda _, x: f"{x:,.0f}")
    assert [reason.text for reason in found.reasons[0]] == [told]
