"""The distance from the other customers, by which everybody ranks."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from segmenter.analysis.dbscan import detect
from segmenter.analysis.oddness import oddness
from segmenter.config.analysis import DbscanConfig
from tests.plain import plain


def find(points, **options):
    return detect(points, plain(*(f"x{number}" for number in range(points.shape[1]))), DbscanConfig(**options))


def test_the_oddness_joins_the_distances_to_ordinary_customers_and_to_half_of_all(rng):
    points = rng.normal(size=(300, 3))
    beyond = np.abs(rng.normal(size=300))
    expected = np.hypot(beyond, np.sort(cdist(points, points), axis=1)[:, 150])
    assert np.allclose(oddness(points, beyond, 1.0), expected / np.median(expected))


def test_a_typical_customer_is_at_one(rng):
    assert np.median(find(rng.normal(size=(3000, 4))).score) == pytest.approx(1.0)


def test_a_crowd_away_from_the_bulk_ranks_before_customers_at_its_edge(rng):
    points = rng.normal(size=(4000, 4))
    points[:150] = 12 + 0.1 * rng.normal(size=(150, 4))
    found = find(points)
    assert not found.is_anomaly[:150].any()
    assert set(np.argsort(-found.score)[:150]) == set(range(150))


def test_of_two_at_the_same_distance_from_the_bulk_the_lonely_one_is_odder(rng):
    points = rng.normal(size=(2000, 3))
    points[0], points[1:200] = [9, 0, 0], [-9, 0, 0] + 0.05 * rng.normal(size=(199, 3))
    score = find(points).score
    assert score[0] > score[1:200].max()


def test_a_sample_of_references_ranks_as_all_would(rng):
    from scipy.stats import spearmanr

    points = rng.normal(size=(4000, 5)) * [3, 1, 1, 1, 1]
    everybody = np.sort(cdist(points, points), axis=1)[:, 2000]
    assert spearmanr(oddness(points, np.zeros(4000), 1.0), everybody).statistic > 0.99


def test_where_most_customers_are_alike_eps_is_the_unit():
    points = np.zeros((100, 2))
    points[0] = [3.0, 4.0]
    score = oddness(points, np.where(points[:, 0] > 0, 5.0, 0.0), 0.5)
    assert score[0] == pytest.approx(np.hypot(5, 5) / 0.5)
    assert (score[1:] == 0).all()
