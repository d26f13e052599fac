"""The elbow, the stability of clusters, the votes and the words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.analysis.choice import choose, margin, vote
from segmenter.analysis.findings import KPoint
from segmenter.analysis.knee import knee
from segmenter.analysis.stability import contingency, jaccard, stability


def sweep(silhouette, stable=0.9, inertia=None, reference=0.1, crowd=None):
    """A sweep from K = 2 whose four indices peak at the largest silhouette."""
    inertia = inertia or [100 / k for k in range(2, 2 + len(silhouette))]
    return tuple(
        KPoint(
            k, inertia[k - 2], value, 1 - value, 100 * value, stable - abs(value - max(silhouette)), reference, crowd
        )
        for k, value in enumerate(silhouette, start=2)
    )


def torn(stabilities, above=0.1):
    """A sweep from K = 2 in which every index votes for another K, `above` what data without groups shows."""
    n = len(stabilities)
    return tuple(
        KPoint(k, 100 / k, 0.3 - k / 1000, abs(k - n), 100 - abs(k - n + 1), stable, 0.3 - k / 1000 - above)
        for k, stable in enumerate(stabilities, start=2)
    )


def chosen(points, pinned=None):
    return choose(points, spread=200.0, pinned=pinned, n_silhouette=5000)


def test_the_knee_of_a_bent_line_is_its_bend():
    x = np.arange(10.0)
    assert knee(x, np.where(x < 4, 40 - 9 * x, 13 - 1.0 * (x - 4) - 9)) in (3, 4)


def test_a_straight_a_rising_or_a_short_curve_has_no_knee():
    x = np.arange(6.0)
    assert knee(x, 10 - x) is None
    assert knee(x, x) is None
    assert knee(x[:2], -x[:2]) is None
    assert knee(x, np.ones(6)) is None


def test_the_knee_is_sought_among_the_first_points_where_asked():
    x = np.arange(100.0)
    assert knee(x, np.exp(-x / 20), within=10) == 9


def test_a_cloud_without_groups_has_no_elbow():
    points = sweep([0.2] * 9, inertia=[100 * k ** (-2 / 3) for k in range(2, 11)])
    assert vote(points, spread=100.0)["elbow"] is None


def test_inertia_that_falls_until_four_and_then_hardly_has_its_elbow_there():
    points = sweep([0.2] * 9, inertia=[60, 30, 5, 4.6, 4.3, 4.0, 3.8, 3.6, 3.4])
    assert vote(points, spread=100.0)["elbow"] == 4


def test_agreeing_criteria_give_a_clear_answer_with_its_reasons():
    choice = chosen(sweep([0.3, 0.4, 0.7, 0.5, 0.4]))
    assert choice.n_clusters == 4
    assert choice.is_clear
    assert choice.reason.startswith("4 segments:")


def test_a_silhouette_no_better_than_without_groups_is_never_clear():
    choice = chosen(sweep([0.3, 0.4, 0.7, 0.5, 0.4], reference=0.69))
    assert not choice.is_clear
    assert choice.doubts == ("reference",)
    assert "data without groups" in choice.reason


def test_a_silhouette_no_better_than_of_one_skewed_crowd_is_not_clear_for_a_reason_of_its_own():
    choice = chosen(sweep([0.3, 0.4, 0.7, 0.5, 0.4], crowd=0.69))
    assert (choice.doubts, choice.n_clusters) == (("crowd",), 4)
    assert (choice.reference_silhouette, choice.crowd_silhouette) == (0.1, 0.69)
    assert "the 0.69 of a single crowd" in choice.reason


@pytest.mark.parametrize(("crowd", "clear"), [(0.59, True), (0.61, False)])
def test_it_takes_a_tenth_above_one_crowd_to_be_clear(crowd, clear):
    assert chosen(sweep([0.3, 0.4, 0.7, 0.5, 0.4], crowd=crowd)).is_clear is clear


def test_where_the_criteria_disagree_the_most_stable_number_that_separates_is_taken_and_said_to_be():
    choice = chosen(torn([0.9, 0.97, 0.96, 0.7, 0.6]))
    assert (choice.n_clusters, choice.doubts) == (4, ("votes",))
    assert "recur best when customers are resampled (Jaccard 0.96)" in choice.reason


def test_where_nothing_separates_the_customers_are_left_together():
    choice = chosen(torn([0.9, 0.95, 0.97, 0.7, 0.6], above=0.0))
    assert (choice.n_clusters, choice.is_clear) == (1, False)
    assert choice.reference_silhouette is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.floats(-0.2, 0.2))
def test_no_number_is_taken_that_does_not_separate_and_come_back(stabilities, above):
    choice = chosen(torn(stabilities, above))
    taken = [point for point in choice.points if point.n_clusters == choice.n_clusters]
    assert len(taken) == (choice.n_clusters > 1)
    assert all(point.silhouette >= point.reference + 0.03 and point.stability >= 0.75 for point in taken)
    assert choice.runner_up != choice.n_clusters


def test_nothing_stable_is_left_as_one_segment():
    choice = chosen(torn([0.7, 0.6, 0.5, 0.4]))
    assert choice.n_clusters == 1
    assert choice.runner_up is not None
    assert choice.reason.startswith("No clear number of segments")
    assert "One segment was chosen" in choice.reason


def test_the_fewer_the_customers_the_more_it_takes_to_tell_groups_from_chance():
    margins = [margin(n) for n in (100, 300, 1000, 5000)]
    assert margins == sorted(margins, reverse=True)
    assert margins[-1] == 0.03


def test_segments_that_dissolve_under_resampling_are_never_clear():
    choice = chosen(sweep([0.3, 0.4, 0.7, 0.5, 0.4], stable=0.6))
    assert not choice.is_clear
    assert "resampled" in choice.reason


def test_a_pinned_k_keeps_the_votes_and_names_the_better_one():
    choice = chosen(sweep([0.3, 0.4, 0.7, 0.5, 0.4]), pinned=3)
    assert (choice.n_clusters, choice.runner_up, choice.is_pinned) == (3, 4, True)
    assert "No criterion would choose it" in choice.reason


def test_without_bootstraps_stability_has_no_opinion():
    points = [KPoint(k, 100 / k, 0.5 - abs(k - 3) / 10, 1.0, 1.0, None) for k in (2, 3, 4)]
    assert vote(points, spread=200.0)["stability"] is None


def test_jaccard_is_the_share_of_common_customers():
    swapped = contingency(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]), 2, 2)
    assert jaccard(swapped).tolist() == [[0, 1], [1, 0]]
    moved = contingency(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), 2, 2)
    assert jaccard(moved) == pytest.approx(np.array([[2 / 3, 1 / 4], [0, 1 / 2]]))


def test_clusters_that_come_back_in_every_resample_are_perfectly_stable(rng):
    points = np.concatenate([rng.normal(0, 1, (100, 1)), rng.normal(50, 1, (60, 1))])
    labels = (points[:, 0] > 25).astype(np.int64)
    found = stability(points, labels, lambda resample, _: (resample[:, 0] > 25).astype(np.int64), 10, 0)
    assert found == pytest.approx([1, 1])


def test_clusters_drawn_at_random_are_unstable(rng):
    labels = rng.integers(0, 4, size=400)

    def at_random(resample, seed):
        return np.random.default_rng(seed).integers(0, 4, size=len(resample))

    assert (stability(rng.normal(size=(400, 2)), labels, at_random, 10, 0) < 0.3).all()
