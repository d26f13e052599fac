"""The hierarchical view."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import cophenet, is_valid_linkage, linkage
from scipy.spatial.distance import pdist

from segmenter.analysis import hierarchy


@pytest.fixture
def groups(rng):
    points = np.concatenate([rng.normal(center, 0.4, (60, 3)) for center in (0, 4, 9)])
    labels = np.repeat(np.arange(3), 60)
    return points, labels, np.array([points[labels == label].mean(axis=0) for label in range(3)])


def view(groups, method="ward", metric="euclidean", size=500, seed=1):
    points, labels, centroids = groups
    return hierarchy.build(points, labels, centroids, method=method, metric=metric, sample_size=size, seed=seed)


@pytest.mark.parametrize("method", hierarchy.LINKAGES)
@pytest.mark.parametrize("metric", ["euclidean", "cityblock", "cosine"])
def test_every_linkage_gives_a_tree_that_scipy_takes_for_valid(groups, method, metric):
    finding = view(groups, method, metric).finding
    assert is_valid_linkage(np.array(finding.tree))
    assert len(finding.tree) == len(finding.leaf_sizes) - 1 == hierarchy.LEAVES - 1
    assert sum(finding.leaf_sizes) == finding.n_sample == 180
    assert finding.metric == ("euclidean" if method in hierarchy.EUCLIDEAN_ONLY else metric)


def test_planted_groups_are_cut_exactly(groups):
    found = view(groups)
    compared = [each for each in found.finding.linkages if each.linkage != "single" and each.metric != "cosine"]
    assert all(each.agreement == pytest.approx(1.0) for each in compared)
    assert len(np.unique(found.labels)) == len(np.unique(found.divided)) == 3


def test_every_linkage_is_compared_under_every_distance_that_it_is_defined_for(groups):
    pairs = [(each.linkage, each.metric) for each in view(groups).finding.linkages]
    assert len(pairs) == len(set(pairs)) == 11
    assert {metric for name, metric in pairs if name in hierarchy.EUCLIDEAN_ONLY} == {"euclidean"}


def test_a_distance_that_the_linkage_is_not_defined_for_is_said_to_be_replaced(groups):
    finding = view(groups, "ward", "cosine").finding
    assert finding.metric == "euclidean"
    assert "not defined" in finding.reason
    assert "not defined" not in view(groups, "average", "cosine").finding.reason


def test_the_top_down_tree_splits_everybody_until_there_are_as_many_groups(groups):
    splits = view(groups).finding.splits
    assert [split.n_clusters for split in splits] == [2, 3]
    assert splits[0].parent == ""
    assert sum(splits[0].sizes) == 180
    sizes = dict(zip(splits[0].children, splits[0].sizes, strict=True))
    assert sum(splits[1].sizes) == sizes[splits[1].parent] == 120
    assert splits[1].shares == (1.0, 1.0)


def test_a_customer_at_the_origin_has_a_place_under_cosine_distance(groups):
    points, labels, centroids = groups
    at_origin = np.vstack([points, np.zeros((1, 3))])
    assert len(view((at_origin, np.append(labels, 0), centroids), "average", "cosine").labels) == 181


def test_cophenetic_correlation_is_scipys(groups):
    distances = pdist(groups[0])
    expected, _ = cophenet(linkage(distances, "average"), distances)
    linkages = view(groups).finding.linkages
    found = next(each for each in linkages if (each.linkage, each.metric) == ("average", "euclidean"))
    assert found.cophenetic == pytest.approx(expected)


def test_merges_fall_to_one_group_and_join_the_nearest_first(groups):
    merges = view(groups).finding.merges
    assert [k for k, _, _ in merges] == [2, 1]
    assert merges[0][1:] == (0, 1)


def test_the_sample_is_bounded_and_the_same_for_the_same_seed(groups):
    first, again = view(groups, size=50), view(groups, size=50)
    assert len(first.sample) == len(np.unique(first.sample)) == 50
    assert np.array_equal(first.sample, again.sample)
    assert first.finding == again.finding


def test_customers_who_are_all_alike_have_no_tree():
    points = np.ones((20, 2))
    found = hierarchy.build(
        points, np.zeros(20, dtype=np.int64), points[:1], method="ward", metric="euclidean", sample_size=50, seed=0
    )
    assert found.finding.tree == ()
    assert "alike" in found.finding.reason


def test_fewer_customers_than_leaves(groups):
    points, labels, _ = groups
    few = np.r_[0:4, 60:64, 120:124]
    centroids = np.array([points[few][labels[few] == label].mean(axis=0) for label in range(3)])
    finding = view((points[few], labels[few], centroids)).finding
    assert len(finding.leaf_sizes) == 12
    assert is_valid_linkage(np.array(finding.tree))
