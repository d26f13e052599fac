"""Maps of the customers."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from segmenter.analysis import maps


@pytest.fixture
def points(rng):
    return np.concatenate([rng.normal(center, 1, (40, 4)) for center in (0, 8)])


def draw(points, odd=None, size=500, perplexity=10.0, seed=3):
    odd = np.zeros(len(points), dtype=bool) if odd is None else odd
    names = tuple("abcd"[: points.shape[1]])
    segments = 10 * (np.arange(len(points)) >= len(points) // 2)
    return maps.build(points, names, segments, odd, perplexity=perplexity, sample_size=size, seed=seed)


def test_the_same_seed_draws_the_same_map(points):
    first, again = draw(points), draw(points)
    assert np.array_equal(first.tsne2, again.tsne2)
    assert np.array_equal(first.tsne3, again.tsne3)


def test_the_same_seed_finds_the_same_divergence_whatever_order_threads_add_up_in(rng):
    crowd = rng.normal(0, 1, (1500, 5))
    found = {maps._tsne(crowd, 2, 30.0, 3)[1] for _ in range(4)}
    assert len(found) == 1
    assert found == {round(each, 6) for each in found}, "as digits beyond depend on the machine's threads"


def test_groups_that_are_apart_are_apart_on_the_map(points):
    seen = draw(points)
    parts = [seen.sample < 40, seen.sample >= 40]
    centers = [seen.tsne2[part].mean(axis=0) for part in parts]
    assert seen.finding.own_neighbour == (1.0, {0: 1.0, 10: 1.0})
    spread = max(seen.tsne2[part].std() for part in parts)
    assert np.linalg.norm(centers[0] - centers[1]) > 2 * spread
    assert seen.finding.trustworthiness > 0.8


def test_principal_components_are_scikit_learns(points):
    reference = PCA(2).fit(points)
    seen = draw(points)
    assert seen.finding.pca_explained == pytest.approx(tuple(reference.explained_variance_ratio_))
    assert np.abs(seen.pca2) == pytest.approx(np.abs(reference.transform(points[seen.sample])))


def test_a_perplexity_too_large_is_lowered_and_the_one_used_is_told(points):
    finding = draw(points, perplexity=60.0).finding
    assert finding.perplexity == pytest.approx(79 / 3)


def test_anomalies_come_into_the_sample_first(points):
    odd = np.zeros(80, dtype=bool)
    odd[[3, 77]] = True
    seen = draw(points, odd, size=10, perplexity=2.0)
    assert len(seen.sample) == 10
    assert {3, 77} <= set(seen.sample)


@pytest.mark.parametrize(
    "alike", [np.ones((12, 3)), np.repeat(np.eye(3)[:2], 6, axis=0)], ids=["one place", "two places"]
)
def test_customers_who_are_alike_get_a_map_without_an_error(alike):
    seen = draw(alike)
    assert np.isfinite(seen.tsne2).all()
    assert np.isfinite(seen.pca2).all()


def test_the_input_is_not_changed(points):
    before = points.copy()
    draw(points)
    assert np.array_equal(points, before)
