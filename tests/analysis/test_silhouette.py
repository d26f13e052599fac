"""Silhouettes equal the reference, whatever the labeling."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import silhouette_samples

from segmenter.analysis.silhouette import silhouette_profiles, silhouettes


@given(n=st.integers(4, 120), d=st.integers(1, 6), seed=st.integers(0, 1000))
def test_silhouettes_equal_scikit_learns_for_every_labeling(n, d, seed):
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 5, size=(n, d)).astype(float)
    labelings = []
    for k in (2, 3, min(7, n - 1)):
        labels = rng.integers(0, k, size=n)
        labels[:k] = np.arange(k)
        labelings.append(labels)
    found = silhouettes(points, np.array(labelings))
    for row, labels in zip(found, labelings, strict=True):
        assert np.allclose(row, silhouette_samples(points, labels))


def test_more_points_than_a_block_are_silhouetted_alike(rng):
    points = rng.normal(size=(1300, 3))
    labels = (points[:, 0] > 0).astype(np.int64)
    assert np.allclose(silhouettes(points, labels[None])[0], silhouette_samples(points, labels))


def test_one_cluster_has_silhouette_zero(rng):
    assert (silhouettes(rng.normal(size=(20, 2)), np.zeros((1, 20), dtype=np.int64)) == 0).all()


def test_a_profile_is_sorted_thinned_and_keeps_the_mean_of_all_values(rng):
    values = rng.uniform(-1, 1, size=1000)
    labels = np.repeat([0, 1], [990, 10])
    large, small = silhouette_profiles(values, labels)
    assert len(large.values) == 200
    assert list(large.values) == sorted(large.values, reverse=True)
    assert np.isclose(large.mean, values[:990].mean())
    assert len(small.values) == 10


def test_a_cluster_outside_the_sample_has_an_empty_profile():
    (profile,) = silhouette_profiles(np.full(5, np.nan), np.zeros(5, dtype=np.int64))
    assert profile.values == ()
