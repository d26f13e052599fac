"""Mixtures, themes and the methods side by side."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from segmenter.analysis import comparison, mixture, themes


@pytest.fixture
def groups(rng):
    points = np.concatenate([rng.normal(center, 0.5, (80, 3)) for center in (0, 5)])
    return points, np.repeat([0, 1], 80)


def test_customers_far_from_the_edge_belong_to_their_segment(groups):
    found = mixture.memberships(*groups)
    assert (found.own > 0.99).all()
    assert (found.second == 1 - groups[1]).all()
    assert not found.between.any()


def test_a_customer_in_the_middle_lies_between(groups):
    points = np.vstack([groups[0], [[2.5, 2.5, 2.5]]])
    own = mixture.memberships(points, np.append(groups[1], 1)).own
    assert own[-1] < 0.99 < own[:-1].min()


def test_a_customer_who_clearly_belongs_to_another_segment_is_not_between(groups):
    points, labels = groups
    astray = labels.copy()
    astray[0] = 1 - labels[0]
    found = mixture.memberships(points, astray)
    assert found.own[0] < 0.3
    assert not found.between[0]
    assert found.elsewhere.tolist() == [True] + [False] * (len(points) - 1)
    assert mixture.fit(points, astray, (2,), 0).n_elsewhere == 1
    assert found.own + found.of_second == pytest.approx(np.ones(len(points)))


def test_one_segment_is_certain(groups):
    found = mixture.memberships(groups[0], np.zeros(160, dtype=np.int64))
    assert (found.own == 1).all()
    assert not found.between.any()


def test_bic_finds_the_planted_number(groups):
    finding = mixture.fit(*groups, (2, 3, 4), 0)
    assert finding.best_n_clusters == 2
    assert finding.n_between == 0
    assert set(finding.bic) == {"full", "tied", "diag", "spherical"}


def test_more_components_than_customers_are_not_tried():
    points = np.arange(12.0).reshape(6, 2)
    assert max(mixture.fit(points, np.array([0, 0, 0, 1, 1, 1]), (2, 3, 9), 0).n_clusters) == 3


def test_planted_themes_are_found_and_named_by_their_products(rng):
    counts = np.zeros((120, 20))
    counts[:60, :10] = rng.integers(1, 5, (60, 10))
    counts[60:, 10:] = rng.integers(1, 5, (60, 10))
    products = [f"tea {n}" for n in range(10)] + [f"toy {n}" for n in range(10)]
    told = themes.find(csr_array(counts), products, np.repeat([0, 1], 60), 2, 2, 0)
    kinds = {frozenset(product.split()[0] for product in theme.products) for theme in told.found}
    assert kinds == {frozenset({"tea"}), frozenset({"toy"})}
    assert [sum(theme.segment_shares[label] for theme in told.found) for label in (0, 1)] == pytest.approx([1, 1])
    assert told.fit == pytest.approx(1)  # what is bought at all falls into two blocks
    assert told.fit > 1.25 * told.by_chance


@pytest.mark.parametrize("n_products", [15, 60])
def test_products_bought_at_random_have_no_themes(rng, n_products):
    popularity = rng.dirichlet(np.ones(n_products))
    counts = csr_array(rng.multinomial(12, popularity, size=400).astype(float))
    products = [f"product {number}" for number in range(n_products)]
    assert themes.find(counts, products, np.zeros(400, dtype=np.int64), 1, 6, 0).found == ()


def test_what_is_popular_and_bought_again_and_again_is_no_theme(rng):
    popularity = 1 / np.arange(1.0, 41)
    orders = rng.poisson(12 * rng.lognormal(0, 1, 600)) + 1
    counts = csr_array(rng.multinomial(2 * orders, popularity / popularity.sum()).astype(float))
    products = [f"p{number}" for number in range(40)]
    assert themes.find(counts, products, np.zeros(600, dtype=np.int64), 1, 6, 0).found == ()


def test_few_products_make_no_themes():
    assert (
        themes.find(csr_array(np.ones((100, 3))), ["a", "b", "c"], np.zeros(100, dtype=np.int64), 1, 6, 0).found == ()
    )


def test_methods_agree_on_plain_groups(groups):
    points, labels = groups
    renumbered = 1 - labels  # the same groups
    labelings = {"kmeans": labels, "hierarchical": renumbered, "bisecting": renumbered, "dbscan": np.zeros_like(labels)}
    found = comparison.compare(points, labelings, 2, 0.2, 0.3, 0)
    by_name = {method.name: method for method in found.methods}
    assert all(by_name[name].rand_with_kmeans == pytest.approx(1) for name in ("hierarchical", "bisecting", "mixture"))
    assert by_name["dbscan"].silhouette is None
    assert "clearly separated" in found.guidance
    assert "K-Means" in found.guidance


def test_what_data_without_groups_would_show_is_never_called_apart(groups):
    points, labels = groups
    labelings = dict.fromkeys(("kmeans", "hierarchical", "bisecting", "dbscan"), labels)
    guidance = comparison.compare(points, labelings, 2, 0.95, None, 0).guidance
    assert "no better separated than in data without groups" in guidance


def test_what_a_single_skewed_crowd_would_show_is_never_called_apart(groups):
    points, labels = groups
    labelings = dict.fromkeys(("kmeans", "hierarchical", "bisecting", "dbscan"), labels)
    guidance = comparison.compare(points, labelings, 2, 0.2, 0.85, 0).guidance
    assert "hardly better separated than the parts of a single crowd" in guidance


def test_one_cluster_and_all_noise_are_compared_without_an_error(groups):
    zeros = np.zeros(160, dtype=np.int64)
    labelings = {"kmeans": zeros, "hierarchical": zeros, "bisecting": zeros, "dbscan": zeros - 1}
    found = comparison.compare(groups[0], labelings, 1, None, None, 0)
    assert found.methods[-1].n_noise == 160
    assert "do not fall into groups" in found.guidance
