"""Segments: the right K, canonical labels, and honesty about data without groups."""

import gzip

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from segmenter.analysis.kmeans import _crowd, assign, hold, segment
from segmenter.analysis.prepare import prepare
from segmenter.config.analysis import KMeansConfig, PrepareConfig

QUICK = KMeansConfig(max_clusters=5, n_init=3, bootstraps=2)
CROWD = KMeansConfig(max_clusters=6, n_init=3, bootstraps=6)


def groups(rng, n=400, k=4, d=3):
    centers = 6.0 * np.eye(k, d) - 6.0 * np.eye(k, d, -d)
    truth = rng.integers(0, k, size=n)
    return centers[truth] + 0.5 * rng.normal(size=(n, d)), truth


def test_the_planted_groups_are_found(rng):
    points, truth = groups(rng)
    found = segment(points, QUICK, 0)
    assert found.n_clusters == 4
    assert found.choice.is_clear
    assert adjusted_rand_score(truth, found.labels) == 1.0


def test_the_order_of_customers_changes_nothing(rng):
    points, _ = groups(rng)
    points = np.vstack([points, points[:50]])
    value = np.exp(points[:, 0])
    order = rng.permutation(len(points))
    plain, shuffled = segment(points, QUICK, 0, value), segment(points[order], QUICK, 0, value[order])
    assert np.array_equal(plain.labels[order], shuffled.labels)
    assert np.array_equal(plain.centroids, shuffled.centroids)
    assert np.array_equal(plain.silhouette[order], shuffled.silhouette)
    assert plain.choice == shuffled.choice


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)])
def test_one_customer_apart_from_thirty_thousand_is_a_cluster_that_can_be_measured(rng, seed):
    points = rng.normal(size=(30_000, 2))
    points[123] = 500
    config = KMeansConfig(min_clusters=2, max_clusters=3, n_init=1, bootstraps=1)
    found = segment(points, config, seed)
    assert all(
        np.isfinite([each.silhouette, each.davies_bouldin, each.stability]).all() for each in found.choice.points
    )


def test_segments_that_are_held_are_set_against_what_is_reached_without_groups_at_their_number(rng):
    points, _ = groups(rng)
    config = KMeansConfig(max_clusters=5, n_init=3, bootstraps=2)
    fresh, five = segment(points, config, 0), segment(points, config.model_copy(update={"n_clusters": 5}), 0)
    held = hold(points, five.centroids, fresh.choice, config, 0).choice
    assert (held.n_clusters, held.chosen_anew) == (5, fresh.n_clusters)
    assert held.crowd_silhouette == pytest.approx(five.choice.crowd_silhouette, abs=0.02)
    assert held.reference_silhouette == pytest.approx(five.choice.reference_silhouette, abs=0.02)
    assert held.runner_up == fresh.choice.runner_up


def test_the_same_seed_gives_the_same_bytes(rng):
    points = rng.normal(size=(500, 4))
    first, second = segment(points, QUICK, 3), segment(points, QUICK, 3)
    assert first.labels.tobytes() == second.labels.tobytes()
    assert first.centroids.tobytes() == second.centroids.tobytes()
    assert first.choice == second.choice


def test_the_input_is_not_changed(rng):
    points, _ = groups(rng)
    before = points.copy()
    segment(points, QUICK, 0, points[:, 0])
    assert np.array_equal(points, before)


def test_segments_are_numbered_from_the_most_valuable_down(rng):
    points, truth = groups(rng)
    value = np.array([30.0, 400.0, 5.0, 90.0])[truth] * np.exp(0.1 * rng.normal(size=len(truth)))
    labels = segment(points, QUICK, 0, value).labels
    medians = [np.median(value[labels == label]) for label in range(4)]
    assert medians == sorted(medians, reverse=True)


def test_everybody_is_in_the_segment_of_the_nearest_centroid(rng):
    points = rng.normal(size=(400, 3))
    found = segment(points, QUICK, 0)
    assert np.array_equal(assign(points, found.centroids), found.labels)


def test_inertia_is_that_of_scikit_learns_best_restart(rng):
    points, _ = groups(rng, k=4)
    config = KMeansConfig(max_clusters=6, bootstraps=0)
    found = {point.n_clusters: point.inertia for point in segment(points, config, 0).choice.points}
    for n_clusters, inertia in found.items():
        assert inertia <= 1.01 * KMeans(n_clusters, n_init=10, random_state=1).fit(points).inertia_


def test_a_pinned_number_of_segments_is_taken_and_said_to_be_pinned(rng):
    choice = segment(groups(rng)[0], KMeansConfig(n_clusters=3, max_clusters=5, bootstraps=3), 0).choice
    assert choice.n_clusters == 3
    assert choice.is_pinned
    assert "set in the configuration" in choice.reason


@pytest.mark.parametrize("d", [2, pytest.param(6, marks=pytest.mark.slow)])
def test_a_crowd_without_groups_is_not_divided(rng, d):
    for points in (rng.normal(size=(1500, d)), rng.uniform(size=(1500, d))):
        found = segment(points, CROWD, 0)
        assert found.n_clusters == 1
        assert found.choice.reason.startswith("No clear number of segments")
        assert found.choice.runner_up is not None
        assert set(found.labels) == {0}


