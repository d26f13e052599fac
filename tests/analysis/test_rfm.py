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
    scores, names, finding = rfm.score(
        rng.random(200) * 300, rng.integers(1, 9, 200) * 1.0, rng.random(200), segments, 3
    )
    table = np.array(finding.crosswalk)
    assert table.sum() == len(names) == 200
    assert table.sum(axis=0).tolist() == np.bincount(segments, minlength=3).tolist()
    assert finding.customers == tuple(table.sum(axis=1))
    assert [rfm.segment(*map(int, row)) for row in scores] == names


def test_cut_points_are_values_of_customers_in_the_units_of_the_feature():
    recency = np.arange(100.0)
    _, _, finding = rfm.score(recency, recency + 1, recency * 10, np.zeros(100, dtype=np.int64), 1)
    assert finding.cuts["recency"] == (79.0, 59.0, 39.0, 19.0)
    assert finding.cuts["monetary"] == (200.0, 400.0, 600.0, 800.0)


def test_a_customer_without_an_order_is_the_least_recent():
    recency = np.array([1.0, 2.0, 3.0, 4.0, np.nan])
    scores, _, _ = rfm.score(recency, np.ones(5), np.ones(5), np.zeros(5, dtype=np.int64), 1)
    assert scores[:, 0].tolist() == [5, 4, 3, 2, 1]
