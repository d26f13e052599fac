"""Names on a drawing touch each other never, and points as few as they can."""

import numpy as np
import pytest

from segmenter.report.charts.labels import free_places

PAGE = np.array([6.3, 3.1])


def overlaps(centres, sizes):
    """How many pairs of boxes overlap by more than a hair."""
    found = 0
    for one in range(len(centres)):
        for other in range(one + 1, len(centres)):
            reach = (sizes[one] + sizes[other]) / 2 - np.abs(centres[one] - centres[other])
            found += bool((reach > 1e-3).all())
    return found


def covered(centres, sizes, points):
    """How many points lie under any of the boxes."""
    under = (np.abs(points[:, None, :] - centres[None, :, :]) <= sizes[None, :, :] / 2).all(axis=2)
    return int(under.any(axis=1).sum())


@pytest.mark.parametrize("n_names", [1, 5, 10, 14])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_names_touch_nothing_stay_on_the_page_and_cover_fewer_points_than_in_the_middle_of_theirs(n_names, seed):
    rng = np.random.default_rng(seed)
    anchors = rng.uniform(0.2, 0.8, (n_names, 2)) * PAGE
    sizes = np.column_stack([rng.uniform(0.8, 1.4, n_names), rng.choice([0.225, 0.35], n_names)])
    points = np.clip(np.repeat(anchors, 80, axis=0) + rng.normal(0, 0.25, (80 * n_names, 2)), 0, PAGE)
    placed = free_places(anchors, sizes, PAGE, points)
    assert overlaps(placed, sizes) == 0
    assert (placed - sizes / 2 >= -1e-9).all()
    assert (placed + sizes / 2 <= PAGE + 1e-9).all()
    assert covered(placed, sizes, points) < covered(anchors, sizes, points)


def test_a_name_that_covers_nothing_stays_where_it_belongs():
    anchors = np.array([[1.0, 1.0], [3.0, 1.0], [5.0, 2.0]])
    placed = free_places(anchors, np.full((3, 2), 0.5), PAGE, np.array([[0.1, 3.0]]))
    np.testing.assert_allclose(placed, anchors, atol=0.051)


def test_names_on_one_and_the_same_place_are_told_apart():
    sizes = np.full((4, 2), 0.5)
    assert overlaps(free_places(np.full((4, 2), 1.5), sizes, PAGE, np.full((9, 2), 1.5)), sizes) == 0