@pytest.mark.parametrize("d", [3, pytest.param(6, marks=pytest.mark.slow)])
def test_one_skewed_crowd_is_no_clear_number_of_segments(rng, d):
    crowd = np.exp(rng.normal(size=(1500, d)))
    crowd = np.minimum(crowd, np.quantile(crowd, 0.99, axis=0))
    choice = segment((crowd - crowd.mean(axis=0)) / crowd.std(axis=0), CROWD, 1).choice
    assert not choice.is_clear
    assert "crowd" in choice.doubts


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e9])
def test_a_crowd_is_drawn_without_a_warning_whatever_the_scales_and_however_many_columns_say_the_same(rng, scale):
    points = 1 + rng.normal(size=(30, 3)) * [scale, 1.0, 1.0]
    points = np.column_stack([points, points[:, 1], np.ones(30)])
    made = _crowd(points, rng)
    assert (made >= points.min(axis=0)).all()
    assert (made <= points.max(axis=0)).all()


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_customers_who_differ_by_degrees_alone_are_no_clear_number_of_segments(seed):
    """From one to twenty orders on any days of a year: all figures hang on that number, and none of them in groups."""
    rng = np.random.default_rng(seed)
    days = [np.sort(rng.integers(0, 365, rng.integers(1, 21))) for _ in range(1000)]
    money = np.array([rng.uniform(5, 100, len(each)).sum() for each in days])
    orders = np.array([float(len(each)) for each in days])
    first, last = (np.array([float(each[at]) for each in days]) for at in (0, -1))
    gaps = np.where(orders > 1, (last - first) / np.maximum(orders - 1, 1), np.nan)
    names = ("recency", "frequency", "monetary", "average_order_value", "tenure", "mean_gap")
    table = np.column_stack([365 - last, orders, money, money / orders, 365 - first, gaps])
    choice = segment(prepare(table, names, PrepareConfig()).segments, CROWD, 1).choice
    assert not choice.is_clear
    assert choice.doubts == ("crowd",)


def test_a_few_who_differ_where_nearly_all_are_alike_do_not_make_the_crowd_look_divided(rng):
    points = np.zeros((1000, 6))
    points[:, :2] = points[:, 2:4] = rng.uniform(-1.7, 1.7, size=(1000, 2))
    points[:40, 4:] = rng.uniform(2, 6, size=(40, 2))
    choice = segment(points, CROWD, 0).choice
    assert "reference" in choice.doubts
    assert choice.n_clusters <= 2


@pytest.mark.parametrize(
    ("points", "n_clusters"),
    [
        (np.ones((50, 3)), 1),
        (np.ones((50, 0)), 1),
        (np.zeros((0, 3)), 0),
        (np.zeros((1, 3)), 1),
        (np.array([[0.0], [1.0]]), 1),
        (np.repeat([[0.0, 0.0], [1.0, 1.0]], 30, axis=0), 2),
        (np.repeat([[0.0], [1.0], [5.0]], [200, 1, 1], axis=0), None),
    ],
    ids=["alike", "no feature", "nobody", "one", "two", "two points", "nearly alike"],
)
def test_degenerate_customers_get_no_invented_segments(points, n_clusters):
    found = segment(points, QUICK, 0)
    assert n_clusters in (found.n_clusters, None)
    assert found.n_clusters <= max(1, len(np.unique(points, axis=0)))
    assert len(found.labels) == len(points)


def test_more_segments_than_different_customers_are_not_made(rng):
    points = np.repeat(rng.normal(size=(3, 2)), 20, axis=0)
    found = segment(points, KMeansConfig(n_clusters=5, bootstraps=3), 0)
    assert found.n_clusters == 3
    assert "5 were requested" in found.choice.reason


def test_twelve_customers_are_no_ground_for_a_clear_answer(rng):
    found = segment(rng.normal(size=(12, 4)), QUICK, 0)
    assert found.n_clusters == 1
    assert not found.choice.is_clear


def test_where_only_one_number_can_be_tried_no_criterion_is_said_to_support_it(rng):
    points, _ = groups(rng, n=28, k=2)
    choice = segment(points, QUICK, 0).choice
    assert choice.n_clusters == 2
    assert not choice.is_clear
    assert "too few customers to try another number" in choice.reason
    assert "criteria" not in choice.reason


def test_beyond_the_sample_the_fit_is_refined_on_everybody(rng, monkeypatch):
    points, truth = groups(rng, n=3000)
    monkeypatch.setattr("segmenter.analysis.kmeans.FIT_SAMPLE", 500)
    monkeypatch.setattr("segmenter.analysis.kmeans.SILHOUETTE_SAMPLE", 400)
    found = segment(points, QUICK, 0)
    assert adjusted_rand_score(truth, found.labels) == 1.0
    assert np.isnan(found.silhouette).sum() == 2600
    assert found.choice.n_silhouette == 400


@pytest.mark.slow
@pytest.mark.parametrize(("name", "n_clusters", "most"), [("hepta", 7, 10), ("s1", 15, 20), ("unbalance", 8, 10)])
def test_the_known_number_of_clusters_of_the_benchmarks_is_found(exports, name, n_clusters, most):
    folder = exports / "benchmark"
    with gzip.open(folder / f"{name}.data.gz") as data, gzip.open(folder / f"{name}.labels0.gz") as labels:
        points, truth = np.loadtxt(data), np.loadtxt(labels)
    found = segment(points, KMeansConfig(max_clusters=most), 0)
    assert found.n_clusters == n_clusters
    assert found.choice.is_clear
    assert adjusted_rand_score(truth, found.labels) > 0.98


def test_rounding_has_no_part_in_the_number_of_segments_where_none_is_clear(rng):
    crowd = np.exp(rng.multivariate_normal(np.zeros(4), 0.5 + 0.5 * np.eye(4), 600))
    config = KMeansConfig(bootstraps=5, n_init=2)
    one, other = (segment(matrix, config, 0) for matrix in (crowd, crowd * (1 + 2e-16)))
    assert [point.stability for point in one.choice.points] == [point.stability for point in other.choice.points]
    assert np.array_equal(one.labels, other.labels)
