"""RFM scores and the eleven standard segments."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from segmenter.analysis import rfm

CODES = list(product(range(1, 6), repeat=3))
VALUES = npst.arrays(np.float64, st.integers(1, 60), elements=st.integers(0, 20).map(float))


def test_every_one_of_the_125_codes_has_one_of_the_eleven_segments_and_all_are_used():
    assert {rfm.segment(*code) for code in CODES} == set(rfm.NAMES)
    assert len(rfm.NAMES) == len(set(rfm.NAMES)) == 11


@pytest.mark.parametrize(
    ("code", "name"),
    [((5, 5, 5), "Champions"), ((1, 1, 1), "Lost"), ((1, 5, 5), "Cannot Lose Them"), ((5, 1, 1), "New"), ((4, 1, 1), "Promising"),
     ((3, 4, 4), "Loyal"), ((4, 3, 3), "Potential Loyalist"), ((2, 3, 3), "At Risk"), ((3, 1, 1), "About To Sleep"),
     ((3, 3, 3), "Need Attention"), ((2, 1, 1), "Hibernating")],
)  # fmt: skip
def test_the_corners_are_what_their_names_say(code, name):
    assert rfm.segment(*code) == name


@given(VALUES)
def test_equal_values_score_alike_and_higher_values_never_lower(values):
    scores = rfm.quintiles(values)
    assert set(scores) <= {1, 2, 3, 4, 5}
    order = np.argsort(values, kind="stable")
    assert (np.diff(scores[order]) >= 0).all()
    assert all(len(set(scores[values == value])) == 1 for value in set(values))


def test_distinct_values_fall_into_fifths():
    assert np.bincount(rfm.quintiles(np.arange(100.0)))[1:].tolist() == [20] * 5


def test_the_crosswalk_counts_every_customer_once(rng):
    segments = rng.integers(0, 3, 200)
    found = rfm.score(rng.random(200) * 300, rng.integers(1, 9, 200) * 1.0, rng.random(200), segments, 3)
    table = np.array(found.finding.crosswalk)
    assert table.sum() == len(found.names) == 200
    assert table.sum(axis=0).tolist() == np.bincount(segments, minlength=3).tolist()
    assert found.finding.customers == tuple(table.sum(axis=1))
    assert [rfm.segment(*map(int, row)) for row in found.scores] == found.names


def test_who_disagrees_is_not_where_most_of_the_rfm_segment_are(rng):
    segments = rng.integers(0, 3, 200)
    found = rfm.score(rng.random(200) * 300, rng.integers(1, 9, 200) * 1.0, rng.random(200), segments, 3)
    names = np.array(found.names)
    for name in set(found.names):
        agreeing = segments[(names == name) & ~found.disagrees]
        assert len(set(agreeing)) == 1
        assert len(agreeing) == np.bincount(segments[names == name]).max()
    assert found.finding.n_disagree == found.disagrees.sum()


@pytest.mark.parametrize("once", [0.0, 0.3, 0.45, 0.61, 0.95, 1.0])
def test_one_order_scores_one_and_makes_no_champion_however_many_have_no_other(rng, once):
    frequency = np.where(np.arange(1000) < 1000 * once, 1.0, rng.integers(2, 10, 1000))
    found = rfm.score(rng.integers(1, 365, 1000) * 1.0, frequency, rng.lognormal(3, 1, 1000), np.zeros(1000, int), 1)
    single = frequency == 1
    assert set(found.scores[single, 1]) <= {1}
    assert "Champions" not in np.array(found.names)[single]
    if once >= 0.3:
        assert {"New", "Promising"} <= set(found.names)


def test_cut_points_are_values_of_customers_in_the_units_of_the_feature():
    recency = np.arange(100.0)
    finding = rfm.score(recency, recency + 1, recency * 10, np.zeros(100, dtype=np.int64), 1).finding
    assert finding.cuts["recency"] == (79.0, 59.0, 39.0, 19.0)
    assert finding.cuts["monetary"] == (200.0, 400.0, 600.0, 800.0)


def test_a_customer_without_an_order_is_the_least_recent():
    recency = np.array([1.0, 2.0, 3.0, 4.0, np.nan])
    scores = rfm.score(recency, np.ones(5), np.ones(5), np.zeros(5, dtype=np.int64), 1).scores
    assert scores[:, 0].tolist() == [5, 4, 3, 2, 1]
