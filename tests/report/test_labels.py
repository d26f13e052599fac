"""Names on a drawing never cover each other while there is room for them."""

import numpy as np
import pytest

from segmenter.report.charts.labels import apart

PAGE = np.array([6.3, 4.6])


def overlaps(centres, sizes):
    """How many pairs of boxes overlap by more than a hair."""
    found = 0
    for one in range(len(centres)):
        for other in range(one + 1, len(centres)):
            reach = (sizes[one] + sizes[other]) / 2 - np.abs(centres[one] - centres[other])
            found += bool((reach > 1e-3).all())
    return found


@pytest.mark.parametrize("n_names", [2, 5, 10, 14])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_names_that_would_touch_are_moved_apart_and_stay_on_the_page(n_names, seed):
    rng = np.random.default_rng(seed)
    anchors = rng.uniform(0.3, 0.7, (n_names, 2)) * PAGE
    sizes = np.column_stack([rng.uniform(0.8, 1.6, n_names), rng.choice([0.225, 0.35], n_names)])
    placed = apart(anchors, sizes, PAGE)
    assert overlaps(placed, sizes) == 0
    assert (placed - sizes / 2 >= -1e-9).all()
    assert (placed + sizes / 2 <= PAGE + 1e-9).all()


def test_names_that_do_not_touch_stay_where_they_belong():
    anchors = np.array([[1.0, 1.0], [3.0, 1.0], [5.0, 4.0]])
    np.testing.assert_array_equal(apart(anchors, np.full((3, 2), 0.5), PAGE), anchors)


def test_names_on_one_and_the_same_place_are_told_apart():
    anchors = np.full((4, 2), 2.0)
    sizes = np.full((4, 2), 0.5)
    assert overlaps(apart(anchors, sizes, PAGE), sizes) == 0
