"""DBSCAN's roles and labels equal scikit-learn's."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist
from sklearn.cluster import DBSCAN

from segmenter.analysis import connection
from segmenter.analysis.connection import components
from segmenter.analysis.dbscan import dbscan
from segmenter.analysis.neighbours import arrange, density, kth_distances


def cloud(kind, n, d, seed):
    rng = np.random.default_rng(seed)
    if kind == "normal":
        return rng.normal(size=(n, d))
    if kind == "lattice":  # many pairs at exactly eps, many duplicates
        return rng.integers(0, 4, size=(n, d)).astype(float)
    if kind == "triplets":
        return np.repeat(rng.normal(size=(n // 3 + 1, d)), 3, axis=0)[:n]
    return rng.normal(size=(n, d)) * 0.3 + rng.integers(0, 6, size=(n, 1)) * 1.2


def scikit_learns(points, eps, min_samples):
    model = DBSCAN(eps=eps, min_samples=min_samples, algorithm="kd_tree").fit(points)
    core = np.zeros(len(points), dtype=bool)
    core[model.core_sample_indices_] = True
    return model.labels_, core


@given(
    kind=st.sampled_from(["normal", "lattice", "triplets", "chain"]),
    n=st.integers(1, 250),
    d=st.integers(1, 8),
    eps=st.sampled_from([0.3, 0.5, 1.0, 1.7, 2.0]),
    min_samples=st.integers(1, 15),
    seed=st.integers(0, 10_000),
)
def test_labels_and_core_points_equal_scikit_learns(kind, n, d, eps, min_samples, seed):
    points = cloud(kind, n, d, seed)
    found = dbscan(points, eps, min_samples)
    labels, core = scikit_learns(points, eps, min_samples)
    assert np.array_equal(found.core, core)
    assert np.array_equal(found.labels, labels)


@pytest.mark.parametrize(
    ("d", "eps"),
    [pytest.param(2, 0.1, marks=pytest.mark.slow), (4, 0.45), pytest.param(8, 0.55, marks=pytest.mark.slow)],
)
def test_labels_equal_scikit_learns_on_twenty_thousand_points(d, eps):
    points = cloud("chain", 20_000, d, seed=d)
    found = dbscan(points, eps, 2 * d)
    labels, core = scikit_learns(points, eps, 2 * d)
    assert 0 < core.sum() < len(points)
    assert np.array_equal(found.core, core)
    assert np.array_equal(found.labels, labels)


@given(
    n=st.integers(1, 120),
    d=st.integers(1, 5),
    seed=st.integers(0, 1000),
    eps=st.floats(0.01, 2),
    piece=st.sampled_from([7, connection.PIECE]),
)
def test_components_equal_those_of_the_full_graph_however_many_points_are_copied_at_a_time(n, d, seed, eps, piece):
    points = np.random.default_rng(seed).uniform(0, 4, size=(n, d))
    with patch.object(connection, "PIECE", piece):
        ours = components(points, eps)
    count, theirs = connected_components(cdist(points, points) <= eps, directed=False)
    pairs = set(zip(ours.tolist(), theirs.tolist(), strict=True))
    assert len(pairs) == count == ours.max() + 1


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_points_exactly_eps_apart_are_joined_whatever_the_boxes_of_their_groups(rng, share):
    lattice = np.stack(np.meshgrid(*[np.arange(9.0)] * 3), axis=-1).reshape(-1, 3)
    points = lattice[rng.random(len(lattice)) < share]
    count, theirs = connected_components(cdist(points, points) <= 1.0, directed=False)
    ours = components(points, 1.0)
    assert len(set(zip(ours.tolist(), theirs.tolist(), strict=True))) == count == ours.max() + 1


def test_two_dense_sheets_with_one_bridge_are_one_component(rng):
    # More points within eps on each own side than are asked for at once: only the bridge joins them.
    sheet = rng.uniform(0, 1, size=(3000, 2))
    left, right = np.column_stack([sheet, np.zeros(3000)]), np.column_stack([sheet, np.full(3000, 0.5)])
    apart = np.vstack([left, right])
    assert components(apart, 0.3).max() == 1
    assert components(np.vstack([apart, [[0.5, 0.5, 0.25]]]), 0.3).max() == 0


def test_the_kth_distance_counts_the_point_itself_first(rng):
    points = rng.normal(size=(300, 3))
    index = arrange(points)
    expected = np.sort(cdist(points, points), axis=1)[index.order, 4]
    assert np.allclose(kth_distances(index, 5), expected)
    assert np.array_equal(index.points, points[index.order])


def test_core_points_are_those_whose_kth_distance_is_within_eps(rng):
    index = arrange(rng.normal(size=(500, 4)))
    assert np.array_equal(density(index, 0.8, 6).core, kth_distances(index, 6) <= 0.8)
