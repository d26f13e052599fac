"""Anomalies: parameters, roles, rare groups and scores."""

import numpy as np
import pytest

from segmenter.analysis.dbscan import detect
from segmenter.config.analysis import DbscanConfig
from tests.plain import plain


def crowd(rng, n=2000, d=5):
    """Ordinary customers in two groups, and one customer far from everybody."""
    points = rng.normal(size=(n, d)) * 0.5
    points[: n // 2, 0] += 5
    points[7] = 20.0
    return points


def find(points, **options):
    return detect(points, plain(*(f"x{number}" for number in range(points.shape[1]))), DbscanConfig(**options))


def test_the_customer_far_from_everybody_is_noise_with_the_highest_score(rng):
    found = find(crowd(rng))
    assert found.role[7] == "noise"
    assert found.is_anomaly[7]
    assert found.score.argmax() == 7


def test_few_of_a_structureless_crowd_are_flagged(rng):
    for d in (2, 4, 8, 13):
        assert find(rng.normal(size=(3000, d))).is_anomaly.mean() < (0.05 if d == 2 else 0.02)


def test_two_dozen_customers_odd_in_the_same_way_do_not_vouch_for_one_another(rng):
    points = crowd(rng, n=8000, d=8)
    points[:24] = 9 + 0.05 * rng.normal(size=(24, 8))
    found = find(points)
    assert found.is_anomaly[:24].all()
    assert found.is_anomaly[24:].mean() < 0.02
    assert not find(points, min_samples=16, rare_group_share=0.0, eps=found.finding.eps).is_anomaly[:24].any()


def test_a_small_dense_group_is_rare_and_kept_apart_from_noise(rng):
    points = crowd(rng, n=4000, d=3)
    points[:30] = 12 + 0.05 * rng.normal(size=(30, 3))
    found = find(points, min_samples=10, eps=0.6, rare_group_share=0.01)
    assert found.rare_group[:30].all()
    assert found.is_anomaly[:30].all()
    assert (found.role[:30] != "noise").all()
    assert found.finding.n_rare == found.rare_group.sum()
    assert np.array_equal(found.is_anomaly, found.rare_group | (found.role == "noise"))


def test_the_largest_group_is_ordinary_whatever_the_share(rng):
    points = np.vstack([rng.normal(size=(100, 2)) * 0.1 + 50 * corner for corner in np.arange(12)])
    found = find(points, min_samples=5, eps=1.0, rare_group_share=0.2)
    assert not found.rare_group.all()
    assert np.isfinite(found.score).all()


def test_the_order_of_customers_changes_nothing(rng):
    points = crowd(rng)
    order = rng.permutation(len(points))
    plain, shuffled = find(points), find(points[order])
    assert plain.finding.eps == shuffled.finding.eps
    assert np.array_equal(plain.role[order], shuffled.role)
    assert np.allclose(plain.score[order], shuffled.score)


def test_the_counts_add_up_to_all_customers(rng):
    finding = find(crowd(rng)).finding
    assert finding.n_core + finding.n_border + finding.n_noise == finding.n_customers
    assert list(finding.k_distances) == sorted(finding.k_distances, reverse=True)
    assert len(finding.k_distances) <= 500


def test_min_samples_grows_with_the_customers(rng):
    few, many = (find(rng.normal(size=(n, 4))).finding.min_samples for n in (500, 8000))
    assert few < many


def test_what_the_configuration_sets_is_taken(rng):
    finding = find(crowd(rng), eps=0.77, min_samples=9).finding
    assert (finding.eps, finding.min_samples) == (0.77, 9)
    assert finding.eps_reason == finding.min_samples_reason == "set in the configuration"


def test_nearly_everybody_or_nobody_flagged_is_warned_of(rng):
    assert "everybody counts as noise" in find(crowd(rng), eps=1e-6).finding.warnings[0]
    assert "too many" in find(crowd(rng), eps=0.7).finding.warnings[0]
    assert "Hardly anybody" in find(crowd(rng, n=2500), eps=100.0).finding.warnings[0]


def test_among_a_few_customers_nobody_flagged_is_said_plainly(rng):
    (warning,) = find(rng.uniform(size=(12, 2)), eps=5.0).finding.warnings
    assert warning.startswith("Among 12 customers, nobody")


@pytest.mark.parametrize(
    "points",
    [
        np.ones((200, 3)),
        np.zeros((50, 0)),
        np.zeros((0, 3)),
        np.ones((1, 2)),
        np.arange(24.0).reshape(12, 2),
        np.repeat([[0.0, 0.0], [1.0, 1.0]], 40, axis=0),
        np.repeat([[0.0], [1.0], [9.0]], [500, 499, 1], axis=0),
    ],
    ids=["alike", "no feature", "nobody", "one", "twelve", "two points", "two points and one"],
)
def test_degenerate_customers_get_an_honest_verdict(points):
    found = find(points)
    assert len(found.role) == len(points)
    assert np.isfinite(found.score).all()
    assert found.is_anomaly.sum() <= 1


def test_where_everybody_is_noise_the_score_still_ranks(rng):
    found = find(crowd(rng), eps=1e-6)
    assert np.isfinite(found.score).all()
    assert found.score.argmax() == 7
